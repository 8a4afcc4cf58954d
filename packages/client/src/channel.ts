import { SynodError } from "./errors.ts";
import { GrpcEndpoint, type TlsOptions } from "./grpc/endpoint.ts";
import { ProtobufAuthentication } from "./messages/auth.ts";
import { type Credentials, EndpointPool, type PoolOptions } from "./pool.ts";

export type { Call } from "./pool.ts";

export interface ChannelOptions extends PoolOptions, Partial<Credentials> {
  /** Servers of one cluster, as `host:port`, `http://host:port` or `https://host:port`; any of them answers any request. */
  readonly endpoints: readonly string[];
  /** Whom to trust and who we are; every endpoint is then reached over TLS. */
  readonly tls?: TlsOptions;
}

/** The pool of a cluster's gRPC endpoints: needs Node. */
export class Channel extends EndpointPool {
  /** @throws SynodError "invalid": no endpoint, or one that is none */
  constructor(options: ChannelOptions) {
    const endpoints = options.endpoints.map((endpoint) => {
      const { address, secure } = parseEndpoint(endpoint);
      return new GrpcEndpoint(address, secure ? (options.tls ?? {}) : options.tls);
    });
    const { user, password } = options;
    super(endpoints, options, user === undefined ? undefined : new ProtobufAuthentication(user, password ?? ""));
  }
}

/** @throws SynodError "invalid" */
export function parseEndpoint(endpoint: string): { address: string; secure: boolean } {
  const match = /^(?:http(s)?:\/\/)?((?:\[[0-9a-fA-F:]+\]|[^:/[\]]+):\d{1,5})\/?$/.exec(endpoint);
  if (match === null)
    throw new SynodError("invalid", `"${endpoint}" is no endpoint: write host:port, as in 127.0.0.1:2379`);
  return { address: match[2] as string, secure: match[1] !== undefined };
}
