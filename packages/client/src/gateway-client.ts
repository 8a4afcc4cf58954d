import { SynodError } from "./errors.ts";
import { JSON_GATEWAY, JsonAuthentication } from "./gateway/codecs.ts";
import { type Fetch, GatewayEndpoint } from "./gateway/endpoint.ts";
import { type Credentials, EndpointPool, type PoolOptions } from "./pool.ts";
import { Store } from "./store-api.ts";
import { Transport } from "./transport.ts";

export type { Fetch } from "./gateway/endpoint.ts";

export interface GatewayOptions extends PoolOptions, Partial<Credentials> {
  /** Servers of one cluster, as `host:port`, `http://host:port` or `https://host:port`. */
  readonly endpoints: readonly string[];
  /** Instead of the platform's own. */
  readonly fetch?: Fetch;
}

/**
 * The store over etcd's JSON gateway, by `fetch`: the same as `StoreClient`, but it runs in browsers, too. TLS is the platform's
 * matter. A browser opens about six connections to a server without TLS, and each watch and each wait of a recipe keeps one.
 * A page of another origin needs the server's leave (CORS).
 */
export class GatewayClient extends Store {
  /** @throws SynodError "invalid": no endpoint, or one that is none */
  constructor(options: GatewayOptions) {
    const { user, password, endpoints, fetch = (url, init) => globalThis.fetch(url, init) } = options;
    const authentication = user === undefined ? undefined : new JsonAuthentication(user, password ?? "");
    const servers = endpoints.map((endpoint) => new GatewayEndpoint(urlOf(endpoint), fetch));
    super(new Transport(new EndpointPool(servers, options, authentication), JSON_GATEWAY));
  }
}

function urlOf(endpoint: string): string {
  const url = /^https?:\/\//.test(endpoint) ? endpoint : `http://${endpoint}`;
  if (!URL.canParse(url) || new URL(url).pathname !== "/" || new URL(url).search !== "")
    throw new SynodError("invalid", `"${endpoint}" is no endpoint: write host:port, as in 127.0.0.1:2379`);
  return new URL(url).origin;
}
