import type { KeyRange } from "../../model/types.ts";
import type { Watcher } from "./watcher.ts";

/** Who may watch what, as of now. */
export interface WatchAccess {
  /** Another number whenever an answer of `mayWatch` may be another. */
  readonly changes: number;
  mayWatch(user: string | undefined, range: KeyRange): boolean;
}

/**
 * Whether watchers may still be told: looked at again once after each change, at the latest before the next event, so that
 * going through all of them may take its time.
 */
export class WatchRights {
  readonly #access: WatchAccess;
  readonly #cancel: (watcher: Watcher) => void;
  /** The changes that are known. */
  #seen = 0;

  /** @param cancel removes a watcher whose user may not watch any more, and says so */
  constructor(access: WatchAccess, cancel: (watcher: Watcher) => void) {
    this.#access = access;
    this.#cancel = cancel;
  }

  /** @returns whether somebody may do other things since the last call */
  haveChanged(): boolean {
    if (this.#access.changes === this.#seen) return false;
    this.#seen = this.#access.changes;
    return true;
  }

  /** It was looked at when it was made. */
  begin(watcher: Watcher): void {
    watcher.rightsSeen = this.#seen;
  }

  /** @returns false: it has been cancelled */
  admit(watcher: Watcher): boolean {
    if (watcher.rightsSeen === this.#seen) return true;
    watcher.rightsSeen = this.#seen;
    if (this.#access.mayWatch(watcher.user, watcher)) return true;
    this.#cancel(watcher);
    return false;
  }
}
