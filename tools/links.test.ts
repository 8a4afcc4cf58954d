/** The documents lead where they say: every relative link, and every file that is named between backticks, is there. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { root, type Source, sources } from "./sources.ts";

const documents = sources(".", [".md"]);
const code = sources(".", [".ts", ".mjs", ".json", ".txt"]);
const files = [...documents, ...code].map(({ path }) => `/${path}`);

test("every relative link resolves, to its heading too", () => {
  const broken = documents.flatMap((source) => links(source).filter((link) => !resolves(source, link)));
  assert.deepEqual(broken, []);
});

test("every file that a document names exists", () => {
  const named = /`([\w@.-]+(?:\/[\w@.-]+)*\.(?:ts|mjs|md))`/g;
  const missing = documents.flatMap(({ path, text }) =>
    [...text.matchAll(named)]
      .map((match) => match[1] as string)
      .filter((name) => !isPlaceholder(name) && !files.some((file) => file.endsWith(`/${name}`)))
      .map((name) => `${path}: ${name}`),
  );
  assert.deepEqual(missing, []);
});

test("every document that the code refers to exists", () => {
  const missing = code.flatMap(({ path, text }) =>
    [...text.matchAll(/\bdocs\/[\w/.-]+\.md\b/g)]
      .map((match) => match[0])
      .filter((name) => !files.includes(`/${name}`))
      .map((name) => `${path}: ${name}`),
  );
  assert.deepEqual(missing, []);
});

/** `x.ts` and `x.test.ts` stand for any file. */
function isPlaceholder(name: string): boolean {
  return /^x\./.test(name);
}

function links({ text }: Source): string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] as string)
    .filter((target) => !/^[a-z]+:/.test(target));
}

function resolves(from: Source, link: string): boolean {
  const [target = "", heading] = link.split("#");
  const path = target === "" ? from.path : normalize(join(dirname(from.path), target));
  if (!existsSync(join(root, path))) return false;
  if (heading === undefined) return true;
  const text = documents.find((document) => document.path === path)?.text ?? "";
  return [...text.matchAll(/^#+ (.*)$/gm)].some((match) => slug(match[1] as string) === heading);
}

/** A heading's anchor, as the usual renderers make it. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
}
