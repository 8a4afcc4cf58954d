import { ProtobufWriter } from "@synod/wire/protobuf";
import { encodeEvent } from "../../api/key-value.ts";
import { EVENTS } from "../../api/watch.ts";
import type { KeyValue } from "../../model/key-value.ts";
import type { StoreModel } from "../../model/store.ts";

const USUAL_SIZE = 4096;
const LARGEST_KEPT = 1 << 20;

/** Events as fields of a watch response, each encoded once for all the watchers that get it. */
export class EncodedEvents {
  readonly #writer = new ProtobufWriter(USUAL_SIZE);
  readonly #withPrevious: boolean;
  /** Where an event's bytes are: a position in the two arrays below. */
  readonly #places = new Map<KeyValue, number>();
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  /** The list last asked for. Watchers of one span get the same array, one after the other. */
  #list: readonly KeyValue[] = [];
  readonly #listPlaces: number[] = [];

  constructor(withPrevious: boolean) {
    this.#withPrevious = withPrevious;
  }

  /** Makes a list of events the one that the other methods speak of. */
  select(model: StoreModel, list: readonly KeyValue[]): void {
    if (this.#list === list) return;
    this.#list = list;
    this.#listPlaces.length = 0;
    for (let i = 0; i < list.length; i++) {
      const event = list[i] as KeyValue;
      this.#listPlaces.push(this.#places.get(event) ?? this.#encode(model, event));
    }
  }

  /** The list itself, for who wants more than the bytes. Valid until the next `select`. */
  get events(): readonly KeyValue[] {
    return this.#list;
  }

  get count(): number {
    return this.#list.length;
  }

  /** Bytes of the list's event number `i`. */
  size(i: number): number {
    const place = this.#listPlaces[i] as number;
    return (this.#ends[place] as number) - (this.#starts[place] as number);
  }

  /** Copies the list's events from `first` up to, not including, `next`. */
  copy(target: ProtobufWriter, first: number, next: number): void {
    const { buffer } = this.#writer;
    for (let i = first; i < next; ) {
      const start = this.#starts[this.#listPlaces[i] as number] as number;
      let end = this.#ends[this.#listPlaces[i] as number] as number;
      // Neighbours in the list are mostly neighbours in memory: one copy for all of them.
      for (i++; i < next && this.#starts[this.#listPlaces[i] as number] === end; i++) {
        end = this.#ends[this.#listPlaces[i] as number] as number;
      }
      target.rawFrom(buffer, start, end - start);
    }
  }

  /** Nothing is kept beyond a turn: compaction changes what an event's previous value is. */
  forget(): void {
    if (this.#places.size === 0) return;
    this.#places.clear();
    this.#starts.length = 0;
    this.#ends.length = 0;
    this.#list = [];
    this.#writer.reset(this.#writer.buffer.length > LARGEST_KEPT ? new Uint8Array(USUAL_SIZE) : this.#writer.buffer);
  }

  #encode(model: StoreModel, event: KeyValue): number {
    const place = this.#starts.length;
    this.#places.set(event, place);
    this.#starts.push(this.#writer.position);
    encodeEvent(this.#writer, EVENTS, event, this.#withPrevious ? model.prevKv(event) : undefined);
    this.#ends.push(this.#writer.position);
    return place;
  }
}
