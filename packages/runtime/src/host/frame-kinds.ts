/** Kinds of frames between hosts. */
export const FrameKind = {
  raft: 1,
  hash: 2,
  /** From a leader: who holds nearly all of its log, as node ids of two bytes. */
  inSync: 3,
} as const;
