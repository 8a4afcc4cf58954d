import type { KeyValue } from "../../model/key-value.ts";
import type { StoreModel } from "../../model/store.ts";
import { EncodedEvents } from "./encoded-events.ts";
import type { Watcher } from "./watcher.ts";

/** Hands events to watchers' streams; what several are told in one turn is encoded once. */
export class Outbox {
  /** Events told to watchers, to each of them. */
  eventsSent = 0;
  readonly #model: StoreModel;
  readonly #plain = new EncodedEvents(false);
  readonly #withPrevious = new EncodedEvents(true);

  constructor(model: StoreModel) {
    this.#model = model;
  }

  /** @param revision up to which the watcher then knows everything */
  send(watcher: Watcher, events: readonly KeyValue[], revision: number): void {
    const encoded = watcher.prevKv ? this.#withPrevious : this.#plain;
    encoded.select(this.#model, events);
    watcher.quiet = false;
    this.eventsSent += events.length;
    watcher.stream.sendEvents(watcher, encoded, revision);
  }

  /** At the end of a turn. */
  forget(): void {
    this.#plain.forget();
    this.#withPrevious.forget();
  }
}
