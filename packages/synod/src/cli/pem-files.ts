import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { CliError } from "./errors.ts";

/** @param flag which named it. @throws CliError "settings" */
export function readPem(path: string, flag: string): string {
  return readFileOf(path, flag).toString("utf8");
}

/** @throws CliError "settings" */
export function readFileOf(path: string, flag: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code = (error as Error).message } = error as NodeJS.ErrnoException;
    throw new CliError("settings", `${path} (${flag}) cannot be read (${code}): name a file that this user may read`);
  }
}

/** @throws CliError "settings": `what` is wrong, and OpenSSL's reason */
export function mustBeRight(what: string, use: () => void): void {
  try {
    use();
  } catch (error) {
    throw new CliError("settings", `${what} (${(error as Error).message}): give the right file`);
  }
}

/** Two files that belong together. */
export interface IdentityFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** @param flags what the files are named by. @throws CliError "settings": which of them is wrong, and how */
export function readIdentityFiles(
  { certFile, keyFile }: IdentityFiles,
  flags: { readonly cert: string; readonly key: string },
): { cert: string; key: string } {
  const cert = readPem(certFile, flags.cert);
  const key = readPem(keyFile, flags.key);
  mustBeRight(`${certFile} (${flags.cert}) holds no certificate in PEM`, () => createSecureContext({ cert }));
  mustBeRight(`${keyFile} (${flags.key}) holds no unencrypted private key in PEM`, () => createSecureContext({ key }));
  mustBeRight(`the key in ${keyFile} does not belong to the certificate in ${certFile}`, () =>
    createSecureContext({ cert, key }),
  );
  return { cert, key };
}

/** @throws CliError "settings" */
export function readAuthorities(path: string, flag: string): string {
  const ca = readPem(path, flag);
  mustBeRight(`${path} (${flag}) holds no certificate in PEM`, () => createSecureContext({ cert: ca }));
  return ca;
}
