import { GrpcCallCounts } from "@synod/wire/grpc/call-counts";
import { STORE_METHODS } from "./methods.ts";

/** What the store's gRPC clients have asked and been told; all of it grows from zero at the start. */
export class StoreTraffic {
  readonly calls: GrpcCallCounts = new GrpcCallCounts(STORE_METHODS.length);
  receivedBytes = 0;
  sentBytes = 0;
  /** Told how long each snapshot took that a client has been sent as a whole. */
  snapshotSent: ((micros: number) => void) | undefined = undefined;
}
