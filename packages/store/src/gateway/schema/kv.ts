import { headerOnly, KeyValue, ResponseHeader } from "./common.ts";
import { type EnumSchema, either, type MessageSchema, many, message, one } from "./message.ts";

const SortOrder: EnumSchema = {
  name: "etcdserverpb.RangeRequest.SortOrder",
  values: ["NONE", "ASCEND", "DESCEND"],
};
const SortTarget: EnumSchema = {
  name: "etcdserverpb.RangeRequest.SortTarget",
  values: ["KEY", "VERSION", "CREATE", "MOD", "VALUE"],
};

export const RangeRequest: MessageSchema = message("etcdserverpb.RangeRequest", () => ({
  key: one(1, "bytes"),
  range_end: one(2, "bytes"),
  limit: one(3, "int64"),
  revision: one(4, "int64"),
  sort_order: one(5, SortOrder),
  sort_target: one(6, SortTarget),
  serializable: one(7, "bool"),
  keys_only: one(8, "bool"),
  count_only: one(9, "bool"),
  min_mod_revision: one(10, "int64"),
  max_mod_revision: one(11, "int64"),
  min_create_revision: one(12, "int64"),
  max_create_revision: one(13, "int64"),
}));

export const RangeResponse: MessageSchema = message("etcdserverpb.RangeResponse", () => ({
  header: one(1, ResponseHeader),
  kvs: many(2, KeyValue),
  more: one(3, "bool"),
  count: one(4, "int64"),
}));

export const PutRequest: MessageSchema = message("etcdserverpb.PutRequest", () => ({
  key: one(1, "bytes"),
  value: one(2, "bytes"),
  lease: one(3, "int64"),
  prev_kv: one(4, "bool"),
  ignore_value: one(5, "bool"),
  ignore_lease: one(6, "bool"),
}));

export const PutResponse: MessageSchema = message("etcdserverpb.PutResponse", () => ({
  header: one(1, ResponseHeader),
  prev_kv: one(2, KeyValue),
}));

export const DeleteRangeRequest: MessageSchema = message("etcdserverpb.DeleteRangeRequest", () => ({
  key: one(1, "bytes"),
  range_end: one(2, "bytes"),
  prev_kv: one(3, "bool"),
}));

export const DeleteRangeResponse: MessageSchema = message("etcdserverpb.DeleteRangeResponse", () => ({
  header: one(1, ResponseHeader),
  deleted: one(2, "int64"),
  prev_kvs: many(3, KeyValue),
}));

const RequestOp: MessageSchema = message("etcdserverpb.RequestOp", () => ({
  request_range: either("request", 1, RangeRequest),
  request_put: either("request", 2, PutRequest),
  request_delete_range: either("request", 3, DeleteRangeRequest),
  request_txn: either("request", 4, TxnRequest),
}));

const ResponseOp: MessageSchema = message("etcdserverpb.ResponseOp", () => ({
  response_range: either("response", 1, RangeResponse),
  response_put: either("response", 2, PutResponse),
  response_delete_range: either("response", 3, DeleteRangeResponse),
  response_txn: either("response", 4, TxnResponse),
}));

const CompareResult: EnumSchema = {
  name: "etcdserverpb.Compare.CompareResult",
  values: ["EQUAL", "GREATER", "LESS", "NOT_EQUAL"],
};
const CompareTarget: EnumSchema = {
  name: "etcdserverpb.Compare.CompareTarget",
  values: ["VERSION", "CREATE", "MOD", "VALUE", "LEASE"],
};

const Compare: MessageSchema = message("etcdserverpb.Compare", () => ({
  result: one(1, CompareResult),
  target: one(2, CompareTarget),
  key: one(3, "bytes"),
  version: either("target_union", 4, "int64"),
  create_revision: either("target_union", 5, "int64"),
  mod_revision: either("target_union", 6, "int64"),
  value: either("target_union", 7, "bytes"),
  lease: either("target_union", 8, "int64"),
  range_end: one(64, "bytes"),
}));

export const TxnRequest: MessageSchema = message("etcdserverpb.TxnRequest", () => ({
  compare: many(1, Compare),
  success: many(2, RequestOp),
  failure: many(3, RequestOp),
}));

export const TxnResponse: MessageSchema = message("etcdserverpb.TxnResponse", () => ({
  header: one(1, ResponseHeader),
  succeeded: one(2, "bool"),
  responses: many(3, ResponseOp),
}));

export const CompactionRequest: MessageSchema = message("etcdserverpb.CompactionRequest", () => ({
  revision: one(1, "int64"),
  physical: one(2, "bool"),
}));

export const CompactionResponse: MessageSchema = headerOnly("etcdserverpb.CompactionResponse");
