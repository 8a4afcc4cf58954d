import type { CallFailure } from "./errors.ts";

/** What is said beside a request: gRPC's metadata, HTTP's headers. */
export type Metadata = Readonly<Record<string, string>>;

/** One request that has one answer. */
export interface UnaryRequest {
  /** As in `/etcdserverpb.KV/Put`, or `/v3/kv/put`. */
  readonly path: string;
  readonly request: Uint8Array;
  readonly metadata: Metadata;
  /** Milliseconds of `performance.now`. */
  readonly deadline: number;
  /** Milliseconds until a connection must stand, if there is none. */
  readonly connectTimeout: number;
  /** Doing it twice is the same as doing it once. */
  readonly readOnly: boolean;
  readonly signal: AbortSignal | undefined;
}

export interface StreamHandlers {
  message(bytes: Uint8Array): void;
  /** Called once. `failure` is undefined when the server ended the stream with status OK. */
  ended(failure: CallFailure | undefined): void;
}

/** A stream that stays open: pause it to let the server wait, close it to be done. */
export interface OpenStream {
  pause(): void;
  resume(): void;
  /** Nothing further will be said; answers may go on. */
  end(): void;
  close(): void;
}

/** One server, over whatever it is reached. */
export interface Endpoint {
  /** `host:port` */
  readonly address: string;
  /** @throws CallFailure */
  unary(request: UnaryRequest): Promise<Uint8Array>;
  /** One request, answers until one side closes. @throws CallFailure when there is no connection. */
  open(
    path: string,
    request: Uint8Array,
    metadata: Metadata,
    connectTimeout: number,
    handlers: StreamHandlers,
  ): Promise<OpenStream>;
  close(): void;
}
