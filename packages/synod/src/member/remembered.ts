import { join } from "node:path";
import type { MemberRecord } from "@synod/store/model/members";
import { readIdentity, writeIdentity } from "../data-folder.ts";

const FILE = "members.json";

export interface Remembered {
  readonly members: readonly MemberRecord[];
  /** Removed last: consensus may need them once more to go on without them. */
  readonly departed: readonly MemberRecord[];
}

type Written = Omit<MemberRecord, "id"> & { readonly id: string };

/**
 * A node writes the list of members beside its log whenever it changes: at its next start it must find its peers before
 * they can tell it how far the log is committed, and thereby who they are. Only the log decides who is a member.
 */
export function rememberMembers(folder: string, { members, departed }: Remembered): void {
  const written = (member: MemberRecord): Written => ({ ...member, id: member.id.toString(16) });
  writeIdentity(join(folder, FILE), { members: members.map(written), departed: departed.map(written) });
}

/** @throws CliError "data" for a file that is damaged */
export function rememberedMembers(folder: string): Remembered | undefined {
  const file = readIdentity<{ members: readonly Written[]; departed?: readonly Written[] }>(join(folder, FILE));
  if (file === undefined) return undefined;
  const read = (member: Written): MemberRecord => ({ ...member, id: BigInt(`0x${member.id}`) });
  return { members: file.members.map(read), departed: (file.departed ?? []).map(read) };
}
