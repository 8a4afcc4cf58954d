import { X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { getCiphers, type SecureVersion } from "node:tls";
import type { TlsOptions } from "@synod/runtime/transport/tls-options";
import type { PeerTlsOptions } from "@synod/runtime/transport/tls-sockets";
import { CliError } from "../cli/errors.ts";
import { clientTls, peerTls, type TlsDemands } from "../tls-files.ts";
import type { EtcdSettings } from "./settings.ts";

export interface EtcdTls {
  readonly tls: TlsOptions | undefined;
  readonly peers: PeerTlsOptions | undefined;
}

/** What etcd's flags say of TLS. @param data where certificates are kept that it makes by itself. @throws CliError "settings" */
export async function etcdTls(settings: EtcdSettings, data: string): Promise<EtcdTls> {
  const clients = clientTls({
    ...filesOf(settings, ""),
    crlFile: given(settings, "client-crl-file"),
    allowedHostname: given(settings, "client-cert-allowed-hostname"),
  });
  const peers = peerTls({
    ...filesOf(settings, "peer-"),
    crlFile: given(settings, "peer-crl-file"),
    allowedCn: given(settings, "peer-cert-allowed-cn"),
    allowedHostname: given(settings, "peer-cert-allowed-hostname"),
  });
  const years = settings.whole("self-signed-cert-validity");
  const makeOwn = async (kind: "client" | "peer"): Promise<TlsOptions> => {
    const names = kind === "client" ? ["listen-client-urls", "advertise-client-urls"] : ["listen-peer-urls"];
    const hosts = names.flatMap((name) => settings.list(name)).map((url) => hostOf(url));
    return { ...(await ownCertificate(join(data, "fixtures", kind), hosts, years)), ...versions(settings) };
  };
  return {
    tls: clients ?? (settings.flag("auto-tls") ? await makeOwn("client") : undefined),
    peers: peers ?? (settings.flag("peer-auto-tls") ? { ...(await makeOwn("peer")), trustsAnybody: true } : undefined),
  };
}

/** As in etcd, an authority that is named is there to be asked. */
function filesOf(settings: EtcdSettings, prefix: "" | "peer-"): TlsDemands {
  const trustedCaFile = given(settings, `${prefix}trusted-ca-file`);
  return {
    certFile: given(settings, `${prefix}cert-file`),
    keyFile: given(settings, `${prefix}key-file`),
    trustedCaFile,
    clientCertAuth: settings.flag(`${prefix}client-cert-auth`) || trustedCaFile !== undefined,
    ...versions(settings),
  };
}

function versions(settings: EtcdSettings): {
  minVersion?: SecureVersion;
  maxVersion?: SecureVersion;
  ciphers?: string;
} {
  const version = (name: string): SecureVersion | undefined => {
    const text = settings.text(name);
    return text === "" ? undefined : (text.replace("TLS", "TLSv") as SecureVersion);
  };
  const minVersion = version("tls-min-version");
  const maxVersion = version("tls-max-version");
  if (minVersion === "TLSv1.3" && maxVersion === "TLSv1.2")
    throw new CliError("settings", "min version (TLS1.3) is greater than max version (TLS1.2): exchange them");
  const suites = settings.list("cipher-suites").map(suiteOf);
  if (minVersion === "TLSv1.3" && suites.length > 0)
    throw new CliError("settings", "cipher suites cannot be configured when only TLS1.3 is enabled: leave them out");
  return {
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(maxVersion === undefined ? {} : { maxVersion }),
    ...(suites.length === 0 ? {} : { ciphers: suites.join(":") }),
  };
}

/** OpenSSL itself passes over what it does not know, where it knows another one. */
function suiteOf(suite: string): string {
  const name = opensslName(suite);
  if (!suite.startsWith("TLS_") || !getCiphers().includes(name.toLowerCase()))
    throw new CliError(
      "settings",
      `unexpected TLS cipher suite ${JSON.stringify(suite)}: give names as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`,
    );
  return name;
}

/** `ECDHE-RSA-AES128-GCM-SHA256` for Go's `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`. */
export function opensslName(suite: string): string {
  if (/^TLS_(AES|CHACHA20)_/.test(suite)) return suite;
  return suite
    .replace(/^TLS_(?:RSA_WITH_)?/, "")
    .replace("_WITH_", "_")
    .replace(/AES_(128|256)_CBC/, "AES$1")
    .replace(/AES_(128|256)/, "AES$1")
    .replace(/(CHACHA20_POLY1305)_SHA256/, "$1")
    .replaceAll("_", "-");
}

function given(settings: EtcdSettings, name: string): string | undefined {
  return settings.text(name) || undefined;
}

function hostOf(url: string): string {
  return /^https?:\/\/\[?([^\]/]*?)\]?:\d+\/?$/.exec(url)?.[1] ?? "";
}

/** The one in the folder; a new one where there is none or it has expired. */
async function ownCertificate(folder: string, hosts: readonly string[], years: number): Promise<TlsOptions> {
  const paths = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
  try {
    const found = { cert: readFileSync(paths.cert, "utf8"), key: readFileSync(paths.key, "utf8") };
    if (new Date(new X509Certificate(found.cert).validTo).getTime() > Date.now()) return found;
  } catch {
    // There is none, or none that can be read: a new one takes its place.
  }
  const { selfSigned } = await import("./self-signed.ts");
  const made = selfSigned([...new Set(hosts)], years);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(paths.key, made.key, { mode: 0o600 });
    writeFileSync(paths.cert, made.cert);
  } catch (error) {
    throw new CliError("data", `${folder} cannot keep a certificate (${(error as Error).message}): make it writable`);
  }
  return made;
}
