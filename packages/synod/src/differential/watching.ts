import type { GrpcClient } from "../cluster-test/grpc.ts";
import { Fields, message } from "../cluster-test/protobuf.ts";
import type { UnaryOperation, Watch, Watcher } from "./operation.ts";
import { absolute, watchCreate } from "./requests.ts";

/** The side as a watch sees it. */
export interface Asked {
  readonly client: GrpcClient;
  newest(): number;
  /** Up to this revision it was told to compact. */
  compacted(): number;
  unary(operation: UnaryOperation): Promise<string>;
}

interface Seen {
  readonly watcher: Watcher;
  readonly start: number;
  /** The one that the server gave it; undefined until it has answered. */
  id: bigint | undefined;
  created: string;
  canceled: string | undefined;
  readonly events: { readonly revision: number; readonly text: string }[];
  /** Events up to here are waited for, and later ones not looked at. */
  until: number;
}

const PATIENCE_MS = 20_000;

/** @returns what must be equal. @throws if something that must come has not come in time. */
export async function watch(operation: Watch, asked: Asked): Promise<string> {
  const stream = new WatchStream(asked.client);
  try {
    const base = asked.newest();
    const seen = operation.watchers.map((watcher) => stream.create(watcher, base));
    await stream.until("the watchers are there", () => seen.every(({ id }) => id !== undefined));
    const answers: string[] = [];
    for (const step of operation.meanwhile) answers.push(await asked.unary(step));
    // For those too that are canceled already: one side may know it before the other.
    for (const one of seen) one.until = await markEnd(one, asked);
    await stream.until("every watcher has been told", () => seen.every(isThrough));
    const progress = operation.progress === true ? await stream.progress() : "";
    return [...answers, ...seen.map((one) => show(one, asked.compacted())), progress].join("\n");
  } finally {
    stream.close();
  }
}

/** A put and a deletion that the watcher must be told of. @returns the revision of the one that it is told of. */
async function markEnd({ watcher, start }: Seen, asked: Asked): Promise<number> {
  const key = watcher.key === "" ? "\0" : watcher.key;
  const put = async (): Promise<number> => {
    await asked.unary({ type: "put", key, value: "the end" });
    return asked.newest();
  };
  let last = await put();
  while (last < start) last = await put();
  // Whoever is not told of deletions has seen the last of this.
  if (watcher.filters?.includes(1) === true) return watcher.filters.includes(0) ? 0 : last;
  await asked.unary({ type: "delete", key });
  return asked.newest();
}

function isThrough({ canceled, events, until }: Seen): boolean {
  return canceled !== undefined || until === 0 || (events.at(-1)?.revision ?? 0) >= until;
}

function show({ created, canceled, events, until, start }: Seen, compacted: number): string {
  if (until === 0) return created; // told of nothing, and so nothing to wait for: not even a cancellation
  // Deletions at the very revision of a compaction are gone in etcd once it has got round to them; Synod keeps them.
  const compared = events.filter(({ revision }) => revision <= until && (revision > start || revision > compacted));
  const texts = compared.map(({ text }) => text);
  return [created, ...texts, canceled ?? ""].join("\n");
}

class WatchStream {
  readonly #stream: ReturnType<GrpcClient["stream"]>;
  readonly #created: Seen[] = [];
  readonly #byId = new Map<bigint, Seen>();
  #progress: string | undefined;
  #ended = false;
  #news: (() => void) | undefined;

  constructor(client: GrpcClient) {
    const news = (): void => this.#news?.();
    this.#stream = client.stream(
      "/etcdserverpb.Watch/Watch",
      (bytes) => {
        this.#read(new Fields(bytes));
        news();
      },
      () => {
        this.#ended = true;
        news();
      },
    );
  }

  create(watcher: Watcher, newest: number): Seen {
    const start = absolute(watcher.start, newest) ?? 0;
    const seen: Seen = { watcher, start, id: undefined, created: "", canceled: undefined, events: [], until: 0 };
    this.#created.push(seen);
    this.#stream.send(watchCreate(watcher, newest));
    return seen;
  }

  async progress(): Promise<string> {
    this.#stream.send(message([3, message()]));
    await this.until("there is progress", () => this.#progress !== undefined);
    return this.#progress!;
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#news?.();
    }, PATIENCE_MS);
    try {
      while (!holds()) {
        if (late) throw new Error(`a watch waited for ${PATIENCE_MS} ms until ${what}`);
        if (this.#ended) throw new Error(`a watch's stream ended before ${what}`);
        await new Promise<void>((resolve) => {
          this.#news = resolve;
        });
      }
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#stream.close();
  }

  #read(response: Fields): void {
    const id = response.unsigned(2);
    const [created, canceled] = [response.number(3) === 1, response.number(4) === 1];
    const said = `watcher ${BigInt.asIntN(64, id)} compacted ${response.number(5)} reason "${response.text(6)}"`;
    if (created) {
      const seen = this.#created.find((one) => one.id === undefined);
      if (seen === undefined) throw new Error("a watcher was created that nobody asked for");
      seen.id = id;
      seen.created = `created ${said} at ${response.message(1).number(3)}`;
      if (canceled) seen.canceled = "at once";
      else this.#byId.set(id, seen);
      return;
    }
    const seen = this.#byId.get(id);
    if (seen === undefined) {
      this.#progress = `progress ${said} at ${response.message(1).number(3)}`;
      return;
    }
    if (canceled) seen.canceled = `canceled ${said}`;
    for (const event of response.many(11)) {
      const revision = new Fields(event).message(2).number(3);
      seen.events.push({ revision, text: Buffer.from(event).toString("hex") });
    }
  }
}
