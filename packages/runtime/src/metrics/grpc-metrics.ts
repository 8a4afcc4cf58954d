import type { GrpcCallCounts } from "@synod/wire/grpc/call-counts";
import type { Counter } from "./instruments.ts";
import type { Registry } from "./registry.ts";

/** The 17 status codes, in the order of their numbers, with the names that grpc-prometheus prints. */
const GRPC_CODES: readonly string[] = [
  ..."OK Canceled Unknown InvalidArgument DeadlineExceeded NotFound AlreadyExists PermissionDenied".split(" "),
  ..."ResourceExhausted FailedPrecondition Aborted OutOfRange Unimplemented Internal Unavailable DataLoss".split(" "),
  "Unauthenticated",
];

/** What a gRPC server counts while it serves; each total only grows. */
export interface GrpcTraffic {
  readonly calls: GrpcCallCounts;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

export interface GrpcMethodName {
  /** `/package.Service/Method`; its place in the list is the method's number in `calls`. */
  readonly path: string;
  readonly clientStreaming?: boolean;
}

/** The calls of each method, zero from the start, as alerts want them; looked up when the page is read. */
export function registerGrpcMetrics(
  registry: Registry,
  methods: readonly GrpcMethodName[],
  traffic: GrpcTraffic,
): void {
  const labels = ["grpc_type", "grpc_service", "grpc_method"];
  const started = registry.counters("grpc_server_started_total", "Total number of RPCs started on the server.", labels);
  const handled = registry.counters(
    "grpc_server_handled_total",
    "Total number of RPCs completed on the server, regardless of success or failure.",
    [...labels, "grpc_code"],
  );
  const network = (direction: string): Counter =>
    registry.counter(
      `etcd_network_client_grpc_${direction}_bytes_total`,
      `The total number of bytes ${direction} ${direction === "sent" ? "to" : "from"} grpc clients.`,
    );
  const sent = network("sent");
  const received = network("received");
  const counters = methods.map(({ path, clientStreaming }) => {
    const [, service = "", method = ""] = path.split("/");
    // All of the store's methods with a stream of requests have a stream of answers.
    const names = [clientStreaming === true ? "bidi_stream" : "unary", service, method];
    return {
      started: started.labels(...names),
      handled: GRPC_CODES.map((code) => handled.labels(...names, code)),
    };
  });
  registry.onRender(() => {
    sent.set(traffic.sentBytes);
    received.set(traffic.receivedBytes);
    for (const [number, method] of counters.entries()) {
      method.started.set(traffic.calls.started(number));
      for (const [code, counter] of method.handled.entries()) counter.set(traffic.calls.handled(number, code));
    }
  });
}
