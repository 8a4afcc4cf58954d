import { ProtobufWriter } from "@synod/wire/protobuf";
import { encodeEvent } from "../api/key-value.ts";
import { EVENTS } from "../api/watch.ts";
import type { KeyValue } from "../model/key-value.ts";
import type { StoreModel } from "../model/store.ts";

/**
 * A list of events as the fields of a watch response, encoded once for all watchers that get the same list: the index
 * hands them the same array.
 */
export class EncodedEvents {
  readonly writer: ProtobufWriter = new ProtobufWriter(4096);
  /** Where each event ends in the writer's buffer. */
  readonly ends: number[] = [];
  #events: readonly KeyValue[] | undefined;
  readonly #withPrevious: boolean;

  constructor(withPrevious: boolean) {
    this.#withPrevious = withPrevious;
  }

  encode(model: StoreModel, events: readonly KeyValue[]): void {
    if (this.#events === events) return;
    this.#events = events;
    this.writer.reset();
    this.ends.length = 0;
    for (let i = 0; i < events.length; i++) {
      const event = events[i] as KeyValue;
      encodeEvent(this.writer, EVENTS, event, this.#withPrevious ? model.prevKv(event) : undefined);
      this.ends.push(this.writer.position);
    }
  }

  /** Compaction and memory: what was encoded is not kept beyond its turn. */
  forget(): void {
    this.#events = undefined;
    this.writer.reset(this.writer.buffer.length > 1 << 20 ? new Uint8Array(4096) : this.writer.buffer);
  }
}
