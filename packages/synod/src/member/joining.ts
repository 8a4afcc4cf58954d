import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { request as requestSecurely } from "node:https";
import { StoreClient } from "@synod/client/store";
import { secureContextOptions, type TlsOptions } from "@synod/runtime/transport/tls-options";
import type { PeerTlsOptions } from "@synod/runtime/transport/tls-sockets";
import type { MemberRecord } from "@synod/store/model/members";
import { CliError } from "../cli/errors.ts";
import type { KnownIdentity } from "../data-folder.ts";
import { CLUSTER_HEADER, CLUSTER_ID_HEADER, MEMBERS_PATH, type PageMember } from "./page.ts";

const PATIENCE_MS = 2_000;
const MOST_BYTES = 1 << 20;

/** What a running cluster says of itself. */
export interface ClusterPage {
  readonly cluster: string;
  readonly clusterId: bigint;
  readonly members: readonly MemberRecord[];
}

export interface Newcomer {
  readonly name: string;
  readonly peerUrls: readonly string[];
  /** Present: the cluster must have this name. */
  readonly cluster?: string | undefined;
  /** Present: peers' ports speak TLS. */
  readonly tls?: PeerTlsOptions | undefined;
  /** Present: so do clients' ports, which take these for proof of who asks. */
  readonly clientTls?: TlsOptions | undefined;
}

/** What a node needs to join: the cluster, and which of its members it is to be. */
export interface Place extends ClusterPage {
  readonly self: MemberRecord;
}

/**
 * Asks the members at these addresses, one after another, for the place that was made for this node by adding it.
 * @param addresses `host:port` of the peers' or the clients' port of running members
 * @throws CliError "join": nobody answers; another cluster's; no such member; a name that is taken; a member that has started
 */
export async function findPlace(addresses: readonly string[], newcomer: Newcomer): Promise<Place> {
  const page = await askAny(addresses, newcomer);
  const { name, peerUrls, cluster } = newcomer;
  if (cluster !== undefined && cluster !== page.cluster)
    throw new CliError("join", `${addresses.join(", ")} belongs to the cluster ${page.cluster}, not to ${cluster}`);
  const self = page.members.find((member) => member.peerURLs.some((url) => peerUrls.includes(url)));
  if (self === undefined)
    throw new CliError(
      "join",
      `the cluster ${page.cluster} has no member at ${peerUrls.join(", ")}: add it first ` +
        `(synod member add ${name} --peer-urls ${peerUrls.join(",")})`,
    );
  if (self.name !== "")
    throw new CliError(
      "join",
      `the member at ${self.peerURLs.join(", ")} has started already, as ${self.name}, and what it has promised is not ` +
        "in this folder: start it with its own --data, or remove the member and add it again",
    );
  const namesake = page.members.find((member) => member.name === name);
  if (namesake !== undefined)
    throw new CliError(
      "join",
      `the cluster ${page.cluster} has a member ${name} already, at ${namesake.peerURLs.join(", ")}: choose another --name`,
    );
  return { ...page, self };
}

/** The place of a node that has joined at an earlier start. */
export function keptPlace({ cluster, clusterId = "0", id }: KnownIdentity, members: readonly MemberRecord[]): Place {
  const self = members.find(({ node }) => node === id);
  if (self === undefined) throw new CliError("join", `node ${id} is not among the members that it remembers`);
  return { cluster, clusterId: BigInt(`0x${clusterId}`), members, self };
}

async function askAny(addresses: readonly string[], newcomer: Newcomer): Promise<ClusterPage> {
  const reasons: string[] = [];
  for (const address of addresses) {
    try {
      return await askAt(address, newcomer);
    } catch (error) {
      reasons.push(`${address}: ${(error as Error).message}`);
    }
  }
  throw new CliError(
    "join",
    `no member of a cluster answers at ${reasons.join("; ")}: give --join the address of one that runs`,
  );
}

/** A peers' port has the page; a clients' port knows where the peers' ports are. */
async function askAt(address: string, { tls, clientTls }: Newcomer): Promise<ClusterPage> {
  const bare = address.replace(/^https?:\/\//, "").replace(/\/$/, "");
  try {
    return await fetchPage(bare, tls);
  } catch (error) {
    if (!(error instanceof OtherPage)) throw error;
    for (const url of await peerUrlsAt(bare, clientTls)) {
      const page = await fetchPage(url.replace(/^https?:\/\//, ""), tls).catch(() => undefined);
      if (page !== undefined) return page;
    }
    throw error;
  }
}

async function peerUrlsAt(address: string, shown: TlsOptions | undefined): Promise<string[]> {
  const { ca, cert = "", key = "" } = shown ?? {};
  const tls = { cert, key, ...(ca === undefined ? {} : { ca }) };
  const client = new StoreClient({
    endpoints: [address],
    timeout: PATIENCE_MS,
    ...(shown === undefined ? {} : { tls }),
  });
  try {
    const { members } = await client.memberList(false);
    return members.flatMap(({ peerUrls }) => peerUrls);
  } catch {
    return [];
  } finally {
    client.close();
  }
}

/** Something answers there, and not with the page. */
class OtherPage extends Error {
  override readonly name = "OtherPage";
}

function fetchPage(address: string, tls: PeerTlsOptions | undefined): Promise<ClusterPage> {
  return new Promise((resolve, reject) => {
    const options = { timeout: PATIENCE_MS, agent: false };
    const secure = tls && { ...secureContextOptions(tls), rejectUnauthorized: tls.trustsAnybody !== true };
    const ask = (heard: (response: IncomingMessage) => void): ClientRequest =>
      secure === undefined
        ? request(`http://${address}${MEMBERS_PATH}`, options, heard)
        : requestSecurely(`https://${address}${MEMBERS_PATH}`, { ...options, ...secure }, heard);
    const asking = ask((response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        if (text.length > MOST_BYTES) asking.destroy(new Error("it answers with more than a list of members"));
      });
      response.on("end", () => {
        try {
          resolve(readPage(response.headers, text));
        } catch {
          reject(new OtherPage("it is no member of a Synod cluster"));
        }
      });
    });
    asking.on("timeout", () => asking.destroy(new Error("no answer")));
    asking.on("error", reject);
    asking.end();
  });
}

/** @throws anything: it is no such page */
function readPage(headers: Readonly<Record<string, string | string[] | undefined>>, text: string): ClusterPage {
  const header = (name: string): string => String(headers[name.toLowerCase()] ?? "");
  const members = (JSON.parse(text) as PageMember[]).map(
    (member): MemberRecord => ({
      id: BigInt(`0x${member.memberID}`),
      node: member.node,
      name: member.name ?? "",
      peerURLs: member.peerURLs,
      clientURLs: member.clientURLs ?? [],
      isLearner: member.isLearner === true,
      isUnmoved: member.hasMoved !== true,
    }),
  );
  const cluster = decodeURIComponent(header(CLUSTER_HEADER));
  if (cluster === "" || members.length === 0) throw new Error("not a page of members");
  return { cluster, clusterId: BigInt(`0x${header(CLUSTER_ID_HEADER)}`), members };
}
