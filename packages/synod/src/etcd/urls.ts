import { CliError } from "../cli/errors.ts";

/** Where to listen, or what to tell others: one of etcd's URLs. */
export interface EtcdUrl {
  readonly tls: boolean;
  readonly host: string;
  readonly port: number;
  /** As it was given, without a slash at its end. */
  readonly text: string;
}

/** @throws CliError "settings": it is no URL of a host and a port */
export function parseUrls(where: string, texts: readonly string[]): EtcdUrl[] {
  return texts.map((given) => {
    const text = given.replace(/\/$/, "");
    if (/^unixs?:/.test(text))
      throw new CliError("settings", `${where} has "${given}": Synod listens on TCP alone, so give http://host:port`);
    const match = /^(https?):\/\/(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]?#@]*)):(\d{1,5})$/.exec(text);
    const port = Number(match?.[4]);
    if (match === null || port > 65_535)
      throw new CliError("settings", `${where} has "${given}": write http://host:port, or https://host:port`);
    return { tls: match[1] === "https", host: match[2] ?? (match[3] as string), port, text };
  });
}

/** Go listens for localhost on IPv4, where it can. */
export function listenHost({ host }: EtcdUrl): string {
  return host === "localhost" ? "127.0.0.1" : host === "" ? "0.0.0.0" : host;
}
