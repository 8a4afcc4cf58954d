import { Channel, type ChannelOptions, parseEndpoint } from "./channel.ts";
import { SynodError } from "./errors.ts";
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
import { PROTOBUF } from "./messages/codecs.ts";
import { Store } from "./store-api.ts";
import { Transport } from "./transport.ts";

/**
 * The store, over the etcd v3 API in gRPC: works against Synod and against etcd; needs Node (`GatewayClient` does not). Every
 * method answers or throws a `SynodError` whose `code` and `outcome` say whether the request had no effect or an unknown one.
 * Close the client when done.
 */
export class StoreClient extends Store {
  readonly #channel: Channel;

  constructor(options: ChannelOptions) {
    const channel = new Channel(options);
    super(new Transport(channel, PROTOBUF));
    this.#channel = channel;
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
    const { address } = parseEndpoint(endpoint);
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

  #cluster(method: string, request: Uint8Array, what: string): Promise<Uint8Array> {
    return this.#channel.call({ path: `/etcdserverpb.Cluster/${method}`, request, readOnly: false, what });
  }
}
