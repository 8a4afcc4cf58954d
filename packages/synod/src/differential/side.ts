import { GrpcClient } from "../cluster-test/grpc.ts";
import { revisionIn, type Told, told } from "./answers.ts";
import type { Operation, UnaryOperation } from "./operation.ts";
import { absolute, requestOf } from "./requests.ts";
import { watch } from "./watching.ts";

const PATIENCE_MS = 30_000;
const ANY_KEY: UnaryOperation = { type: "range", key: "any", countOnly: true };

/** One of the two that are compared. Each operation is answered before the next is sent. */
export class Side {
  readonly name: string;
  readonly #clients: readonly GrpcClient[];
  #turn = 0;
  #newest = 1;
  #compacted = 0;

  /** @param addresses of all nodes, which are asked in turn. */
  constructor(name: string, addresses: readonly string[]) {
    this.name = name;
    this.#clients = addresses.map((address) => new GrpcClient(address));
  }

  /** @throws if it does not answer. */
  async ask(operation: Operation): Promise<Told> {
    const client = this.#clients[this.#turn++ % this.#clients.length]!;
    if (operation.type !== "watch") return this.#unary(client, operation);
    // A watch from now on begins with what its node has applied, in etcd as in Synod.
    if (this.#clients.length > 1) await this.#send(client, ANY_KEY);
    const text = await watch(operation, {
      client,
      newest: () => this.#newest,
      compacted: () => this.#compacted,
      unary: async (step) => (await this.#unary(client, step)).text,
    });
    return { text };
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  async #unary(client: GrpcClient, operation: UnaryOperation): Promise<Told> {
    // What a node answers from its own state is comparable only once it has applied what the others have answered.
    if (this.#clients.length > 1 && isLocal(operation)) await this.#send(client, ANY_KEY);
    return told(operation, await this.#send(client, operation));
  }

  async #send(client: GrpcClient, operation: UnaryOperation): Promise<Awaited<ReturnType<GrpcClient["unary"]>>> {
    const { method, body } = requestOf(operation, this.#newest);
    const reply = await client.unary(`/etcdserverpb.${method}`, body, PATIENCE_MS);
    if (operation.type === "compact" && reply.type === "ok")
      this.#compacted = absolute(operation.revision, this.#newest);
    // A refusal has no header, and a read of the past tells the newest revision all the same.
    this.#newest = revisionIn(reply) ?? this.#newest;
    return reply;
  }
}

function isLocal(operation: UnaryOperation): boolean {
  switch (operation.type) {
    case "range":
      return operation.serializable === true;
    case "txn":
      return true;
    default:
      return operation.type === "hash" || operation.type === "leases" || operation.type === "timeToLive";
  }
}
