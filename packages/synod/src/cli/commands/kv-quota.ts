import type { Command } from "commander";
import { CliError } from "../errors.ts";
import { createOutput, type Output, table } from "../output.ts";
import { addSettings, type Settled, settleFromProcess } from "../settings.ts";
import { endpointsOf, storeSettings } from "../store-access.ts";

interface Quota {
  readonly prefix?: string;
  readonly prefixBase64?: string;
  readonly maxBytes?: number;
  readonly maxKeys?: number;
  readonly bytes: number;
  readonly keys: number;
}

type Ask = (method: string, path: string, body?: object) => Promise<unknown>;
type Limits = { bytes?: string; keys?: string };

/** `synod kv quota …`: how much may lie under which prefix. */
export function registerKvQuota(kv: Command): void {
  const quota = kv.command("quota").description("how much may lie under a prefix");
  withApi(quota.command("list").description("all prefixes with a quota, and what they hold"), listAction);
  const set = quota.command("set <prefix>").description("let no more lie under a prefix; what is there stays");
  withApi(set.option("--bytes <n>", "of keys and values together").option("--keys <n>", "keys"), setAction);
  withApi(quota.command("remove <prefix>").description("let the prefix have no quota any more"), removeAction);
}

async function listAction(ask: Ask, output: Output): Promise<void> {
  const { quotas } = (await ask("GET", "/quotas")) as { quotas: readonly Quota[] };
  output.value({ quotas });
  const rows = quotas.map(({ prefix, prefixBase64, bytes, maxBytes, keys, maxKeys }) => [
    prefix ?? `base64:${prefixBase64}`,
    `${bytes} of ${maxBytes ?? "any"}`,
    `${keys} of ${maxKeys ?? "any"}`,
  ]);
  output.say(table(["prefix", "bytes", "keys"], rows));
}

async function setAction(ask: Ask, output: Output, prefix: string, { bytes, keys }: Limits): Promise<void> {
  if (bytes === undefined && keys === undefined)
    throw new CliError("usage", "no limit is given: add --bytes or --keys");
  const limits = {
    ...(bytes === undefined ? {} : { maxBytes: whole(bytes, "--bytes") }),
    ...(keys === undefined ? {} : { maxKeys: whole(keys, "--keys") }),
  };
  output.value((await ask("PUT", `/quotas/${encodeURIComponent(prefix)}`, limits)) as object);
  output.say(`what lies under ${prefix} is limited from now on`);
}

async function removeAction(ask: Ask, output: Output, prefix: string): Promise<void> {
  output.value((await ask("DELETE", `/quotas/${encodeURIComponent(prefix)}`)) as object);
  output.say(`${prefix} has no quota any more`);
}

function withApi(
  command: Command,
  action: (ask: Ask, output: Output, prefix: string, limits: Limits) => Promise<void>,
): void {
  addSettings(command, storeSettings).action(async (...given: unknown[]) => {
    const settings = settleFromProcess(storeSettings, command);
    const prefix = typeof given[0] === "string" ? given[0] : "";
    await action(api(settings), createOutput(settings.json), prefix, command.opts() as Limits);
  });
}

/** Asks the first node that answers. */
function api(settings: Settled<typeof storeSettings>): Ask {
  if (settings.cacert !== undefined || settings.cert !== undefined || settings.user !== undefined)
    throw new CliError("settings", "quotas go over plain HTTP, without a user: ask a node's HTTP port by itself");
  return async (method, path, body) => {
    const init = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    let failure = "there are no endpoints";
    for (const endpoint of endpointsOf(settings)) {
      const url = `${endpoint.includes("://") ? endpoint : `http://${endpoint}`}/api/store${path}`;
      let response: Response;
      try {
        response = await fetch(url, { ...init, signal: AbortSignal.timeout(settings.timeout) });
      } catch (error) {
        failure = `${endpoint} does not answer (${(error as Error).message})`;
        continue;
      }
      const answer = (await response.json()) as { message?: string; help?: string };
      if (!response.ok) throw new CliError("store", `${answer.message}; ${answer.help}`);
      return answer;
    }
    throw new CliError("store", `${failure}: check that the cluster runs (synod status) or name it with --endpoints`);
  };
}

function whole(text: string, flag: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new CliError("usage", `${flag} is "${text}": give a whole number from 1`);
}
