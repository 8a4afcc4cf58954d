import { ProtobufReader } from "@synod/wire/protobuf";
import { type Bytes, type KeyRange, toBytes, toRange, toText } from "./bytes.ts";
import { Channel, type ChannelOptions } from "./channel.ts";
import { SynodError } from "./errors.ts";
import { grantLease, type Lease, revokeLease } from "./lease.ts";
import {
  decodeMemberAdded,
  decodeMemberList,
  decodeStatus,
  encodeMemberAdd,
  encodeMemberId,
  encodeMemberList,
  type MemberAdded,
  type MemberList,
  type NodeStatus,
} from "./messages/cluster.ts";
import { encode, type KeyValue } from "./messages/common.ts";
import * as kv from "./messages/kv.ts";
import {
  decodeLease,
  decodeLeases,
  encodeLeaseId,
  encodeLeaseTimeToLive,
  type LeaseTimeToLive,
} from "./messages/lease.ts";
import { encodeTxn, isReadOnly, readTxnResult, type Txn, type TxnResult } from "./messages/txn.ts";
import { TxnBuilder } from "./txn.ts";
import { Watch, type WatchOptions } from "./watch.ts";

/**
 * The store, over the etcd v3 API: works against Synod and against etcd. Every method answers or throws a `SynodError`
 * whose `code` says whether the request had no effect or an unknown one. Close the client when done.
 */
export class StoreClient {
  readonly #channel: Channel;

  constructor(options: ChannelOptions) {
    this.#channel = new Channel(options);
  }

  /** @returns the key, or undefined when there is none. */
  async get(key: Bytes, options: kv.RangeOptions = {}): Promise<KeyValue | undefined> {
    return (await this.range(key, { ...options, limit: 1 })).kvs[0];
  }

  async range(keys: Bytes | KeyRange, options: kv.RangeOptions = {}): Promise<kv.RangeResult> {
    const range = toRange(keys);
    const request = encode((writer) => kv.writeRange(writer, range, options));
    return kv.readRangeResult(await this.#kv("Range", request, true, `get ${name(range)}`));
  }

  async put(key: Bytes, value: Bytes, options: kv.PutOptions = {}): Promise<kv.PutResult> {
    const keyBytes = toBytes(key);
    const request = encode((writer) => kv.writePut(writer, keyBytes, toBytes(value), options));
    return kv.readPutResult(await this.#kv("Put", request, false, `put ${JSON.stringify(toText(keyBytes))}`));
  }

  async delete(keys: Bytes | KeyRange, options: kv.DeleteOptions = {}): Promise<kv.DeleteResult> {
    const range = toRange(keys);
    const request = encode((writer) => kv.writeDelete(writer, range, options));
    return kv.readDeleteResult(await this.#kv("DeleteRange", request, false, `delete ${name(range)}`));
  }

  /** `await client.txn().when(compare.version("a", "=", 0)).do(op.put("a", "1")).commit()` */
  txn(): TxnBuilder {
    return new TxnBuilder((txn) => this.commit(txn));
  }

  async commit(txn: Txn): Promise<TxnResult> {
    return readTxnResult(await this.#kv("Txn", encodeTxn(txn), isReadOnly(txn), "transaction"));
  }

  /** Forgets every version older than the newest at `revision`. */
  async compact(revision: number, physical = false): Promise<void> {
    await this.#kv("Compact", kv.encodeCompaction(revision, physical), false, `compact at ${revision}`);
  }

  watch(keys: Bytes | KeyRange, options: WatchOptions = {}): Watch {
    return new Watch(this.#channel, toRange(keys), options);
  }

  /** @param ttl whole seconds */
  grantLease(ttl: number, id = 0n): Promise<Lease> {
    return grantLease(this.#channel, ttl, id);
  }

  revokeLease(id: bigint): Promise<void> {
    return revokeLease(this.#channel, id);
  }

  /** @param keys also list the keys that live with it. The answer's `ttl` is -1 when there is no such lease. */
  async leaseTimeToLive(id: bigint, keys = false): Promise<LeaseTimeToLive> {
    const request = encodeLeaseTimeToLive(id, keys);
    const what = `time to live of lease ${id}`;
    return decodeLease(
      await this.#channel.call({ path: "/etcdserverpb.Lease/LeaseTimeToLive", request, readOnly: true, what }),
    );
  }

  async leases(): Promise<bigint[]> {
    const request = encodeLeaseId(0n);
    return decodeLeases(
      await this.#channel.call({
        path: "/etcdserverpb.Lease/LeaseLeases",
        request,
        readOnly: true,
        what: "list leases",
      }),
    );
  }

  async memberList(linearizable = true): Promise<MemberList> {
    const request = encodeMemberList(linearizable);
    const what = "list members";
    return decodeMemberList(
      await this.#channel.call({ path: "/etcdserverpb.Cluster/MemberList", request, readOnly: true, what }),
    );
  }

  /** Adds a member: first as a learner, or at once as a voter. It takes part once it is started to join. */
  async memberAdd(peerUrls: readonly string[], isLearner = false): Promise<MemberAdded> {
    const request = encodeMemberAdd(peerUrls, isLearner);
    return decodeMemberAdded(await this.#cluster("MemberAdd", request, "add a member"));
  }

  async memberRemove(id: bigint): Promise<MemberList> {
    return decodeMemberList(await this.#cluster("MemberRemove", encodeMemberId(id), "remove a member"));
  }

  /** Where its peers reach a member from now on. */
  async memberUpdate(id: bigint, peerUrls: readonly string[]): Promise<MemberList> {
    return decodeMemberList(await this.#cluster("MemberUpdate", encodeMemberId(id, peerUrls), "update a member"));
  }

  /** Makes a voter of a learner that holds nearly all of the leader's log. */
  async memberPromote(id: bigint): Promise<MemberList> {
    return decodeMemberList(await this.#cluster("MemberPromote", encodeMemberId(id), "promote a member"));
  }

  /** How the node at one of this client's endpoints sees itself and the cluster. @param endpoint as given to the constructor. */
  async status(endpoint: string): Promise<NodeStatus> {
    const address = endpoint.replace(/^http:\/\//, "").replace(/\/$/, "");
    const found = this.#channel.endpoints.find((one) => one.address === address);
    if (found === undefined) throw new SynodError("invalid", `${endpoint} is none of this client's endpoints`);
    const call = {
      path: "/etcdserverpb.Maintenance/Status",
      request: new Uint8Array(0),
      readOnly: true,
      what: "status",
    };
    return decodeStatus(await this.#channel.callAt(found, call));
  }

  close(): void {
    this.#channel.close();
  }

  #cluster(method: string, request: Uint8Array, what: string): Promise<Uint8Array> {
    return this.#channel.call({ path: `/etcdserverpb.Cluster/${method}`, request, readOnly: false, what });
  }

  async #kv(method: string, request: Uint8Array, readOnly: boolean, what: string): Promise<ProtobufReader> {
    return new ProtobufReader(
      await this.#channel.call({ path: `/etcdserverpb.KV/${method}`, request, readOnly, what }),
    );
  }
}

function name(range: KeyRange): string {
  const from = JSON.stringify(toText(range.key));
  return range.rangeEnd.length === 0 ? from : `${from} to ${JSON.stringify(toText(range.rangeEnd))}`;
}
