import type { GrpcCallCounts } from "@synod/wire/grpc/call-counts";
import type { Counter } from "./instruments.ts";
import type { Registry } from "./registry.ts";

/** The 17 status codes, in the order of their numbers, with the names that grpc-prometheus prints. */
const GRPC_CODES: readonly string[] = [
  ..."OK Canceled Unknown InvalidArgument DeadlineExceeded NotFound AlreadyExists PermissionDenied".split(" "),
  ..."ResourceExhausted FailedPrecondition Aborted OutOfRange Unimplemented Internal Unavailable DataLoss".split(" "),
  "Unauthenticated",
];

const LABELS = ["grpc_type", "grpc_service", "grpc_method"];

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
  readonly serverStreaming?: boolean;
}

/** The calls of each method, zero from the start, as alerts want them; looked up when the page is read. */
export function registerGrpcMetrics(
  registry: Registry,
  methods: readonly GrpcMethodName[],
  traffic: GrpcTraffic,
): void {
  const started = registry.counters("grpc_server_started_total", "Total number of RPCs started on the server.", LABELS);
  const handled = registry.counters(
    "grpc_server_handled_total",
    "Total number of RPCs completed on the server, regardless of success or failure.",
    [...LABELS, "grpc_code"],
  );
  const network = (direction: string): Counter =>
    registry.counter(
      `etcd_network_client_grpc_${direction}_bytes_total`,
      `The total number of bytes ${direction} ${direction === "sent" ? "to" : "from"} grpc clients.`,
    );
  const sent = network("sent");
  const received = network("received");
  const counters = methods.map((each) => {
    const names = grpcLabels(each);
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

/** The bounds of grpc-prometheus. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * How long calls take, by method: what etcd shows with `--metrics=extensive`. From now on each call is timed.
 * @param now microseconds on a monotonic clock
 */
export function registerGrpcTimes(
  registry: Registry,
  methods: readonly GrpcMethodName[],
  calls: GrpcCallCounts,
  now: () => number,
): void {
  const help = "Histogram of response latency (seconds) of gRPC that had been application-level handled by the server.";
  const family = registry.histograms("grpc_server_handling_seconds", help, LABELS, SECONDS);
  const histograms = methods.map((method) => family.labels(...grpcLabels(method)));
  calls.times = { now, ended: (method, micros) => histograms[method]?.observe(micros / 1e6) };
}

/** The values of grpc_type, grpc_service and grpc_method. All methods with a stream of requests have a stream of answers. */
function grpcLabels({ path, clientStreaming, serverStreaming }: GrpcMethodName): [string, string, string] {
  const [, service = "", method = ""] = path.split("/");
  const type = clientStreaming === true ? "bidi_stream" : serverStreaming === true ? "server_stream" : "unary";
  return [type, service, method];
}
