import { EMPTY_BYTES } from "@synod/wire/bytes";
import type { ProtobufReader } from "@synod/wire/protobuf";
import type { ProtobufWriter } from "@synod/wire/protobuf-writer";
import type { Access } from "./model/auth/access.ts";
import type { Caller } from "./model/auth/accesses.ts";

/**
 * While authentication is on, a command says who wants it: it stands in an envelope.
 *
 *     20, protobuf { 1 = user, 2 = auth revision, 3 = the command }
 *
 * Who may do what is decided when the command is applied, by the users as they are then. A bare command is refused then,
 * unless it is one that servers propose of their own accord: one that had not heard of the users yet may have let it in.
 */
export const AS_USER = 0x20;

/** Takes what was in an envelope. Views; valid until the next one. */
export class Envelope {
  user = "";
  authRevision = 0;
  command: Uint8Array = EMPTY_BYTES;

  /** Reads to the end of the message. */
  decode(reader: ProtobufReader): void {
    this.user = "";
    this.authRevision = 0;
    this.command = EMPTY_BYTES;
    while (reader.next()) {
      if (reader.field === 1) this.user = reader.string();
      else if (reader.field === 2) this.authRevision = reader.uint64();
      else if (reader.field === 3) this.command = reader.bytes();
      else reader.skip();
    }
  }
}

/** @param message the command without its opcode. */
export function encodeEnvelope(writer: ProtobufWriter, caller: Caller, opcode: number, message: Uint8Array): void {
  writer.raw(Uint8Array.of(AS_USER));
  writer.string(1, caller.user);
  writer.varint(2, caller.authRevision);
  const mark = writer.begin(3);
  writer.raw(Uint8Array.of(opcode));
  writer.raw(message);
  writer.end(mark);
}

/** Who a command needs: a server that proposes it of its own accord, any user, or root. */
export type CommandNeeds = "server" | "user" | "admin";

/** Who may have which commands applied. */
export interface Guard {
  /** False: everybody may do everything. */
  readonly enabled: boolean;
  /**
   * @param needs of commands that are not about keys.
   * @throws StoreError: not this one.
   */
  admit(caller: Caller, needs: "user" | "admin"): void;
  /** What the caller may do with keys; undefined: everything. @throws StoreError as `admit` */
  access(caller: Caller): Access | undefined;
}

export const NO_GUARD: Guard = { enabled: false, admit: () => {}, access: () => undefined };
