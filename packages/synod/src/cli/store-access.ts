import { type ChannelOptions, parseEndpoint } from "@synod/client/channel";
import { SynodError } from "@synod/client/errors";
import type { Credentials } from "@synod/client/pool";
import { StoreClient } from "@synod/client/store";
import type { Command } from "commander";
import { portsOf } from "../addresses.ts";
import { CliError } from "./errors.ts";
import { createOutput, type Output } from "./output.ts";
import { readAuthorities, readIdentityFiles } from "./pem-files.ts";
import { whyUnreachable } from "./port-probe.ts";
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
  readonly password: Setting<string | undefined>;
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
  user: optional(text("who asks, where authentication is on", "", "name[:password]")),
  password: optional(text("the password of --user; all of --user is then the name", "", "password")),
};

/** How one store is reached, and as whom. */
export type Access = Omit<ChannelOptions, "endpoints">;

/** @throws CliError "settings" */
export function accessOf({ timeout, cacert, cert, key, user, password }: Settled<StoreSettings>): Access {
  const tls = {
    ...(cacert === undefined ? {} : { ca: readAuthorities(cacert, "--cacert") }),
    ...identityOf(cert, key),
  };
  return {
    timeout,
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
    ...(user === undefined && password === undefined ? {} : credentialsOf(user, password)),
  };
}

function identityOf(certFile: string | undefined, keyFile: string | undefined): { cert?: string; key?: string } {
  if (certFile === undefined && keyFile === undefined) return {};
  if (certFile === undefined || keyFile === undefined)
    throw new CliError("settings", "--cert and --key belong together: give both or neither");
  return readIdentityFiles({ certFile, keyFile }, { cert: "--cert", key: "--key" });
}

/** As etcdctl has it: with a password of its own, all of `--user` is the name. */
function credentialsOf(user: string | undefined, password: string | undefined): Credentials {
  if (user === undefined) throw new CliError("settings", "--password is nobody's: give --user, too");
  if (password !== undefined) return { user, password };
  const colon = user.indexOf(":");
  if (colon < 1)
    throw new CliError(
      "settings",
      "--user has no password: write it as in --user root:secret, or give --password (or SYNOD_PASSWORD)",
    );
  return { user: user.slice(0, colon), password: user.slice(colon + 1) };
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
      throw await explained(error, settings);
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

/** The same as `asCliError`, and where nobody could be talked to, what stands between. */
export async function explained(error: unknown, settings: Settled<StoreSettings>): Promise<unknown> {
  if (error instanceof SynodError && error.message.includes("no connection to")) {
    const { tls } = accessOf(settings);
    for (const endpoint of endpointsOf(settings)) {
      const { address, secure } = parseEndpoint(endpoint);
      const reason = await whyUnreachable(address, secure ? (tls ?? {}) : tls);
      if (reason !== undefined) return new CliError("store", reason);
    }
  }
  return asCliError(error);
}

/** Says what the operator can do where the client can only say what happened. */
function asCliError(error: unknown): unknown {
  if (!(error instanceof SynodError)) return error;
  const advice: Partial<Record<SynodError["code"], string>> = {
    notApplied: "nothing was changed; check that the cluster runs (synod status) or name it with --endpoints",
    unknown: "it may or may not have been applied; look before doing it again",
    compacted: "ask for a later revision",
    denied: "sign in as a user who may do this (--user name:password)",
    overloaded: "nothing was changed; try again later",
    noSpace: "make room: delete, compact, then disarm the alarm",
  };
  const hint = advice[error.code];
  return new CliError("store", hint === undefined ? error.message : `${error.message}; ${hint}`);
}
