import { ByteReader, ByteWriter } from "../bytes.ts";
import type { Term } from "../protocol.ts";
import { decodeConfiguration, encodeConfiguration } from "./configuration-codec.ts";
import { decodeEntries, encodeEntries } from "./entries-codec.ts";
import type { RaftMessage, RaftRecord, SnapshotMeta } from "./types.ts";

/**
 * Messages and records as bytes: a tag, fixed-width fields, then at most one large part. `head` and `body` are separate,
 * so that one encoded run of entries is shared by the write-ahead log and all peers without a copy. `head` is valid until
 * the next call.
 */
export interface Encoded {
  head: Uint8Array;
  body: Uint8Array | undefined;
}

/** Heads are small: the largest carries one configuration of 3 × 255 nodes. */
const writer = new ByteWriter(4096);
const SNAPSHOT_STATUS = ["receiving", "installed", "rejected"] as const;

type Of<Type extends RaftMessage["type"]> = Extract<RaftMessage, { type: Type }>;
type MessageCodecs = {
  [Type in RaftMessage["type"]]: {
    tag: number;
    /** Writes the fields after the term; returns the large part where there is one. */
    write(message: Of<Type>): Uint8Array | undefined;
    read(term: Term, reader: ByteReader): Of<Type>;
  };
};

type NoFields = undefined;

const MESSAGES: MessageCodecs = {
  PreVote: {
    tag: 1,
    write: (m): NoFields => writeLastLog(m),
    read: (term, r) => ({ type: "PreVote", term, lastLogIndex: r.uint53(), lastLogTerm: r.uint53() }),
  },
  PreVoteReply: {
    tag: 2,
    write: (m): NoFields => void writer.uint8(m.voteGranted ? 1 : 0),
    read: (term, r) => ({ type: "PreVoteReply", term, voteGranted: r.uint8() === 1 }),
  },
  RequestVote: {
    tag: 3,
    write(m): NoFields {
      writeLastLog(m);
      writer.uint8(m.transfer ? 1 : 0);
    },
    read: (term, r) => ({
      type: "RequestVote",
      term,
      lastLogIndex: r.uint53(),
      lastLogTerm: r.uint53(),
      transfer: r.uint8() === 1,
    }),
  },
  RequestVoteReply: {
    tag: 4,
    write: (m): NoFields => void writer.uint8(m.voteGranted ? 1 : 0),
    read: (term, r) => ({ type: "RequestVoteReply", term, voteGranted: r.uint8() === 1 }),
  },
  AppendEntries: {
    tag: 5,
    write(m): Uint8Array {
      writer.uint53(m.prevLogIndex);
      writer.uint53(m.prevLogTerm);
      writer.uint53(m.leaderCommit);
      return encodeEntries(m.entries, writer);
    },
    read(term, r): Of<"AppendEntries"> {
      const prevLogIndex = r.uint53();
      const prevLogTerm = r.uint53();
      const leaderCommit = r.uint53();
      const entries = decodeEntries(r.rest());
      if (entries.first !== prevLogIndex + 1) throw new RangeError("entries that do not follow prevLogIndex");
      return { type: "AppendEntries", term, prevLogIndex, prevLogTerm, entries, leaderCommit };
    },
  },
  AppendEntriesReply: {
    tag: 6,
    write(m): NoFields {
      writer.uint8(m.success ? 1 : 0);
      writer.uint53(m.index);
      writer.uint53(m.hintIndex);
      writer.uint53(m.hintTerm);
    },
    read: (term, r) => ({
      type: "AppendEntriesReply",
      term,
      success: r.uint8() === 1,
      index: r.uint53(),
      hintIndex: r.uint53(),
      hintTerm: r.uint53(),
    }),
  },
  Heartbeat: {
    tag: 7,
    write(m): NoFields {
      writer.uint53(m.leaderCommit);
      writer.uint53(m.round);
    },
    read: (term, r) => ({ type: "Heartbeat", term, leaderCommit: r.uint53(), round: r.uint53() }),
  },
  HeartbeatReply: {
    tag: 8,
    write: (m): NoFields => void writer.uint53(m.round),
    read: (term, r) => ({ type: "HeartbeatReply", term, round: r.uint53() }),
  },
  InstallSnapshot: {
    tag: 9,
    write(m): Uint8Array {
      writeSnapshotMeta(m.snapshot);
      writer.uint53(m.offset);
      writer.uint32(m.dataChecksum);
      return m.data;
    },
    read: (term, r) => ({
      type: "InstallSnapshot",
      term,
      snapshot: readSnapshotMeta(r),
      offset: r.uint53(),
      dataChecksum: r.uint32(),
      data: r.rest(),
    }),
  },
  InstallSnapshotReply: {
    tag: 10,
    write(m): NoFields {
      writer.uint53(m.lastIncludedIndex);
      writer.uint53(m.offset);
      writer.uint8(SNAPSHOT_STATUS.indexOf(m.status));
    },
    read(term, r): Of<"InstallSnapshotReply"> {
      const lastIncludedIndex = r.uint53();
      const offset = r.uint53();
      const status = SNAPSHOT_STATUS[r.uint8()];
      if (status === undefined) throw new RangeError("an unknown snapshot status");
      return { type: "InstallSnapshotReply", term, lastIncludedIndex, offset, status };
    },
  },
  TimeoutNow: {
    tag: 11,
    write: () => undefined,
    read: (term) => ({ type: "TimeoutNow", term }),
  },
  ReadIndex: {
    tag: 12,
    write: (m): NoFields => void writer.uint53(m.context),
    read: (term, r) => ({ type: "ReadIndex", term, context: r.uint53() }),
  },
  ReadIndexReply: {
    tag: 13,
    write(m): NoFields {
      writer.uint53(m.context);
      writer.uint53(m.index === undefined ? 0 : m.index + 1);
    },
    read(term, r): Of<"ReadIndexReply"> {
      const context = r.uint53();
      const index = r.uint53();
      return { type: "ReadIndexReply", term, context, index: index === 0 ? undefined : index - 1 };
    },
  },
  Propose: {
    tag: 14,
    write: (m) => encodeCommands(m.commands),
    read: (term, r) => ({ type: "Propose", term, commands: decodeCommands(r) }),
  },
  Rejoin: {
    tag: 15,
    write: (m): NoFields => void writer.uint53(m.lastIndex),
    read: (term, r) => ({ type: "Rejoin", term, lastIndex: r.uint53() }),
  },
  RejoinReply: {
    tag: 16,
    write(m): NoFields {
      writer.uint53(m.index);
      writer.uint53(m.matchIndex);
    },
    read: (term, r) => ({ type: "RejoinReply", term, index: r.uint53(), matchIndex: r.uint53() }),
  },
};

type AnyCodec = {
  tag: number;
  write(m: RaftMessage): Uint8Array | undefined;
  read(term: Term, r: ByteReader): RaftMessage;
};
const BY_TAG: (AnyCodec | undefined)[] = [];
for (const codec of Object.values(MESSAGES)) BY_TAG[codec.tag] = codec as unknown as AnyCodec;

export function encodeMessage(message: RaftMessage): Encoded {
  const codec = MESSAGES[message.type] as unknown as AnyCodec;
  writer.uint8(codec.tag);
  writer.uint53(message.term);
  const body = codec.write(message);
  return { head: writer.take(), body };
}

/** Views into `bytes` are kept. @throws RangeError for bytes that are no message. */
export function decodeMessage(bytes: Uint8Array): RaftMessage {
  const reader = new ByteReader(bytes);
  const tag = reader.uint8();
  const codec = BY_TAG[tag];
  if (codec === undefined) throw new RangeError(`a message with unknown tag ${tag}`);
  const message = codec.read(reader.uint53(), reader);
  if (reader.remaining > 0) throw new RangeError(`${reader.remaining} bytes after a ${message.type}`);
  return message;
}

const RECORD_TAGS: { [Type in RaftRecord["type"]]: number } = { vote: 1, entries: 2, snapshot: 3, recovery: 4 };

/** The record's tag is kept by the log beside the bytes: see `recordTag`. */
export function encodeRecord(record: RaftRecord): Encoded {
  let body: Uint8Array | undefined;
  switch (record.type) {
    case "vote":
      writer.uint53(record.term);
      writer.uint32(record.votedFor);
      break;
    case "entries":
      body = encodeEntries(record.entries, writer);
      break;
    case "snapshot":
      writeSnapshotMeta(record.snapshot);
      break;
    case "recovery":
      writer.uint8(record.recovering ? 1 : 0);
      break;
  }
  return { head: writer.take(), body };
}

export function recordTag(type: RaftRecord["type"]): number {
  return RECORD_TAGS[type];
}

/** Views into `bytes` are kept. @throws RangeError for bytes that are no record of that tag. */
export function decodeRecord(tag: number, bytes: Uint8Array): RaftRecord {
  const reader = new ByteReader(bytes);
  switch (tag) {
    case RECORD_TAGS.vote:
      return { type: "vote", term: reader.uint53(), votedFor: reader.uint32() };
    case RECORD_TAGS.entries:
      return { type: "entries", entries: decodeEntries(bytes) };
    case RECORD_TAGS.snapshot:
      return { type: "snapshot", snapshot: readSnapshotMeta(reader) };
    case RECORD_TAGS.recovery:
      return { type: "recovery", recovering: reader.uint8() === 1 };
    default:
      throw new RangeError(`a record with unknown tag ${tag}`);
  }
}

function writeLastLog(message: { lastLogIndex: number; lastLogTerm: Term }): undefined {
  writer.uint53(message.lastLogIndex);
  writer.uint53(message.lastLogTerm);
}

function writeSnapshotMeta(meta: SnapshotMeta): void {
  const configuration = encodeConfiguration(meta.configuration);
  writer.uint53(meta.lastIncludedIndex);
  writer.uint53(meta.lastIncludedTerm);
  writer.uint53(meta.size);
  writer.uint32(meta.checksum);
  writer.uint32(configuration.length);
  writer.bytes(configuration);
}

function readSnapshotMeta(reader: ByteReader): SnapshotMeta {
  const lastIncludedIndex = reader.uint53();
  const lastIncludedTerm = reader.uint53();
  const size = reader.uint53();
  const checksum = reader.uint32();
  const configuration = decodeConfiguration(reader.bytes(reader.uint32()));
  return { lastIncludedIndex, lastIncludedTerm, size, checksum, configuration };
}

/** Count (4), then each command: length (4) and bytes. */
function encodeCommands(commands: readonly Uint8Array[]): Uint8Array {
  let size = 4;
  for (const command of commands) size += 4 + command.length;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, commands.length);
  let at = 4;
  for (const command of commands) {
    view.setUint32(at, command.length);
    bytes.set(command, at + 4);
    at += 4 + command.length;
  }
  return bytes;
}

function decodeCommands(reader: ByteReader): Uint8Array[] {
  const count = reader.uint32();
  if (count * 4 > reader.remaining) throw new RangeError(`${count} commands announced in ${reader.remaining} bytes`);
  const commands: Uint8Array[] = [];
  for (let i = 0; i < count; i++) commands.push(reader.bytes(reader.uint32()));
  return commands;
}
