import type { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";

/** What follows the header of a StatusResponse. */
export interface Status {
  version: string;
  /** Bytes. */
  dbSize: number;
  /** The leader's member id, 0n for none. */
  leader: bigint;
  raftIndex: number;
  raftTerm: number;
  raftAppliedIndex: number;
  errors: string[];
  /** Bytes. */
  dbSizeInUse: number;
  isLearner: boolean;
}

export function encodeStatus(writer: ProtobufWriter, status: Status): void {
  writer.string(2, status.version);
  writer.varint(3, status.dbSize);
  writer.varint(4, status.leader);
  writer.varint(5, status.raftIndex);
  writer.varint(6, status.raftTerm);
  writer.varint(7, status.raftAppliedIndex);
  for (const error of status.errors) writer.string(8, error);
  writer.varint(9, status.dbSizeInUse);
  writer.bool(10, status.isLearner);
}

/** Reads to the end of the message. */
export function decodeStatus(reader: ProtobufReader): Status {
  const status: Status = {
    version: "",
    dbSize: 0,
    leader: 0n,
    raftIndex: 0,
    raftTerm: 0,
    raftAppliedIndex: 0,
    errors: [],
    dbSizeInUse: 0,
    isLearner: false,
  };
  while (reader.next()) {
    if (reader.field === 2) status.version = reader.string();
    else if (reader.field === 3) status.dbSize = reader.int64();
    else if (reader.field === 4) status.leader = reader.uint64Exact();
    else if (reader.field === 5) status.raftIndex = reader.uint64();
    else if (reader.field === 6) status.raftTerm = reader.uint64();
    else if (reader.field === 7) status.raftAppliedIndex = reader.uint64();
    else if (reader.field === 8) status.errors.push(reader.string());
    else if (reader.field === 9) status.dbSizeInUse = reader.int64();
    else if (reader.field === 10) status.isLearner = reader.bool();
    else reader.skip();
  }
  return status;
}
