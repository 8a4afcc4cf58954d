/** Kinds of frames between hosts. */
export const FrameKind = {
  raft: 1,
  hash: 2,
  /** From a leader: who holds nearly all of its log, as node ids of two bytes. */
  inSync: 3,
  /** To a leader: a batch of questions (batch.ts). */
  questions: 4,
  /** From it: their answers in their order, as a batch of the asking node. */
  answers: 5,
} as const;
