import { buffer } from "node:stream/consumers";
import { type Bytes, type KeyRange, withPrefix } from "@synod/client/bytes";
import type { OperationResult } from "@synod/client/messages/txn";
import type { StoreClient } from "@synod/client/store";
import type { Command } from "commander";
import colors from "picocolors";
import { CliError } from "../errors.ts";
import type { Output } from "../output.ts";
import { keyValueJson, shownBytes } from "../shown.ts";
import { withStore } from "../store-access.ts";
import { parseCondition, parseOperation } from "../txn-language.ts";
import { registerKvQuota } from "./kv-quota.ts";

export function registerKv(program: Command): void {
  const kv = program.command("kv").description("read, write and watch the store");
  const get = kv.command("get <key>").description("read a key, or with --prefix all that begin so");
  get.option("--prefix", "every key that begins with <key>").option("--limit <n>", "at most so many keys");
  get
    .option("--revision <n>", "as of that revision")
    .option("--serializable", "from one node's own state, perhaps behind");
  get.option("--keys-only", "without values").option("--count", "only how many");
  withStore(get, getAction);

  const put = kv.command("put <key> [value]").description("write a key; without <value>, what comes on standard input");
  withStore(
    put.option("--lease <id>", "let it live with that lease").option("--previous", "print what it held before"),
    putAction,
  );

  const del = kv.command("del <key>").description("delete a key, or with --prefix all that begin so");
  withStore(
    del.option("--prefix", "every key that begins with <key>").option("--previous", "print what they held"),
    delAction,
  );

  const watch = kv.command("watch <key>").description("follow the changes of a key, until interrupted");
  watch.option("--prefix", "every key that begins with <key>").option("--from <revision>", "begin in the past");
  withStore(watch.option("--previous", "also what a key held before"), watchAction);

  const txn = kv
    .command("txn")
    .description("all at once, or nothing: if every --if holds do each --then, otherwise each --else");
  txn.option("--if <condition...>", "as in 'version(door) = 0'");
  txn.option("--then <operation...>", "as in 'put door open'").option("--else <operation...>", "as in 'get door'");
  withStore(txn, txnAction);
  registerKvQuota(kv);
}

type Action<Options> = (
  client: StoreClient,
  output: Output,
  args: readonly string[],
  options: Options,
) => Promise<void>;
type Get = { prefix?: true; limit?: string; revision?: string; serializable?: true; keysOnly?: true; count?: true };

const getAction: Action<Get> = async (client, output, [key = ""], options) => {
  const result = await client.range(keysOf(key, options.prefix), {
    limit: number(options.limit, "--limit"),
    revision: number(options.revision, "--revision"),
    serializable: options.serializable ?? false,
    keysOnly: options.keysOnly ?? false,
    countOnly: options.count ?? false,
  });
  output.value({
    revision: result.header.revision,
    count: result.count,
    more: result.more,
    kvs: result.kvs.map(keyValueJson),
  });
  if (options.count) return output.say(String(result.count));
  for (const kv of result.kvs) {
    if (options.keysOnly) output.say(shownBytes(kv.key));
    else if (options.prefix) output.say(`${colors.cyan(shownBytes(kv.key))}\t${shownBytes(kv.value)}`);
    else output.say(shownBytes(kv.value));
  }
  if (result.more) output.say(colors.dim(`… of ${result.count}`));
  if (result.kvs.length === 0)
    throw new CliError("store", `there is no key ${options.prefix ? "that begins with " : ""}"${key}"`);
};

const putAction: Action<{ lease?: string; previous?: true }> = async (client, output, [key = "", value], options) => {
  const lease = options.lease === undefined ? 0n : leaseId(options.lease);
  const bytes = value ?? (await buffer(process.stdin));
  const { header, previous } = await client.put(key, bytes, { lease, previous: options.previous ?? false });
  output.value({ revision: header.revision, ...(previous === undefined ? {} : { previous: keyValueJson(previous) }) });
  output.say(`written at revision ${header.revision}`);
  if (previous !== undefined) output.say(`before: ${shownBytes(previous.value)}`);
};

const delAction: Action<{ prefix?: true; previous?: true }> = async (client, output, [key = ""], options) => {
  const range = keysOf(key, options.prefix);
  const { header, deleted, previous } = await client.delete(range, { previous: options.previous ?? false });
  output.value({ revision: header.revision, deleted, previous: previous.map(keyValueJson) });
  output.say(deleted === 0 ? "nothing was there" : `${deleted} deleted at revision ${header.revision}`);
  for (const kv of previous) output.say(`${colors.cyan(shownBytes(kv.key))}\t${shownBytes(kv.value)}`);
};

const watchAction: Action<{ prefix?: true; from?: string; previous?: true }> = async (
  client,
  output,
  [key = ""],
  options,
) => {
  const startRevision = number(options.from, "--from");
  // A watch waits for its server for ever; who cannot come there at all is to hear why.
  await client.range(keysOf(key, options.prefix), { limit: 1, countOnly: true, serializable: true });
  const watch = client.watch(keysOf(key, options.prefix), { startRevision, previous: options.previous ?? false });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => watch.close());
  await watch.created;
  output.say(colors.dim(`watching ${options.prefix ? `all that begins with "${key}"` : `"${key}"`}; Ctrl-C ends it`));
  output.value({ event: "watching" });
  for await (const { events } of watch) {
    for (const { type, kv, previous } of events) {
      output.value({
        event: type,
        ...keyValueJson(kv),
        ...(previous === undefined ? {} : { previous: keyValueJson(previous) }),
      });
      const before = previous === undefined ? "" : colors.dim(`  (before: ${shownBytes(previous.value)})`);
      const revision = colors.dim(String(kv.modRevision).padStart(6));
      const value =
        type === "put" ? `put ${colors.cyan(shownBytes(kv.key))} ${shownBytes(kv.value)}` : `del ${shownBytes(kv.key)}`;
      output.say(`${revision}  ${value}${before}`);
    }
  }
};

type TxnOptions = { if?: readonly string[]; then?: readonly string[]; else?: readonly string[] };

const txnAction: Action<TxnOptions> = async (client, output, _args, options) => {
  const result = await client
    .txn()
    .when(...(options.if ?? []).map(parseCondition))
    .do(...(options.then ?? []).map(parseOperation))
    .else(...(options.else ?? []).map(parseOperation))
    .commit();
  const { header, succeeded, responses } = result;
  output.value({ revision: header.revision, succeeded, responses: responses.map(responseJson) });
  output.say(succeeded ? `the conditions held, at revision ${header.revision}` : "the conditions did not hold");
  for (const response of responses) {
    if (response.type === "put") output.say("  written");
    if (response.type === "delete") output.say(`  ${response.deleted} deleted`);
    if (response.type === "range")
      for (const kv of response.kvs) output.say(`  ${colors.cyan(shownBytes(kv.key))}\t${shownBytes(kv.value)}`);
  }
};

function responseJson(response: OperationResult): Record<string, unknown> {
  if (response.type === "range") return { type: "get", count: response.count, kvs: response.kvs.map(keyValueJson) };
  if (response.type === "delete") return { type: "del", deleted: response.deleted };
  return { type: response.type };
}

function keysOf(key: string, prefix: true | undefined): Bytes | KeyRange {
  return prefix ? withPrefix(key) : key;
}

function number(given: string | undefined, flag: string): number {
  const value = Number(given ?? 0);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new CliError("usage", `${flag} is "${given}": give a whole number`);
  return value;
}

/** Decimal, or hexadecimal as etcdctl prints it when it begins with 0x. */
function leaseId(given: string): bigint {
  if (!/^(?:0x[0-9a-fA-F]+|\d+)$/.test(given))
    throw new CliError("usage", `--lease is "${given}": give the lease's number`);
  return BigInt(given);
}
