import type { ResponseFields } from "@synod/wire/http1/response";
import { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import { encodeUtf8 } from "@synod/wire/utf8";
import { decodeBase64 } from "../gateway/json/base64.ts";
import { metadataOf } from "../gateway/metadata.ts";
import type { AnswerInParts, LocalCalls } from "../server/local-calls.ts";
import { ABOUT_METADATA } from "../server/own-metadata.ts";
import type { HttpRequest, HttpResponder } from "../server/ports/http-exchange.ts";
import { ResponderWithFields } from "../server/ports/origins.ts";
import { type Problem, problemBody, problemOf, RestError } from "./problem.ts";
import type { Query } from "./query.ts";
import { bytesJson } from "./text.ts";

/** A request of the REST API, and the ways to answer it. */
export class RestExchange {
  readonly request: HttpRequest;
  readonly query: Query;
  /** What the address names behind its route: a key, the id of a lease. */
  readonly argument: Uint8Array;
  readonly #responder: HttpResponder;
  /** What the store has told of its answer, to be told with it. */
  #told: ResponseFields = [];
  readonly calls: LocalCalls;

  constructor(
    request: HttpRequest,
    query: Query,
    argument: Uint8Array,
    { responder, calls }: { responder: HttpResponder; calls: LocalCalls },
  ) {
    this.request = request;
    this.query = query;
    this.argument = argument;
    this.#responder = responder;
    this.calls = calls;
  }

  get responder(): HttpResponder {
    return this.#told.length === 0 ? this.#responder : new ResponderWithFields(this.#responder, this.#told);
  }

  json(status: number, body: object, fields: ResponseFields = []): void {
    const text = encodeUtf8(`${JSON.stringify(body)}\n`);
    this.responder.respond(status, [["content-type", "application/json"], ...fields], text);
  }

  fail(problem: Problem, fields: ResponseFields = []): void {
    failWith(this.responder, problem, fields);
  }

  /**
   * Makes a unary call, and hands on its answer; if it fails, the request is answered with that.
   * @param inParts takes an answer that is large, having begun the request's; otherwise that comes in one piece, too
   */
  call(
    path: string,
    encode: (writer: ProtobufWriter) => void,
    answered: (reader: ProtobufReader) => void,
    inParts?: () => AnswerInParts,
  ): void {
    const writer = new ProtobufWriter();
    encode(writer);
    let answer: Uint8Array | undefined;
    let about: string | undefined;
    let parts: "none" | "begun" | "all" = "none";
    const stream = this.calls.open(path, {
      onAnswer: (message) => {
        answer ??= message.slice();
        return 0;
      },
      onLongAnswer: () => {
        const taker = inParts?.();
        if (taker === undefined) return undefined;
        parts = "begun";
        return {
          part: (bytes, isLast) => {
            if (isLast) parts = "all";
            return taker.part(bytes, isLast);
          },
        };
      },
      onHeaders: (fields) => {
        about = fields.find(([name]) => name === ABOUT_METADATA)?.[1];
        this.#told = fields.filter(([name]) => name !== ABOUT_METADATA);
      },
      onFinish: (code, text) => {
        if (parts !== "none") return parts === "begun" ? this.responder.abort() : undefined;
        if (answer === undefined) this.fail(withPrefix(problemOf(code, text), about));
        else this.#guard(() => answered(new ProtobufReader(answer as Uint8Array)));
      },
      metadata: (name) => metadataOf(this.request, name),
    });
    if (stream === undefined) return this.fail(problemOf(12, `unknown method ${path}`));
    this.calls.request(stream, writer.finish(), true);
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof RestError)) throw error;
      this.fail(error.problem);
    }
  }
}

/** @param about as `ABOUT_METADATA` */
function withPrefix(problem: Problem, about: string | undefined): Problem {
  if (about === undefined) return problem;
  const encoded = encodeUtf8(about);
  const bytes = new Uint8Array(encoded.length);
  const facts = bytesJson("prefix", bytes.subarray(0, decodeBase64(encoded, 0, encoded.length, bytes)));
  const help = "delete keys under the prefix, or raise its quota: PUT /api/store/quotas/<prefix>";
  return { ...problem, help, facts };
}

export function failWith(responder: HttpResponder, problem: Problem, fields: ResponseFields = []): void {
  const text = encodeUtf8(`${JSON.stringify(problemBody(problem))}\n`);
  responder.respond(problem.status, [["content-type", "application/problem+json"], ...fields], text);
}
