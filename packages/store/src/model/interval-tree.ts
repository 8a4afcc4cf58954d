import type { KeySpan } from "./key-spans.ts";

interface TreeNode<T> {
  readonly span: KeySpan;
  readonly item: T;
  readonly priority: number;
  left: TreeNode<T> | undefined;
  right: TreeNode<T> | undefined;
  /** The latest end in the subtree; undefined is later than all. */
  maxEnd: string | undefined;
}

/**
 * Distinct spans, and which of them contain a key: a search tree by start, then end, that knows the latest end below each
 * node. Balanced as a treap, with priorities from a fixed sequence so that equal calls build equal trees.
 */
export class IntervalTree<T> {
  #root: TreeNode<T> | undefined;
  #priority = 1;

  /** @param span not in the tree yet, and not empty. */
  add(span: KeySpan, item: T): void {
    this.#priority = (Math.imul(this.#priority, 0x0019660d) + 0x3c6ef35f) | 0;
    const node: TreeNode<T> = {
      span,
      item,
      priority: this.#priority,
      left: undefined,
      right: undefined,
      maxEnd: span.end,
    };
    this.#root = insert(this.#root, node);
  }

  delete(span: KeySpan): void {
    this.#root = remove(this.#root, span);
  }

  /** Visits the items of all spans that contain `key`, by start, then end. */
  stab(key: string, visit: (item: T) => void): void {
    stab(this.#root, key, visit);
  }
}

function stab<T>(node: TreeNode<T> | undefined, key: string, visit: (item: T) => void): void {
  if (node === undefined || (node.maxEnd !== undefined && node.maxEnd <= key)) return;
  stab(node.left, key, visit);
  if (node.span.start > key) return;
  if (node.span.end === undefined || key < node.span.end) visit(node.item);
  stab(node.right, key, visit);
}

function insert<T>(node: TreeNode<T> | undefined, added: TreeNode<T>): TreeNode<T> {
  if (node === undefined) return added;
  if (compareSpans(added.span, node.span) < 0) {
    node.left = insert(node.left, added);
    return node.left.priority > node.priority ? rotateRight(node, node.left) : measure(node);
  }
  node.right = insert(node.right, added);
  return node.right.priority > node.priority ? rotateLeft(node, node.right) : measure(node);
}

function remove<T>(node: TreeNode<T> | undefined, span: KeySpan): TreeNode<T> | undefined {
  if (node === undefined) return undefined;
  const order = compareSpans(span, node.span);
  if (order < 0) node.left = remove(node.left, span);
  else if (order > 0) node.right = remove(node.right, span);
  else return join(node.left, node.right);
  return measure(node);
}

function join<T>(left: TreeNode<T> | undefined, right: TreeNode<T> | undefined): TreeNode<T> | undefined {
  if (left === undefined) return right;
  if (right === undefined) return left;
  if (left.priority > right.priority) {
    left.right = join(left.right, right);
    return measure(left);
  }
  right.left = join(left, right.left);
  return measure(right);
}

function rotateRight<T>(node: TreeNode<T>, left: TreeNode<T>): TreeNode<T> {
  node.left = left.right;
  left.right = measure(node);
  return measure(left);
}

function rotateLeft<T>(node: TreeNode<T>, right: TreeNode<T>): TreeNode<T> {
  node.right = right.left;
  right.left = measure(node);
  return measure(right);
}

function measure<T>(node: TreeNode<T>): TreeNode<T> {
  let end = node.span.end;
  if (node.left !== undefined) end = laterEnd(end, node.left.maxEnd);
  if (node.right !== undefined) end = laterEnd(end, node.right.maxEnd);
  node.maxEnd = end;
  return node;
}

function laterEnd(a: string | undefined, b: string | undefined): string | undefined {
  return a === undefined || b === undefined ? undefined : a < b ? b : a;
}

function compareSpans(a: KeySpan, b: KeySpan): number {
  if (a.start !== b.start) return a.start < b.start ? -1 : 1;
  if (a.end === b.end) return 0;
  if (a.end === undefined) return 1;
  return b.end === undefined || a.end < b.end ? -1 : 1;
}
