import { readFileSync } from "node:fs";
import type { ChannelOptions } from "@synod/client/channel";
import { SynodError } from "@synod/client/errors";
import { StoreClient } from "@synod/client/store";
import type { Command } from "commander";
import { portsOf } from "../addresses.ts";
import { CliError } from "./errors.ts";
import { createOutput, type Output } from "./output.ts";
import {
  addSettings,
  list,
  optional,
  type Setting,
  type Settled,
  settleFromProcess,
  text,
  toggle,
  whole,
} from "./settings.ts";

export interface StoreSettings extends Readonly<Record<string, Setting<unknown>>> {
  readonly endpoints: Setting<readonly string[]>;
  readonly timeout: Setting<number>;
  readonly portOffset: Setting<number>;
  readonly json: Setting<boolean>;
  readonly cacert: Setting<string | undefined>;
  readonly cert: Setting<string | undefined>;
  readonly key: Setting<string | undefined>;
  readonly user: Setting<string | undefined>;
}

/** What every verb that talks to a store can be told. */
export const storeSettings: StoreSettings = {
  endpoints: list("where the store is; default: the nodes of synod up", [], "host:port,…"),
  timeout: whole("milliseconds for one request", 5_000, 1, 600_000, "ms"),
  portOffset: whole("as given to synod up", 0, 0, 9_999),
  json: toggle("print JSON, one value a line"),
  cacert: optional(text("certificates (PEM) of the authorities that the store's come from: it speaks TLS", "", "file")),
  cert: optional(text("certificate (PEM) that says who asks", "", "file")),
  key: optional(text("its private key (PEM)", "", "file")),
  user: optional(text("who asks, where authentication is on", "", "name:password")),
};

/** How one store is reached, and as whom. */
export type Access = Omit<ChannelOptions, "endpoints">;

/** @throws CliError "settings" */
export function accessOf({ timeout, cacert, cert, key, user }: Settled<StoreSettings>): Access {
  if ((cert === undefined) !== (key === undefined))
    throw new CliError("settings", "--cert and --key belong together: give both or neither");
  const colon = user?.indexOf(":") ?? 0;
  if (user !== undefined && colon < 1)
    throw new CliError("settings", "--user has no password: write it as in --user root:secret");
  const tls = {
    ...(cacert === undefined ? {} : { ca: read(cacert, "--cacert") }),
    ...(cert === undefined ? {} : { cert: read(cert, "--cert") }),
    ...(key === undefined ? {} : { key: read(key, "--key") }),
  };
  return {
    timeout,
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
    ...(user === undefined ? {} : { user: user.slice(0, colon), password: user.slice(colon + 1) }),
  };
}

function read(path: string, flag: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CliError("settings", `${path} (${flag}) cannot be read (${code}): name a file that you may read`);
  }
}

const nodesOfUp = 3;

export function endpointsOf(settings: Settled<StoreSettings>): readonly string[] {
  if (settings.endpoints.length > 0) return settings.endpoints;
  return Array.from({ length: nodesOfUp }, (_, index) => `127.0.0.1:${portsOf(index + 1, settings.portOffset).store}`);
}

/** Registers what a verb does with a store: it gets a client, which is closed afterwards, and errors become sentences. */
export function withStore<Options>(
  command: Command,
  action: (client: StoreClient, output: Output, args: readonly string[], options: Options) => Promise<void>,
): void {
  addSettings(command, storeSettings).action(async (...given: unknown[]) => {
    const settings = settleFromProcess(storeSettings, command);
    const args = given
      .slice(0, -2)
      .flat()
      .filter((one) => one !== undefined) as string[];
    const client = openClient(settings);
    try {
      await action(client, createOutput(settings.json), args, command.opts() as Options);
    } catch (error) {
      throw asCliError(error);
    } finally {
      client.close();
    }
  });
}

export function openClient(settings: Settled<StoreSettings>): StoreClient {
  try {
    return new StoreClient({ ...accessOf(settings), endpoints: endpointsOf(settings) });
  } catch (error) {
    throw asCliError(error);
  }
}

/** Says what the operator can do where the client can only say what happened. */
export function asCliError(error: unknown): unknown {
  if (!(error instanceof SynodError)) return error;
  const advice: Partial<Record<SynodError["code"], string>> = {
    notApplied: "nothing was changed; check that the cluster runs (synod status) or name it with --endpoints",
    unknown: "it may or may not have been applied; look before doing it again",
    compacted: "ask for a later revision",
    denied: "sign in as a user who may do this",
    overloaded: "nothing was changed; try again later",
    noSpace: "make room: delete, compact, then disarm the alarm",
  };
  const hint = advice[error.code];
  return new CliError("store", hint === undefined ? error.message : `${error.message}; ${hint}`);
}
