/**
 * How many entries a second three Raft members agree on when neither disk nor network costs anything, all three on one
 * core: `node bench/main.ts raft`. What remains is the protocol, with `--bytes yes` also its codec.
 */
import { decodeMessage, encodeMessage } from "@synod/protocols/raft/codec";
import { Raft } from "@synod/protocols/raft/raft";
import { emptyState } from "@synod/protocols/raft/recovery";
import {
  DEFAULT_RAFT_OPTIONS,
  type RaftMessage,
  type RaftOutcome,
  type RaftOutput,
  type RaftRecord,
} from "@synod/protocols/raft/types";
import { Random } from "@synod/protocols/random";
import { options } from "./options.ts";
import { keep, table } from "./report.ts";
import { shown, spread } from "./statistics.ts";

const NODES = [1, 2, 3];
const PAYLOAD = new Uint8Array(280);
/** Entries that the members keep before they compact. */
const KEPT = 20_000;

interface Envelope {
  readonly from: number;
  readonly to: number;
  readonly message: RaftMessage;
}

/** A network and three disks that never fail and take no time. */
class Group {
  readonly #rafts: (Raft | undefined)[] = [];
  readonly #outputs: (RaftOutput | undefined)[] = [];
  readonly #throughCodec: boolean;
  #arriving: Envelope[] = [];
  #now = 0;
  committed = 0;
  records = 0;
  messages = 0;

  constructor(throughCodec: boolean) {
    this.#throughCodec = throughCodec;
    for (const id of NODES) {
      const raftOptions = { ...DEFAULT_RAFT_OPTIONS, id, bootstrap: { voters: NODES, outgoing: [], learners: [] } };
      const snapshots = { read: (): undefined => undefined };
      this.#rafts[id] = new Raft(raftOptions, emptyState(), new Random(`raft ${id}`), 0, snapshots);
      this.#outputs[id] = this.#output(id);
    }
  }

  /** @returns the leader's id. */
  elect(): number {
    for (;;) {
      this.#now = Math.min(...NODES.map((id) => this.#raft(id).wakeAt));
      for (const id of NODES) if (this.#raft(id).wakeAt <= this.#now) this.#raft(id).wake(this.#now, this.#out(id));
      this.settle();
      const leader = NODES.find((id) => this.#raft(id).state.role.type === "leader");
      if (leader !== undefined) return leader;
    }
  }

  propose(leader: number, commands: readonly Uint8Array[]): void {
    this.#now += 100;
    const proposal = this.#raft(leader).propose(this.#now, commands, this.#out(leader));
    if (proposal.type !== "accepted") throw new Error(`the leader refused: ${proposal.reason}`);
  }

  settle(): void {
    while (this.#arriving.length > 0) {
      const arriving = this.#arriving;
      this.#arriving = [];
      for (const { from, to, message } of arriving) this.#raft(to).receive(this.#now, from, message, this.#out(to));
    }
  }

  /** Forgets all but the newest entries, as a node does whenever a snapshot is on disk. */
  compact(): void {
    for (const id of NODES) {
      const raft = this.#raft(id);
      const { commitIndex, log } = raft.state;
      const lastIncludedTerm = log.termAt(commitIndex) ?? 0;
      const configuration = raft.configurationAt(commitIndex);
      const snapshot = { lastIncludedIndex: commitIndex, lastIncludedTerm, configuration, size: 0, checksum: 0 };
      raft.compact(snapshot, Math.max(log.firstIndex, commitIndex - 1000), this.#out(id));
    }
  }

  #raft(id: number): Raft {
    return this.#rafts[id] as Raft;
  }

  #out(id: number): RaftOutput {
    return this.#outputs[id] as RaftOutput;
  }

  #output(from: number): RaftOutput {
    const deliver = (to: number, message: RaftMessage): void => {
      this.messages += 1;
      this.#arriving.push({ from, to, message: this.#throughCodec && to !== from ? recoded(message) : message });
    };
    return {
      persist: (_record: RaftRecord): void => {
        this.records += 1;
      },
      send: deliver,
      sendOnceDurable: deliver,
      announce: (outcome: RaftOutcome): void => {
        if (outcome.type === "committed" && from === 1) this.committed = outcome.index;
      },
    };
  }
}

/** As one contiguous piece of memory, which is how it arrives from a socket. */
function recoded(message: RaftMessage): RaftMessage {
  const { head, body } = encodeMessage(message);
  const bytes = new Uint8Array(head.length + (body?.length ?? 0));
  bytes.set(head);
  if (body !== undefined) bytes.set(body, head.length);
  return decodeMessage(bytes);
}

export async function main(args: readonly string[]): Promise<void> {
  const settings = options({ batches: "1,10,100,1000", seconds: "1", rounds: "3", bytes: "both" }, args);
  const rows: string[][] = [];
  for (const throughCodec of settings.bytes === "both" ? [false, true] : [settings.bytes === "yes"]) {
    for (const batch of settings.batches.split(",").map(Number)) {
      const runs = Array.from({ length: Number(settings.rounds) }, () =>
        run(batch, throughCodec, Number(settings.seconds)),
      );
      for (const one of runs) keep("raft", { batch, throughCodec, ...one });
      const [first] = runs;
      const messages = first === undefined ? "" : shown(first.messages / first.batches);
      rows.push([throughCodec ? "yes" : "no", `${batch}`, spread(runs.map((one) => one.entriesPerSecond)), messages]);
    }
  }
  console.log(table(["through the codec", "entries in a batch", "entries/s", "messages a batch"], rows));
}

interface Run {
  entriesPerSecond: number;
  batches: number;
  messages: number;
}

function run(batch: number, throughCodec: boolean, seconds: number): Run {
  const group = new Group(throughCodec);
  const leader = group.elect();
  const commands = new Array<Uint8Array>(batch).fill(PAYLOAD);
  const drive = (during: number): { entries: number; elapsed: number; batches: number } => {
    const start = performance.now();
    let batches = 0;
    let kept = 0;
    for (; performance.now() - start < during * 1000; batches += 1) {
      group.propose(leader, commands.slice());
      group.settle();
      kept += batch;
      if (kept < KEPT) continue;
      group.compact();
      kept = 0;
    }
    return { entries: batches * batch, batches, elapsed: performance.now() - start };
  };
  drive(seconds / 4); // the compiler's share
  const [committed, messages] = [group.committed, group.messages];
  const { entries, batches, elapsed } = drive(seconds);
  const missing = entries - (group.committed - committed);
  // The last batch is known to be committed by the leader, and by node 1 with the next message at the latest.
  if (missing > batch) throw new Error(`${missing} of ${entries} entries were not committed`);
  return { entriesPerSecond: (entries / elapsed) * 1000, batches, messages: group.messages - messages };
}
