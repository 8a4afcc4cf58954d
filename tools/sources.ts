import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** The repository's folder, with a trailing slash. */
export const root: string = new URL("..", import.meta.url).pathname;

const skipped: ReadonlySet<string> = new Set(["node_modules", ".git", ".synod", ".mutants", "dist"]);

/** A file of the repository: `path` is relative to its folder. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** Every text file below `folder` whose name ends so, in ascending order of path; none when there is no such folder. */
export function sources(folder: string, endings: readonly string[]): Source[] {
  if (!existsSync(join(root, folder))) return [];
  return paths(join(root, folder))
    .filter((path) => endings.some((ending) => path.endsWith(ending)))
    .sort()
    .map((path) => ({ path: relative(root, path), text: readFileSync(path, "utf8") }));
}

export function readJson<Shape>(path: string): Shape {
  return JSON.parse(readFileSync(join(root, path), "utf8")) as Shape;
}

export function packageNames(): string[] {
  return readdirSync(join(root, "packages")).sort();
}

export function isTest(path: string): boolean {
  return path.endsWith(".test.ts");
}

/** What tests share: a file `…testing.ts`, or anything in a folder `testing`, `cluster-test` or `differential`. */
export function isForTests(path: string): boolean {
  return /(?:\/|-)testing(?:-\w+)?\.ts$|\/(?:testing|cluster-test|differential)\//.test(path);
}

/** A package or folder that must run bit-identically in a browser: no Node, no clock, no chance, no waiting. */
export const purePlaces: readonly string[] = [
  "packages/wire/src/",
  "packages/protocols/src/",
  "packages/storage/src/",
  "packages/checkers/src/",
  "packages/simulator/src/",
  "packages/store/src/model/",
  "packages/store/src/api/",
  "packages/store/src/area-snapshot.ts",
  "packages/store/src/envelope.ts",
  "packages/store/src/expire-leases.ts",
  "packages/store/src/state-machine.ts",
];

export function isPure(path: string): boolean {
  return !isTest(path) && purePlaces.some((place) => path.startsWith(place));
}

/** The text with the insides of comments blanked; line numbers stay. Knows strings, not regular expression literals. */
export function withoutComments(text: string): string {
  const token = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  return text.replace(token, (match) => (match.startsWith("/") ? match.replace(/[^\n]/g, " ") : match));
}

/** Module specifiers that a file imports, statically, dynamically or for types alone; text that ends with "from" is none. */
export function imports(text: string): string[] {
  const specifier = /(?:\bfrom\s*|\bimport\s*\(\s*|\bimport\s+)"([\w@.:/-]+)"/g;
  return [...withoutComments(text).matchAll(specifier)].map((match) => match[1] as string);
}

function paths(folder: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (skipped.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...paths(path));
    else if (entry.isFile()) found.push(path);
  }
  return found;
}
