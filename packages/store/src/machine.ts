import { AlarmArea } from "./areas/alarms.ts";
import { AuthArea } from "./areas/auth.ts";
import { VersionArea } from "./areas/version.ts";
import type { StoreConfig } from "./model/store.ts";
import { VERSION } from "./model/version.ts";
import { StoreStateMachine } from "./state-machine.ts";

/** What is replicated beside keys and leases, each part by its name. */
export interface StoreAreas {
  readonly alarms: AlarmArea;
  readonly auth: AuthArea;
  readonly version: VersionArea;
}

export interface StoreMachine {
  readonly machine: StoreStateMachine;
  readonly areas: StoreAreas;
}

/** The store's machine with all its areas, as every member of a cluster runs it. */
export function createStoreMachine(config: StoreConfig = {}): StoreMachine {
  const areas: StoreAreas = { alarms: new AlarmArea(), auth: new AuthArea(), version: new VersionArea(VERSION) };
  return {
    machine: new StoreStateMachine(config, [areas.alarms, areas.auth, areas.version], areas.alarms, areas.auth),
    areas,
  };
}
