import type { StoreConnection } from "./connection.ts";
import type { StoreMethod } from "./method.ts";

/** grpc.health.v1: HealthCheckResponse{status=1}, SERVING 1, NOT_SERVING 2. */
function check(connection: StoreConnection, stream: number): void {
  const { grpc, service } = connection;
  grpc.begin(stream).varint(1, service.group.status.leader === undefined ? 2 : 1);
  grpc.endResponse();
}

export const HEALTH_METHODS: readonly StoreMethod[] = [
  { path: "/grpc.health.v1.Health/Check", access: "open", onLearner: true, handle: check },
];
