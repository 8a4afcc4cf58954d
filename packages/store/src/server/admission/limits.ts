import { decodePrefixLimit, encodePrefixQuotas, encodePrefixUsage } from "../../api/limits.ts";
import { LimitsOpcode } from "../../areas/limits.ts";
import type { StoreConnection } from "../connection.ts";
import type { StoreMethod } from "../method.ts";

/** Prefixes in one answer. */
const MOST_SHOWN = 1024;

/** What this node measures; each node has the same but for the writes. */
function prefixes(connection: StoreConnection, stream: number): void {
  const { service, grpc } = connection;
  const found = service.prefixes.list(MOST_SHOWN);
  const writer = grpc.begin(stream);
  service.header.write(writer, service.model.revision);
  for (const usage of found?.prefixes ?? []) encodePrefixUsage(writer, 2, usage);
  if (found !== undefined) encodePrefixUsage(writer, 3, found.others);
  grpc.endResponse();
  connection.touch();
}

function setQuota(connection: StoreConnection, stream: number, message: Uint8Array): void {
  decodePrefixLimit(connection.service.read(message));
  connection.propose(LimitsOpcode.setQuota, message, stream, SET_QUOTA);
}

function removeQuota(connection: StoreConnection, stream: number, message: Uint8Array): void {
  decodePrefixLimit(connection.service.read(message));
  connection.propose(LimitsOpcode.removeQuota, message, stream, REMOVE_QUOTA);
}

function listQuotas(connection: StoreConnection, stream: number, message: Uint8Array): void {
  connection.readLinearizable(message, stream, LIST_QUOTAS);
}

function answerQuotas({ service, grpc }: StoreConnection, stream: number): void {
  const writer = grpc.begin(stream);
  service.header.write(writer, service.model.revision);
  encodePrefixQuotas(writer, service.model.quotas.list());
  grpc.endResponse();
}

const PREFIXES: StoreMethod = { path: "/synodpb.Limits/Prefixes", onLearner: true, handle: prefixes };
const SET_QUOTA: StoreMethod = { path: "/synodpb.Limits/QuotaSet", handle: setQuota };
const REMOVE_QUOTA: StoreMethod = { path: "/synodpb.Limits/QuotaRemove", handle: removeQuota };
const LIST_QUOTAS: StoreMethod = {
  path: "/synodpb.Limits/QuotaList",
  handle: listQuotas,
  readable: answerQuotas,
};

/** Synod's own: what lies under which prefix, and how much may. */
export const LIMITS_METHODS: readonly StoreMethod[] = [PREFIXES, SET_QUOTA, REMOVE_QUOTA, LIST_QUOTAS];
