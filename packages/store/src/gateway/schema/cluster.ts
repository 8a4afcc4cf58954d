import { ResponseHeader } from "./common.ts";
import { type MessageSchema, many, message, one } from "./message.ts";

const Member = message("etcdserverpb.Member", () => ({
  ID: one(1, "uint64"),
  name: one(2, "string"),
  peerURLs: many(3, "string"),
  clientURLs: many(4, "string"),
  isLearner: one(5, "bool"),
}));

function members(name: string): MessageSchema {
  return message(name, () => ({ header: one(1, ResponseHeader), members: many(2, Member) }));
}

export const MemberAddRequest: MessageSchema = message("etcdserverpb.MemberAddRequest", () => ({
  peerURLs: many(1, "string"),
  isLearner: one(2, "bool"),
}));

export const MemberAddResponse: MessageSchema = message("etcdserverpb.MemberAddResponse", () => ({
  header: one(1, ResponseHeader),
  member: one(2, Member),
  members: many(3, Member),
}));

export const MemberRemoveRequest: MessageSchema = message("etcdserverpb.MemberRemoveRequest", () => ({
  ID: one(1, "uint64"),
}));

export const MemberRemoveResponse: MessageSchema = members("etcdserverpb.MemberRemoveResponse");

export const MemberUpdateRequest: MessageSchema = message("etcdserverpb.MemberUpdateRequest", () => ({
  ID: one(1, "uint64"),
  peerURLs: many(2, "string"),
}));

export const MemberUpdateResponse: MessageSchema = members("etcdserverpb.MemberUpdateResponse");

export const MemberListRequest: MessageSchema = message("etcdserverpb.MemberListRequest", () => ({
  linearizable: one(1, "bool"),
}));

export const MemberListResponse: MessageSchema = members("etcdserverpb.MemberListResponse");

export const MemberPromoteRequest: MessageSchema = message("etcdserverpb.MemberPromoteRequest", () => ({
  ID: one(1, "uint64"),
}));

export const MemberPromoteResponse: MessageSchema = members("etcdserverpb.MemberPromoteResponse");
