import { ProtobufWriter } from "@synod/wire/protobuf-writer";
import { encodeEnvelope } from "../envelope.ts";
import type { Caller } from "../model/auth/accesses.ts";

const FIRST_BYTES = 4 << 10;

/** Puts an opcode before a message. Each command is valid until the next one: the group copies what is proposed. */
export class Commands {
  #bytes = new Uint8Array(FIRST_BYTES);
  readonly #writer = new ProtobufWriter(0);

  make(opcode: number, message: Uint8Array): Uint8Array {
    const length = message.length + 1;
    if (length > this.#bytes.length) this.#bytes = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
    this.#bytes[0] = opcode;
    this.#bytes.set(message, 1);
    return this.#bytes.subarray(0, length);
  }

  /** The same in an envelope that says who wants it. */
  makeAs(caller: Caller, opcode: number, message: Uint8Array): Uint8Array {
    this.#writer.reset();
    encodeEnvelope(this.#writer, caller, opcode, message);
    return this.#writer.view();
  }
}
