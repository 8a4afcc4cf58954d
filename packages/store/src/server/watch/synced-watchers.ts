import { WatcherIndex } from "../../model/watcher-index.ts";
import type { Watcher } from "./watcher.ts";

/** Those who are told of each batch as it is applied. After a gap in history all of them are behind, in one step. */
export class SyncedWatchers {
  readonly index: WatcherIndex = new WatcherIndex();
  #resumeAt: number | undefined;

  get counts(): boolean {
    return this.#resumeAt === undefined;
  }

  /** Once it does not count any more: the first revision that its watchers have not been told of. */
  get resumeAt(): number {
    return this.#resumeAt ?? 0;
  }

  add(watcher: Watcher): void {
    watcher.home = this;
    this.index.add(watcher.id, watcher);
  }

  delete(watcher: Watcher): void {
    watcher.home = undefined;
    this.index.delete(watcher.id);
  }

  /** There is a gap: nobody in it is told anything from here. */
  end(resumeAt: number): void {
    this.#resumeAt = resumeAt;
  }
}
