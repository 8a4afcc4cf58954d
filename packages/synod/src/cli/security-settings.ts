import type { PeerTlsOptions } from "@synod/runtime/transport/tls-sockets";
import type { TlsOptions } from "@synod/store/server/ports/listener";
import { clientTls, peerTls } from "../tls-files.ts";
import { CliError } from "./errors.ts";
import { flagName, list, optional, type Setting, type Settled, text, toggle } from "./settings.ts";

const file = (about: string): Setting<string | undefined> => optional(text(about, "", "file"));
const name = (about: string): Setting<string | undefined> => optional(text(about, "", "name"));

/** Who may reach a node's ports, and what its own ones prove: named as etcd's flags are, and read by the same rules. */
export const securitySettings: {
  readonly certFile: Setting<string | undefined>;
  readonly keyFile: Setting<string | undefined>;
  readonly trustedCaFile: Setting<string | undefined>;
  readonly clientCertAuth: Setting<boolean>;
  readonly clientCrlFile: Setting<string | undefined>;
  readonly clientCertAllowedHostname: Setting<string | undefined>;
  readonly peerCertFile: Setting<string | undefined>;
  readonly peerKeyFile: Setting<string | undefined>;
  readonly peerTrustedCaFile: Setting<string | undefined>;
  readonly peerClientCertAuth: Setting<boolean>;
  readonly peerCrlFile: Setting<string | undefined>;
  readonly peerCertAllowedCn: Setting<string | undefined>;
  readonly peerCertAllowedHostname: Setting<string | undefined>;
  readonly cors: Setting<readonly string[]>;
} = {
  certFile: file("certificate (PEM) to show clients of the store: they then speak TLS"),
  keyFile: file("its private key (PEM)"),
  trustedCaFile: file("certificates (PEM) of the authorities that clients' certificates come from"),
  clientCertAuth: toggle("refuse clients of the store without such a certificate"),
  clientCrlFile: file("list of clients' certificates that count no more"),
  clientCertAllowedHostname: name("host name that a client's certificate must be for"),
  peerCertFile: file("certificate (PEM) to show the other nodes: they then speak TLS to each other, and nothing else"),
  peerKeyFile: file("its private key (PEM)"),
  peerTrustedCaFile: file("certificates (PEM) of the authorities that the nodes' certificates come from"),
  peerClientCertAuth: toggle("refuse nodes without such a certificate"),
  peerCrlFile: file("list of nodes' certificates that count no more"),
  peerCertAllowedCn: name("common name that a node's certificate must have"),
  peerCertAllowedHostname: name("host name that a node's certificate must be for"),
  cors: list("origins whose pages may use the store, as browsers write them; *: all", [], "https://app.example,…"),
};

export type Security = Settled<typeof securitySettings>;

/** What they mean for a node. */
export interface NodeSecurity {
  readonly tls: TlsOptions | undefined;
  readonly peerTls: PeerTlsOptions | undefined;
  readonly origins: readonly string[];
}

/** @throws CliError "settings": what is missing, or which file is wrong */
export function nodeSecurity(settings: Security): NodeSecurity {
  const strange = settings.cors.find((origin) => origin !== "*" && !isOrigin(origin));
  if (strange !== undefined)
    throw new CliError("settings", `--cors has "${strange}": write it as browsers do, https://app.example, or give *`);
  return {
    tls: clientTls({
      ...settings,
      crlFile: settings.clientCrlFile,
      allowedHostname: settings.clientCertAllowedHostname,
    }),
    peerTls: peerTls({
      certFile: settings.peerCertFile,
      keyFile: settings.peerKeyFile,
      trustedCaFile: settings.peerTrustedCaFile,
      clientCertAuth: settings.peerClientCertAuth,
      crlFile: settings.peerCrlFile,
      allowedCn: settings.peerCertAllowedCn,
      allowedHostname: settings.peerCertAllowedHostname,
    }),
    origins: settings.cors,
  };
}

/** The flags with which another process is given the same. */
export function securityFlags(settings: Security): string[] {
  return Object.keys(securitySettings).flatMap((key) => {
    const value = settings[key as keyof Security];
    if (value === undefined || value === false || (Array.isArray(value) && value.length === 0)) return [];
    return value === true ? [flagName(key)] : [flagName(key), String(value)];
  });
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}
