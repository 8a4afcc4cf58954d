import { join } from "node:path";
import type { MemberRecord } from "@synod/store/model/members";
import { readIdentity, writeIdentity } from "../data-folder.ts";

const FILE = "members.json";

type Written = Omit<MemberRecord, "id"> & { readonly id: string };

/**
 * A node writes the list of members beside its log whenever it changes: at its next start it must find its peers before
 * they can tell it how far the log is committed, and thereby who they are. Only the log decides who is a member.
 */
export function rememberMembers(folder: string, members: readonly MemberRecord[]): void {
  const written = members.map((member): Written => ({ ...member, id: member.id.toString(16) }));
  writeIdentity(join(folder, FILE), { members: written });
}

/** @throws CliError "data" for a file that is damaged */
export function rememberedMembers(folder: string): MemberRecord[] | undefined {
  const read = readIdentity<{ members: readonly Written[] }>(join(folder, FILE));
  return read?.members.map((member) => ({ ...member, id: BigInt(`0x${member.id}`) }));
}
