import { concat, EMPTY_BYTES } from "../bytes.ts";
import { isUtf8 } from "../utf8.ts";
import { CloseCode, encodeClose, encodeFrame, isSendable, Opcode } from "./frames.ts";
import { InputBuffer } from "./input-buffer.ts";

/** What a connection tells its server, and what it needs of it. */
export interface WebSocketHandler {
  /** One whole message, of text or not. */
  onMessage(connection: WebSocketServerConnection, message: Uint8Array): void;
  /** The client has said goodbye, or has broken the rules and been told so; once. Nothing can be sent any more. */
  onClose(connection: WebSocketServerConnection, code: number): void;
  /** Writes to the socket. */
  write(bytes: Uint8Array): void;
}

const NO_CODE = 1005;

/**
 * A server's end of a WebSocket (RFC 6455) behind its handshake, without a socket and without extensions. Feed `receive`;
 * when `closed`, write out what there is and close the socket.
 */
export class WebSocketServerConnection {
  closed = false;
  private readonly handler: WebSocketHandler;
  private readonly largest: number;
  private readonly input = new InputBuffer();
  /** Of a message in fragments: its opcode, 0 while there is none, and what has come of it. */
  private opcode = 0;
  private parts: Uint8Array[] = [];
  private held = 0;

  /** @param largest octets of a message. */
  constructor(handler: WebSocketHandler, largest: number) {
    this.handler = handler;
    this.largest = largest;
  }

  receive(chunk: Uint8Array): void {
    if (this.closed) return;
    this.input.append(chunk);
    while (!this.closed && this.readFrame());
  }

  /** @param text UTF-8 */
  sendText(text: Uint8Array): void {
    if (!this.closed) this.handler.write(encodeFrame(Opcode.text, text));
  }

  ping(): void {
    if (!this.closed) this.handler.write(encodeFrame(Opcode.ping, EMPTY_BYTES));
  }

  /** Says goodbye. `onClose` is not called: the caller knows. */
  close(code: number, reason: string): void {
    if (this.closed) return;
    this.closed = true;
    this.handler.write(encodeClose(code, reason));
  }

  /** @returns whether a frame was there. */
  private readFrame(): boolean {
    const input = this.input.bytes;
    if (input.length < 2) return false;
    const [first, second] = input as unknown as [number, number];
    const fault = this.judge(first, second);
    if (fault !== undefined) return this.fail(CloseCode.protocolError, fault);
    const short = second & 0x7f;
    const header = short < 126 ? 6 : short === 126 ? 8 : 14;
    if (input.length < header) return false;
    const length = lengthOf(input, short);
    if (length + this.held > this.largest) {
      return this.fail(CloseCode.messageTooBig, `a message has at most ${this.largest} octets`);
    }
    if (input.length < header + length) return false;
    const payload = unmask(input, header, length);
    this.input.consume(header + length);
    this.onFrame(first, payload);
    return true;
  }

  /** The first two octets of a frame (RFC 6455 §5.2). @returns what is wrong with them. */
  private judge(first: number, second: number): string | undefined {
    const opcode = first & 0x0f;
    const final = first >= 0x80;
    if ((first & 0x70) !== 0) return "reserved bits are set, and no extension was agreed on";
    if ((second & 0x80) === 0) return "a client's frame is masked";
    if (opcode > Opcode.pong || (opcode > Opcode.binary && opcode < Opcode.close)) return `opcode ${opcode} is unknown`;
    if (opcode >= Opcode.close) {
      return final && (second & 0x7f) < 126 ? undefined : "a control frame is one frame of at most 125 octets";
    }
    if (opcode === Opcode.continuation) return this.opcode === 0 ? "there is nothing to continue" : undefined;
    return this.opcode === 0 ? undefined : "a message began within another";
  }

  private onFrame(first: number, payload: Uint8Array): void {
    const opcode = first & 0x0f;
    if (opcode === Opcode.close) return this.onClose(payload);
    if (opcode === Opcode.ping) return this.handler.write(encodeFrame(Opcode.pong, payload));
    if (opcode === Opcode.pong) return;
    if (opcode !== Opcode.continuation) this.opcode = opcode;
    this.parts.push(payload);
    // An empty fragment counts too, or there could be any number of them.
    this.held += Math.max(payload.length, 1);
    if (first < 0x80) return;
    const message = this.parts.length === 1 ? payload : concat(this.parts);
    const isText = this.opcode === Opcode.text;
    this.opcode = 0;
    this.parts = [];
    this.held = 0;
    if (isText && !isUtf8(message)) this.fail(CloseCode.invalidPayload, "the text is not UTF-8");
    else this.handler.onMessage(this, message);
  }

  private onClose(payload: Uint8Array): void {
    if (payload.length === 0) return this.leave(CloseCode.normal, NO_CODE);
    const code = (payload[0]! << 8) | (payload[1] ?? 0);
    const broken = payload.length === 1 || !isSendable(code) || !isUtf8(payload, 2);
    if (broken) this.fail(CloseCode.protocolError, "the close frame is malformed");
    else this.leave(code, code);
  }

  private leave(code: number, told: number): void {
    this.close(code, "");
    this.handler.onClose(this, told);
  }

  private fail(code: number, reason: string): false {
    this.close(code, reason);
    this.handler.onClose(this, code);
    return false;
  }
}

/** @param short the length in the second octet, which may say that the length follows (RFC 6455 §5.2). */
function lengthOf(input: Uint8Array, short: number): number {
  if (short < 126) return short;
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  return short === 126 ? view.getUint16(2) : view.getUint32(2) * 0x1_0000_0000 + view.getUint32(6);
}

/** @returns a copy. @param start where the payload is; its mask is before it. */
function unmask(input: Uint8Array, start: number, length: number): Uint8Array {
  const payload = new Uint8Array(length);
  for (let i = 0; i < length; i++) payload[i] = input[start + i]! ^ input[start - 4 + (i & 3)]!;
  return payload;
}
