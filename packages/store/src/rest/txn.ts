import { type DecodedResponseOp, type DecodedTxnResponse, decodeTxnResponse, encodeTxnRequest } from "../api/txn.ts";
import { parseBody } from "./body.ts";
import type { RestExchange } from "./exchange.ts";
import { keyValueJson } from "./text.ts";
import { readTxn } from "./txn-request.ts";

/** POST: everything in `then` if all of `if` holds, else everything in `else`, as one change. */
export function runTxn(exchange: RestExchange): void {
  const request = readTxn(parseBody(exchange.request.body));
  exchange.call(
    "/etcdserverpb.KV/Txn",
    (writer) => encodeTxnRequest(writer, request),
    (reader) => {
      const response = decodeTxnResponse(reader);
      exchange.json(200, { ...txnJson(response), revision: response.header.revision });
    },
  );
}

function txnJson({ succeeded, responses }: DecodedTxnResponse): object {
  return { succeeded, results: responses.map(resultJson) };
}

/** One for each operation, under its name. */
function resultJson(op: DecodedResponseOp): object {
  if (op.type === "put") return { put: {} };
  if (op.type === "deleteRange") return { delete: { deleted: op.response.deleted } };
  if (op.type === "txn") return { txn: txnJson(op.response) };
  const { kvs, count, more } = op.response;
  return { get: { items: kvs.map((kv) => keyValueJson(kv)), count, more } };
}
