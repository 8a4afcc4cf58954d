import { grpcHeaders, RawHttp2 } from "./raw-http2.ts";

/**
 * Sends so many requests over one connection, always the same number under way, and returns when all are answered.
 * @param body of the request with that index: a gRPC message of at most 16,384 bytes.
 * @throws if the connection fails. What the answers said is not looked at: the caller must check what the requests did.
 */
export function pump(
  port: number,
  method: string,
  requests: number,
  inFlight: number,
  body: (index: number) => Buffer,
): Promise<void> {
  const headers = grpcHeaders(method);
  return new Promise((resolve, reject) => {
    let sent = 0;
    let done = 0;
    const send = (): void => {
      if (sent < requests) socket.open(headers, body(sent++), true);
    };
    const ended = (): void => {
      done += 1;
      send();
      if (done < requests) return;
      socket.close();
      resolve();
    };
    const socket = new RawHttp2(port, { data: () => {}, ended }, (reason) => reject(new Error(reason)));
    for (let index = 0; index < inFlight; index += 1) send();
    socket.flush();
  });
}
