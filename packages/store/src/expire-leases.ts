import type { ProtobufReader } from "@synod/wire/protobuf";
import type { ProtobufWriter } from "@synod/wire/protobuf-writer";
import type { ExpiredLease, Term } from "./model/types.ts";

/**
 * The leader of a term has seen these leases end. It alone knows, and only as long as nobody else leads: in an entry of
 * another term, the command does nothing.
 *
 *     protobuf { 1 = term, 2 = repeated { 1 = id, 2 = expiry as the log had it } }
 */
export interface ExpireLeases {
  term: Term;
  readonly leases: ExpiredLease[];
}

export function encodeExpireLeases(writer: ProtobufWriter, { term, leases }: ExpireLeases): void {
  writer.varint(1, term);
  for (const { id, expiry } of leases) {
    const mark = writer.begin(2);
    writer.varint(1, id);
    writer.varint(2, expiry);
    writer.end(mark);
  }
}

/** Reads to the end of the message. */
export function decodeExpireLeases(reader: ProtobufReader): ExpireLeases {
  const command: ExpireLeases = { term: 0, leases: [] };
  while (reader.next()) {
    if (reader.field === 1) command.term = reader.uint64();
    else if (reader.field === 2) command.leases.push(decodeExpired(reader));
    else reader.skip();
  }
  return command;
}

function decodeExpired(reader: ProtobufReader): ExpiredLease {
  const outer = reader.enter();
  let id = 0n;
  let expiry = 0;
  while (reader.next()) {
    if (reader.field === 1) id = reader.int64Exact();
    else if (reader.field === 2) expiry = reader.uint64();
    else reader.skip();
  }
  reader.leave(outer);
  return { id, expiry };
}
