import type { Group, Requester } from "@synod/runtime/group";
import { ProtobufWriter } from "@synod/wire/protobuf-writer";
import { encodeCompactionRequest } from "../../api/compaction.ts";
import { LimitsOpcode } from "../../areas/limits.ts";
import { type CompactionRule, PeriodicRule, PressureRule, RevisionRule } from "../../model/auto-compaction.ts";
import type { StoreModel } from "../../model/store.ts";
import type { StoreResult } from "../../state-machine.ts";

/** What a leader compacts without being asked. */
export interface CompactionSettings {
  /** etcd `--auto-compaction-mode`. */
  readonly mode: "periodic" | "revision";
  /** etcd `--auto-compaction-retention`: microseconds, or revisions; 0 is off. */
  readonly retention: number;
  /** Give up history, the oldest first, when three quarters of the quota are used. */
  readonly underPressure: boolean;
}

export const DEFAULT_COMPACTION: CompactionSettings = { mode: "periodic", retention: 0, underPressure: true };

export interface CompactionKeeperOptions {
  readonly group: Group<StoreResult>;
  readonly model: StoreModel;
  readonly settings: CompactionSettings;
  /** Bytes; 0 is none. */
  readonly quota: number;
  /** False: nothing may be touched. */
  mayCompact(): boolean;
  /** Microseconds on a monotonic clock. */
  now(): number;
}

/** The leader gives up history by the rules that its node was started with. */
export class CompactionKeeper implements Requester<StoreResult> {
  /** Compactions that were begun here, by why. */
  readonly counts: { automatic: number; underPressure: number } = { automatic: 0, underPressure: 0 };
  readonly #options: CompactionKeeperOptions;
  readonly #rule: CompactionRule | undefined;
  readonly #pressure: PressureRule;
  /** The revision of the command under way; one at a time. */
  #underWay: number | undefined;

  constructor(options: CompactionKeeperOptions) {
    this.#options = options;
    const { settings, model, quota } = options;
    const { mode, retention } = settings;
    if (retention > 0) {
      const now = options.now();
      this.#rule =
        mode === "periodic" ? new PeriodicRule(retention, now, model.revision) : new RevisionRule(retention, now);
    }
    this.#pressure = new PressureRule(settings.underPressure ? quota : 0);
  }

  /** About ten times a second. */
  tick(): void {
    const { group, model } = this.#options;
    const now = this.#options.now();
    const leads = group.status.role === "leader" && this.#underWay === undefined && this.#options.mayCompact();
    const automatic = this.#rule?.due(now, model.revision, leads);
    if (automatic !== undefined) {
      this.counts.automatic++;
      this.#propose(automatic);
    }
    const relief = this.#pressure.due(now, model, leads && this.#underWay === undefined);
    if (relief === undefined) return;
    this.counts.underPressure++;
    this.#propose(relief);
  }

  /** Refused means that somebody else has compacted as far: as good. */
  applied(): void {
    if (this.#underWay !== undefined) this.#rule?.done(this.#options.now(), this.#underWay);
    this.#underWay = undefined;
  }

  failed(): void {
    this.#underWay = undefined;
  }

  /** It never asks to read. */
  readable(): void {}

  #propose(revision: number): void {
    this.#underWay = revision;
    const writer = new ProtobufWriter(16);
    writer.raw(Uint8Array.of(LimitsOpcode.compact));
    encodeCompactionRequest(writer, { revision, physical: false });
    this.#options.group.propose(writer.finish(), this, 0);
  }
}
