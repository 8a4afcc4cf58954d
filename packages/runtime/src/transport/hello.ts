import type { NodeId } from "@synod/protocols/protocol";
import { CONTROL, ControlKind, encodeFrame } from "./frame.ts";

/**
 * The first frame in each direction: who speaks, and to whom it thinks it speaks. The first 8 bytes (magic, version) stay
 * where they are in every version, so that any two versions can say that they differ.
 */
export interface Hello {
  readonly version: number;
  readonly clusterId: bigint;
  readonly node: NodeId;
  /** The node that the sender means to talk to. */
  readonly expected: NodeId;
  /** Changes with every start of a node's process. A safe integer. */
  readonly incarnation: number;
}

export const PROTOCOL_VERSION = 2;
const MAGIC = 0x53594e44; // "SYND"
const HELLO_BYTES = 32;

export function encodeHello(hello: Hello): Uint8Array {
  const body = new Uint8Array(HELLO_BYTES);
  const view = new DataView(body.buffer);
  view.setUint32(0, MAGIC);
  view.setUint16(4, hello.version);
  view.setBigUint64(8, hello.clusterId);
  view.setUint32(16, hello.node);
  view.setUint32(20, hello.expected);
  view.setBigUint64(24, BigInt(hello.incarnation));
  return encodeFrame(0, ControlKind.hello, CONTROL, body);
}

/** @returns undefined for what is no hello at all; of another version only the version is read. */
export function decodeHello(body: Uint8Array): Hello | undefined {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  if (body.length < 8 || view.getUint32(0) !== MAGIC) return undefined;
  const version = view.getUint16(4);
  if (version !== PROTOCOL_VERSION) return { version, clusterId: 0n, node: 0, expected: 0, incarnation: 0 };
  if (body.length !== HELLO_BYTES) return undefined;
  return {
    version,
    clusterId: view.getBigUint64(8),
    node: view.getUint32(16),
    expected: view.getUint32(20),
    incarnation: Number(view.getBigUint64(24)),
  };
}

/** Why a connection is closed; the last frame on it, so that both sides' logs say the same. */
export type GoodbyeCode =
  | "otherCluster"
  | "otherVersion"
  | "unknownNode"
  | "sameNode"
  | "wrongNode"
  | "malformed"
  | "dialing"
  | "replaced"
  | "stopping"
  /** Whoever is told so was a member of the cluster, and never will be again. */
  | "removed";

const CODES: readonly GoodbyeCode[] = [
  "otherCluster",
  "otherVersion",
  "unknownNode",
  "sameNode",
  "wrongNode",
  "malformed",
  "dialing",
  "replaced",
  "stopping",
  "removed",
];

export interface Goodbye {
  readonly code: GoodbyeCode;
  readonly sentence: string;
}

export function encodeGoodbye(goodbye: Goodbye): Uint8Array {
  const text = new TextEncoder().encode(goodbye.sentence).subarray(0, 512);
  const body = new Uint8Array(1 + text.length);
  body[0] = CODES.indexOf(goodbye.code);
  body.set(text, 1);
  return encodeFrame(0, ControlKind.goodbye, CONTROL, body);
}

/** A code of a later version reads as `stopping`: its sentence says more. */
export function decodeGoodbye(body: Uint8Array): Goodbye {
  const code = CODES[body[0] ?? -1] ?? "stopping";
  return { code, sentence: new TextDecoder().decode(body.subarray(1, 513)) };
}

/** Judges the other side's hello. @returns undefined: welcome; else one sentence for both logs. */
export function judgeHello(
  hello: Hello,
  ours: Hello,
  isPeer: (node: NodeId) => boolean,
  isRemoved: (node: NodeId) => boolean = () => false,
): Goodbye | undefined {
  if (hello.version !== ours.version) {
    const sentence = `it speaks version ${hello.version} of the peer protocol, n${ours.node} speaks ${ours.version}`;
    return { code: "otherVersion", sentence };
  }
  if (hello.clusterId !== ours.clusterId) {
    const sentence = `it belongs to cluster ${hex(hello.clusterId)}, n${ours.node} to cluster ${hex(ours.clusterId)}`;
    return { code: "otherCluster", sentence };
  }
  if (hello.node === ours.node) {
    return { code: "sameNode", sentence: `it calls itself n${hello.node}, which is the name of this node too` };
  }
  if (hello.expected !== ours.node) {
    return {
      code: "wrongNode",
      sentence: `it looked for n${hello.expected} and found n${ours.node}: check the addresses`,
    };
  }
  if (isRemoved(hello.node) && !isPeer(hello.node)) return removedGoodbye(hello.node);
  if (!isPeer(hello.node)) {
    return { code: "unknownNode", sentence: `n${hello.node} is not among the peers that n${ours.node} knows` };
  }
  return undefined;
}

export function removedGoodbye(node: NodeId): Goodbye {
  return { code: "removed", sentence: `n${node} was removed from the cluster` };
}

function hex(id: bigint): string {
  return id.toString(16).padStart(16, "0");
}
