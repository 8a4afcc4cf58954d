import type { Group, Requester, RequestFailure } from "@synod/runtime/group";

const pause = 50;

/**
 * Resolves once this node has served a linearizable read: there is a leader, a majority confirms it, and everything
 * acknowledged before now has been applied here. Asks again until then, or until `stopped`.
 */
export class Readiness implements Requester<unknown> {
  readonly ready: Promise<void>;
  readonly #group: Group<unknown>;
  #resolve: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(group: Group<unknown>) {
    this.#group = group;
    this.ready = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    group.read(this, 0);
  }

  readable(): void {
    this.#resolve();
  }

  failed(_token: number, _reason: RequestFailure): void {
    if (!this.#stopped) this.#timer = setTimeout(() => this.#group.read(this, 0), pause);
  }

  /** Never called: this requester proposes nothing. */
  applied(): void {}

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}
