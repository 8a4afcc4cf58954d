import type { ProtobufReader } from "@synod/wire/protobuf";
import { decodeUtf8 } from "@synod/wire/utf8";
import { decodeHeader } from "../api/header.ts";
import {
  decodeLeaseLeases,
  decodeLeaseResponse,
  encodeLeaseGrantRequest,
  encodeLeaseId,
  encodeLeaseTimeToLiveRequest,
} from "../api/lease.ts";
import { Fields, parseBody } from "./body.ts";
import type { RestExchange } from "./exchange.ts";
import { problemOf, refuse } from "./problem.ts";
import { leaseId } from "./query.ts";
import { bytesJson } from "./text.ts";

const LONGEST_TTL = 9_000_000_000;

const LEAST_MILLIS = 100;

/** POST: `{"ttl": 60}`, in seconds, or `?ttl=60`; or `{"ttlMs": 250}`. */
export function createLease(exchange: RestExchange): void {
  const { query, request } = exchange;
  const fields = new Fields(request.body.length === 0 ? {} : parseBody(request.body), "the body", [
    "ttl",
    "ttlMs",
    "id",
  ]);
  const ttl = query.number("ttl", 1, LONGEST_TTL) ?? fields.number("ttl", 1);
  const ttlMs = fields.number("ttlMs", LEAST_MILLIS) ?? 0;
  if (ttl === undefined && ttlMs === 0)
    refuse("badBody", "no time to live is given", 'send {"ttl": 60}, in seconds, or ?ttl=60');
  const chosen = fields.text("id");
  exchange.call(
    "/etcdserverpb.Lease/LeaseGrant",
    (writer) =>
      encodeLeaseGrantRequest(writer, { ttl: ttl ?? 0, ttlMs, id: chosen === undefined ? 0n : leaseId(chosen) }),
    (reader) => {
      const { id, ttl: granted, ttlMs: exact, header } = decodeLeaseResponse(reader);
      const location = `/api/store/leases/${id}`;
      exchange.json(201, { id: String(id), ttl: granted, ttlMs: exact, revision: header.revision }, [
        ["location", location],
      ]);
    },
  );
}

export function renewLease(exchange: RestExchange): void {
  const id = idOf(exchange);
  exchange.call(
    "/etcdserverpb.Lease/LeaseKeepAlive",
    (writer) => encodeLeaseId(writer, id),
    (reader) => {
      const { ttl, ttlMs } = decodeLeaseResponse(reader);
      if (ttl <= 0) exchange.fail(problemOf(5, "etcdserver: requested lease not found"));
      else exchange.json(200, { id: String(id), ttl, ttlMs });
    },
  );
}

export function getLease(exchange: RestExchange): void {
  const id = idOf(exchange);
  exchange.call(
    "/etcdserverpb.Lease/LeaseTimeToLive",
    (writer) => encodeLeaseTimeToLiveRequest(writer, { id, keys: exchange.query.flag("keys") }),
    (reader) => {
      const { ttl, grantedTtl, ttlMs, grantedTtlMs, keys } = decodeLeaseResponse(reader);
      if (ttl < 0) return exchange.fail(problemOf(5, "etcdserver: requested lease not found"));
      const attached = exchange.query.flag("keys") ? { keys: keys.map((key) => bytesJson("key", key)) } : {};
      exchange.json(200, { id: String(id), ttl, grantedTtl, ttlMs, grantedTtlMs, ...attached });
    },
  );
}

export function revokeLease(exchange: RestExchange): void {
  const id = idOf(exchange);
  exchange.call(
    "/etcdserverpb.Lease/LeaseRevoke",
    (writer) => encodeLeaseId(writer, id),
    (reader) => exchange.json(200, { revision: revisionOf(reader) }),
  );
}

export function listLeases(exchange: RestExchange): void {
  exchange.call(
    "/etcdserverpb.Lease/LeaseLeases",
    () => {},
    (reader) => exchange.json(200, { leases: decodeLeaseLeases(reader).map((id) => ({ id: String(id) })) }),
  );
}

function idOf({ argument }: RestExchange): bigint {
  return leaseId(decodeUtf8(argument));
}

function revisionOf(reader: ProtobufReader): number {
  let revision = 0;
  while (reader.next()) {
    if (reader.field === 1) revision = decodeHeader(reader).revision;
    else reader.skip();
  }
  return revision;
}
