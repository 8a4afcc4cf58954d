import { headerOnly, KeyValue, ResponseHeader } from "./common.ts";
import { type MessageSchema, message, one } from "./message.ts";

export const LockRequest: MessageSchema = message("v3lockpb.LockRequest", () => ({
  name: one(1, "bytes"),
  lease: one(2, "int64"),
}));

export const LockResponse: MessageSchema = message("v3lockpb.LockResponse", () => ({
  header: one(1, ResponseHeader),
  key: one(2, "bytes"),
}));

export const UnlockRequest: MessageSchema = message("v3lockpb.UnlockRequest", () => ({ key: one(1, "bytes") }));
export const UnlockResponse: MessageSchema = headerOnly("v3lockpb.UnlockResponse");

const LeaderKey = message("v3electionpb.LeaderKey", () => ({
  name: one(1, "bytes"),
  key: one(2, "bytes"),
  rev: one(3, "int64"),
  lease: one(4, "int64"),
}));

export const CampaignRequest: MessageSchema = message("v3electionpb.CampaignRequest", () => ({
  name: one(1, "bytes"),
  lease: one(2, "int64"),
  value: one(3, "bytes"),
}));

export const CampaignResponse: MessageSchema = message("v3electionpb.CampaignResponse", () => ({
  header: one(1, ResponseHeader),
  leader: one(2, LeaderKey),
}));

export const ProclaimRequest: MessageSchema = message("v3electionpb.ProclaimRequest", () => ({
  leader: one(1, LeaderKey),
  value: one(2, "bytes"),
}));

export const ProclaimResponse: MessageSchema = headerOnly("v3electionpb.ProclaimResponse");

export const LeaderRequest: MessageSchema = message("v3electionpb.LeaderRequest", () => ({ name: one(1, "bytes") }));

export const LeaderResponse: MessageSchema = message("v3electionpb.LeaderResponse", () => ({
  header: one(1, ResponseHeader),
  kv: one(2, KeyValue),
}));

export const ResignRequest: MessageSchema = message("v3electionpb.ResignRequest", () => ({
  leader: one(1, LeaderKey),
}));

export const ResignResponse: MessageSchema = headerOnly("v3electionpb.ResignResponse");
