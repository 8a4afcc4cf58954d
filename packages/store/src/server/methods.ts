import { GrpcMethods } from "@synod/wire/grpc/methods";
import { LIMITS_METHODS } from "./admission/limits.ts";
import { AUTH_METHODS } from "./auth/auth.ts";
import { ELECTION_METHODS } from "./concurrency/election.ts";
import { LOCK_METHODS } from "./concurrency/lock.ts";
import { KV_METHODS } from "./kv/kv.ts";
import { RANGE_STREAM_METHODS } from "./kv/range-stream.ts";
import { LEASE_METHODS } from "./leases/lease.ts";
import { healthMethods } from "./maintenance/health.ts";
import { MAINTENANCE_METHODS } from "./maintenance/maintenance.ts";
import { CLUSTER_METHODS } from "./members/cluster.ts";
import type { StoreMethod } from "./method.ts";
import { WATCH_METHODS } from "./watch/watch.ts";

const METHODS_OF_THE_STORE: readonly StoreMethod[] = [
  ...KV_METHODS,
  ...RANGE_STREAM_METHODS,
  ...WATCH_METHODS,
  ...LEASE_METHODS,
  ...CLUSTER_METHODS,
  ...MAINTENANCE_METHODS,
  ...AUTH_METHODS,
  ...LOCK_METHODS,
  ...ELECTION_METHODS,
  ...LIMITS_METHODS,
];

/** Every method that the client port serves; its place in the list is its number on a connection. */
export const STORE_METHODS: readonly StoreMethod[] = [...METHODS_OF_THE_STORE, ...healthMethods(METHODS_OF_THE_STORE)];

export const METHODS: GrpcMethods = new GrpcMethods(STORE_METHODS);

/** By path, for calls that did not come over gRPC. */
export const METHOD_NUMBERS: ReadonlyMap<string, number> = new Map(
  STORE_METHODS.map(({ path }, number) => [path, number]),
);
