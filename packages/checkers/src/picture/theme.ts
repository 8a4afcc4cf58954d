/**
 * Colours of Okabe and Ito's palette, which people of every colour vision tell apart. Each of them comes with a shape or a
 * word that says the same: reads are hollow, writes filled, what is impossible has a thick border, a cross and its name.
 */
const LIGHT = `
  --paper: #ffffff; --ink: #1c2330; --soft: #5b6575; --line: #dfe3ea; --stripe: #f6f7fa;
  --write: #cfe3f3; --write-edge: #0072b2; --read: #ffffff; --read-edge: #4b6a88;
  --wrong: #ffe1d6; --wrong-edge: #c03a00; --wrong-ink: #8f2b00; --point: #00795a; --point-ink: #ffffff;
  --gone: #f0f1f4; --gone-edge: #8a93a3; --open: #fdf3d7; --open-edge: #a06a00; --fault: #a34a7f; --focus: #0072b2;`;
const DARK = `
  --paper: #14171d; --ink: #e8ebf0; --soft: #a3acba; --line: #2d333e; --stripe: #1a1e26;
  --write: #123a56; --write-edge: #56b4e9; --read: #14171d; --read-edge: #8fb1d0;
  --wrong: #55200c; --wrong-edge: #ff8a5c; --wrong-ink: #ffc3a8; --point: #2bc49a; --point-ink: #06251b;
  --gone: #20242c; --gone-edge: #6f7886; --open: #3a2d08; --open-edge: #e8b64a; --fault: #e09cc6; --focus: #56b4e9;`;

const SHAPES = `
.paper { fill: var(--paper); }
.picture text { font: 12px ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: var(--ink); }
.picture text.prose { font: 13px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
.picture text.title { font: 600 16px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
.picture .soft { fill: var(--soft); }
.picture .stripe { fill: var(--stripe); }
.picture .grid { stroke: var(--line); }
.picture .cut { stroke: var(--soft); fill: none; }
.op rect, .op path.bar { fill: var(--write); stroke: var(--write-edge); stroke-width: 1.2; }
.op.read rect, .op.read path.bar { fill: var(--read); stroke: var(--read-edge); }
.op.unknown path.bar { fill: var(--open); stroke: var(--open-edge); stroke-dasharray: 5 3; }
.op.fail rect { fill: var(--gone); stroke: var(--gone-edge); stroke-dasharray: 2 3; }
.op.fail text { fill: var(--soft); text-decoration: line-through; }
.op.culprit rect, .op.culprit path.bar { fill: var(--wrong); stroke: var(--wrong-edge); stroke-width: 3; stroke-dasharray: none; }
.op.culprit text { fill: var(--wrong-ink); font-weight: 700; }
.op.faded { opacity: .45; }
.op:focus { outline: none; }
.op:focus rect, .op:focus path.bar, .op.chosen rect, .op.chosen path.bar { stroke: var(--focus); stroke-width: 3; }
.cross { stroke: var(--wrong-edge); stroke-width: 2.4; stroke-linecap: round; fill: none; }
.picture text.flag { fill: var(--wrong-edge); font-weight: 700; }
.order { fill: none; stroke: var(--point); stroke-width: 1.8; stroke-linejoin: round; }
.order.stuck { stroke: var(--wrong-edge); stroke-dasharray: 3 4; }
.point circle { fill: var(--point); stroke: var(--paper); stroke-width: 1.5; }
.picture .point text { fill: var(--point-ink); font-size: 10px; font-weight: 700; }
.fault rect.band { opacity: .5; }
.fault rect.tint { opacity: .16; }
.fault .hatch { stroke: var(--fault); stroke-width: 2.2; }
.picture .fault text { fill: var(--fault); font-weight: 700; }
.fault .edge { stroke: var(--fault); stroke-width: 1.2; stroke-dasharray: 6 3; }
.answer rect { fill: var(--write-edge); } .answer.read rect { fill: var(--read-edge); } .answer.culprit rect { fill: var(--wrong-edge); }
.txn rect { fill: var(--paper); stroke: var(--write-edge); stroke-width: 1.4; }
.txn rect.head { fill: var(--write); stroke: none; }
.edge { fill: none; stroke: var(--ink); stroke-width: 1.6; }
.edge.rw { stroke-dasharray: 7 4; stroke: var(--wrong-edge); } .edge.wr { stroke: var(--write-edge); }
.edge.realtime, .edge.process, .edge.rt { stroke-dasharray: 2 4; stroke: var(--soft); }
.head-of { fill: var(--ink); } .head-of.rw { fill: var(--wrong-edge); } .head-of.wr { fill: var(--write-edge); }
.head-of.realtime, .head-of.process, .head-of.rt { fill: var(--soft); }
.kind rect { fill: var(--paper); stroke: var(--line); }
`;

/** The style of a picture that stands alone: light or dark as its viewer's system is. */
export const PICTURE_STYLE: string = `svg { ${LIGHT} }
@media (prefers-color-scheme: dark) { svg { ${DARK} } }
${SHAPES}`;

/** The style of pictures in a page that can be switched, by `data-theme` on the root, against the system's choice. */
export const PAGE_COLOURS: string = `:root { color-scheme: light; ${LIGHT} }
@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) { color-scheme: dark; ${DARK} } }
:root[data-theme="dark"] { color-scheme: dark; ${DARK} }
@media print { :root, :root:not([data-theme="light"]), :root[data-theme="dark"] { color-scheme: light; ${LIGHT} } }
${SHAPES}`;
