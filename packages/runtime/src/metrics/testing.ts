import assert from "node:assert/strict";

const LABEL = String.raw`[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*"`;
const SAMPLE = new RegExp(
  String.raw`^([a-zA-Z_:][\w:]*)(\{${LABEL}(?:,${LABEL})*\})? (\+Inf|-Inf|NaN|-?[\d.]+(?:e[+-]\d+)?)$`,
);

/** Every sample of a page by its name and labels, checked line by line against Prometheus' text format. */
export function samplesOf(page: string): Map<string, number> {
  assert.ok(page.endsWith("\n"), "the last line ends");
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  let current = "";
  for (const line of page.slice(0, -1).split("\n")) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line);
    if (comment !== null) {
      const [, kind, name, text] = comment as unknown as [string, string, string, string];
      if (kind === "HELP") assert.equal(types.has(name), false, `a second HELP of ${name}`);
      else {
        assert.match(text, /^(counter|gauge|histogram|untyped)$/);
        types.set(name, text);
      }
      current = name;
      continue;
    }
    const sample = SAMPLE.exec(line);
    assert.ok(sample !== null, `not a sample: ${line}`);
    const [, name, labels = "", value] = sample as unknown as [string, string, string | undefined, string];
    const family = types.get(current) === "histogram" ? name.replace(/_(bucket|sum|count)$/, "") : name;
    assert.equal(family, current, `${line} is not below its own TYPE`);
    assert.equal(samples.has(name + labels), false, `twice: ${line}`);
    samples.set(name + labels, Number(value.replace("Inf", "Infinity")));
  }
  return samples;
}
