/** A headless Chromium that runs modules of this repository, for the test beside it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { stripTypeScriptTypes } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { root } from "./sources.ts";

export const chromium = "/usr/bin/chromium";

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--disable-breakpad",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * Opens a page whose script is `code`, the body of an async function that may import files of the repository by their
 * path (`/packages/protocols/src/random.ts`), and ends the browser when it has returned.
 * @param allowed the files that the page may have.
 * @returns what the script returned, as JSON carries it.
 * @throws what the script threw, or an error when the browser ends or `patience` (milliseconds) runs out before.
 */
export async function runInBrowser(
  code: string,
  allowed: (path: string) => boolean,
  patience: number,
): Promise<unknown> {
  const posted = Promise.withResolvers<string>();
  const server = createServer(
    (request, response) => void serve(request, response, page(code), allowed, posted.resolve),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const profile = mkdtempSync(join(tmpdir(), "synod-browser-"));
  const browser = open(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, profile);
  const timer = setTimeout(() => posted.reject(new Error(`no answer within ${patience} ms`)), patience);
  browser.once("close", (exit) => posted.reject(new Error(`the browser ended with ${exit}`)));
  browser.once("error", posted.reject);
  try {
    const { value, error } = JSON.parse(await posted.promise) as { value?: unknown; error?: string };
    if (error !== undefined) throw new Error(`in the browser: ${error}`);
    return value;
  } finally {
    clearTimeout(timer);
    await end(browser, server);
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The TypeScript source as a browser takes it: without types, and its imports as addresses. */
export function asBrowserModule(source: string): string {
  const specifier = /(\bfrom\s*|\bimport\s*\(\s*|\bimport\s+)"@synod\/([^/"]+)\/([^"]+)"/g;
  return stripTypeScriptTypes(source).replace(specifier, '$1"/packages/$2/src/$3.ts"');
}

function page(code: string): string {
  return `<!doctype html><meta charset="utf-8"><title>Synod</title><script type="module">
const run = async () => { ${code} };
const report = (answer) => fetch("/answer", { method: "POST", body: JSON.stringify(answer) });
run().then((value) => report({ value }), (error) => report({ error: String(error?.stack ?? error) }));
</script>`;
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  html: string,
  allowed: (path: string) => boolean,
  answered: (answer: string) => void,
): Promise<void> {
  const path = (request.url ?? "/").slice(1);
  if (request.method === "POST") {
    answered(await text(request));
    response.end();
  } else if (path === "") response.setHeader("content-type", "text/html").end(html);
  else if (allowed(path)) {
    response.setHeader("content-type", "text/javascript");
    response.end(asBrowserModule(readFileSync(join(root, path), "utf8")));
  } else response.writeHead(404).end();
}

/** In a process group of its own, which its helpers join and with which they end. */
function open(url: string, profile: string): ChildProcess {
  // Its temporary files, too: killed, it leaves them.
  const env = { PATH: process.env.PATH, HOME: profile, TMPDIR: profile };
  return spawn(chromium, [...flags, `--user-data-dir=${profile}`, url], { stdio: "ignore", detached: true, env });
}

async function end(browser: ChildProcess, server: Server): Promise<void> {
  const { pid, exitCode, signalCode } = browser;
  if (pid !== undefined && exitCode === null && signalCode === null) {
    const closed = once(browser, "close");
    process.kill(-pid, "SIGKILL");
    await closed;
  }
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
