import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { quantile } from "./statistics.ts";

/** C connections with M requests under way on each. */
export interface Load {
  readonly connections: number;
  readonly streams: number;
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Bytes of DATA frames received, all replies together. */
  readonly dataBytes: number;
}

/**
 * Puts one gRPC request on a server, over and over, with h2load of nghttp2: a client in C that is far cheaper than the
 * server. It counts HTTP status only, so the caller must check what the requests did.
 * @throws if h2load is missing, or a request did not get status 200.
 */
export async function h2load(
  address: string,
  method: string,
  body: Uint8Array,
  load: Load,
  requests: number,
): Promise<LoadResult> {
  const folder = mkdtempSync(join(tmpdir(), "h2load-"));
  try {
    const bodyFile = join(folder, "body");
    const log = join(folder, "log");
    writeFileSync(bodyFile, body);
    const args = ["-n", `${requests}`, "-c", `${load.connections}`, "-m", `${load.streams}`, "-t", "1", "-d", bodyFile];
    args.push(`--log-file=${log}`, "-H", "content-type: application/grpc", "-H", "te: trailers");
    const { stdout } = await promisify(execFile)("h2load", [...args, `http://${address}${method}`]);
    const succeeded = number(stdout, /(\d+) succeeded/);
    if (succeeded !== requests) throw new Error(`${requests - succeeded} of ${requests} requests failed:\n${stdout}`);
    // One line for each request: start, HTTP status, microseconds.
    const latencies = readFileSync(log, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => Number(line.split("\t")[2]) / 1000);
    return {
      requestsPerSecond: number(stdout, /([\d.]+) req\/s/),
      p50Ms: quantile(latencies, 0.5),
      p99Ms: quantile(latencies, 0.99),
      dataBytes: number(stdout, /\((\d+)\) data/),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function number(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`h2load did not say ${pattern}:\n${text}`);
  return Number(found);
}
