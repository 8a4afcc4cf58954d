import { checkServerIdentity, type SecureContextOptions, type SecureVersion, type TLSSocket } from "node:tls";

/** What proves who a server is, in PEM, and what those who connect to it must prove. */
export interface TlsOptions {
  /** The server's certificate, and those between it and its authority. */
  readonly cert: string;
  readonly key: string;
  /** Certificates of the authorities that the others' certificates come from; those of the system if absent. */
  readonly ca?: string;
  /** Lists of certificates that count no more, one PEM block each: of every authority in a chain. */
  readonly crl?: readonly string[];
  /** Disconnect whoever has no certificate of such an authority. */
  readonly requestCert?: boolean;
  /** What the other's certificate must be for: its common name; a host name. */
  readonly allowedCn?: string;
  readonly allowedHostname?: string;
  readonly minVersion?: SecureVersion;
  readonly maxVersion?: SecureVersion;
  /** OpenSSL's names with colons between them; those of TLS 1.3 are always there. */
  readonly ciphers?: string;
  /** How long a handshake may take, in milliseconds. */
  readonly handshakeTimeout?: number;
  /** Where all this comes from: to be read again when one of the files is another. */
  readonly files?: TlsFiles;
}

export interface TlsFiles {
  readonly paths: readonly string[];
  /** @throws Error: what is wrong with them, for the operator */
  read(): TlsOptions;
}

/**
 * A client that does not finish its handshake is cut off: it holds a place and costs nothing to imitate
 * (GHSA-6vch-q96h-7gc3).
 */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** The part that can be changed while a server runs, and that both ends of a connection have. */
export function secureContextOptions(tls: TlsOptions): SecureContextOptions {
  const { cert, key, ca, crl = [], minVersion = "TLSv1.2", maxVersion, ciphers } = tls;
  return {
    cert,
    key,
    minVersion,
    ...(ca === undefined ? {} : { ca }),
    ...(crl.length === 0 ? {} : { crl: [...crl] }),
    ...(maxVersion === undefined ? {} : { maxVersion }),
    ...(ciphers === undefined ? {} : { ciphers }),
  };
}

/** Whether whoever is at the other end has the name that it must have. */
export function isAllowed(socket: TLSSocket, { allowedCn, allowedHostname }: TlsOptions): boolean {
  if (allowedCn === undefined && allowedHostname === undefined) return true;
  const certificate = socket.getPeerCertificate();
  if (certificate.subject === undefined) return false;
  if (allowedCn !== undefined && certificate.subject.CN !== allowedCn) return false;
  return allowedHostname === undefined || checkServerIdentity(allowedHostname, certificate) === undefined;
}
