import assert from "node:assert/strict";
import { test } from "node:test";
import { CliError } from "./errors.ts";
import { list, oneOf, settle, text, toggle, whole } from "./settings.ts";

const settings = {
  nodes: whole("how many", 3, 1, 6),
  portOffset: whole("moves all ports", 0, 0, 9999),
  data: text("where", ".synod"),
  fresh: toggle("start anew"),
  log: oneOf("form", ["text", "json"]),
  endpoints: list("where the store is", ["127.0.0.1:2379"], "host:port,…"),
};
const file = (content: unknown) => ({ path: "synod.json", text: JSON.stringify(content) });

test("a flag wins over the environment, that over the file, that over the default", () => {
  const flags = { nodes: "1" };
  const environment = { SYNOD_NODES: "2", SYNOD_PORT_OFFSET: "20" };
  const settled = settle(settings, { flags, environment, file: file({ nodes: 4, portOffset: 40, data: "here" }) });
  assert.deepEqual(settled, {
    nodes: 1,
    portOffset: 20,
    data: "here",
    fresh: false,
    log: "text",
    endpoints: ["127.0.0.1:2379"],
  });
});

test("each kind of value can come from each place", () => {
  const settled = settle(settings, {
    flags: { fresh: true },
    environment: { SYNOD_LOG: "json" },
    file: file({ endpoints: ["a:1", "b:2"] }),
  });
  assert.equal(settled.fresh, true);
  assert.equal(settled.log, "json");
  assert.deepEqual(settled.endpoints, ["a:1", "b:2"]);
});

test("an error says where the value came from and what would be right", () => {
  const message = (sources: Partial<Parameters<typeof settle>[1]>): string => {
    try {
      settle(settings, { flags: {}, environment: {}, ...sources });
    } catch (error) {
      assert.ok(error instanceof CliError);
      assert.equal(error.exitCode, 2);
      return error.message;
    }
    return "accepted";
  };
  assert.equal(message({ flags: { nodes: "7" } }), '--nodes is "7": give a whole number from 1 to 6');
  assert.equal(message({ flags: { portOffset: "-1" } }), '--port-offset is "-1": give a whole number from 0 to 9999');
  assert.equal(message({ environment: { SYNOD_FRESH: "perhaps" } }), 'SYNOD_FRESH is "perhaps": give true or false');
  assert.equal(message({ file: file({ log: "xml" }) }), '"log" in synod.json is "xml": give text or json');
  assert.equal(
    message({ flags: { endpoints: "a,,b" } }),
    '--endpoints is "a,,b": give values with commas between them',
  );
  assert.match(message({ file: file({ nodez: 3 }) }), /^synod\.json has "nodez", which is no setting: use nodes, /);
  assert.match(message({ file: file([1]) }), /does not hold a JSON object/);
  assert.match(
    message({ file: { path: "synod.json", text: "{" } }),
    /^synod\.json is not JSON \(.*\): correct it there$/,
  );
});
