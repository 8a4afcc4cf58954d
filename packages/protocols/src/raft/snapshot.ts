import { crc32c } from "@synod/wire/crc32c";
import { assert } from "../assert.ts";
import type { Instant, LogIndex, NodeId } from "../protocol.ts";
import { hearLeader } from "./following.ts";
import { becomeProbe, becomeSnapshot } from "./progress.ts";
import { checkRejoined } from "./rejoin.ts";
import { acknowledge } from "./replication.ts";
import type { RaftState } from "./state.ts";
import type { InstallSnapshot, InstallSnapshotReply, RaftOutput, SnapshotMeta } from "./types.ts";

/** Chunks under way to one follower. */
const WINDOW = 4;

/** §7: the entries this follower needs are gone; it gets the state instead, in chunks that can be resumed anywhere. */
export function beginSnapshot(state: RaftState, now: Instant, follower: NodeId, out: RaftOutput): void {
  const progress = state.progress[follower]!;
  assert(state.snapshot !== undefined, "entries are compacted only into a snapshot");
  becomeSnapshot(progress, state.snapshot);
  sendChunks(state, now, follower, out);
}

function sendChunks(state: RaftState, now: Instant, follower: NodeId, out: RaftOutput): void {
  const progress = state.progress[follower]!;
  const transfer = progress.transfer!;
  const limit = state.options.snapshotChunkBytes;
  while (transfer.sentOffset < transfer.meta.size && transfer.sentOffset < transfer.ackedOffset + WINDOW * limit) {
    const data = state.snapshots.read(transfer.meta, transfer.sentOffset, limit);
    if (data === undefined || data.length === 0) return becomeProbe(progress); // replaced by a newer one: begin again
    sendChunk(state, follower, transfer.meta, transfer.sentOffset, data, out);
    transfer.sentOffset += data.length;
    progress.lastSent = now;
  }
}

function sendChunk(
  state: RaftState,
  follower: NodeId,
  snapshot: SnapshotMeta,
  offset: number,
  data: Uint8Array,
  out: RaftOutput,
): void {
  const dataChecksum = crc32c(data);
  out.send(follower, { type: "InstallSnapshot", term: state.currentTerm, snapshot, offset, data, dataChecksum });
}

/** The follower lives, but nothing came of the last chunks: go back to what it wants next. */
export function nudgeSnapshot(state: RaftState, now: Instant, follower: NodeId, out: RaftOutput): void {
  const progress = state.progress[follower]!;
  const transfer = progress.transfer!;
  if (now - progress.lastSent < state.options.heartbeatInterval) return;
  if (transfer.ackedOffset === transfer.meta.size) {
    // All bytes arrived and no answer came: it may be installing still, or have restarted. Its log's end will tell.
    transfer.sentOffset = Math.max(0, transfer.meta.size - 1);
  } else {
    transfer.sentOffset = transfer.ackedOffset;
  }
  sendChunks(state, now, follower, out);
}

export function onInstallSnapshotReply(
  state: RaftState,
  now: Instant,
  from: NodeId,
  reply: InstallSnapshotReply,
  out: RaftOutput,
): void {
  const progress = state.progress[from];
  if (progress === undefined) return;
  const { transfer } = progress;
  if (reply.status === "installed") {
    if (progress.state === "snapshot") becomeProbe(progress);
    return acknowledge(state, now, from, reply.lastIncludedIndex, out);
  }
  if (transfer === undefined || transfer.meta.lastIncludedIndex !== reply.lastIncludedIndex) return;
  if (reply.status === "rejected") {
    transfer.sentOffset = 0;
    transfer.ackedOffset = 0;
  } else if (reply.offset < transfer.ackedOffset) {
    transfer.ackedOffset = reply.offset; // it restarted and lost what it had
    transfer.sentOffset = reply.offset;
  } else {
    transfer.ackedOffset = reply.offset;
    transfer.sentOffset = Math.max(transfer.sentOffset, reply.offset);
  }
  sendChunks(state, now, from, out);
}

/** InstallSnapshot, receiver side. Bytes go to the driver as they come; the last one asks it to install. */
export function onInstallSnapshot(
  state: RaftState,
  now: Instant,
  leader: NodeId,
  message: InstallSnapshot,
  out: RaftOutput,
): void {
  hearLeader(state, now, leader, out);
  const { snapshot: meta, offset, data } = message;
  if (meta.lastIncludedIndex <= state.commitIndex) return replyInstalled(state, leader, state.commitIndex, out);
  let { incoming } = state;
  if (incoming === undefined || !sameSnapshot(incoming.meta, meta)) {
    incoming = { meta, from: leader, nextOffset: 0, installing: false };
    state.incoming = incoming;
  }
  incoming.from = leader;
  const wanted = offset === incoming.nextOffset && !incoming.installing;
  if (wanted && crc32c(data) === message.dataChecksum && offset + data.length <= meta.size) {
    out.announce({ type: "snapshotChunk", snapshot: meta, offset, data });
    incoming.nextOffset += data.length;
    if (incoming.nextOffset === meta.size) {
      incoming.installing = true;
      out.announce({ type: "installSnapshot", snapshot: meta });
    }
  }
  reply(state, leader, meta.lastIncludedIndex, incoming.nextOffset, "receiving", out);
}

function reply(
  state: RaftState,
  leader: NodeId,
  lastIncludedIndex: LogIndex,
  offset: number,
  status: "receiving" | "rejected",
  out: RaftOutput,
): void {
  out.send(leader, { type: "InstallSnapshotReply", term: state.currentTerm, lastIncludedIndex, offset, status });
}

function replyInstalled(state: RaftState, leader: NodeId, lastIncludedIndex: LogIndex, out: RaftOutput): void {
  const term = state.currentTerm;
  out.sendOnceDurable(leader, {
    type: "InstallSnapshotReply",
    term,
    lastIncludedIndex,
    offset: 0,
    status: "installed",
  });
}

/** The driver's answer to `installSnapshot`: the state machine is at the snapshot, durably (`ok`), or its bytes were bad. */
export function snapshotInstalled(state: RaftState, meta: SnapshotMeta, ok: boolean, out: RaftOutput): void {
  const { incoming, log } = state;
  if (incoming !== undefined && sameSnapshot(incoming.meta, meta)) state.incoming = undefined;
  const leader = state.leader !== state.options.id ? state.leader : undefined;
  if (!ok) {
    if (leader !== undefined) reply(state, leader, meta.lastIncludedIndex, 0, "rejected", out);
    return;
  }
  if (meta.lastIncludedIndex > state.commitIndex) {
    // §7: a log that holds the snapshot's last entry keeps what follows it; any other is superseded whole.
    if (log.termAt(meta.lastIncludedIndex) === meta.lastIncludedTerm) log.compact(meta.lastIncludedIndex);
    else log.reset(meta.lastIncludedIndex, meta.lastIncludedTerm);
    adoptSnapshot(state, meta, out);
    state.commitIndex = meta.lastIncludedIndex;
    out.announce({ type: "committed", index: meta.lastIncludedIndex });
  }
  if (leader !== undefined) replyInstalled(state, leader, meta.lastIncludedIndex, out);
  checkRejoined(state, meta.lastIncludedIndex, out);
}

function adoptSnapshot(state: RaftState, meta: SnapshotMeta, out: RaftOutput): void {
  state.snapshot = meta;
  const later = state.configurations.filter(
    ({ index }) => index > meta.lastIncludedIndex && index <= state.log.lastIndex,
  );
  state.configurations = [{ index: meta.lastIncludedIndex, configuration: meta.configuration }, ...later];
  out.persist({ type: "snapshot", snapshot: meta });
  const { index, configuration } = state.configurations[state.configurations.length - 1]!;
  out.announce({ type: "configuration", configuration, index });
}

/**
 * A snapshot of this member's own state is durable: entries before `keepFrom` may go. A leader keeps some behind the
 * snapshot, so that a follower that is a little late needs no transfer.
 */
export function compact(state: RaftState, meta: SnapshotMeta, keepFrom: LogIndex, out: RaftOutput): void {
  assert(meta.lastIncludedIndex <= state.commitIndex, "only committed entries are compacted");
  if (state.snapshot !== undefined && meta.lastIncludedIndex <= state.snapshot.lastIncludedIndex) return;
  state.snapshot = meta;
  out.persist({ type: "snapshot", snapshot: meta });
  state.log.compact(Math.min(meta.lastIncludedIndex, keepFrom - 1));
}

function sameSnapshot(a: SnapshotMeta, b: SnapshotMeta): boolean {
  return (
    a.lastIncludedIndex === b.lastIncludedIndex &&
    a.lastIncludedTerm === b.lastIncludedTerm &&
    a.size === b.size &&
    a.checksum === b.checksum
  );
}
