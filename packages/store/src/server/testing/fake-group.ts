import type {
  Answerer,
  Asker,
  Group,
  GroupListener,
  GroupStatus,
  Reach,
  Requester,
  RequestFailure,
  StateMachine,
} from "@synod/runtime/group";

/**
 * A group of one for tests: what was proposed in a turn is applied at its end, in one batch. The tests may take its leader
 * away, and move its clock.
 */
export class FakeGroup<Result> implements Group<Result> {
  status: GroupStatus = {
    id: 1,
    self: 1,
    role: "leader",
    leader: 1,
    term: 2,
    lastIndex: 0,
    commitIndex: 0,
    appliedIndex: 0,
    configuration: { voters: [1], outgoing: [], learners: [] },
    isSettled: true,
  };
  /** What is to be known of the other members. */
  others: Reach = { isConnected: true, isInSync: true };
  /** Microseconds. */
  time = 1_000_000;
  /** What becomes of requests instead of being applied. */
  failure: RequestFailure | undefined;
  proposed = 0;
  reads = 0;
  questions = 0;
  /** What happens elsewhere before a read is confirmed. */
  onRead: (() => void) | undefined;
  #answerer: Answerer | undefined;
  readonly #machine: StateMachine<Result>;
  readonly #schedule: (work: () => void) => void;
  readonly #listeners: GroupListener[] = [];
  #waiting: (() => void)[] = [];
  #scheduled = false;

  /** @param schedule runs the turn; tests without sockets run it themselves by `turn`. */
  constructor(machine: StateMachine<Result>, schedule: (work: () => void) => void) {
    this.#machine = machine;
    this.#schedule = schedule;
  }

  propose(command: Uint8Array, requester: Requester<Result>, token: number): void {
    this.proposed++;
    const kept = command.slice();
    const { failure } = this;
    this.#enqueue(() => {
      if (failure !== undefined) return requester.failed(token, failure);
      const index = this.status.appliedIndex + 1;
      this.status = { ...this.status, lastIndex: index, commitIndex: index, appliedIndex: index };
      requester.applied(token, this.#machine.apply(index, this.time, kept, this.status.term));
    });
  }

  read(requester: Requester<Result>, token: number): void {
    this.reads++;
    const { failure } = this;
    this.#enqueue(() => {
      this.onRead?.();
      if (failure === undefined) requester.readable(token);
      else requester.failed(token, failure);
    });
  }

  /** Whether it leads or not, it answers for whoever does. */
  ask(question: Uint8Array, asker: Asker<Result>, token: number): void {
    this.questions++;
    const kept = question.slice();
    const { failure } = this;
    this.#enqueue(() => {
      this.onRead?.();
      if (failure !== undefined) return asker.failed(token, failure);
      asker.answered(token, this.#answerer!.answer(kept, this.status.term, this.time));
    });
  }

  answerBy(answerer: Answerer): void {
    this.#answerer = answerer;
  }

  clusterTime(): number {
    return this.time;
  }

  subscribe(listener: GroupListener): void {
    this.#listeners.push(listener);
  }

  transferLeadership(target: number): "started" | "notLeader" | "notVoter" {
    if (this.status.role !== "leader") return "notLeader";
    if (!this.status.configuration.voters.includes(target)) return "notVoter";
    this.#enqueue(() => this.become({ role: "follower", leader: target, term: this.status.term + 1 }));
    return "started";
  }

  reach(): Reach {
    return this.others;
  }

  become(change: Partial<GroupStatus>): void {
    this.status = { ...this.status, ...change };
    for (const listener of this.#listeners) listener.roleChanged?.(this.status);
  }

  /** Applies everything that waits, then tells the listeners. */
  turn(): void {
    this.#scheduled = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const work of waiting) work();
    for (const listener of this.#listeners) listener.batchApplied?.(this.status.appliedIndex);
  }

  #enqueue(work: () => void): void {
    this.#waiting.push(work);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#schedule(() => this.turn());
  }
}
