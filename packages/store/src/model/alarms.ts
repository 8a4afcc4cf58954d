/** etcd's AlarmType (rpc.proto). */
export const AlarmType = { NONE: 0, NOSPACE: 1, CORRUPT: 2 } as const;

export interface AlarmMember {
  readonly memberId: bigint;
  /** `AlarmType`; any other number is kept and has no effect. */
  readonly alarm: number;
  /** Raised by a member whose quota was exceeded, not by an operator: it is cleared when there is room again. */
  readonly automatic: boolean;
}

/** The alarms of all members, sorted by kind, then member. */
export class Alarms {
  #raised: readonly AlarmMember[] = [];

  /** Those of one kind; all of them for `NONE`. */
  list(alarm: number = AlarmType.NONE): readonly AlarmMember[] {
    return alarm === AlarmType.NONE ? this.#raised : this.#raised.filter((member) => member.alarm === alarm);
  }

  has(alarm: number): boolean {
    return this.#raised.some((member) => member.alarm === alarm);
  }

  /** @returns the alarm in force: one that was already raised stays as it was. */
  raise(memberId: bigint, alarm: number, automatic: boolean): AlarmMember {
    const known = this.#find(memberId, alarm);
    if (known !== undefined) return known;
    const raised = { memberId, alarm, automatic };
    this.#raised = [...this.#raised, raised].sort(inOrder);
    return raised;
  }

  /** @returns what was cleared; undefined if there was nothing to clear. */
  clear(memberId: bigint, alarm: number): AlarmMember | undefined {
    const known = this.#find(memberId, alarm);
    if (known !== undefined) this.#raised = this.#raised.filter((member) => member !== known);
    return known;
  }

  replace(raised: readonly AlarmMember[]): void {
    this.#raised = [...raised].sort(inOrder);
  }

  #find(memberId: bigint, alarm: number): AlarmMember | undefined {
    return this.#raised.find((member) => member.memberId === memberId && member.alarm === alarm);
  }
}

function inOrder(a: AlarmMember, b: AlarmMember): number {
  if (a.alarm !== b.alarm) return a.alarm - b.alarm;
  return a.memberId < b.memberId ? -1 : a.memberId > b.memberId ? 1 : 0;
}
