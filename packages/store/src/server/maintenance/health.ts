import { GrpcStatus } from "@synod/wire/grpc/status";
import type { ProtobufReader } from "@synod/wire/protobuf";
import type { StoreConnection } from "../connection.ts";
import type { StoreMethod } from "../method.ts";
import type { StoreService } from "../service.ts";

/** grpc.health.v1.HealthCheckResponse.ServingStatus */
const ServingStatus = { SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } as const;
type ServingStatus = (typeof ServingStatus)[keyof typeof ServingStatus];

/** A node without a leader can neither write nor promise that what it reads is fresh. */
function statusOf(service: StoreService): ServingStatus {
  return service.group.status.leader === undefined ? ServingStatus.NOT_SERVING : ServingStatus.SERVING;
}

/** HealthCheckRequest{service=1} */
function decodeName(reader: ProtobufReader): string {
  let name = "";
  while (reader.next()) {
    if (reader.field === 1) name = reader.string();
    else reader.skip();
  }
  return name;
}

/** One call of Watch: the status now, and whenever it is another. A client that is behind is told of the latest. */
export class HealthStream {
  readonly type = "health";
  readonly requiresLeader = false;
  readonly #connection: StoreConnection;
  readonly #stream: number;
  readonly #isKnown: boolean;
  #told: ServingStatus | undefined;
  #isBlocked = false;

  constructor(connection: StoreConnection, stream: number, isKnown: boolean) {
    this.#connection = connection;
    this.#stream = stream;
    this.#isKnown = isKnown;
  }

  /** The stream is known to its connection by now. */
  start(): void {
    this.#connection.service.healthStreams.add(this);
    this.tell();
  }

  /** The status may be another. */
  tell(): void {
    const { grpc, service } = this.#connection;
    const status = this.#isKnown ? statusOf(service) : ServingStatus.SERVICE_UNKNOWN;
    if (this.#isBlocked || status === this.#told) return;
    this.#told = status;
    grpc.begin(this.#stream).varint(1, status);
    this.#isBlocked = grpc.endMessage() > 0;
    this.#connection.touch();
  }

  onHalfClose(): void {}

  onWritable(): void {
    this.#isBlocked = false;
    this.tell();
  }

  /** The call is over. */
  close(): void {
    this.#connection.service.healthStreams.delete(this);
  }
}

const HEALTH = "grpc.health.v1.Health";

/** grpc.health.v1 (grpc/doc/health-checking.md). @param others whose services are known beside the server as a whole, "" */
export function healthMethods(others: readonly StoreMethod[]): StoreMethod[] {
  const names = new Set(["", HEALTH, ...others.map(({ path }) => path.slice(1, path.lastIndexOf("/")))]);

  /** HealthCheckResponse{status=1} */
  const check = (connection: StoreConnection, stream: number, message: Uint8Array): void => {
    const { grpc, service } = connection;
    if (!names.has(decodeName(service.read(message))))
      return connection.finish(stream, GrpcStatus.NOT_FOUND, "unknown service");
    grpc.begin(stream).varint(1, statusOf(service));
    grpc.endResponse();
  };

  const watch = (connection: StoreConnection, stream: number, message: Uint8Array): void => {
    const isKnown = names.has(decodeName(connection.service.read(message)));
    connection.openTurn(stream, new HealthStream(connection, stream, isKnown));
  };

  return [
    { path: `/${HEALTH}/Check`, access: "open", onLearner: true, handle: check },
    { path: `/${HEALTH}/Watch`, access: "open", onLearner: true, handle: watch },
  ];
}
