import type { Command } from "commander";
import { CliError } from "../errors.ts";
import { createOutput, type Output, table } from "../output.ts";
import { addSettings, settleFromProcess } from "../settings.ts";
import { storeSettings } from "../store-access.ts";
import { type Ask, askStore } from "../store-http.ts";

interface Quota {
  readonly prefix?: string;
  readonly prefixBase64?: string;
  readonly maxBytes?: number;
  readonly maxKeys?: number;
  readonly bytes: number;
  readonly keys: number;
}

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
    await action(askStore(settings), createOutput(settings.json), prefix, command.opts() as Limits);
  });
}

function whole(text: string, flag: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new CliError("usage", `${flag} is "${text}": give a whole number from 1`);
}
