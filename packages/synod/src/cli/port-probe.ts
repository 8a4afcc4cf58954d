import { once } from "node:events";
import { request } from "node:http";
import { connect, type TLSSocket } from "node:tls";
import type { TlsOptions } from "@synod/client/grpc/endpoint";

const PATIENCE_MS = 1000;
/** What opens a connection of HTTP/2 (RFC 9113 §3.4), and a server's answer waits for. */
const PREFACE = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  Buffer.from("000000040000000000", "hex"),
]);

/** What OpenSSL says of the certificate that it was shown, as the operator can act on it. */
const CERTIFICATES: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is not for this host: reach it by a name that the certificate has",
  CERT_HAS_EXPIRED: "its certificate has expired: give the server a new one",
  CERT_NOT_YET_VALID: "its certificate is not valid yet: look at the clocks",
};
const OF_NO_AUTHORITY = /SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|UNABLE_TO_GET/;

/**
 * Why nobody can be talked to who does listen there: TLS on one side alone, or a certificate that one of them does not take.
 * @param address `host:port` @param tls as it was tried; undefined: plainly
 * @returns undefined: it is something else
 */
export async function whyUnreachable(address: string, tls: TlsOptions | undefined): Promise<string | undefined> {
  if (tls === undefined) {
    const met = await shakeHands(address, {}, false);
    return met === "answers" || met === "hangs up"
      ? `${address} speaks TLS: give --cacert, or write https://`
      : undefined;
  }
  const met = await shakeHands(address, tls, true);
  if (met === "answers") return undefined;
  if (met === "hangs up")
    return tls.cert === undefined
      ? `${address} wants to know who asks: give --cert and --key`
      : `${address} does not take the certificate of --cert: give one of an authority that it trusts, not revoked`;
  const certificate = CERTIFICATES[met];
  if (certificate !== undefined) return `${address} cannot be trusted, ${certificate}`;
  if (OF_NO_AUTHORITY.test(met)) return `${address} cannot be trusted, its certificate comes from ${authorities(tls)}`;
  if (await answersPlainly(address))
    return `${address} speaks without TLS: leave out --cacert, --cert and --key, or https://`;
  return undefined;
}

function authorities({ ca }: TlsOptions): string {
  return ca === undefined
    ? "no authority that this system knows: give its authority with --cacert"
    : "none of the authorities in --cacert: give the right file";
}

/** @returns "answers", "hangs up" after the handshake, or the code of what went wrong before its end */
async function shakeHands(address: string, tls: TlsOptions, strict: boolean): Promise<string> {
  const { host, port } = place(address);
  const { ca, cert, key } = tls as Record<keyof TlsOptions, string | undefined>;
  const own = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  const socket: TLSSocket = connect({ host, port, ALPNProtocols: ["h2"], rejectUnauthorized: strict, ...own });
  let met = false;
  const timer = setTimeout(() => socket.destroy(new Error("silent")), PATIENCE_MS);
  socket.once("secureConnect", () => {
    met = true;
    socket.write(PREFACE);
  });
  try {
    await Promise.race([once(socket, "data"), once(socket, "close").then(() => Promise.reject(new Error("closed")))]);
    return "answers";
  } catch (error) {
    return met ? "hangs up" : ((error as NodeJS.ErrnoException).code ?? (error as Error).message);
  } finally {
    clearTimeout(timer);
    socket.on("error", () => {}).destroy();
  }
}

function answersPlainly(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asking = request(`http://${address}/health`, { timeout: PATIENCE_MS, agent: false }, (response) => {
      response.destroy();
      resolve(true);
    });
    asking.on("timeout", () => asking.destroy());
    asking.on("error", () => resolve(false));
    asking.end();
  });
}

function place(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(":");
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(address.slice(colon + 1)) };
}
