/** `etcdserverpb.Lease`. Times to live are whole seconds. */
import { decode, encode, NO_HEADER, nested, type ResponseHeader, readHeader } from "./common.ts";

export interface LeaseState {
  readonly header: ResponseHeader;
  readonly id: bigint;
  /** Seconds left; 0 or less: the lease is gone. */
  readonly ttl: number;
}

export interface LeaseTimeToLive extends LeaseState {
  readonly grantedTtl: number;
  readonly keys: readonly Uint8Array[];
}

/** @param id 0n: the server chooses. */
export function encodeLeaseGrant(ttl: number, id: bigint): Uint8Array {
  return encode((writer) => {
    writer.varint(1, ttl);
    writer.varint(2, id);
  });
}

/** LeaseRevoke and LeaseKeepAlive ask with the id alone. */
export function encodeLeaseId(id: bigint): Uint8Array {
  return encode((writer) => writer.varint(1, id));
}

export function encodeLeaseTimeToLive(id: bigint, keys: boolean): Uint8Array {
  return encode((writer) => {
    writer.varint(1, id);
    writer.bool(2, keys);
  });
}

/** LeaseGrant, LeaseKeepAlive and LeaseTimeToLive answer in the same shape. */
export function decodeLease(bytes: Uint8Array): LeaseTimeToLive {
  const keys: Uint8Array[] = [];
  const lease = { header: NO_HEADER, id: 0n, ttl: 0, grantedTtl: 0, keys };
  decode(bytes, (reader) => {
    if (reader.field === 1) lease.header = readHeader(reader);
    else if (reader.field === 2) lease.id = reader.int64Exact();
    else if (reader.field === 3) lease.ttl = reader.int64();
    else if (reader.field === 4 && reader.wireType === 0) lease.grantedTtl = reader.int64();
    else if (reader.field === 5) keys.push(reader.bytes());
    else reader.skip();
  });
  return lease;
}

export function decodeLeases(bytes: Uint8Array): bigint[] {
  const ids: bigint[] = [];
  decode(bytes, (reader) => {
    if (reader.field !== 2) reader.skip();
    else
      nested(reader, () => {
        if (reader.field === 1) ids.push(reader.int64Exact());
        else reader.skip();
      });
  });
  return ids;
}
