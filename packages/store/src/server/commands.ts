const CHUNK = 64 << 10;

/** Puts an opcode before a message. Commands are cut from larger memory, because the group keeps them a while. */
export class Commands {
  #chunk = new Uint8Array(CHUNK);
  #used = 0;

  make(opcode: number, message: Uint8Array): Uint8Array {
    const length = message.length + 1;
    if (length > CHUNK / 4) return write(new Uint8Array(length), opcode, message);
    if (this.#used + length > CHUNK) {
      this.#chunk = new Uint8Array(CHUNK);
      this.#used = 0;
    }
    const command = new Uint8Array(this.#chunk.buffer, this.#used, length);
    this.#used += length;
    return write(command, opcode, message);
  }
}

function write(command: Uint8Array, opcode: number, message: Uint8Array): Uint8Array {
  command[0] = opcode;
  command.set(message, 1);
  return command;
}
