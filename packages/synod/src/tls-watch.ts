import { statSync } from "node:fs";
import type { Logger } from "@synod/runtime/log/logger";
import type { TlsFiles, TlsOptions } from "@synod/runtime/transport/tls-options";

const LOOK_MS = 1000;

/**
 * Looks once a second whether a certificate, key or list has been replaced, and reads them again: for new connections. What
 * cannot be used is said once, and the old ones stay in force.
 * @returns ends it
 */
export function watchTlsFiles(
  files: TlsFiles | undefined,
  logger: Logger,
  changed: (tls: TlsOptions) => void,
  lookEvery: number = LOOK_MS,
): () => void {
  if (files === undefined) return () => {};
  let seen = stateOf(files.paths);
  const timer = setInterval(() => {
    const state = stateOf(files.paths);
    if (state === seen) return;
    seen = state;
    try {
      changed(files.read());
      logger.info("the TLS files have changed, and new connections use them", { files: files.paths });
    } catch (error) {
      logger.warn(`the TLS files have changed, and the old ones stay in use: ${(error as Error).message}`);
    }
  }, lookEvery).unref();
  return () => clearInterval(timer);
}

/** Another text whenever one of the files is another; not by name, for that may be a link to them. */
function stateOf(paths: readonly string[]): string {
  return paths
    .map((path) => {
      const file = statSync(path, { throwIfNoEntry: false });
      return file === undefined ? "none" : `${file.ino} ${file.size} ${file.mtimeMs}`;
    })
    .join(", ");
}
