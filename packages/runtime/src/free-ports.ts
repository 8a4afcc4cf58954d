/**
 * Ports for the processes that a test or a check starts. A port that was free when somebody looked is anybody's a moment
 * later, and a node's again and again: each time it is down. So who asks for them holds what it is given until it ends:
 *
 * - The ports lie below the range from which systems give ports to outgoing connections and to `listen(0)` (32768–60999 on
 *   Linux, from 49152 elsewhere), in which a client's connection may take a dead node's port.
 * - They come in blocks, and a block is whose process listens at its first port. No file to clean up: when a process ends,
 *   however it ends, its ports are others' to take.
 */
import { createServer, type Server } from "node:net";

const FIRST_BLOCK = 28_200;
const BLOCK_PORTS = 40;
const BLOCKS = 104;

/** Ports that tests hold, as a message says them. */
export const RANGE: string = `${FIRST_BLOCK}–${FIRST_BLOCK + BLOCKS * BLOCK_PORTS - 1}`;

/** Kept from the collector, which would close them. */
const held: Server[] = [];
let unused: number[] = [];

/**
 * Ports of loopback that no other test's process is given until this one ends, and that nobody listened at a moment ago.
 * @throws when other tests hold all there are.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = unused.shift();
    if (port === undefined) unused = [...unused, ...(await takeBlock())];
    else if (await isFree(port)) ports.push(port);
  }
  return ports;
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port as number;
}

/** Listens at this port of loopback until the process ends, without keeping it alive. @returns whether it was free. */
export async function hold(port: number): Promise<boolean> {
  const server = await listen(port);
  if (server === undefined) return false;
  held.push(server.unref());
  return true;
}

async function takeBlock(): Promise<number[]> {
  for (let tried = 0; tried < BLOCKS; tried++) {
    const first = FIRST_BLOCK + ((process.pid + tried) % BLOCKS) * BLOCK_PORTS;
    if (await hold(first)) return Array.from({ length: BLOCK_PORTS - 1 }, (_, index) => first + 1 + index);
  }
  throw new Error(`every block of the ports ${RANGE} is held: end the tests that still run`);
}

async function isFree(port: number): Promise<boolean> {
  const server = await listen(port);
  if (server === undefined) return false;
  await new Promise((resolve) => server.close(resolve));
  return true;
}

/** @returns undefined when somebody listens there. */
function listen(port: number): Promise<Server | undefined> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => resolve(server));
  });
}
