import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import type { TlsOptions } from "@synod/store/server/listener";
import { CliError } from "./cli/errors.ts";

/** The settings that make the store's port speak TLS, named as etcd's are. */
export interface TlsSettings {
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly trustedCaFile: string | undefined;
  readonly clientCertAuth: boolean;
}

/** @returns undefined: clients speak plainly. @throws CliError "settings": which file is wrong, and how */
export function clientTls(settings: TlsSettings): TlsOptions | undefined {
  const { certFile, keyFile, trustedCaFile, clientCertAuth } = settings;
  if (certFile === undefined && keyFile === undefined) {
    if (trustedCaFile === undefined && !clientCertAuth) return undefined;
    throw wrong("--trusted-ca-file and --client-cert-auth need TLS: give --cert-file and --key-file, too");
  }
  if (certFile === undefined) throw wrong("--key-file has no --cert-file beside it: give both or neither");
  if (keyFile === undefined) throw wrong("--cert-file has no --key-file beside it: give both or neither");
  if (clientCertAuth && trustedCaFile === undefined)
    throw wrong("--client-cert-auth needs to know whose certificates count: give --trusted-ca-file");
  const cert = read(certFile, "--cert-file");
  const key = read(keyFile, "--key-file");
  check(`${certFile} (--cert-file) holds no certificate in PEM`, () => createSecureContext({ cert }));
  check(`${keyFile} (--key-file) holds no unencrypted private key in PEM`, () => createSecureContext({ key }));
  check(`the key in ${keyFile} does not belong to the certificate in ${certFile}`, () =>
    createSecureContext({ cert, key }),
  );
  if (trustedCaFile === undefined) return { cert, key };
  const ca = read(trustedCaFile, "--trusted-ca-file");
  check(`${trustedCaFile} (--trusted-ca-file) holds no certificate in PEM`, () => createSecureContext({ cert: ca }));
  return { cert, key, ca, requestCert: clientCertAuth };
}

function read(path: string, flag: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code = (error as Error).message } = error as NodeJS.ErrnoException;
    throw wrong(`${path} (${flag}) cannot be read (${code}): name a file that this user may read`);
  }
}

function check(what: string, use: () => void): void {
  try {
    use();
  } catch (error) {
    throw wrong(`${what} (${(error as Error).message}): give the right file`);
  }
}

function wrong(message: string): CliError {
  return new CliError("settings", message);
}
