import type { Group, Requester } from "@synod/runtime/group";
import { encodeMemberCommand, type MemberCommand } from "@synod/store/api/member-commands";
import { MemberOpcode, type MembersArea } from "@synod/store/areas/members";
import type { MemberRecord } from "@synod/store/model/members";
import type { StoreResult } from "@synod/store/state-machine";
import { ProtobufWriter } from "@synod/wire/protobuf-writer";

const RETRY_MS = 200;

/** Who a node is, as the list of members is to say. */
export interface Published {
  readonly memberId: bigint;
  readonly name: string;
  readonly clientUrls: readonly string[];
}

/**
 * Sees to it that the log names the members the cluster began with, and this node with its name and its clients' address:
 * once it has everything that was acknowledged before it started, it proposes what is missing, until it is there.
 */
export class Publisher implements Requester<StoreResult> {
  readonly #group: Group<StoreResult>;
  readonly #area: MembersArea;
  readonly #first: readonly MemberRecord[];
  readonly #self: Published;
  /** Resolves once nothing is missing. */
  readonly done: Promise<void>;
  #resolve: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** @param first the members that the cluster begins with; none on a node that joins it */
  constructor(group: Group<StoreResult>, area: MembersArea, first: readonly MemberRecord[], self: Published) {
    this.#group = group;
    this.#area = area;
    this.#first = first;
    this.#self = self;
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    group.read(this, 0);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  readable(): void {
    const missing = this.#missing();
    if (missing === undefined) return this.#resolve();
    if (this.#stopped) return;
    const writer = new ProtobufWriter(256);
    writer.raw(Uint8Array.of(missing.opcode));
    encodeMemberCommand(writer, missing.command);
    this.#group.propose(writer.finish(), this, 0);
  }

  /** Looks again: another node may have proposed another list. */
  applied(): void {
    this.#group.read(this, 0);
  }

  failed(): void {
    if (!this.#stopped) this.#timer = setTimeout(() => this.#group.read(this, 0), RETRY_MS);
  }

  #missing(): { opcode: number; command: Partial<MemberCommand> } | undefined {
    const { members } = this.#area;
    const { memberId, name, clientUrls } = this.#self;
    if (members.list().length === 0) {
      return this.#first.length === 0 ? undefined : { opcode: MemberOpcode.seed, command: { members: this.#first } };
    }
    const listed = members.get(memberId);
    if (listed === undefined || (listed.name === name && sameTexts(listed.clientURLs, clientUrls))) return undefined;
    return { opcode: MemberOpcode.publish, command: { id: memberId, name, clientURLs: clientUrls } };
  }
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}
