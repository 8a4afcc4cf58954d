import type { RequestHead } from "../http2/request-head.ts";
import { GrpcStatus } from "./status.ts";

export interface GrpcMethod {
  /** `/package.Service/Method`. */
  path: string;
  /** The client may send any number of messages; without it the request is exactly one. */
  clientStreaming?: boolean;
}

/** Why a request is answered at once: an HTTP status for what is no gRPC, otherwise 200. */
export interface Refusal {
  http: number;
  code: number;
  text: string;
}

/** The methods of a server. A method's number is its position in the list that made the table. */
export class GrpcMethods {
  private readonly numbers = new Map<string, number>();
  private readonly services = new Set<string>();
  private readonly streaming: boolean[];

  constructor(methods: readonly GrpcMethod[]) {
    this.streaming = methods.map((method) => method.clientStreaming === true);
    for (const [number, { path }] of methods.entries()) {
      this.numbers.set(path, number);
      this.services.add(path.slice(1, path.lastIndexOf("/")));
    }
  }

  isClientStreaming(method: number): boolean {
    return this.streaming[method] === true;
  }

  /** @returns the method's number, or -2: ask `refusal` why not. */
  route(head: RequestHead): number {
    if (this.refusal(head) !== undefined) return REFUSED;
    return this.numbers.get(head.path) ?? REFUSED;
  }

  /** Texts and codes are grpc-go's, because clients match on them. */
  refusal(head: RequestHead): Refusal | undefined {
    if (head.tooLarge)
      return refuse(431, GrpcStatus.RESOURCE_EXHAUSTED, "header list size to receive exceeds the limit");
    if (head.method !== "POST") {
      return refuse(405, GrpcStatus.INTERNAL, `received method "${head.method}" which should be POST`);
    }
    if (!isGrpc(head.contentType)) {
      return refuse(415, GrpcStatus.INVALID_ARGUMENT, `invalid gRPC request content-type "${head.contentType}"`);
    }
    if (this.numbers.has(head.path)) return undefined;
    return refuse(200, GrpcStatus.UNIMPLEMENTED, this.unknown(head.path));
  }

  private unknown(path: string): string {
    const slash = path.lastIndexOf("/");
    if (slash <= 0) return `malformed method name: "${path}"`;
    const service = path.slice(1, slash);
    if (!this.services.has(service)) return `unknown service ${service}`;
    return `unknown method ${path.slice(slash + 1)} for service ${service}`;
  }
}

export const REFUSED = -2;

function refuse(http: number, code: number, text: string): Refusal {
  return { http, code, text };
}

function isGrpc(contentType: string): boolean {
  if (!contentType.startsWith("application/grpc")) return false;
  const rest = contentType.charAt("application/grpc".length);
  return rest === "" || rest === "+" || rest === ";";
}
