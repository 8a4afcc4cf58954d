/**
 * What a node's process is given of Node's own flags; they count only on its command line. With V8's small first heap,
 * buffers of large values make it collect all garbage every few requests.
 */
export const NODE_FLAGS: readonly string[] = ["--initial-heap-size=128"];
