/** What people see of a judged history, in a real browser: on a phone and on a desk, by keyboard, in light and dark. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { drawHistory } from "../packages/checkers/src/picture/drawing.ts";
import { drawPage } from "../packages/checkers/src/picture/page.ts";
import { illegal, op, staleRead, writeSkew } from "../packages/checkers/src/picture/samples-testing.ts";
import { chromium, runInBrowser } from "./browser.ts";

const options = {
  timeout: 120_000,
  skip: existsSync(chromium) ? false : `needs ${chromium} (Debian's package chromium)`,
};
const nothing = (): boolean => false;

/** Opens a page in a frame of this width and runs `code`, which knows its `page` (document), `view` (window), `all`, `pause`. */
function inPage(html: string, width: number, code: string): Promise<unknown> {
  return runInBrowser(
    `
    document.body.style.margin = "0";
    const frame = document.createElement("iframe");
    frame.style.cssText = "border: 0; width: ${width}px; height: 900px";
    const loaded = new Promise((resolve) => frame.addEventListener("load", resolve));
    frame.srcdoc = ${JSON.stringify(html).replaceAll("<", "\\u003c")};
    document.body.append(frame);
    await loaded;
    const page = frame.contentDocument;
    const view = frame.contentWindow;
    const all = (selector) => [...page.querySelectorAll(selector)];
    const pause = () => new Promise((resolve) => setTimeout(resolve, 50));
    ${code}`,
    nothing,
    60_000,
  );
}

for (const width of [390, 1440]) {
  test(`at ${width} pixels nothing runs off the page, and the failure is in sight`, options, async () => {
    for (const input of [staleRead(), writeSkew()]) {
      const seen = await inPage(
        drawPage(input),
        width,
        `
        const culprit = page.querySelector("#big .op.culprit");
        const scroll = page.querySelector("#big .scroll");
        const [bar, window] = [culprit, scroll].map((element) => element?.getBoundingClientRect());
        const inSight = culprit === null || (bar.left >= window.left && bar.right <= window.right);
        const wide = all("body *").filter((element) => !element.closest("svg, .scroll") && element.getBoundingClientRect().right > ${width} + 1);
        const small = all("button").filter((button) => button.offsetParent !== null && button.getBoundingClientRect().height < 32);
        const labels = all("#big .op").filter((each) => {
          const [text, shape] = [each.querySelector("text"), each.querySelector("rect, path.bar")];
          return text.getBBox().width > shape.getBBox().width - 8;
        });
        return {
          runsOff: page.documentElement.scrollWidth > ${width}, inSight, small: small.length,
          wide: wide.map((element) => element.className || element.tagName), labels: labels.length,
        };`,
      );
      assert.deepEqual(seen, { runsOff: false, inSight: true, small: 0, wide: [], labels: 0 });
    }
  });
}

test(
  "by keyboard: from operation to operation, each told in full; closer, and back to the failure",
  options,
  async () => {
    const seen = (await inPage(
      drawPage(staleRead()),
      1440,
      `
    const told = () => page.querySelector("#rest-detail").textContent;
    const press = (key) => page.activeElement.dispatchEvent(new view.KeyboardEvent("keydown", { key, bubbles: true }));
    const action = (name) => page.querySelector("[data-action=" + name + "]").click();
    const culprit = page.querySelector("#rest .op.culprit");
    const stops = all("#rest .op").filter((bar) => bar.getAttribute("tabindex") === "0").length;
    culprit.focus();
    const first = told();
    press("ArrowLeft");
    const before = told();
    press("ArrowUp");
    const above = told();
    const width = () => culprit.querySelector("rect").getBoundingClientRect().width;
    const narrow = width();
    action("in"); action("in"); action("in");
    const label = culprit.querySelector("text").textContent;
    const ratio = width() / narrow;
    action("all");
    const whole = page.querySelector("#rest .scroll").scrollWidth <= page.querySelector("#rest .scroll").clientWidth + 1;
    action("failure");
    return { stops, first, before, above, label, ratio, whole, focused: page.activeElement === culprit };`,
    )) as Record<string, unknown>;
    assert.equal(seen.stops, 1, "one stop of the Tab key for all of them");
    assert.match(String(seen.first), /^client 2: read → 3 of "x", answered by n2404 to 412 ms.*impossible/);
    assert.match(String(seen.before), /^client 1: read → 4/);
    assert.equal(seen.above, seen.before, "above the first line there is none");
    assert.equal(seen.label, "read → 3");
    assert.ok(Number(seen.ratio) > 3);
    assert.deepEqual([seen.whole, seen.focused], [true, true]);
  },
);

test("light and dark can be switched, and all text stands out in both", options, async () => {
  const seen = (await inPage(
    drawPage(staleRead()),
    1440,
    `
    const luminance = (hex) => {
      const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255).map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const pairs = ["ink paper", "soft paper", "soft stripe", "ink write", "ink open", "wrong-ink wrong", "wrong-edge paper", "point-ink point", "fault paper", "soft gone"];
    const themes = [];
    for (const _ of [1, 2]) {
      const style = view.getComputedStyle(page.documentElement);
      const colour = (name) => style.getPropertyValue("--" + name).trim();
      const contrasts = pairs.map((pair) => {
        const [a, b] = pair.split(" ").map((name) => luminance(colour(name)) + 0.05);
        return [pair, Math.max(a, b) / Math.min(a, b)];
      });
      themes.push({ paper: style.backgroundColor, low: contrasts.filter(([, contrast]) => contrast < 4.5) });
      page.querySelector(".switch").click();
      await pause();
    }
    return themes;`,
  )) as { paper: string; low: unknown[] }[];
  assert.deepEqual(seen.map(({ paper }) => paper).sort(), ["rgb(20, 23, 29)", "rgb(255, 255, 255)"]);
  assert.deepEqual(
    seen.map(({ low }) => low),
    [[], []],
  );
});

test("values that would be script or markup stay text", options, async () => {
  const evil = `</script><script>parent.evil = 1</script><img src=x onerror="parent.evil = 1"> </title><svg onload="parent.evil = 1">`;
  const history = [op(1, "write", evil, null, 1, 5, evil), { ...op(2, evil, evil, evil, 6, 9, evil), key: evil }];
  const violation = { anomaly: evil, reason: evil, operations: history, key: evil };
  const page = drawPage({
    history,
    verdict: illegal(violation),
    title: evil,
    faults: [{ name: evil, from: 1, to: 3 }],
  });
  const seen = await inPage(
    page,
    390,
    `all(".op").forEach((bar) => bar.dispatchEvent(new view.Event("pointerover", { bubbles: true })));
    await pause();
    return { evil: globalThis.evil ?? 0, images: all("img").length, scripts: all("script").length };`,
  );
  assert.deepEqual(seen, { evil: 0, images: 0, scripts: 1 });
});

test("a drawing by itself is an image: paper, what is impossible in red, the order in green", options, async () => {
  const seen = (await runInBrowser(
    `
    const image = new Image();
    image.src = "data:image/svg+xml," + encodeURIComponent(${JSON.stringify(drawHistory(staleRead())).replaceAll("<", "\\u003c")});
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const near = (r, g, b) => {
      let count = 0;
      for (let at = 0; at < data.length; at += 4) {
        if (Math.abs(data[at] - r) + Math.abs(data[at + 1] - g) + Math.abs(data[at + 2] - b) < 12) count += 1;
      }
      return count;
    };
    return { pixels: data.length / 4, paper: near(255, 255, 255) + near(20, 23, 29), red: near(0xc0, 0x3a, 0) + near(0xff, 0x8a, 0x5c), green: near(0, 0x79, 0x5a) + near(0x2b, 0xc4, 0x9a) };`,
    nothing,
    60_000,
  )) as { pixels: number; paper: number; red: number; green: number };
  assert.ok(seen.paper > seen.pixels / 2, JSON.stringify(seen));
  assert.ok(seen.red > 300 && seen.green > 300, JSON.stringify(seen));
});
