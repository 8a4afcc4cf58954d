import type { Requester, RequestFailure } from "@synod/runtime/group";
import { ProtobufWriter } from "@synod/wire/protobuf";
import type { ApiErrorCode } from "../../api/errors.ts";
import type { Caller } from "../../model/auth/accesses.ts";
import { StoreError } from "../../model/errors.ts";
import type { StoreResult } from "../../state-machine.ts";
import type { Applied } from "../method.ts";
import type { StoreService } from "../service.ts";
import { FAILURES } from "./session-failures.ts";

/** What is to follow a step; `refused` also when `done` throws StoreError. */
export interface Step<Outcome> {
  done(outcome: Outcome): void;
  refused(code: ApiErrorCode): void;
}

/** In whose name something is done; undefined: nobody has said. */
export type InNameOf = Caller | undefined;

/**
 * Proposals and reads of calls that take several steps, or that go on when their client has gone: the answers come here
 * and not to a connection.
 */
export class Steps implements Requester<StoreResult> {
  readonly #service: StoreService;
  readonly #proposed = new Map<number, Step<Applied>>();
  readonly #read = new Map<number, Step<void>>();
  readonly #writer = new ProtobufWriter(256);
  #nextToken = 1;

  constructor(service: StoreService) {
    this.#service = service;
  }

  propose(caller: InNameOf, opcode: number, encode: (writer: ProtobufWriter) => void, step: Step<Applied>): void {
    const { auth, commands, group, limits } = this.#service;
    this.#writer.reset();
    encode(this.#writer);
    const message = this.#writer.view();
    if (message.length >= limits.requestBytes) return step.refused("requestTooLarge");
    if (auth.enabled && caller === undefined) return step.refused("userEmpty");
    const command =
      auth.enabled && caller !== undefined ? commands.makeAs(caller, opcode, message) : commands.make(opcode, message);
    const token = this.#nextToken++;
    this.#proposed.set(token, step);
    group.propose(command, this, token);
  }

  /** Goes on when this node's state holds everything acknowledged before now. */
  read(step: Step<void>): void {
    const token = this.#nextToken++;
    this.#read.set(token, step);
    this.#service.group.read(this, token);
  }

  /**
   * The same user by what it may do now. For cleaning up, which is not to fail because the users have changed meanwhile.
   */
  asOfNow(caller: InNameOf): InNameOf {
    return caller === undefined ? undefined : { ...caller, authRevision: this.#service.areas.auth.users.revision };
  }

  // --- Requester

  applied(token: number, result: StoreResult): void {
    const step = this.#proposed.get(token) as Step<Applied>;
    this.#proposed.delete(token);
    if (result.type === "refused") step.refused(result.code);
    else attempt(step, result);
  }

  readable(token: number): void {
    const step = this.#read.get(token) as Step<void>;
    this.#read.delete(token);
    attempt(step, undefined);
  }

  failed(token: number, reason: RequestFailure): void {
    const step = this.#proposed.get(token) ?? this.#read.get(token);
    this.#proposed.delete(token);
    this.#read.delete(token);
    step?.refused(FAILURES[reason]);
  }
}

/** Does what follows a step; when that throws StoreError the step is refused. */
export function attempt<Outcome>(step: Step<Outcome>, outcome: Outcome): void {
  try {
    step.done(outcome);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    step.refused(error.code);
  }
}
