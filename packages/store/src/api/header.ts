import { type ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";

/** etcdserverpb.ResponseHeader. Cluster and member ids are random 64-bit numbers. */
export interface ResponseHeader {
  clusterId: bigint;
  memberId: bigint;
  revision: number;
  raftTerm: number;
}

/** Field 1 of every response: who answers, and at what revision and term. */
export class HeaderWriter {
  raftTerm = 0;
  /** Cluster and member id as encoded fields: they never change. */
  readonly #identity: Uint8Array;

  constructor(clusterId: bigint, memberId: bigint) {
    const writer = new ProtobufWriter(32);
    writer.varint(1, clusterId);
    writer.varint(2, memberId);
    this.#identity = writer.finish();
  }

  write(writer: ProtobufWriter, revision: number): void {
    const mark = writer.begin(1);
    writer.raw(this.#identity);
    writer.varint(3, revision);
    writer.varint(4, this.raftTerm);
    writer.end(mark);
  }
}

/** A response within a txn's response has a header that holds the revision alone. */
export function encodeNestedHeader(writer: ProtobufWriter, revision: number): void {
  const mark = writer.begin(1);
  writer.varint(3, revision);
  writer.end(mark);
}

export function emptyHeader(): ResponseHeader {
  return { clusterId: 0n, memberId: 0n, revision: 0, raftTerm: 0 };
}

/** The reader stands on the field that holds it. */
export function decodeHeader(reader: ProtobufReader): ResponseHeader {
  const header = emptyHeader();
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field === 1) header.clusterId = reader.uint64Exact();
    else if (reader.field === 2) header.memberId = reader.uint64Exact();
    else if (reader.field === 3) header.revision = reader.int64();
    else if (reader.field === 4) header.raftTerm = reader.uint64();
    else reader.skip();
  }
  reader.leave(outer);
  return header;
}
