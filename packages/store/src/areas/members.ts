import type { Membership } from "@synod/runtime/group";
import type { ProtobufReader } from "@synod/wire/protobuf";
import { ProtobufWriter } from "@synod/wire/protobuf-writer";
import { decodeMemberCommand, decodeMemberRecord, encodeMemberRecord } from "../api/member-commands.ts";
import type { Area, AreaResult, Entry } from "../area.ts";
import type { CommandNeeds } from "../envelope.ts";
import { hashBytes } from "../model/bytes.ts";
import { addressOfURL, type MemberRecord, Members } from "../model/members.ts";

const ID = 3;

/** What follows each is a `MemberCommand`. */
export const MemberOpcode = {
  /** Any member proposes it for a cluster that has nothing written down yet. */
  seed: 0x30,
  add: 0x31,
  remove: 0x32,
  update: 0x33,
  promote: 0x34,
  /** A member's own: it has started, this is its name, and there its clients reach it. */
  publish: 0x35,
} as const;

/** The result of a change: the member that it was about, as it is now or, removed, as it was last. */
export interface MembersResult extends AreaResult {
  readonly member: MemberRecord | undefined;
}

/**
 * The members of the cluster, replicated. It only decides: Raft's configuration and the connections follow what
 * `membership` says (docs/adr/0007-membership.md).
 */
export class MembersArea implements Area {
  readonly id: number = ID;
  readonly members: Members = new Members();
  #membership: Membership | undefined;
  #hash = 0;

  /** Another object after each change. */
  membership(): Membership | undefined {
    return this.#membership;
  }

  /** What a server proposes of its own accord needs nobody's permission. */
  needs(opcode: number): CommandNeeds {
    return opcode === MemberOpcode.seed || opcode === MemberOpcode.publish ? "server" : "admin";
  }

  apply(opcode: number, reader: ProtobufReader, { store }: Entry): MembersResult {
    const member = this.#perform(opcode, reader);
    this.#changed();
    return { type: "area", revision: store.revision, member };
  }

  hash(): number {
    return this.#hash;
  }

  encode(writer: ProtobufWriter): void {
    if (this.members.list().length === 0) return;
    writer.varint(1, this.members.nextNode);
    for (const member of this.members.list()) encodeMemberRecord(writer, 2, member);
    for (const member of this.members.departed()) encodeMemberRecord(writer, 3, member);
  }

  decode(reader: ProtobufReader): () => void {
    const read: MemberRecord[] = [];
    const departed: MemberRecord[] = [];
    let nextNode = 1;
    while (reader.next()) {
      if (reader.field === 1) nextNode = reader.uint32();
      else if (reader.field === 2) read.push(decodeMemberRecord(reader));
      else if (reader.field === 3) departed.push(decodeMemberRecord(reader));
      else reader.skip();
    }
    return () => {
      this.members.replace(read, nextNode, departed);
      this.#changed();
    };
  }

  #perform(opcode: number, reader: ProtobufReader): MemberRecord | undefined {
    const { members } = this;
    const command = decodeMemberCommand(reader);
    const { id, name, peerURLs, clientURLs, isLearner, rules } = command;
    switch (opcode) {
      case MemberOpcode.seed:
        members.seed(command.members);
        return undefined;
      case MemberOpcode.add:
        return members.add(id, peerURLs, isLearner, rules);
      case MemberOpcode.remove:
        return members.remove(id, rules);
      case MemberOpcode.update:
        return members.update(id, peerURLs);
      case MemberOpcode.promote:
        return members.promote(id, rules);
      case MemberOpcode.publish:
        return members.publish(id, name, clientURLs);
      default:
        throw new Error(
          `the log holds a command of kind ${opcode}, which this version does not know: upgrade this node`,
        );
    }
  }

  #changed(): void {
    const list = this.members.list();
    const { nextNode } = this.members;
    const writer = new ProtobufWriter(256);
    this.encode(writer);
    const bytes = writer.finish();
    this.#hash = list.length === 0 ? 0 : hashBytes(bytes, 0, bytes.length, ID);
    this.#membership = list.length === 0 ? undefined : membershipOf(list, this.members.departed(), nextNode);
  }
}

function membershipOf(list: readonly MemberRecord[], departed: readonly MemberRecord[], nextNode: number): Membership {
  const nodes = (of: (member: MemberRecord) => boolean): number[] =>
    list
      .filter(of)
      .map(({ node }) => node)
      .sort((a, b) => a - b);
  const present = new Set(list.map(({ node }) => node));
  return {
    voters: nodes(({ isLearner }) => !isLearner),
    learners: nodes(({ isLearner }) => isLearner),
    addresses: new Map(
      [...departed, ...list].map(({ node, peerURLs }) => [node, addressOfURL(peerURLs[0] ?? "") ?? ""]),
    ),
    unmoved: new Set(nodes(({ isUnmoved }) => isUnmoved)),
    isRemoved: (node) => node < nextNode && !present.has(node),
  };
}
