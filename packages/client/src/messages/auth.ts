/** `etcdserverpb.Auth.Authenticate`. */
import type { Metadata } from "../endpoint.ts";
import type { Authentication } from "../pool.ts";
import { decode, encode } from "./common.ts";

export class ProtobufAuthentication implements Authentication {
  readonly path = "/etcdserverpb.Auth/Authenticate";
  readonly request: Uint8Array;

  constructor(user: string, password: string) {
    this.request = encode((writer) => {
      writer.string(1, user);
      writer.string(2, password);
    });
  }

  metadata(answer: Uint8Array): Metadata {
    let token = "";
    decode(answer, (reader) => {
      if (reader.field === 2) token = reader.string();
      else reader.skip();
    });
    return { token };
  }
}
