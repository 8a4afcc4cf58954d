/**
 * Who may import whom (ARCHITECTURE.md, "The rooms"). The table is the architecture: to change it is a decision, and
 * belongs into the same commit as a line in docs/adr/.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { imports, isForTests, isPure, isTest, packageNames, readJson, sources } from "./sources.ts";

const mayImport: Readonly<Record<string, readonly string[]>> = {
  wire: [],
  protocols: ["wire"],
  storage: ["wire"],
  checkers: [],
  simulator: ["protocols", "checkers", "storage"],
  runtime: ["protocols", "storage", "wire"],
  store: ["runtime", "wire"],
  client: ["wire"],
  synod: ["wire", "protocols", "storage", "checkers", "simulator", "runtime", "store", "client"],
};

/** Folders that see less than their package: a prefix of what may be imported from outside the folder. */
const narrower: Readonly<Record<string, readonly string[]>> = {
  "packages/store/src/model/": ["@synod/wire/crc32c"],
  "packages/store/src/api/": ["@synod/wire/", "../model/"],
};

/** Libraries, by the only package that may use them. Whatever is not here is our own code. */
const libraries: Readonly<Record<string, readonly string[]>> = {
  store: ["bcryptjs", "jose"],
  synod: ["commander", "cli-table3", "picocolors", "yaml", "@peculiar/asn1-schema", "@peculiar/asn1-x509"],
};

interface Manifest {
  name: string;
  dependencies?: Record<string, string>;
  exports?: Record<string, string>;
}

const files = sources("packages", [".ts"]);

test("no package.json names what the table does not allow", () => {
  for (const name of packageNames()) {
    const manifest = readJson<Manifest>(`packages/${name}/package.json`);
    const named = Object.keys(manifest.dependencies ?? {});
    const allowed = [...(mayImport[name] ?? []).map((other) => `@synod/${other}`), ...(libraries[name] ?? [])];
    const excess = named.filter((dependency) => !allowed.includes(dependency));
    assert.deepEqual(excess, [], `packages/${name}/package.json names what the table does not allow`);
  }
});

test("what is there for tests is imported by tests alone", () => {
  const wrong: string[] = [];
  for (const { path, text } of files) {
    if (isTest(path) || isForTests(path)) continue;
    for (const specifier of imports(text)) {
      const file = specifier.endsWith(".ts") ? specifier : `${specifier}.ts`;
      if (isForTests(file)) wrong.push(`${path} imports ${specifier}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("the table has no cycle", () => {
  const settled = new Set<string>();
  for (let left = Object.keys(mayImport); left.length > 0; left = left.filter((name) => !settled.has(name))) {
    const ready = left.filter((name) => (mayImport[name] ?? []).every((other) => settled.has(other)));
    assert.notEqual(ready.length, 0, `these packages depend on each other in a circle: ${left.join(", ")}`);
    for (const name of ready) settled.add(name);
  }
});

test("a file imports only what its package.json names, unless it is there for tests", () => {
  const wrong: string[] = [];
  for (const { path, text } of files) {
    if (isTest(path) || isForTests(path)) continue;
    const name = path.split("/")[1] as string;
    const named = new Set(Object.keys(readJson<Manifest>(`packages/${name}/package.json`).dependencies ?? {}));
    for (const specifier of imports(text)) {
      if (specifier.startsWith(".") || specifier.startsWith("node:")) continue;
      const dependency = packageOf(specifier);
      if (!named.has(dependency)) wrong.push(`${path} imports ${specifier}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("a relative import stays inside its package", () => {
  const wrong: string[] = [];
  for (const { path, text } of files) {
    const depth = path.split("/").length - 3;
    for (const specifier of imports(text)) {
      const climbs = specifier.split("/").filter((part) => part === "..").length;
      if (specifier.startsWith(".") && climbs > depth) wrong.push(`${path} imports ${specifier}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("nothing pure imports Node", () => {
  const wrong: string[] = [];
  for (const { path, text } of files) {
    if (!isPure(path)) continue;
    for (const specifier of imports(text))
      if (specifier.startsWith("node:")) wrong.push(`${path} imports ${specifier}`);
  }
  assert.deepEqual(wrong, []);
});

test("a model imports nothing but itself and the checksum, an api only the wire and the model's types", () => {
  const wrong: string[] = [];
  for (const { path, text } of files) {
    const place = Object.keys(narrower).find((folder) => path.startsWith(folder));
    if (place === undefined || isTest(path)) continue;
    const depth = path.slice(place.length).split("/").length - 1;
    for (const specifier of imports(text)) {
      const climbs = specifier.split("/").filter((part) => part === "..").length;
      const inside = specifier.startsWith(".") && climbs <= depth;
      const allowed = (narrower[place] as readonly string[]).some((prefix) => specifier.startsWith(prefix));
      if (!inside && !allowed) wrong.push(`${path} imports ${specifier}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("an import of a relative file ends with .ts, an import of a package does not", () => {
  const wrong: string[] = [];
  for (const { path, text } of files) {
    for (const specifier of imports(text)) {
      const relative = specifier.startsWith(".");
      if (relative !== specifier.endsWith(".ts") && !specifier.startsWith("node:")) wrong.push(`${path}: ${specifier}`);
    }
  }
  assert.deepEqual(wrong, []);
});

function packageOf(specifier: string): string {
  const [scope = "", name = ""] = specifier.split("/");
  return scope.startsWith("@") ? `${scope}/${name}` : scope;
}
