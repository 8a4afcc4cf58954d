/**
 * The script of a page, as text: it is no part of any program here. Without it the page is complete but for zooming, the
 * panel of details (bars have tooltips all the same) and the switch of colours.
 */
export const PAGE_SCRIPT: string = String.raw`
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("scripted");
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const themeButton = document.querySelector(".switch");
  const isDark = () => (root.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";
  const nameSwitch = () => { themeButton.textContent = isDark() ? "Light" : "Dark"; };
  themeButton.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; nameSwitch(); });
  dark.addEventListener("change", nameSwitch);
  nameSwitch();

  for (const figure of all(".timeline")) explore(figure);
  for (const figure of all(".timeline[data-zoomable]")) zoomable(figure);

  function explore(figure) {
    const detail = document.getElementById(figure.dataset.detail);
    const bars = all(".op", figure).sort((a, b) => a.dataset.x - b.dataset.x);
    let chosen = figure.querySelector(".op.culprit") ?? bars[0];
    if (chosen === undefined) return;
    for (const bar of bars) {
      bar.setAttribute("role", "img");
      bar.setAttribute("tabindex", bar === chosen ? "0" : "-1");
      bar.setAttribute("aria-label", bar.querySelector("title").textContent);
    }
    const choose = (bar) => {
      chosen.setAttribute("tabindex", "-1");
      chosen.classList.remove("chosen");
      chosen = bar;
      bar.setAttribute("tabindex", "0");
      bar.classList.add("chosen");
      tell(bar);
    };
    const tell = (bar) => {
      const [first, ...others] = bar.querySelector("title").textContent.split("\n");
      const strong = document.createElement("strong");
      strong.textContent = first;
      detail.replaceChildren(strong, ...others.map((line) => {
        const span = document.createElement("span");
        span.textContent = line;
        return span;
      }));
    };
    if (chosen.matches(".culprit")) tell(chosen);
    show(figure, chosen, "instant");
    const barOf = (event) => event.target.closest(".op");
    figure.addEventListener("pointerover", (event) => { const bar = barOf(event); if (bar) choose(bar); });
    figure.addEventListener("focusin", (event) => { const bar = barOf(event); if (bar) choose(bar); });
    figure.addEventListener("keydown", (event) => {
      const bar = barOf(event);
      const next = bar && neighbour(bars, bar, event.key);
      if (!next) return;
      event.preventDefault();
      next.focus({ preventScroll: true });
      show(figure, next);
    });
  }

  function neighbour(bars, bar, key) {
    const place = bars.indexOf(bar);
    if (key === "ArrowRight") return bars[place + 1];
    if (key === "ArrowLeft") return bars[place - 1];
    if (key === "Home") return bars[0];
    if (key === "End") return bars.at(-1);
    if (key !== "ArrowUp" && key !== "ArrowDown") return undefined;
    const y = Number(bar.dataset.y);
    const rows = bars.map((other) => Number(other.dataset.y)).filter((other) => (key === "ArrowUp" ? other < y : other > y));
    if (rows.length === 0) return undefined;
    const row = key === "ArrowUp" ? Math.max(...rows) : Math.min(...rows);
    const far = (other) => Math.abs(other.dataset.x - bar.dataset.x);
    return bars.filter((other) => Number(other.dataset.y) === row).reduce((a, b) => (far(b) < far(a) ? b : a));
  }

  function show(figure, bar, behavior = "auto") {
    const scroll = figure.querySelector(".scroll");
    const zoom = Number(figure.dataset.zoom ?? 1);
    const left = bar.dataset.x * zoom;
    const flag = bar.querySelector(".flagged") === null ? 0 : 116;
    const right = left + Math.min(bar.dataset.w * zoom, scroll.clientWidth / 2) + flag;
    if (left < scroll.scrollLeft + 20 || right > scroll.scrollLeft + scroll.clientWidth - 20) {
      scroll.scrollTo({ left: Math.min(left - 20, right - 0.9 * scroll.clientWidth), behavior });
    }
  }

  function zoomable(figure) {
    const svg = figure.querySelector(".scroll > svg");
    const scroll = figure.querySelector(".scroll");
    const tools = document.getElementById(figure.dataset.tools);
    const width = Number(svg.dataset.width);
    const least = Math.min(1, Math.max(0.02, scroll.clientWidth / width));
    const lines = all("[data-points]", svg).map((line) => [line, line.getAttribute("points").split(" ").map((pair) => pair.split(",").map(Number))]);
    const to = (zoom) => {
      const middle = (scroll.scrollLeft + scroll.clientWidth / 2) / Number(figure.dataset.zoom ?? 1);
      zoom = Math.min(16, Math.max(least, zoom));
      figure.dataset.zoom = zoom;
      svg.setAttribute("width", width * zoom);
      svg.setAttribute("viewBox", "0 0 " + width * zoom + " " + svg.getAttribute("height"));
      for (const line of all("[data-wide]", svg)) line.setAttribute(line.tagName === "line" ? "x2" : "width", width * zoom);
      for (const bar of all(".op", svg)) drawBar(bar, zoom);
      for (const box of all(".fault, .answer", svg)) drawBox(box, zoom);
      for (const [line, pairs] of lines) line.setAttribute("points", pairs.map(([x, y]) => x * zoom + "," + y).join(" "));
      for (const point of all(".point", svg)) point.setAttribute("transform", "translate(" + point.dataset.x * zoom + " " + point.dataset.y + ")");
      drawTicks(svg, zoom);
      scroll.scrollLeft = middle * zoom - scroll.clientWidth / 2;
    };
    tools.addEventListener("click", (event) => {
      const action = event.target.closest("button")?.dataset.action;
      const zoom = Number(figure.dataset.zoom ?? 1);
      if (action === "in") to(zoom * 1.6);
      if (action === "out") to(zoom / 1.6);
      if (action === "all") to(least);
      if (action === "failure") {
        if (zoom < 1) to(1);
        const culprit = figure.querySelector(".op.culprit") ?? figure.querySelector(".op:not(.faded)");
        scroll.scrollLeft = culprit.dataset.x * Number(figure.dataset.zoom ?? 1) - scroll.clientWidth / 2;
        culprit.focus({ preventScroll: true });
      }
    });
    figure.addEventListener("keydown", (event) => {
      if (event.key === "+" || event.key === "=") to(Number(figure.dataset.zoom ?? 1) * 1.6);
      if (event.key === "-") to(Number(figure.dataset.zoom ?? 1) / 1.6);
    });
    scroll.style.scrollBehavior = "auto";
    // So near that the usual operation can be read; with a button for all of it.
    const widths = all(".op:not([data-open])", svg).map((bar) => Number(bar.dataset.w)).sort((a, b) => a - b);
    const near = Math.min(8, 64 / (widths[widths.length >> 1] ?? 64));
    if (near > 1.3) to(near);
    const start = figure.querySelector(".op.culprit") ?? figure.querySelector(".op:not(.faded)");
    if (start) scroll.scrollLeft = start.dataset.x * Number(figure.dataset.zoom ?? 1) - scroll.clientWidth / 2;
  }

  function drawBar(bar, zoom) {
    const width = Math.max(4, bar.dataset.w * zoom);
    bar.setAttribute("transform", "translate(" + bar.dataset.x * zoom + " " + bar.dataset.y + ")");
    const rect = bar.querySelector("rect");
    if (rect) rect.setAttribute("width", width);
    else {
      const right = Math.max(8, width) - 6;
      bar.querySelector("path.bar").setAttribute("d", "M" + right + " 0H5q-5 0 -5 5V21q0 5 5 5H" + right + "l6 -6.5l-6 -6.5l6 -6.5z");
    }
    const room = Math.floor((width - 8) / 7.4);
    const label = bar.dataset.label;
    bar.querySelector("text").textContent = room < 2 ? "" : label.length <= room ? label : label.slice(0, room - 1) + "…";
    bar.querySelector(".flagged")?.setAttribute("transform", "translate(" + width + " 0)");
  }

  function drawBox(box, zoom) {
    for (const rect of all("rect", box)) {
      rect.setAttribute("x", box.dataset.x * zoom);
      rect.setAttribute("width", Math.max(3, box.dataset.w * zoom));
    }
    box.querySelector("text")?.setAttribute("x", box.dataset.x * zoom + 4);
    box.querySelector(".flagged")?.setAttribute("transform", "translate(" + Math.max(3, box.dataset.w * zoom) + " 0)");
  }

  function drawTicks(svg, zoom) {
    const labels = new Map(); // by the stretch of 70 pixels that they are in: each has room for one
    for (const tick of all(".tick", svg)) {
      const x = tick.dataset.x * zoom;
      tick.setAttribute("transform", "translate(" + x + " " + (tick.dataset.y ?? 0) + ")");
      if (tick.querySelector("text") === null) continue;
      const stretch = Math.floor(x / 70);
      const isNear = [-1, 0, 1].some((by) => Math.abs((labels.get(stretch + by) ?? Infinity) - x) < 70);
      tick.style.display = isNear ? "none" : "";
      if (!isNear) labels.set(stretch, x);
    }
  }
})();
`;
