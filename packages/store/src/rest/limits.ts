import type { ProtobufReader } from "@synod/wire/protobuf";
import { decodeHeader } from "../api/header.ts";
import { decodePrefixQuota, decodePrefixUsage, encodePrefixLimit, type PrefixUsage } from "../api/limits.ts";
import type { PrefixLimit, PrefixQuota } from "../model/prefix-quotas.ts";
import { Fields, parseBody } from "./body.ts";
import type { RestExchange } from "./exchange.ts";
import { refuse } from "./problem.ts";
import { bytesJson } from "./text.ts";

const SHOWN = 100;

/** GET: what lies under which prefix, the largest first. */
export function listPrefixes(exchange: RestExchange): void {
  const limit = exchange.query.number("limit", 1, 1024) ?? SHOWN;
  exchange.call(
    "/synodpb.Limits/Prefixes",
    () => {},
    (reader) => {
      const prefixes: object[] = [];
      let others: object | undefined;
      const { revision } = visit(reader, (field) => {
        const usage = decodePrefixUsage(reader);
        if (field === 3) others = figures(usage);
        else if (prefixes.length < limit) prefixes.push({ ...bytesJson("prefix", usage.prefix), ...figures(usage) });
      });
      exchange.json(200, { prefixes, others, revision });
    },
  );
}

/** GET: how much may lie under which prefix, and how much does. */
export function listQuotas(exchange: RestExchange): void {
  exchange.call(
    "/synodpb.Limits/QuotaList",
    () => {},
    (reader) => {
      const quotas: object[] = [];
      const { revision } = visit(reader, () => quotas.push(quotaJson(decodePrefixQuota(reader))));
      exchange.json(200, { quotas, revision });
    },
  );
}

/** PUT: `{"maxBytes": 1000000, "maxKeys": 1000}`, one of them at least. */
export function putQuota(exchange: RestExchange): void {
  const fields = new Fields(parseBody(exchange.request.body), "the body", ["maxBytes", "maxKeys"]);
  const maxBytes = fields.number("maxBytes", 1) ?? 0;
  const maxKeys = fields.number("maxKeys", 1) ?? 0;
  if (maxBytes === 0 && maxKeys === 0) refuse("badBody", "no limit is given", 'send {"maxBytes": …} or {"maxKeys": …}');
  change(exchange, "QuotaSet", { prefix: exchange.argument, maxBytes, maxKeys });
}

/** DELETE: the prefix has no limit any more. */
export function deleteQuota(exchange: RestExchange): void {
  change(exchange, "QuotaRemove", { prefix: exchange.argument, maxBytes: 0, maxKeys: 0 });
}

function change(exchange: RestExchange, method: string, limit: PrefixLimit): void {
  exchange.call(
    `/synodpb.Limits/${method}`,
    (writer) => encodePrefixLimit(writer, limit),
    (reader) =>
      exchange.json(
        200,
        visit(reader, () => {}),
      ),
  );
}

function figures({ keys, bytes, writes, milliWrites }: PrefixUsage): object {
  return { keys, bytes, writes, writesPerSecond: milliWrites / 1000 };
}

function quotaJson({ prefix, maxBytes, maxKeys, keys, bytes }: PrefixQuota): object {
  return {
    ...bytesJson("prefix", prefix),
    ...(maxBytes === 0 ? {} : { maxBytes }),
    ...(maxKeys === 0 ? {} : { maxKeys }),
    bytes,
    keys,
  };
}

/** Calls `entry` with the reader inside of each message behind the header. */
function visit(reader: ProtobufReader, entry: (field: number) => void): { revision: number } {
  let revision = 0;
  while (reader.next()) {
    if (reader.field === 1) revision = decodeHeader(reader).revision;
    else {
      const { field } = reader;
      const outer = reader.enter();
      entry(field);
      reader.leave(outer);
    }
  }
  return { revision };
}
