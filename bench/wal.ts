/**
 * How fast the write-ahead log makes entries durable, and how fast it is read back after a restart, on this machine's
 * disk: `node bench/main.ts wal --folder .synod/bench`. Groups of G entries of 300 B, one flush each.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NodeDisk } from "@synod/runtime/disk/node-disk";
import { recoverWal } from "@synod/storage/wal/recovery";
import { Wal } from "@synod/storage/wal/wal";
import { options } from "./options.ts";
import { keep, table } from "./report.ts";

const IDENTITY = { clusterId: 1n, nodeId: 1 };
const ENTRY = new Uint8Array(300).fill(120);
const HEAD = new Uint8Array(0);

interface Round {
  readonly group: number;
  readonly flushes: number;
  readonly entriesPerSecond: number;
  readonly p50: number;
  readonly p99: number;
}

export async function main(args: readonly string[]): Promise<void> {
  const chosen = options({ seconds: "1", recover: "256", folder: tmpdir() }, args);
  const folder = mkdtempSync(join(chosen.folder, "synod-wal-"));
  try {
    const rounds: Round[] = [];
    for (const group of [1, 10, 100, 1000]) rounds.push(await appends(folder, group, Number(chosen.seconds)));
    const rows = rounds.map((r) =>
      [r.group, r.flushes, r.entriesPerSecond, r.p50, r.p99].map((n) => String(Math.round(n))),
    );
    console.log(table(["entries a flush", "flushes", "entries/s", "p50 µs", "p99 µs"], rows));
    const recovery = await recover(folder, Number(chosen.recover));
    console.log(`\nRecovery: ${recovery.mebibytes} MiB, ${recovery.records} records, in ${recovery.milliseconds} ms`);
    keep("wal", { rounds, recovery });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function open(folder: string, name: string): { disk: NodeDisk; wal: Wal } {
  const disk = new NodeDisk(join(folder, name));
  const opened = Wal.open(disk, IDENTITY, () => {});
  if (opened.type === "corrupt") throw new Error(opened.message);
  return { disk, wal: opened.wal };
}

async function appends(folder: string, group: number, seconds: number): Promise<Round> {
  const { disk, wal } = open(folder, `group-${group}`);
  const latencies: number[] = [];
  let index = 0;
  const round = (): Promise<void> =>
    new Promise((resolve, reject) => {
      for (let i = 0; i < group; i += 1) wal.append(1, 1, ++index, HEAD, ENTRY);
      wal.flush((error) => (error === undefined ? resolve() : reject(error)));
    });
  for (let i = 0; i < 200; i += 1) await round();
  wal.release(1, index);
  const warm = index;
  const start = performance.now();
  let now = start;
  while (now - start < seconds * 1000) {
    await round();
    const ended = performance.now();
    latencies.push((ended - now) * 1000);
    now = ended;
    if (latencies.length % 100 === 0) wal.release(1, index);
  }
  const entriesPerSecond = ((index - warm) / (now - start)) * 1000;
  await new Promise<void>((resolve) => wal.close(() => resolve()));
  disk.close();
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] as number;
  return { group, flushes: latencies.length, entriesPerSecond, p50: at(0.5), p99: at(0.99) };
}

async function recover(
  folder: string,
  mebibytes: number,
): Promise<{ mebibytes: number; records: number; milliseconds: number }> {
  const { disk, wal } = open(folder, "recovery");
  let index = 0;
  for (let written = 0; written < mebibytes << 20; ) {
    for (let i = 0; i < 100; i += 1) wal.append(1, 1, ++index, HEAD, ENTRY);
    written += 100 * (ENTRY.length + 16);
    if (index % 10_000 === 0) await new Promise<void>((resolve) => wal.flush(() => resolve()));
  }
  await new Promise<void>((resolve) => wal.close(() => resolve()));
  let records = 0;
  const start = performance.now();
  recoverWal(disk, IDENTITY, () => {
    records += 1;
  });
  const milliseconds = Math.round(performance.now() - start);
  disk.close();
  return { mebibytes, records, milliseconds };
}
