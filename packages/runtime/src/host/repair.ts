import type { Transport } from "../transport/transport.ts";
import { FrameKind } from "./frame-kinds.ts";
import { compareStates, sentenceOf } from "./hash-compare.ts";
import { HostError } from "./host-error.ts";
import { type GroupRecovery, keepRecovering, setAside } from "./open-log.ts";
import type { HostOptions } from "./options.ts";
import type { RaftGroup } from "./raft-group.ts";

/** What of a host is needed here. */
interface Comparing {
  readonly options: HostOptions;
  readonly transport: Transport;
}

/** Watches whether the members' states are equal, and gives up this one's where a majority has another. */
export class StateComparison {
  readonly #host: Comparing;
  readonly #stop: (error: HostError) => void;
  #givesUp = false;

  constructor(host: Comparing, stop: (error: HostError) => void) {
    this.#host = host;
    this.#stop = stop;
  }

  /** Once a second. */
  tick(group: RaftGroup<unknown>): void {
    const { options, transport } = this.#host;
    const divergence = compareStates(group, (to, body) => transport.queue(to, group.id, FrameKind.hash, body));
    if (divergence === undefined) return;
    const sentence = sentenceOf(divergence, options.self);
    if (divergence.type === "minority") {
      this.#givesUp = true;
      this.#stop(new HostError("stateDiverged", sentence));
    } else if (options.onUndecided === undefined) this.#stop(new HostError("undecided", sentence));
    else options.onUndecided(sentence);
  }

  /**
   * Where the state has gone wrong: puts it, with the log and the snapshots that it came from, under another name. Called when
   * they are closed; the next start finds an empty log, has no vote, and gets everything from its peers as a member with a
   * damaged log does (docs/adr/0005-rejoin.md).
   */
  async giveUp(
    groups: ReadonlyMap<number, RaftGroup<unknown>>,
    recoveries: ReadonlyMap<number, GroupRecovery>,
  ): Promise<void> {
    if (!this.#givesUp) return;
    const { disk, peers, logger } = this.#host.options;
    // First: after a crash in the middle of this, the node still knows that it must not vote.
    for (const [id, { voteFile }] of recoveries) {
      const { currentTerm, votedFor } = groups.get(id)!.raft.state;
      await keepRecovering({ currentTerm, votedFor, recovering: true }, voteFile, peers.size, "The state went wrong.");
    }
    setAside(disk, logger, ["wal-", "spare-", "snapshot-"]);
  }
}
