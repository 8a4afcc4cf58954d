import { concat } from "../bytes.ts";
import type { FieldToSend } from "../http2/hpack/encoder.ts";
import { REQUEST, type SeenFrame, SeenFrames, script } from "../http2/scripted-peer.ts";
import { GrpcMethods } from "./methods.ts";
import { DEFAULT_GRPC_LIMITS, type GrpcHandler, type GrpcLimits, GrpcServerConnection } from "./server-connection.ts";

export const UNARY = 0;
export const CHAT = 1;
const methods = new GrpcMethods([{ path: "/test.Echo/Unary" }, { path: "/test.Echo/Chat", clientStreaming: true }]);
/** A request of the bidirectional method. */
export const CHAT_REQUEST: readonly FieldToSend[] = REQUEST.map(([name, value]) => [
  name,
  name === ":path" ? "/test.Echo/Chat" : value,
]);

/** A service that lists what it was told, and whose test answers for it. */
export class RecordingService implements GrpcHandler {
  readonly told: string[] = [];
  readonly connection: GrpcServerConnection;
  private readonly seen = new SeenFrames();

  constructor(limits: GrpcLimits = DEFAULT_GRPC_LIMITS, settings: [number, number][] = []) {
    this.connection = new GrpcServerConnection(methods, this, limits);
    this.say(script.hello(...settings));
  }

  onMessage(
    _connection: GrpcServerConnection,
    stream: number,
    method: number,
    message: Uint8Array,
    last: boolean,
  ): void {
    this.told.push(`${stream} ${method} [${message.length > 9 ? message.length : [...message]}]${last ? " last" : ""}`);
  }
  onHalfClose(_connection: GrpcServerConnection, stream: number, method: number): void {
    this.told.push(`${stream} ${method} half-closed`);
  }
  onCancel(connection: GrpcServerConnection, stream: number, method: number): void {
    this.told.push(`${stream} ${method} cancelled`);
    connection.respond(stream, new Uint8Array(1)); // too late: must change nothing
  }
  onStreamWritable(_connection: GrpcServerConnection, stream: number): void {
    this.told.push(`${stream} writable`);
  }

  say(...parts: Uint8Array[]): SeenFrame[] {
    this.connection.receive(concat(parts), 0);
    return this.answers();
  }

  answers(): SeenFrame[] {
    const taken: Uint8Array[] = [];
    for (let bytes = this.connection.takeOutput(); bytes !== undefined; bytes = this.connection.takeOutput()) {
      taken.push(bytes);
    }
    return this.seen.read(concat(taken));
  }
}

/** A length-prefixed message. */
export function message(...bytes: number[]): Uint8Array {
  return concat([Uint8Array.of(0, 0, 0, 0, bytes.length), Uint8Array.from(bytes)]);
}

/** grpc-status and grpc-message of the frames, as the client reads them. */
export function status(answers: SeenFrame[]): string {
  const fields = answers.flatMap((frame) => frame.fields);
  const value = (name: string): string =>
    fields.find((field) => field.startsWith(`${name}: `))?.slice(name.length + 2) ?? "";
  return `${value(":status")} ${value("grpc-status")} ${value("grpc-message")}`.trim();
}
