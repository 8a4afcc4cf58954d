import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type SecureClientSessionOptions } from "node:http2";
import { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import { createStoreMachine } from "../../machine.ts";
import type { StoreResult, StoreStateMachine } from "../../state-machine.ts";
import type { AuthSettings } from "../auth/gate.ts";
import type { StoreLimits, StoreServiceOptions } from "../options.ts";
import { StoreListener, type TlsOptions } from "../ports/listener.ts";
import { Probes } from "../ports/probes.ts";
import { StoreService } from "../service.ts";
import { FakeGroup } from "./fake-group.ts";

export const CLUSTER_ID = 0xc000_0000_0000_0001n;

export function memberId(node: number): bigint {
  return 0xa000_0000_0000_0000n + BigInt(node);
}

export interface Reply {
  readonly code: number;
  readonly text: string;
  readonly message: ProtobufReader;
}

type Encode = (writer: ProtobufWriter) => void;

/** A store behind a socket on loopback, over a group of one, and Node's own HTTP/2 client to ask it with. */
export class StoreServer {
  readonly machine: StoreStateMachine;
  readonly group: FakeGroup<StoreResult>;
  readonly service: StoreService;
  readonly listener: StoreListener;
  readonly client: ClientHttp2Session;
  /** The service's monotonic clock, microseconds; moved by the test. */
  now = 0;

  private constructor(
    group: FakeGroup<StoreResult>,
    service: StoreService,
    listener: StoreListener,
    client: ClientHttp2Session,
  ) {
    this.group = group;
    this.service = service;
    this.machine = service.options.machine;
    this.listener = listener;
    this.client = client;
  }

  /** @param tls what the server shows, and what its first client trusts and shows */
  static async start(
    limits: Partial<StoreLimits> = {},
    tls?: { server: TlsOptions; client: SecureClientSessionOptions },
    auth: Partial<AuthSettings> = {},
    more: Partial<StoreServiceOptions> = {},
  ): Promise<StoreServer> {
    const { machine, areas } = createStoreMachine();
    const group = new FakeGroup(machine, (work) => setImmediate(work));
    const clock = { now: () => 0 };
    let ids = 0n;
    const service = new StoreService({
      group,
      machine,
      areas,
      clusterId: CLUSTER_ID,
      memberId,
      members: () => [
        {
          id: memberId(1),
          name: "n1",
          peerURLs: ["http://127.0.0.1:1"],
          clientURLs: ["http://127.0.0.1:2"],
          isLearner: false,
        },
      ],
      now: () => clock.now(),
      schedule: (work) => setImmediate(work),
      random64: () => ++ids,
      limits,
      auth: { bcryptCost: 4, ...auth },
      ...more,
    });
    const listener = await StoreListener.listen({
      service,
      host: "127.0.0.1",
      port: 0,
      probes: new Probes(service, () => "synod_up 1\n"),
      ...(tls === undefined ? {} : { tls: tls.server }),
    });
    group.subscribe({ batchApplied: () => service.flush() });
    const address = `${tls === undefined ? "http" : "https"}://127.0.0.1:${listener.port}`;
    const server = new StoreServer(group, service, listener, connect(address, tls?.client ?? {}));
    clock.now = () => server.now;
    await once(server.client, "connect");
    // Room for all streams, so that one that is not read does not hold up the others.
    server.client.setLocalWindowSize(16 << 20);
    return server;
  }

  get url(): string {
    return `127.0.0.1:${this.listener.port}`;
  }

  async call(method: string, encode: Encode = () => {}, metadata: Record<string, string> = {}): Promise<Reply> {
    const call = this.open(method, metadata);
    call.send(encode);
    call.end();
    const message = await call.next();
    const { code, text } = await call.status;
    return { code, text, message: message ?? new ProtobufReader(new Uint8Array(0)) };
  }

  open(method: string, metadata: Record<string, string> = {}): Call {
    const headers = {
      ":method": "POST",
      ":path": method,
      "content-type": "application/grpc",
      te: "trailers",
      ...metadata,
    };
    return new Call(this.client.request(headers));
  }

  async close(): Promise<void> {
    this.client.destroy();
    await this.listener.close(0);
  }
}

/** One gRPC call over Node's HTTP/2 client. */
export class Call {
  readonly status: Promise<{ code: number; text: string }>;
  readonly stream: ClientHttp2Stream;
  /** The answer's, once they have come. */
  headers: Record<string, unknown> = {};
  #received: Buffer = Buffer.alloc(0);
  readonly #messages: ProtobufReader[] = [];
  #wake: (() => void) | undefined;
  #over = false;

  constructor(stream: ClientHttp2Stream) {
    this.stream = stream;
    const status = Promise.withResolvers<{ code: number; text: string }>();
    this.status = status.promise;
    const onFields = (fields: Record<string, unknown>): void => {
      if (fields["grpc-status"] === undefined) return;
      const text = decodeURIComponent(String(fields["grpc-message"] ?? ""));
      status.resolve({ code: Number(fields["grpc-status"]), text });
    };
    stream.on("response", (fields: Record<string, unknown>) => {
      this.headers = fields;
      onFields(fields);
    });
    stream.on("trailers", onFields);
    stream.on("data", (chunk: Buffer) => this.#onData(chunk));
    stream.on("error", () => {});
    stream.on("close", () => {
      this.#over = true;
      status.resolve({ code: -1, text: "the stream was reset" });
      this.#wake?.();
    });
  }

  send(encode: Encode): void {
    const writer = new ProtobufWriter();
    encode(writer);
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(writer.position, 1);
    this.stream.write(Buffer.concat([prefix, writer.view()]));
  }

  end(): void {
    this.stream.end();
  }

  /** The next message; undefined when there is none any more. */
  async next(): Promise<ProtobufReader | undefined> {
    while (this.#messages.length === 0 && !this.#over) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#messages.shift();
  }

  #onData(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 5) {
      const end = 5 + this.#received.readUInt32BE(1);
      if (this.#received.length < end) break;
      this.#messages.push(new ProtobufReader(new Uint8Array(this.#received.subarray(5, end))));
      this.#received = this.#received.subarray(end);
    }
    this.#wake?.();
  }
}
