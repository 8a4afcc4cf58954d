import { headerOnly, ResponseHeader } from "./common.ts";
import { type MessageSchema, many, message, one } from "./message.ts";

export const LeaseGrantRequest: MessageSchema = message("etcdserverpb.LeaseGrantRequest", () => ({
  TTL: one(1, "int64"),
  ID: one(2, "int64"),
}));

export const LeaseGrantResponse: MessageSchema = message("etcdserverpb.LeaseGrantResponse", () => ({
  header: one(1, ResponseHeader),
  ID: one(2, "int64"),
  TTL: one(3, "int64"),
  error: one(4, "string"),
}));

export const LeaseRevokeRequest: MessageSchema = message("etcdserverpb.LeaseRevokeRequest", () => ({
  ID: one(1, "int64"),
}));

export const LeaseRevokeResponse: MessageSchema = headerOnly("etcdserverpb.LeaseRevokeResponse");

export const LeaseKeepAliveRequest: MessageSchema = message("etcdserverpb.LeaseKeepAliveRequest", () => ({
  ID: one(1, "int64"),
}));

export const LeaseKeepAliveResponse: MessageSchema = message("etcdserverpb.LeaseKeepAliveResponse", () => ({
  header: one(1, ResponseHeader),
  ID: one(2, "int64"),
  TTL: one(3, "int64"),
}));

export const LeaseTimeToLiveRequest: MessageSchema = message("etcdserverpb.LeaseTimeToLiveRequest", () => ({
  ID: one(1, "int64"),
  keys: one(2, "bool"),
}));

export const LeaseTimeToLiveResponse: MessageSchema = message("etcdserverpb.LeaseTimeToLiveResponse", () => ({
  header: one(1, ResponseHeader),
  ID: one(2, "int64"),
  TTL: one(3, "int64"),
  grantedTTL: one(4, "int64"),
  keys: many(5, "bytes"),
}));

export const LeaseLeasesRequest: MessageSchema = message("etcdserverpb.LeaseLeasesRequest", () => ({}));

const LeaseStatus = message("etcdserverpb.LeaseStatus", () => ({ ID: one(1, "int64") }));

export const LeaseLeasesResponse: MessageSchema = message("etcdserverpb.LeaseLeasesResponse", () => ({
  header: one(1, ResponseHeader),
  leases: many(2, LeaseStatus),
}));
