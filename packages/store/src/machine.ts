import { AlarmArea } from "./areas/alarms.ts";
import { AuthArea } from "./areas/auth.ts";
import { LimitsArea } from "./areas/limits.ts";
import { MembersArea } from "./areas/members.ts";
import { VersionArea } from "./areas/version.ts";
import { PrefixQuotas } from "./model/prefix-quotas.ts";
import { DEFAULT_PREFIXES } from "./model/prefix-stats.ts";
import type { StoreConfig } from "./model/store.ts";
import { VERSION } from "./model/version.ts";
import { StoreStateMachine } from "./state-machine.ts";

/** What is replicated beside keys and leases, each part by its name. */
export interface StoreAreas {
  readonly alarms: AlarmArea;
  readonly auth: AuthArea;
  readonly members: MembersArea;
  readonly limits: LimitsArea;
  readonly version: VersionArea;
}

export interface StoreMachine {
  readonly machine: StoreStateMachine;
  readonly areas: StoreAreas;
}

/** The store's machine with all its areas, as every member of a cluster runs it. */
export function createStoreMachine(config: StoreConfig = {}): StoreMachine {
  const quotas = new PrefixQuotas();
  const areas: StoreAreas = {
    alarms: new AlarmArea(),
    auth: new AuthArea(),
    members: new MembersArea(),
    limits: new LimitsArea(quotas),
    version: new VersionArea(VERSION),
  };
  const { alarms, auth, members, limits, version } = areas;
  const all = [alarms, auth, members, limits, version];
  const settings = { prefixes: DEFAULT_PREFIXES, ...config, quotas };
  return { machine: new StoreStateMachine(settings, all, alarms, auth), areas };
}
