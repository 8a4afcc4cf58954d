import { assert } from "../assert.ts";
import type { NodeId } from "../protocol.ts";
import type { Configuration } from "./types.ts";

/** A configuration as bytes: three lists (voters, outgoing, learners), each a count byte and 4-byte big-endian node ids. */
export function encodeConfiguration(configuration: Configuration): Uint8Array {
  const lists = [configuration.voters, configuration.outgoing, configuration.learners];
  const bytes = new Uint8Array(lists.reduce((size, list) => size + 1 + 4 * list.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const list of lists) {
    assert(list.length < 256, "a configuration has at most 255 nodes a list");
    view.setUint8(at++, list.length);
    for (const node of list) {
      view.setUint32(at, node);
      at += 4;
    }
  }
  return bytes;
}

/** @throws RangeError for bytes that are no configuration. */
export function decodeConfiguration(bytes: Uint8Array): Configuration {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const list = (): NodeId[] => {
    const count = view.getUint8(at++);
    const nodes: NodeId[] = [];
    for (let i = 0; i < count; i++, at += 4) nodes.push(view.getUint32(at));
    return nodes;
  };
  const configuration = { voters: list(), outgoing: list(), learners: list() };
  if (at !== bytes.length)
    throw new RangeError(`a configuration of ${at} bytes is followed by ${bytes.length - at} more`);
  return configuration;
}
