import { type EnumSchema, either, type MessageSchema, many, message, one } from "./message.ts";

export const ResponseHeader: MessageSchema = message("etcdserverpb.ResponseHeader", () => ({
  cluster_id: one(1, "uint64"),
  member_id: one(2, "uint64"),
  revision: one(3, "int64"),
  raft_term: one(4, "uint64"),
}));

/** The answer that says no more than its header. */
export function headerOnly(name: string): MessageSchema {
  return message(name, () => ({ header: one(1, ResponseHeader) }));
}

export const KeyValue: MessageSchema = message("mvccpb.KeyValue", () => ({
  key: one(1, "bytes"),
  create_revision: one(2, "int64"),
  mod_revision: one(3, "int64"),
  version: one(4, "int64"),
  value: one(5, "bytes"),
  lease: one(6, "int64"),
}));

const EventType: EnumSchema = { name: "mvccpb.Event.EventType", values: ["PUT", "DELETE"] };

export const Event: MessageSchema = message("mvccpb.Event", () => ({
  type: one(1, EventType),
  kv: one(2, KeyValue),
  prev_kv: one(3, KeyValue),
}));

const FilterType: EnumSchema = { name: "etcdserverpb.WatchCreateRequest.FilterType", values: ["NOPUT", "NODELETE"] };

export const WatchCreateRequest: MessageSchema = message("etcdserverpb.WatchCreateRequest", () => ({
  key: one(1, "bytes"),
  range_end: one(2, "bytes"),
  start_revision: one(3, "int64"),
  progress_notify: one(4, "bool"),
  filters: many(5, FilterType),
  prev_kv: one(6, "bool"),
  watch_id: one(7, "int64"),
  fragment: one(8, "bool"),
}));

const WatchCancelRequest = message("etcdserverpb.WatchCancelRequest", () => ({ watch_id: one(1, "int64") }));
const WatchProgressRequest = message("etcdserverpb.WatchProgressRequest", () => ({}));

export const WatchRequest: MessageSchema = message("etcdserverpb.WatchRequest", () => ({
  create_request: either("request_union", 1, WatchCreateRequest),
  cancel_request: either("request_union", 2, WatchCancelRequest),
  progress_request: either("request_union", 3, WatchProgressRequest),
}));

export const WatchResponse: MessageSchema = message("etcdserverpb.WatchResponse", () => ({
  header: one(1, ResponseHeader),
  watch_id: one(2, "int64"),
  created: one(3, "bool"),
  canceled: one(4, "bool"),
  compact_revision: one(5, "int64"),
  cancel_reason: one(6, "string"),
  fragment: one(7, "bool"),
  events: many(11, Event),
}));
