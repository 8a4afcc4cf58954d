import { createSecureContext, type SecureVersion } from "node:tls";
import type { TlsOptions } from "@synod/runtime/transport/tls-options";
import { CliError } from "./cli/errors.ts";
import { mustBeRight, readAuthorities, readFileOf, readIdentityFiles } from "./cli/pem-files.ts";

/** The settings that make the store's port speak TLS, named as etcd's are. */
export interface TlsSettings {
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly trustedCaFile: string | undefined;
  readonly clientCertAuth: boolean;
}

/** The same of any port, and what else can be demanded there. */
export interface TlsDemands extends TlsSettings {
  readonly crlFile?: string | undefined;
  readonly allowedCn?: string | undefined;
  readonly allowedHostname?: string | undefined;
  readonly minVersion?: SecureVersion | undefined;
  readonly maxVersion?: SecureVersion | undefined;
  readonly ciphers?: string | undefined;
}

/** As the flags of a port are called. */
interface FlagNames {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  readonly auth: string;
  readonly crl: string;
  readonly allowed: string;
}

const CLIENT_FLAGS: FlagNames = {
  cert: "--cert-file",
  key: "--key-file",
  ca: "--trusted-ca-file",
  auth: "--client-cert-auth",
  crl: "--client-crl-file",
  allowed: "--client-cert-allowed-hostname",
};

const PEER_FLAGS: FlagNames = {
  cert: "--peer-cert-file",
  key: "--peer-key-file",
  ca: "--peer-trusted-ca-file",
  auth: "--peer-client-cert-auth",
  crl: "--peer-crl-file",
  allowed: "--peer-cert-allowed-cn or --peer-cert-allowed-hostname",
};

/** @returns undefined: clients speak plainly. @throws CliError "settings": which file is wrong, and how */
export function clientTls(settings: TlsDemands): TlsOptions | undefined {
  return fromFiles(settings, CLIENT_FLAGS);
}

/** @returns undefined: peers speak plainly. @throws CliError "settings" */
export function peerTls(settings: TlsDemands): TlsOptions | undefined {
  return fromFiles(settings, PEER_FLAGS);
}

function fromFiles(settings: TlsDemands, flags: FlagNames): TlsOptions | undefined {
  const { certFile, keyFile, trustedCaFile, clientCertAuth, crlFile } = settings;
  if (certFile === undefined && keyFile === undefined) {
    const wants = [trustedCaFile, crlFile, settings.allowedCn, settings.allowedHostname];
    if (!clientCertAuth && wants.every((want) => want === undefined)) return undefined;
    throw wrong(
      `${flags.ca}, ${flags.auth}, ${flags.crl} and ${flags.allowed} need TLS: give ${flags.cert} and ${flags.key}, too`,
    );
  }
  if (certFile === undefined) throw wrong(`${flags.key} has no ${flags.cert} beside it: give both or neither`);
  if (keyFile === undefined) throw wrong(`${flags.cert} has no ${flags.key} beside it: give both or neither`);
  if (clientCertAuth && trustedCaFile === undefined)
    throw wrong(`${flags.auth} needs to know whose certificates count: give ${flags.ca}`);
  if (crlFile !== undefined && !clientCertAuth)
    throw wrong(`${flags.crl} is for certificates that nobody asks for: give ${flags.auth}, too`);
  mustBeAskedFor(settings, flags);
  const paths = [certFile, keyFile, trustedCaFile, crlFile].filter((path) => path !== undefined);
  const readAgain = (): TlsOptions => read({ ...settings, certFile, keyFile }, flags);
  return { ...readAgain(), files: { paths, read: readAgain } };
}

function mustBeAskedFor({ allowedCn, allowedHostname, clientCertAuth }: TlsDemands, flags: FlagNames): void {
  if (allowedCn === undefined && allowedHostname === undefined) return;
  if (!clientCertAuth)
    throw wrong(`${flags.allowed} is for certificates that nobody asks for: give ${flags.auth}, too`);
  if (allowedCn !== undefined && allowedHostname !== undefined)
    throw wrong("--peer-cert-allowed-cn and --peer-cert-allowed-hostname exclude each other: give one of them");
}

type Named = TlsDemands & { readonly certFile: string; readonly keyFile: string };

function read(settings: Named, flags: FlagNames): TlsOptions {
  const { certFile, keyFile, trustedCaFile, clientCertAuth, crlFile } = settings;
  const { cert, key } = readIdentityFiles({ certFile, keyFile }, flags);
  const tls = { cert, key, ...demands(settings) };
  if (trustedCaFile === undefined) return tls;
  const ca = readAuthorities(trustedCaFile, flags.ca);
  const trusting = { ...tls, ca, requestCert: clientCertAuth };
  return crlFile === undefined ? trusting : { ...trusting, crl: readLists(crlFile, flags.crl) };
}

function demands({ allowedCn, allowedHostname, minVersion, maxVersion, ciphers }: TlsDemands): Partial<TlsOptions> {
  mustBeRight("the cipher suites are none that OpenSSL knows", () => {
    if (ciphers !== undefined) createSecureContext({ ciphers });
  });
  return {
    ...(allowedCn === undefined ? {} : { allowedCn }),
    ...(allowedHostname === undefined ? {} : { allowedHostname }),
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(maxVersion === undefined ? {} : { maxVersion }),
    ...(ciphers === undefined ? {} : { ciphers }),
  };
}

/** Lists of revoked certificates, in PEM or, a single one, in DER. */
function readLists(path: string, flag: string): string[] {
  const bytes = readFileOf(path, flag);
  const text = bytes.toString("latin1");
  const blocks = text.match(/-----BEGIN X509 CRL-----[^-]*-----END X509 CRL-----/g);
  const lists = blocks ?? [`-----BEGIN X509 CRL-----\n${bytes.toString("base64")}\n-----END X509 CRL-----\n`];
  mustBeRight(`${path} (${flag}) holds no list of revoked certificates`, () => createSecureContext({ crl: lists }));
  return lists;
}

function wrong(message: string): CliError {
  return new CliError("settings", message);
}
