import type { ProtobufReader } from "@synod/wire/protobuf";
import type { ProtobufWriter } from "@synod/wire/protobuf-writer";
import { DowngradeAction, decodeDowngradeRequest } from "../api/maintenance.ts";
import type { Area, AreaResult, Entry } from "../area.ts";
import { finishHash, hashBytes } from "../model/bytes.ts";
import { formatVersion, isOneBelow, parseMinorVersion } from "../model/cluster-version.ts";
import { StoreError } from "../model/errors.ts";

const ID = 6;

/** A DowngradeRequest. */
export const VersionOpcode = { downgrade: 0x60 } as const;

/** The version that clients of etcd see the cluster at, and whether they have announced a downgrade from it. */
export class VersionArea implements Area {
  readonly id: number = ID;
  /** `major.minor.patch`. */
  readonly clusterVersion: string;
  /** Where an announced downgrade is to lead; "" without one. */
  downgradeTarget = "";

  constructor(clusterVersion: string) {
    this.clusterVersion = formatVersion(parseMinorVersion(clusterVersion));
  }

  /**
   * As etcd's: VALIDATE and ENABLE want exactly one minor version less, and no other downgrade announced.
   * @throws StoreError `wrongDowngradeVersionFormat`, `invalidDowngradeTargetVersion`, `downgradeInProcess`,
   *   `noInflightDowngrade`
   */
  apply(_opcode: number, reader: ProtobufReader, { store }: Entry): AreaResult {
    const { action, version } = decodeDowngradeRequest(reader);
    if (action === DowngradeAction.CANCEL) {
      if (this.downgradeTarget === "") throw new StoreError("noInflightDowngrade");
      this.downgradeTarget = "";
    } else {
      const target = this.#validated(version);
      if (action === DowngradeAction.ENABLE) this.downgradeTarget = target;
    }
    return {
      type: "area",
      revision: store.revision,
      write: (writer) => writer.string(2, this.clusterVersion),
    };
  }

  hash(): number {
    let hash = 0;
    const { downgradeTarget } = this;
    const bytes = Uint8Array.from(downgradeTarget, (character) => character.charCodeAt(0));
    hash = hashBytes(bytes, 0, bytes.length, hash);
    return downgradeTarget === "" ? 0 : finishHash(hash);
  }

  encode(writer: ProtobufWriter): void {
    writer.string(1, this.downgradeTarget);
  }

  decode(reader: ProtobufReader): () => void {
    let target = "";
    while (reader.next()) {
      if (reader.field === 1) target = reader.string();
      else reader.skip();
    }
    return () => {
      this.downgradeTarget = target;
    };
  }

  #validated(version: string): string {
    const target = parseMinorVersion(version);
    if (!isOneBelow(target, parseMinorVersion(this.clusterVersion))) {
      throw new StoreError("invalidDowngradeTargetVersion");
    }
    if (this.downgradeTarget !== "") throw new StoreError("downgradeInProcess");
    return formatVersion(target);
  }
}
