import type { ProtobufReader } from "@synod/wire/protobuf";
import { decodeCompactionRequest } from "../api/compaction.ts";
import type { Area, AreaResult, Entry } from "../area.ts";
import type { CommandNeeds } from "../envelope.ts";

const ID = 4;

export const LimitsOpcode = {
  /** A CompactionRequest that the leader makes of its own accord. */
  compact: 0x40,
} as const;

/** What the cluster does about its size that etcd does not. */
export class LimitsArea implements Area {
  readonly id: number = ID;

  /** @throws StoreError `compacted`, `futureRev` */
  apply(_opcode: number, reader: ProtobufReader, { store, time }: Entry): AreaResult {
    store.compact(decodeCompactionRequest(reader).revision, time);
    return { type: "area", revision: store.revision };
  }

  needs(opcode: number): CommandNeeds {
    return opcode === LimitsOpcode.compact ? "server" : "admin";
  }

  hash(): number {
    return 0;
  }

  encode(): void {}

  decode(reader: ProtobufReader): () => void {
    while (reader.next()) reader.skip();
    return () => {};
  }
}
