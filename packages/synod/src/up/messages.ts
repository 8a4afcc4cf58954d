/** What a node tells the process that started it, over the channel between parent and child. */
export type NodeMessage =
  /** It answers requests now. */
  | { readonly type: "ready"; readonly leader: string | undefined }
  /** It cannot start or go on, and ends; `sentence` is for the person. */
  | { readonly type: "failed"; readonly sentence: string };

/** What it is told. When the channel closes, its parent is gone and it ends by itself. */
export type ParentMessage = { readonly type: "stop" };
