import type { KeyRange } from "./bytes.ts";
import type { OpenStream } from "./endpoint.ts";
import { CallFailure, Status, SynodError } from "./errors.ts";
import type { DeleteOptions, DeleteResult, PutOptions, PutResult, RangeOptions, RangeResult } from "./messages/kv.ts";
import type { LeaseTimeToLive } from "./messages/lease.ts";
import type { Txn, TxnResult } from "./messages/txn.ts";
import type { WatchCreate, WatchResponse } from "./messages/watch.ts";
import type { EndpointPool } from "./pool.ts";

/** What a transport can ask, and what it is answered. */
export interface Methods {
  readonly range: [request: { range: KeyRange; options: RangeOptions }, response: RangeResult];
  readonly put: [request: { key: Uint8Array; value: Uint8Array; options: PutOptions }, response: PutResult];
  readonly delete: [request: { range: KeyRange; options: DeleteOptions }, response: DeleteResult];
  readonly txn: [request: Txn, response: TxnResult];
  readonly compact: [request: { revision: number; physical: boolean }, response: undefined];
  readonly leaseGrant: [request: { ttl: number; id: bigint }, response: LeaseTimeToLive];
  readonly leaseRevoke: [request: bigint, response: undefined];
  readonly leaseKeepAlive: [request: bigint, response: LeaseTimeToLive];
  readonly leaseTimeToLive: [request: { id: bigint; keys: boolean }, response: LeaseTimeToLive];
  readonly leases: [request: undefined, response: bigint[]];
}

/** How one method looks on the wire. */
export interface Codec<Request, Response> {
  readonly path: string;
  encode(request: Request): Uint8Array;
  decode(answer: Uint8Array): Response;
}

export type Codecs = {
  readonly [Name in keyof Methods]: Codec<Methods[Name][0], Methods[Name][1]>;
} & { readonly watch: Codec<WatchCreate, WatchResponse> };

/** Beside the request: for the retries, the errors and the patience. */
export interface Terms {
  readonly what: string;
  readonly readOnly: boolean;
  readonly timeout?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface WatchHandlers {
  response(response: WatchResponse): void;
  ended(failure: CallFailure | undefined): void;
}

/** A pool of endpoints and the language they speak: all that a store's client needs to know of the network. */
export class Transport {
  readonly pool: EndpointPool;
  readonly #codecs: Codecs;

  constructor(pool: EndpointPool, codecs: Codecs) {
    this.pool = pool;
    this.#codecs = codecs;
  }

  /** @throws SynodError */
  async call<Name extends keyof Methods>(
    method: Name,
    request: Methods[Name][0],
    terms: Terms,
  ): Promise<Methods[Name][1]> {
    const codec = this.#codecs[method] as unknown as Codec<Methods[Name][0], Methods[Name][1]>;
    const answer = await this.pool.call({ ...terms, path: codec.path, request: codec.encode(request) });
    try {
      return codec.decode(answer);
    } catch (error) {
      const reason = `${terms.what}: the answer cannot be read (${(error as Error).message})`;
      throw new SynodError(terms.readOnly ? "failed" : "unknown", reason);
    }
  }

  /** @throws CallFailure; SynodError "denied" */
  async watch(create: WatchCreate, handlers: WatchHandlers): Promise<OpenStream> {
    await this.pool.authenticated();
    const { path, encode, decode } = this.#codecs.watch;
    let unreadable: CallFailure | undefined;
    const stream = await this.pool.open(path, encode(create), {
      message: (bytes) => {
        if (unreadable !== undefined) return;
        try {
          handlers.response(decode(bytes));
        } catch (error) {
          const reason = `an answer cannot be read (${(error as Error).message})`;
          unreadable = new CallFailure(true, reason, Status.internal);
          stream.close();
        }
      },
      ended: (failure) => handlers.ended(unreadable ?? failure),
    });
    return stream;
  }
}
