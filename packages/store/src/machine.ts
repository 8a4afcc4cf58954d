import { AlarmArea } from "./areas/alarms.ts";
import { AuthArea } from "./areas/auth.ts";
import { LimitsArea } from "./areas/limits.ts";
import { MembersArea } from "./areas/members.ts";
import { VersionArea } from "./areas/version.ts";
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
  const areas: StoreAreas = {
    alarms: new AlarmArea(),
    auth: new AuthArea(),
    members: new MembersArea(),
    limits: new LimitsArea(),
    version: new VersionArea(VERSION),
  };
  const { alarms, auth, members, limits, version } = areas;
  return { machine: new StoreStateMachine(config, [alarms, auth, members, limits, version], alarms, auth), areas };
}
