import type { Metadata } from "../endpoint.ts";
import type { LeaseTimeToLive } from "../messages/lease.ts";
import type { WatchCreate, WatchEvent, WatchResponse } from "../messages/watch.ts";
import type { Authentication } from "../pool.ts";
import type { Codecs } from "../transport.ts";
import {
  asBigInt,
  asHeader,
  asKeyValue,
  asList,
  asNumber,
  decodeJson,
  encodeJson,
  fromBase64,
  type Json,
} from "./json.ts";
import {
  deleteJson,
  deleteResult,
  keysJson,
  putJson,
  putResult,
  rangeJson,
  rangeResult,
  txnJson,
  txnResult,
} from "./kv.ts";

/** The store's methods over the JSON gateway. */
export const JSON_GATEWAY: Codecs = {
  range: {
    path: "/v3/kv/range",
    encode: ({ range, options }) => encodeJson(rangeJson(range, options)),
    decode: (answer) => rangeResult(decodeJson(answer)),
  },
  put: {
    path: "/v3/kv/put",
    encode: ({ key, value, options }) => encodeJson(putJson(key, value, options)),
    decode: (answer) => putResult(decodeJson(answer)),
  },
  delete: {
    path: "/v3/kv/deleterange",
    encode: ({ range, options }) => encodeJson(deleteJson(range, options)),
    decode: (answer) => deleteResult(decodeJson(answer)),
  },
  txn: {
    path: "/v3/kv/txn",
    encode: (txn) => encodeJson(txnJson(txn)),
    decode: (answer) => txnResult(decodeJson(answer)),
  },
  compact: {
    path: "/v3/kv/compaction",
    encode: ({ revision, physical }) => encodeJson({ revision, physical }),
    decode: () => undefined,
  },
  leaseGrant: {
    path: "/v3/lease/grant",
    encode: ({ ttl, id }) => encodeJson({ TTL: ttl, ID: id.toString() }),
    decode: (answer) => lease(decodeJson(answer)),
  },
  leaseRevoke: { path: "/v3/lease/revoke", encode: leaseId, decode: () => undefined },
  leaseKeepAlive: { path: "/v3/lease/keepalive", encode: leaseId, decode: (answer) => lease(decodeJson(answer)) },
  leaseTimeToLive: {
    path: "/v3/lease/timetolive",
    encode: ({ id, keys }) => encodeJson({ ID: id.toString(), keys }),
    decode: (answer) => lease(decodeJson(answer)),
  },
  leases: {
    path: "/v3/lease/leases",
    encode: () => encodeJson({}),
    decode: (answer) => asList(decodeJson(answer).leases).map(({ ID }) => asBigInt(ID)),
  },
  watch: { path: "/v3/watch", encode: watchCreate, decode: (answer) => watchResponse(decodeJson(answer)) },
};

export class JsonAuthentication implements Authentication {
  readonly path = "/v3/auth/authenticate";
  readonly request: Uint8Array;

  constructor(user: string, password: string) {
    this.request = encodeJson({ name: user, password });
  }

  metadata(answer: Uint8Array): Metadata {
    return { authorization: String(decodeJson(answer).token ?? "") };
  }
}

function leaseId(id: bigint): Uint8Array {
  return encodeJson({ ID: id.toString() });
}

function lease(json: Json): LeaseTimeToLive {
  return {
    header: asHeader(json.header),
    id: asBigInt(json.ID),
    ttl: asNumber(json.TTL),
    grantedTtl: asNumber(json.grantedTTL),
    keys: Array.isArray(json.keys) ? json.keys.map(fromBase64) : [],
  };
}

function watchCreate({ range, startRevision, previous, only }: WatchCreate): Uint8Array {
  const filters = only === undefined ? [] : [only === "puts" ? "NODELETE" : "NOPUT"];
  const create = { start_revision: startRevision, progress_notify: true, prev_kv: previous, filters };
  return encodeJson({ create_request: { ...keysJson(range), ...create } });
}

function watchResponse(json: Json): WatchResponse {
  return {
    header: asHeader(json.header),
    created: json.created === true,
    canceled: json.canceled === true,
    compactRevision: asNumber(json.compact_revision),
    cancelReason: String(json.cancel_reason ?? ""),
    events: asList(json.events).map(event),
  };
}

function event(json: Json): WatchEvent {
  return {
    type: json.type === "DELETE" ? "delete" : "put",
    kv: asKeyValue(json.kv),
    previous: json.prev_kv === undefined ? undefined : asKeyValue(json.prev_kv),
  };
}
