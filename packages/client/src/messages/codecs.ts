import { ProtobufReader } from "@synod/wire/protobuf";
import type { Codecs } from "../transport.ts";
import { encode } from "./common.ts";
import * as kv from "./kv.ts";
import { decodeLease, decodeLeases, encodeLeaseGrant, encodeLeaseId, encodeLeaseTimeToLive } from "./lease.ts";
import { encodeTxn, readTxnResult } from "./txn.ts";
import { decodeWatchResponse, encodeWatchCreate } from "./watch.ts";

/** The store's methods over gRPC. */
export const PROTOBUF: Codecs = {
  range: {
    path: "/etcdserverpb.KV/Range",
    encode: ({ range, options }) => encode((writer) => kv.writeRange(writer, range, options)),
    decode: (answer) => kv.readRangeResult(new ProtobufReader(answer)),
  },
  put: {
    path: "/etcdserverpb.KV/Put",
    encode: ({ key, value, options }) => encode((writer) => kv.writePut(writer, key, value, options)),
    decode: (answer) => kv.readPutResult(new ProtobufReader(answer)),
  },
  delete: {
    path: "/etcdserverpb.KV/DeleteRange",
    encode: ({ range, options }) => encode((writer) => kv.writeDelete(writer, range, options)),
    decode: (answer) => kv.readDeleteResult(new ProtobufReader(answer)),
  },
  txn: {
    path: "/etcdserverpb.KV/Txn",
    encode: encodeTxn,
    decode: (answer) => readTxnResult(new ProtobufReader(answer)),
  },
  compact: {
    path: "/etcdserverpb.KV/Compact",
    encode: ({ revision, physical }) => kv.encodeCompaction(revision, physical),
    decode: () => undefined,
  },
  leaseGrant: {
    path: "/etcdserverpb.Lease/LeaseGrant",
    encode: ({ ttl, id }) => encodeLeaseGrant(ttl, id),
    decode: decodeLease,
  },
  leaseRevoke: { path: "/etcdserverpb.Lease/LeaseRevoke", encode: encodeLeaseId, decode: () => undefined },
  // A stream of renewals, of which this is the first and the last.
  leaseKeepAlive: { path: "/etcdserverpb.Lease/LeaseKeepAlive", encode: encodeLeaseId, decode: decodeLease },
  leaseTimeToLive: {
    path: "/etcdserverpb.Lease/LeaseTimeToLive",
    encode: ({ id, keys }) => encodeLeaseTimeToLive(id, keys),
    decode: decodeLease,
  },
  leases: { path: "/etcdserverpb.Lease/LeaseLeases", encode: () => encodeLeaseId(0n), decode: decodeLeases },
  watch: { path: "/etcdserverpb.Watch/Watch", encode: encodeWatchCreate, decode: decodeWatchResponse },
};
