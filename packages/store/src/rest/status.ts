import { decodeUtf8 } from "@synod/wire/utf8";
import { messageToJson } from "../gateway/json/to-json.ts";
import { JsonWriter } from "../gateway/json/writer.ts";
import { StatusResponse } from "../gateway/schema/maintenance.ts";
import type { RestExchange } from "./exchange.ts";

/** What the node that was asked says of itself; ids, which have 64 bits, as strings. */
export function getStatus(exchange: RestExchange): void {
  exchange.call(
    "/etcdserverpb.Maintenance/Status",
    () => {},
    (reader) => {
      const writer = new JsonWriter();
      messageToJson(reader, StatusResponse, writer);
      const { header, ...status } = JSON.parse(decodeUtf8(writer.view())) as Record<string, Record<string, string>>;
      const { cluster_id: clusterId, member_id: memberId, revision } = header as Record<string, string>;
      const facts = Object.entries(status).map(([name, value]) => [name, counts.has(name) ? Number(value) : value]);
      exchange.json(200, { clusterId, memberId, revision: Number(revision), ...Object.fromEntries(facts) });
    },
  );
}

/** Numbers that stay below 2^53. */
const counts: ReadonlySet<string> = new Set(
  StatusResponse.fields
    .filter(({ type, name }) => (type === "int64" || type === "uint64") && name !== "leader")
    .map(({ name }) => name),
);
