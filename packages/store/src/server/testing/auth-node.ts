import { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import { encodeUtf8 } from "@synod/wire/utf8";
import { encodeRoleGrantPermissionRequest, encodeUserAddRequest, encodeUserRoleRequest } from "../../api/auth.ts";
import { AuthOpcode, encodeAssignToken } from "../../areas/auth.ts";
import { createStoreMachine, type StoreMachine } from "../../machine.ts";
import type { StoreResult } from "../../state-machine.ts";
import { StoreConnection } from "../connection.ts";
import { LocalCalls } from "../local-calls.ts";
import { StoreService } from "../service.ts";
import { FakeGroup } from "./fake-group.ts";

type Encode = (writer: ProtobufWriter) => void;

/** What has become of a call so far. */
export interface Made {
  readonly stream: number;
  readonly messages: ProtobufReader[];
  /** undefined while it goes on. */
  code: number | undefined;
  text: string;
}

/** One node of a store with users, called without sockets and in steps: nothing happens before `run`. */
export class AuthNode {
  readonly store: StoreMachine = createStoreMachine();
  readonly service: StoreService;
  readonly group: FakeGroup<StoreResult>;
  readonly connection: StoreConnection;
  readonly calls: LocalCalls;
  /** Microseconds. */
  now = 0;
  readonly #work: (() => void)[] = [];

  constructor() {
    const schedule = (job: () => void): void => void this.#work.push(job);
    const { machine, areas } = this.store;
    this.group = new FakeGroup(machine, schedule);
    let random = 0n;
    this.service = new StoreService({
      group: this.group,
      machine,
      areas,
      clusterId: 1n,
      memberId: BigInt,
      members: () => [],
      now: () => this.now,
      schedule,
      random64: () => ++random,
    });
    this.connection = new StoreConnection(this.service, () => {});
    this.calls = new LocalCalls(this.connection);
  }

  /** root, and alice who may read and write `a`…`b`; authentication is on. */
  static withUsers(): AuthNode {
    const node = new AuthNode();
    for (const name of ["root", "alice"]) {
      node.apply(AuthOpcode.userAdd, (w) =>
        encodeUserAddRequest(w, { name, password: "", noPassword: false, hashedPassword: "$" }),
      );
    }
    node.apply(AuthOpcode.roleAdd, (w) => w.string(1, "r"));
    node.grant("r", 2, "a", "b");
    node.giveRole("root", "root");
    node.giveRole("alice", "r");
    node.apply(AuthOpcode.enable);
    return node;
  }

  /** As another member would have it applied. */
  apply(opcode: number, encode: Encode = () => {}): StoreResult {
    const enabled = this.store.areas.auth.enabled && opcode !== AuthOpcode.assignToken;
    const writer = new ProtobufWriter();
    encode(writer);
    const { commands } = this.service;
    const caller = { user: "root", authRevision: this.store.areas.auth.users.revision };
    const message = writer.finish();
    const command = enabled ? commands.makeAs(caller, opcode, message) : commands.make(opcode, message);
    const index = this.group.status.appliedIndex + 1;
    this.group.status = { ...this.group.status, lastIndex: index, commitIndex: index, appliedIndex: index };
    return this.store.machine.apply(index, this.group.time, command.slice());
  }

  grant(role: string, type: number, from: string, to: string): void {
    this.apply(AuthOpcode.roleGrantPermission, (w) =>
      encodeRoleGrantPermissionRequest(w, {
        role,
        permission: { type, key: encodeUtf8(from), rangeEnd: encodeUtf8(to) },
      }),
    );
  }

  giveRole(user: string, role: string): void {
    this.apply(AuthOpcode.userGrantRole, (w) => encodeUserRoleRequest(w, { user, role }));
  }

  takeRole(user: string, role: string): void {
    this.apply(AuthOpcode.userRevokeRole, (w) => encodeUserRoleRequest(w, { user, role }));
  }

  /** A token of the user's, as if its password had been right. */
  signIn(user: string): string {
    const { credentialRevision } = this.store.areas.auth.users.requireUser(user);
    const prefix = this.service.auth.newToken();
    this.apply(AuthOpcode.assignToken, (w) => encodeAssignToken(w, { user, prefix, credentialRevision }));
    return `${prefix}.${this.group.status.appliedIndex}`;
  }

  /** Begins a call and sends one message; `run` does what follows. */
  begin(path: string, token: string | undefined, encode: Encode = () => {}, last = true): Made {
    const messages: ProtobufReader[] = [];
    const metadata = (name: string): string | undefined => (name === "token" ? token : undefined);
    const made: Made = { stream: 0, messages, code: undefined, text: "" };
    const stream = this.calls.open(path, {
      onAnswer: (message) => {
        messages.push(new ProtobufReader(message.slice()));
        return 0;
      },
      onFinish: (code, text) => Object.assign(made, { code, text }),
      metadata,
    });
    if (stream === undefined) throw new Error(`there is no ${path}`);
    Object.assign(made, { stream });
    this.send(made, encode, last);
    return made;
  }

  send({ stream }: Made, encode: Encode, last = false): void {
    const writer = new ProtobufWriter();
    encode(writer);
    this.calls.request(stream, writer.finish(), last);
  }

  /** A call from beginning to end. */
  call(path: string, token: string | undefined, encode: Encode = () => {}): Made {
    const made = this.begin(path, token, encode);
    this.run();
    return made;
  }

  run(): void {
    for (let job = this.#work.shift(); job !== undefined; job = this.#work.shift()) job();
  }
}
