import { GrpcClient, type Reply } from "./grpc.ts";
import { Fields, message } from "./protobuf.ts";

/** What a call came to, with its reply read. */
export type Answer<Value> = { type: "ok"; value: Value } | Exclude<Reply, { type: "ok" }>;

export interface KeyState {
  readonly value: string | null;
  /** mod_revision, 0 when the key is absent. */
  readonly revision: number;
}

export interface NodeStatus {
  readonly member: bigint;
  readonly leader: bigint;
  readonly term: number;
  readonly appliedIndex: number;
  readonly revision: number;
}

/** One event of a watch; the value is null for a deletion. */
export interface Change {
  readonly key: string;
  readonly value: string | null;
  readonly revision: number;
}

export interface WatchBatch {
  /** The revision in the response's header. */
  readonly storeRevision: number;
  readonly changes: readonly Change[];
}

/** The calls of etcd's v3 API that a judge makes. */
export class EtcdApi {
  readonly #client: GrpcClient;
  readonly #timeoutMs: number;

  /** @param address host:port */
  constructor(address: string, timeoutMs: number) {
    this.#client = new GrpcClient(address);
    this.#timeoutMs = timeoutMs;
  }

  get(key: string, serializable = false): Promise<Answer<KeyState & { storeRevision: number }>> {
    const request = message([1, key], [7, serializable || undefined]);
    return this.call("KV/Range", request, (reply) => {
      const [kv] = reply.messages(2);
      const state = kv === undefined ? { value: null, revision: 0 } : { value: kv.text(5), revision: kv.number(3) };
      return { ...state, storeRevision: headerRevision(reply) };
    });
  }

  /** @returns the revision of the write */
  put(key: string, value: string, lease?: number): Promise<Answer<{ revision: number }>> {
    return this.call("KV/Put", message([1, key], [2, value], [3, lease]), (reply) => ({
      revision: headerRevision(reply),
    }));
  }

  /** Every key below `prefix`. */
  deletePrefix(prefix: string): Promise<Answer<{ deleted: number }>> {
    return this.call("KV/DeleteRange", message([1, prefix], [2, prefixEnd(prefix)]), (reply) => ({
      deleted: reply.number(2),
    }));
  }

  /** @returns revision 0 when there was nothing to delete */
  delete(key: string): Promise<Answer<{ revision: number }>> {
    return this.call("KV/DeleteRange", message([1, key]), (reply) => ({
      revision: reply.number(2) === 0 ? 0 : headerRevision(reply),
    }));
  }

  /** Puts the value if the key's mod_revision still is `expected`. */
  putIf(key: string, expected: number, value: string): Promise<Answer<{ done: boolean; revision: number }>> {
    const compare = message([2, 2], [3, key], [6, expected]);
    const success = message([2, message([1, key], [2, value])]);
    return this.call("KV/Txn", message([1, compare], [2, success]), (reply) => ({
      done: reply.number(2) === 1,
      revision: headerRevision(reply),
    }));
  }

  /** Every key below `prefix` as this node has it, at `revision`. */
  dump(prefix: string, revision: number): Promise<Answer<Map<string, KeyState>>> {
    const request = message([1, prefix], [2, prefixEnd(prefix)], [4, revision], [7, true]);
    return this.call("KV/Range", request, (reply) => {
      const entries = reply.messages(2).map((kv): [string, KeyState] => {
        return [kv.text(1), { value: kv.text(5), revision: kv.number(3) }];
      });
      return new Map(entries);
    });
  }

  status(): Promise<Answer<NodeStatus>> {
    return this.call("Maintenance/Status", message(), (reply) => ({
      member: reply.message(1).unsigned(2),
      leader: reply.unsigned(4),
      term: reply.number(6),
      appliedIndex: reply.number(7),
      revision: headerRevision(reply),
    }));
  }

  /** @param id of the caller's choice. */
  leaseGrant(id: number, ttlSeconds: number): Promise<Answer<{ ttlSeconds: number }>> {
    return this.call("Lease/LeaseGrant", message([1, ttlSeconds], [2, id]), (reply) => ({
      ttlSeconds: reply.number(3),
    }));
  }

  /** Everything that hangs on it is deleted. */
  leaseRevoke(id: number): Promise<Answer<{ revision: number }>> {
    return this.call("Lease/LeaseRevoke", message([1, id]), (reply) => ({ revision: headerRevision(reply) }));
  }

  /** @returns what is left of its time, -1 when there is no such lease (any more). */
  leaseTimeToLive(id: number): Promise<Answer<{ ttlSeconds: number }>> {
    return this.call("Lease/LeaseTimeToLive", message([1, id]), (reply) => ({ ttlSeconds: reply.number(3) }));
  }

  /** One renewal. @returns what it was renewed for, 0 when there is no such lease (any more). */
  async leaseKeepAlive(id: number): Promise<Answer<{ ttlSeconds: number }>> {
    return this.call("Lease/LeaseKeepAlive", message([1, id]), (reply) => ({ ttlSeconds: reply.number(3) }));
  }

  /**
   * Every change below `prefix` from `revision` on, in batches as they come.
   * @param ended called once: the stream is over, and why.
   */
  watch(prefix: string, revision: number, events: (batch: WatchBatch) => void, ended: (reason: string) => void): void {
    let reason = "the stream ended";
    const stream = this.#client.stream(
      "/etcdserverpb.Watch/Watch",
      (bytes) => {
        const response = new Fields(bytes);
        if (response.number(4) === 1) {
          reason = response.text(6);
          stream.close();
        }
        const changes = response.messages(11).map(readEvent);
        if (changes.length > 0) events({ storeRevision: headerRevision(response), changes });
      },
      () => ended(reason),
    );
    const create = message([1, prefix], [2, prefixEnd(prefix)], [3, revision]);
    stream.send(message([1, create]));
  }

  close(): void {
    this.#client.close();
  }

  /** Any call with one request and one reply. @param method such as "KV/Txn" */
  async call<Value>(method: string, request: Uint8Array, read: (reply: Fields) => Value): Promise<Answer<Value>> {
    const reply = await this.#client.unary(`/etcdserverpb.${method}`, request, this.#timeoutMs);
    return reply.type === "ok" ? { type: "ok", value: read(new Fields(reply.message)) } : reply;
  }
}

/** The first key after all those that begin so; the last byte is none of 255. */
function prefixEnd(prefix: string): Uint8Array {
  const end = Buffer.from(prefix);
  end[end.length - 1]! += 1;
  return end;
}

function readEvent(event: Fields): Change {
  const kv = event.message(2);
  return { key: kv.text(1), value: event.number(1) === 1 ? null : kv.text(5), revision: kv.number(3) };
}

function headerRevision(reply: Fields): number {
  return reply.message(1).number(3);
}
