/** Requests for the JSON gateways of two stores that are to answer the same. */
export interface GatewayRequest {
  readonly path: string;
  readonly body: string;
  /** Of a stream: how many lines are waited for. */
  readonly lines?: number;
}

type Draw = (below: number) => number;

/** A small generator of numbers (xorshift32): the same requests each time. */
function drawing(seed: number): Draw {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const KEYS = ["a", "b", "b/1", "b/2", "c", "\u00ff", "<&>"];

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

/** @returns `count` requests of all the KV and Lease calls, spelt in all the ways that JSON may be. */
export function goodRequests(count: number): GatewayRequest[] {
  const draw = drawing(0x5eed);
  const makers = [put, put, put, range, range, range, deleteRange, txn, txn, lease, other];
  return Array.from({ length: count }, () => {
    const [path, body] = (makers[draw(makers.length)] as (typeof makers)[number])(draw);
    return { path: (draw(4) === 0 ? "/v3beta" : "/v3") + path, body: spell(body, draw) };
  });
}

type Made = [path: string, body: object];

function key(draw: Draw): string {
  return base64(KEYS[draw(KEYS.length)] as string);
}

function span(draw: Draw): object {
  const ends = [{}, {}, { range_end: base64("\0") }, { range_end: base64("b0") }, { range_end: base64("d") }];
  return { key: key(draw), ...ends[draw(ends.length)] };
}

function flags(draw: Draw, ...names: readonly string[]): object {
  return Object.fromEntries(names.filter(() => draw(4) === 0).map((name) => [name, draw(3) > 0]));
}

function put(draw: Draw): Made {
  const lease = draw(6) === 0 ? { lease: String(1 + draw(4)) } : {};
  const value = draw(8) === 0 ? {} : { value: base64("v".repeat(draw(40))) };
  return ["/kv/put", { key: key(draw), ...value, ...lease, ...flags(draw, "prev_kv", "ignore_value", "ignore_lease") }];
}

function range(draw: Draw): Made {
  const revision = draw(4) === 0 ? { revision: draw(60) } : {};
  const limit = draw(3) === 0 ? { limit: draw(4) } : {};
  const order = draw(3) === 0 ? { sort_order: ["NONE", "ASCEND", "DESCEND", 2][draw(4)] } : {};
  const targets = ["KEY", "VERSION", "CREATE", "MOD", "VALUE", 3];
  const target = draw(3) === 0 ? { sort_target: targets[draw(targets.length)] } : {};
  const bounds = draw(5) === 0 ? { min_mod_revision: draw(30), max_create_revision: String(draw(60)) } : {};
  const more = { ...limit, ...revision, ...order, ...target, ...bounds };
  return ["/kv/range", { ...span(draw), ...more, ...flags(draw, "serializable", "keys_only", "count_only") }];
}

function deleteRange(draw: Draw): Made {
  return ["/kv/deleterange", { ...span(draw), ...flags(draw, "prev_kv") }];
}

function txn(draw: Draw, depth = 0): Made {
  const list = (make: () => object): object[] => Array.from({ length: draw(3) }, make);
  const operation = (): object => {
    const kind = draw(depth === 0 ? 4 : 3);
    if (kind === 0) return { request_put: put(draw)[1] };
    if (kind === 1) return { request_range: { ...span(draw), ...flags(draw, "keys_only") } };
    // Not from a key on: etcd overlooks that such a deletion and a put are of the same key.
    if (kind === 2)
      return { request_delete_range: { key: key(draw), range_end: base64("d"), ...flags(draw, "prev_kv") } };
    return { request_txn: txn(draw, 1)[1] };
  };
  return ["/kv/txn", { compare: list(() => compare(draw)), success: list(operation), failure: list(operation) }];
}

function compare(draw: Draw): object {
  const result = ["EQUAL", "GREATER", "LESS", "NOT_EQUAL", 1][draw(5)];
  const subjects = [
    { target: "VERSION", version: String(draw(4)) },
    { target: "CREATE", create_revision: draw(20) },
    { target: "MOD", mod_revision: String(draw(60)) },
    { target: "VALUE", value: base64("v".repeat(draw(3))) },
    { target: 4, lease: String(draw(4)) },
  ];
  return { result, ...subjects[draw(subjects.length)], ...(draw(4) === 0 ? span(draw) : { key: key(draw) }) };
}

function lease(draw: Draw): Made {
  const ID = String(1 + draw(4));
  const calls: Made[] = [
    ["/lease/grant", { TTL: 600 + draw(9), ID }],
    ["/lease/grant", { TTL: "500", ID: Number(ID) }],
    ["/lease/revoke", { ID }],
    ["/kv/lease/revoke", { ID }],
    ["/lease/keepalive", { ID }],
    ["/lease/leases", {}],
    ["/kv/lease/leases", {}],
  ];
  return calls[draw(calls.length)] as Made;
}

function other(draw: Draw): Made {
  const calls: Made[] = [
    ["/kv/compaction", { revision: draw(40) }],
    ["/cluster/member/list", {}],
    ["/maintenance/status", {}],
  ];
  return calls[draw(calls.length)] as Made;
}

/** The same body in other words: camel case, numbers in or out of quotes, unknown members, white space. */
function spell(body: object, draw: Draw): string {
  const camel = draw(2) === 0;
  const rename = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(rename);
    if (typeof value !== "object" || value === null) return value;
    const members = Object.entries(value).map(([name, each]) => [
      camel ? name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) : name,
      rename(each),
    ]);
    if (draw(6) === 0) members.push(["unheard_of", { deep: [1, null, "x"] }]);
    return Object.fromEntries(members);
  };
  return JSON.stringify(rename(body), undefined, draw(3) === 0 ? "\t" : undefined) + (draw(5) === 0 ? "\n" : "");
}

const on =
  (path: string) =>
  (body: string): GatewayRequest => ({ path, body });

export const BAD_REQUESTS: readonly GatewayRequest[] = [
  ...[
    "",
    "{}",
    "null",
    "[]",
    '"x"',
    "7",
    "{",
    '{"key"',
    '{"key":',
    '{"key":}',
    '{"key":"YQ=="',
    "nothing",
    "{'key':1}",
  ].map(on("/v3/kv/range")),
  ...[
    '{"key":1}',
    '{"key":true}',
    '{"key":["YQ=="]}',
    '{"key":{"a":1}}',
    '{"key":"*"}',
    '{"key":"YQ==","limit":"x"}',
    '{"key":"YQ==","limit":1.5}',
    '{"key":"YQ==","limit":true}',
    '{"key":"YQ==","limit":{}}',
    '{"key":"YQ==","limit":9223372036854775808}',
    '{"key":"YQ==","limit":"-9223372036854775809"}',
    '{"key":"YQ==","limit":null}',
    '{"key":"YQ==","limit":-1}',
    '{"key":"YQ==","revision":-5}',
    '{"key":"YQ==","revision":1000000}',
    '{"key":"YQ==","sort_order":"DOWN"}',
    '{"key":"YQ==","sort_order":"1"}',
    '{"key":"YQ==","serializable":"true"}',
    '{"key":"YQ==","serializable":1}',
    '{"key":"YQ==","unknown":}',
    '{"key":"YQ=="} and more',
    '{"key":"YQ=="}{"key":""}',
    '{"key":"YQ==","key":"Yg=="}',
    '{"key":"\\u0059Q=="}',
    '{"Key":"YQ=="}',
  ].map(on("/v3/kv/range")),
  ...[
    '{"value":"YQ=="}',
    '{"key":"eA==","ignore_value":true,"value":"YQ=="}',
    '{"key":"bm9uZQ==","ignore_value":true}',
  ].map(on("/v3/kv/put")),
  ...['{"key":"eA==","lease":"99"}', '{"key":"eA==","ignore_lease":true,"lease":"1"}'].map(on("/v3/kv/put")),
  ...[
    "{}",
    '{"success":[{}]}',
    '{"success":[{"request_put":{}}]}',
    '{"success":[{"request_put":{"key":"YQ=="}},{"request_put":{"key":"YQ=="}}]}',
    '{"success":[{"request_put":{"key":"YQ=="}},{"request_delete_range":{"key":"YQ=="}}]}',
    '{"success":{}}',
    '{"success":[7]}',
    '{"compare":[{"key":""}]}',
    `{"success":[${Array.from({ length: 129 }, () => '{"request_range":{"key":"YQ=="}}').join()}]}`,
  ].map(on("/v3/kv/txn")),
  ...["{}", '{"key":"bm9uZQ=="}', '{"range_end":"YQ=="}'].map(on("/v3/kv/deleterange")),
  ...['{"revision":1000000}', '{"revision":-1}'].map(on("/v3/kv/compaction")),
  ...['{"TTL":9000000001}', '{"TTL":"x"}', '{"ID":"99999999999999999999"}'].map(on("/v3/lease/grant")),
  ...['{"ID":"98"}', "{}"].map(on("/v3/lease/revoke")),
  ...['{"ID":"98"}', '{"ID":"98","keys":true}'].map(on("/v3/lease/timetolive")),
  ...["{", '{"ID":"x"}', '{"ID":'].map(on("/v3/lease/keepalive")),
  ...["{", '{"create_request":7}'].map(on("/v3/watch")),
  ...['{"name":"a","password":"b"}', "{"].map(on("/v3/auth/authenticate")),
  ...["/v3/", "/v3/kv", "/v3/kv/nothing", "/v3beta/kv/range/"].map((path) => on(path)("{}")),
];

const history = '"key":"AA==","range_end":"AA=="';

export const STREAMS: readonly GatewayRequest[] = [
  { path: "/v3/lease/keepalive", body: "" },
  { path: "/v3/lease/keepalive", body: '{"ID":"77"} {"ID":"78"}' },
  { path: "/v3/watch", body: `{"create_request":{${history}}}`, lines: 1 },
  { path: "/v3/watch", body: '{"createRequest":{"key":"YQ==","watchId":"7"}}', lines: 1 },
  { path: "/v3/watch", body: '{"create_request":{"key":"Yg==","range_end":"YQ=="}}', lines: 1 },
  { path: "/v3/watch", body: '{"create_request":{"key":"YQ==","start_revision":"1"}}', lines: 2 },
  { path: "/v3/watch", body: '{"create_request":{"key":"YQ=="}}{"cancel_request":{"watch_id":0}}', lines: 2 },
  { path: "/v3/watch", body: '{"create_request":{"key":"YQ==","watch_id":5}}{"progress_request":{}}', lines: 2 },
  {
    path: "/v3beta/watch",
    body: '{"create_request":{"key":"YQ==","watch_id":1}}{"create_request":{"key":"YQ==","watch_id":1}}',
    lines: 2,
  },
];
