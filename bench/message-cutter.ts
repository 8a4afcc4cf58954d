export type OnMessage = (stream: number, bytes: Buffer, from: number, to: number) => void;

/** Cuts the data of each stream into gRPC messages. Those that arrive whole, which is nearly all, are not copied. */
export class MessageCutter {
  readonly #parts = new Map<number, Buffer>();
  readonly #onMessage: OnMessage;

  constructor(onMessage: OnMessage) {
    this.#onMessage = onMessage;
  }

  push(stream: number, piece: Buffer): void {
    const part = this.#parts.get(stream);
    const bytes = part === undefined ? piece : Buffer.concat([part, piece]);
    if (part !== undefined) this.#parts.delete(stream);
    let offset = 0;
    while (bytes.length - offset >= 5) {
      const end = offset + 5 + bytes.readUInt32BE(offset + 1);
      if (end > bytes.length) break;
      this.#onMessage(stream, bytes, offset + 5, end);
      offset = end;
    }
    if (offset < bytes.length) this.#parts.set(stream, Buffer.from(bytes.subarray(offset)));
  }
}

/** @returns the number (as a double: large enough for lengths and flags) and the offset behind it. */
export function varint(bytes: Buffer, from: number): [value: number, next: number] {
  let value = 0;
  let scale = 1;
  for (let offset = from; ; offset += 1) {
    const byte = bytes[offset] as number;
    value += (byte & 127) * scale;
    if (byte < 128) return [value, offset + 1];
    scale *= 128;
  }
}
