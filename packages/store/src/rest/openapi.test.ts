import assert from "node:assert/strict";
import { test } from "node:test";
import { GATEWAY_ROUTES } from "../gateway/routes.ts";
import { StoreServer } from "../server/testing/store-server.ts";
import { REST_PREFIX, REST_ROUTES } from "./routes.ts";

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { name: string; in: string; required?: boolean; schema: object }[];
  readonly responses: Readonly<Record<string, { description: string; content?: object }>>;
}

interface Document {
  readonly openapi: string;
  readonly info: { title: string; version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { schemas: Readonly<Record<string, object>> };
}

async function served<Result>(use: (url: string, document: Document) => Promise<Result>): Promise<Result> {
  const server = await StoreServer.start();
  try {
    const response = await fetch(`http://${server.url}/openapi.json`);
    assert.equal(response.headers.get("content-type"), "application/json");
    return await use(`http://${server.url}`, (await response.json()) as Document);
  } finally {
    await server.close();
  }
}

test("the document is well-formed: versions, unique operations, parameters that their paths have, references that lead somewhere", () =>
  served(async (_, document) => {
    assert.equal(document.openapi, "3.1.0");
    assert.ok(document.info.title.length > 0 && document.info.version.length > 0);
    const ids = new Set<string>();
    for (const [path, operations] of Object.entries(document.paths)) {
      assert.match(path, /^\//);
      for (const [method, operation] of Object.entries(operations)) {
        assert.ok(["get", "put", "post", "delete"].includes(method));
        assert.ok(!ids.has(operation.operationId), operation.operationId);
        ids.add(operation.operationId);
        const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
        const templated = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
        assert.deepEqual(
          inPath.map(({ name }) => name),
          templated,
        );
        assert.ok(inPath.every(({ required }) => required === true));
        for (const [status, { description }] of Object.entries(operation.responses)) {
          assert.match(status, /^([1-5]\d\d|default)$/);
          assert.ok(description.length > 0);
        }
      }
    }
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
    assert.ok(references.length > 50);
    for (const [, name] of references) assert.ok(name! in document.components.schemas, name!);
  }));

test("every route that is served is in the document, and every operation of the document is served", () =>
  served(async (url, document) => {
    const described = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const known = [
      ...REST_ROUTES.map(({ method, template }) => `${method} ${REST_PREFIX}${template}`),
      ...GATEWAY_ROUTES.map(({ path }) => `POST /v3${path}`),
    ];
    assert.deepEqual(described.sort(), known.sort());
    for (const operation of described) {
      const [method, template] = operation.split(" ") as [string, string];
      const path = template.replace("{key}", "a").replace("{id}", "7");
      // Each is known well enough to be told what is wrong with this request, and does nothing.
      const body = method === "POST" ? { body: "{" } : {};
      const response = await fetch(`${url}${path}?unheard-of`, { method, ...body });
      assert.equal(response.status, 400, operation);
      await response.arrayBuffer();
    }
  }));

test("what the document says of an answer is what is answered", () =>
  served(async (url, document) => {
    await fetch(`${url}/api/store/keys/a`, { method: "PUT", body: "1" });
    const samples: [path: string, schema: string][] = [
      ["/api/store/keys?prefix", "page"],
      ["/api/store/status", "status"],
      ["/api/store/keys/none", "problem"],
    ];
    for (const [path, name] of samples) {
      const answer = (await (await fetch(url + path)).json()) as object;
      const { required } = document.components.schemas[name] as { required: string[] };
      for (const field of required) assert.ok(field in answer, `${path}: ${field}`);
    }
  }));
