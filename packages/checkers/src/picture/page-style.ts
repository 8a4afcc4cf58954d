import { PAGE_COLOURS } from "./theme.ts";

export const PAGE_STYLE: string = `${PAGE_COLOURS}
* { box-sizing: border-box; }
html { background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 1440px; padding: 20px clamp(16px, 3vw, 40px) 56px; overflow-wrap: anywhere; }
header { display: grid; grid-template-columns: 1fr auto; gap: 6px 20px; align-items: start; }
.subject { color: var(--soft); margin: 0; font-size: 14px; max-width: none; }
h1 { font-size: clamp(21px, 2.4vw, 30px); line-height: 1.25; margin: 4px 0 0; max-width: 46ch; text-wrap: balance; grid-column: 1 / -1; }
h2 { font-size: 18px; margin: 40px 0 4px; }
p { margin: 8px 0; max-width: 84ch; }
.why { margin: 14px 0 4px; padding: 0; list-style: none; max-width: 84ch; }
.why li { margin: 6px 0; }
.note { color: var(--soft); font-size: 14px; }
.badge { display: inline-flex; gap: 7px; align-items: center; font-weight: 700; font-size: 14px; padding: 3px 12px; border-radius: 99px; border: 2px solid; margin-right: 10px; white-space: nowrap; }
.badge.illegal { color: var(--wrong-ink); border-color: var(--wrong-edge); background: var(--wrong); }
.badge.ok { color: var(--point); border-color: var(--point); }
.badge.unknown { color: var(--open-edge); border-color: var(--open-edge); background: var(--open); }
button { font: inherit; font-size: 14px; color: var(--ink); background: var(--stripe); border: 1px solid var(--line); border-radius: 8px; min-height: 36px; min-width: 40px; padding: 4px 12px; cursor: pointer; }
button:hover { border-color: var(--soft); }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
.figure { display: flex; border: 1px solid var(--line); border-radius: 12px; margin: 14px 0 8px; background: var(--paper); overflow: hidden; }
.figure > svg { flex: none; display: block; }
.scroll { flex: 1; min-width: 0; overflow-x: auto; overscroll-behavior-x: contain; }
.scroll > svg { display: block; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; list-style: none; padding: 0; margin: 8px 0; font-size: 14px; color: var(--soft); }
.legend li { display: flex; gap: 8px; align-items: center; }
.detail { position: sticky; bottom: 0; background: var(--paper); border-top: 1px solid var(--line); padding: 10px 0; min-height: 4em; font-size: 15px; max-height: 34vh; overflow: auto; }
.detail strong { font-family: ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 14px; }
.detail span { display: block; color: var(--soft); }
.cycle { display: grid; grid-template-columns: minmax(0, 400px) minmax(0, 1fr); gap: 12px 40px; align-items: start; }
.cycle .scroll { border: 1px solid var(--line); border-radius: 12px; padding: 8px; }
.cycle svg { max-width: 100%; height: auto; }
.edges { padding-left: 0; list-style: none; max-width: 70ch; }
.edges li { padding: 10px 14px; border-left: 4px solid var(--line); margin: 10px 0; }
.edges b { font-family: ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace; }
.tools { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 10px; align-items: center; }
details { border: 1px solid var(--line); border-radius: 10px; padding: 10px 14px; margin: 10px 0; }
summary { cursor: pointer; }
footer { color: var(--soft); font-size: 13px; margin-top: 48px; }
.script { display: none; }
.scripted .script { display: revert; } .scripted .tools.script { display: flex; }
@media (max-width: 720px) { .cycle { grid-template-columns: minmax(0, 1fr); } h2 { margin-top: 32px; } }
@media (prefers-reduced-motion: no-preference) { .scroll { scroll-behavior: smooth; } .op { transition: opacity .15s; } }
@media print {
  body { max-width: none; padding: 0; font-size: 11pt; }
  .tools, .switch, .detail, .rest { display: none !important; }
  .figure, .cycle, li { break-inside: avoid; }
  .figure > svg { flex: var(--part) 1 0; width: 0; height: auto; }
  .scroll { flex: var(--rest) 1 0; overflow: visible; }
  .scroll > svg { width: 100%; height: auto; }
}
`;
