import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { request as requestSecurely } from "node:https";
import { text as textOf } from "node:stream/consumers";
import { parseEndpoint } from "@synod/client/channel";
import type { TlsOptions } from "@synod/client/grpc/endpoint";
import { CliError } from "./errors.ts";
import { whyUnreachable } from "./port-probe.ts";
import type { Settled } from "./settings.ts";
import { type Access, accessOf, endpointsOf, type StoreSettings } from "./store-access.ts";

/** Asks the store over HTTP. @param path behind `/api/store`. @throws CliError "store" */
export type Ask = (method: string, path: string, body?: object) => Promise<unknown>;

interface Answer {
  readonly status: number;
  readonly body: { readonly message?: string; readonly help?: string; readonly token?: string };
}

/** Asks the first node that answers, as whom and over what the settings say. @throws CliError "settings" */
export function askStore(settings: Settled<StoreSettings>): Ask {
  const access = accessOf(settings);
  const endpoints = endpointsOf(settings).map((endpoint) => parseEndpoint(endpoint));
  return async (method, path, body) => {
    const silent: string[] = [];
    let obstacle: string | undefined;
    for (const { address, secure } of endpoints) {
      const tls = secure ? (access.tls ?? {}) : access.tls;
      const send = (to: string, how: Sending): Promise<Answer> =>
        fetchJson(address, tls, to, { ...how, timeout: settings.timeout });
      try {
        const token = await tokenOf(access, send);
        const { status, body: said } = await send(`/api/store${path}`, { method, body, token });
        if (status < 300) return said;
        throw refusal(said);
      } catch (error) {
        if (error instanceof CliError) throw error;
        silent.push(`${address} does not answer (${reasonOf(error)})`);
        obstacle ??= await whyUnreachable(address, tls);
      }
    }
    const advice = "check that the cluster runs (synod status) or name it with --endpoints";
    throw new CliError("store", obstacle ?? `${silent.join("; ")}: ${advice}`);
  };
}

function refusal({ message = "refused without a reason", help }: Answer["body"]): CliError {
  const wantsUser = /user name is empty|permission denied|authentication failed/.test(message);
  const advice = wantsUser ? "sign in as a user who may do this (--user name:password)" : help;
  return new CliError("store", advice === undefined ? message : `${message}; ${advice}`);
}

interface Sending {
  readonly method: string;
  readonly body: object | undefined;
  readonly token?: string | undefined;
}

/** @returns undefined: none is wanted. @throws CliError "store": the user is not who it says it is */
async function tokenOf(
  { user: name, password }: Access,
  send: (to: string, how: Sending) => Promise<Answer>,
): Promise<string | undefined> {
  if (name === undefined) return undefined;
  const { status, body } = await send("/v3/auth/authenticate", { method: "POST", body: { name, password } });
  if (status < 300) return body.token;
  if (body.message?.includes("authentication is not enabled")) return undefined;
  throw refusal(body);
}

function fetchJson(
  address: string,
  tls: TlsOptions | undefined,
  path: string,
  { method, body, token, timeout }: Sending & { timeout: number },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", ...(token === undefined ? {} : { authorization: token }) };
    const options = { method, headers, agent: false, signal: AbortSignal.timeout(timeout) };
    const heard = (response: IncomingMessage): void => {
      const read = async (): Promise<Answer> => ({
        status: response.statusCode ?? 0,
        body: parsed(await textOf(response), address),
      });
      read().then(resolve, reject);
    };
    const ask = (): ClientRequest =>
      tls === undefined
        ? request(`http://${address}${path}`, options, heard)
        : requestSecurely(`https://${address}${path}`, { ...options, ...(tls as TlsTexts) }, heard);
    ask()
      .on("error", reject)
      .end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** They come from files, as texts. */
type TlsTexts = Readonly<Record<"ca" | "cert" | "key", string>>;

function parsed(text: string, address: string): Answer["body"] {
  try {
    return text === "" ? {} : (JSON.parse(text) as Answer["body"]);
  } catch {
    throw new CliError("store", `${address} is no store of Synod, or not the port for its clients: name another`);
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return typeof code === "string" ? code : message;
}
