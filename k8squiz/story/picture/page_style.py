"""How the page of a walk looks: two panes under the packet's header; one above the other on a phone; a list on paper."""

PAGE = """
:root { --ink: #1d2430; --dim: #556070; --paper: #fff; --soft: #f1f4f8; --line: #d5dbe3; --accent: #2360b5; --now: #fff6de;
  --now-edge: #a8500b; --was: #b42318; --is: #15722f; --nat: #a8500b; --tunnel: #7a26c9; color-scheme: light dark; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --dim: #a3aebc; --paper: #14181f; --soft: #1e242d; --line: #343c48;
  --accent: #7fb0ff; --now: #2c2617; --now-edge: #ffb454; --was: #ff8a80; --is: #5fd39a; --tunnel: #c79bff; } }
* { box-sizing: border-box; } [hidden] { display: none !important; }
html, body { height: 100%; } body { margin: 0; background: var(--paper); color: var(--ink); display: flex; flex-direction: column;
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; }
code, .mono { font-family: ui-monospace, "SF Mono", Consolas, "DejaVu Sans Mono", "Noto Sans Mono CJK SC", monospace; font-size: .87em; }
header { border-bottom: 2px solid var(--line); padding: .55rem 1rem .6rem; flex: none; background: var(--paper); }
.top { display: flex; flex-wrap: wrap; gap: .4rem 1rem; align-items: center; justify-content: space-between; }
h1 { font-size: 1.05rem; margin: 0; overflow-wrap: anywhere; }
.controls { display: flex; gap: .3rem; align-items: center; flex-wrap: wrap; }
button, select { font: inherit; color: inherit; background: var(--soft); border: 1px solid var(--line); border-radius: 7px;
  padding: .2rem .6rem; min-width: 2.3rem; min-height: 2.1rem; cursor: pointer; max-width: 100%; } select { max-width: min(100%, 26rem); }
button:hover, select:hover { border-color: var(--accent); } button:focus-visible, select:focus-visible { outline: 2px solid var(--accent); }
.playing, .plays .paused { display: none; } .plays .playing { display: inline; } .plays[data-lang="en"] .playing:lang(zh-CN), .plays[data-lang="zh"] .playing:lang(en) { display: none; }
.count { min-width: 6.5rem; text-align: center; font-variant-numeric: tabular-nums; color: var(--dim); font-size: .9rem; }
.packet { display: grid; grid-template-columns: repeat(4, auto) 1fr; gap: .3rem 1.6rem; margin: .5rem 0 0; }
.packet div { min-width: 0; } .packet dt { font-size: .74rem; color: var(--dim); line-height: 1.2; } .packet dd { margin: 0; overflow-wrap: anywhere; }
.packet del:empty { display: none; } .packet dd del { color: var(--was); margin-right: .45rem; font-weight: 400; } .packet .changed dd ins { color: var(--is); text-decoration: none; }
.packet .changed { background: var(--now); border-radius: 6px; box-shadow: 0 0 0 .3rem var(--now); } .packet .changed dt::after { content: " ●"; color: var(--now-edge); }
.packet dd ins { text-decoration: none; font-weight: 650; }
main { flex: 1; min-height: 0; } .walk { display: grid; grid-template-columns: minmax(0, 1.5fr) minmax(23rem, 1fr); height: 100%; }

.drawing { overflow: auto; border-right: 1px solid var(--line); } .drawing svg { display: block; margin: 0 auto; width: 100%; min-width: 46rem; height: auto; }
.list { overflow: auto; padding: .3rem 1rem 3rem; scroll-behavior: smooth; }
.list h2 { font-size: .95rem; margin: 1rem 0 .3rem; } .list h3 { font-size: .9rem; margin: .9rem 0 .1rem; }
ol { list-style: none; margin: 0; padding: 0; } li { border-left: 3px solid var(--line); padding: .3rem .6rem .35rem .8rem; margin: .15rem 0; border-radius: 0 7px 7px 0; cursor: pointer; overflow-wrap: anywhere; }
li.now { background: var(--now); border-left-color: var(--now-edge); } li p { margin: .05rem 0; }
.end { border-radius: 8px; padding: .5rem .8rem; margin: 1rem 0; border: 2px solid var(--is); } .end.no { border-color: var(--was); } .end p { margin: .1rem 0; }
.keys { color: var(--dim); font-size: .82rem; margin: 1.2rem 0 0; } kbd { border: 1px solid var(--line); border-bottom-width: 2px; border-radius: 4px; padding: 0 .3rem; font: inherit; }
.stage { cursor: pointer; } .stage.now .pill rect { stroke: var(--now-edge); stroke-width: 3; }
.walker { transition: transform .35s ease; pointer-events: none; } .walker .dot { fill: var(--now-edge); stroke: var(--paper); stroke-width: 2.5; }
.walker .tube-ring { fill: none; stroke: var(--tunnel); stroke-width: 3; opacity: 0; } .walker.inside .tube-ring { opacity: 1; }
.beside { height: 100%; overflow: auto; padding: .6rem 1rem 3rem; } .beside table { max-width: 78rem; margin: 0 auto; }
@media (prefers-reduced-motion: reduce) { .walker { transition: none; } .list { scroll-behavior: auto; } }
@media (max-width: 54rem) {
  header { padding: .45rem .7rem; } h1 { font-size: .92rem; } .packet { grid-template-columns: 1fr 1fr; gap: .25rem .8rem; font-size: .85rem; }
  .packet .where { grid-column: span 2; } .walk { grid-template-columns: 100%; grid-template-rows: minmax(0, 1fr) minmax(0, 1.1fr); }
  .drawing { border-right: 0; border-bottom: 2px solid var(--line); } .list { padding: .2rem .7rem 2rem; } .keys { display: none; }
  .controls button { min-width: 2.6rem; min-height: 2.5rem; } .controls [data-do="first"], .controls [data-do="last"] { display: none; } .playing, .plays .paused { display: none; } .plays .playing { display: inline; } .plays[data-lang="en"] .playing:lang(zh-CN), .plays[data-lang="zh"] .playing:lang(en) { display: none; }
.count { min-width: 0; }
}
@media print {
  :root { --ink: #000; --dim: #444; --paper: #fff; --soft: #f4f4f4; --line: #bbb; --now: #fff; --now-edge: #bbb; --was: #000; --is: #000; --nat: #555; color-scheme: light; }
  @page { margin: 14mm; } html, body { height: auto; } body { display: block; font-size: 9.5pt; }
  .controls, .packet, .keys { display: none; } .walk, .walk[hidden], .beside, .beside[hidden] { display: block !important; height: auto; } .drawing, .list { overflow: visible; border: 0; padding: 0; }
  .drawing svg { min-width: 0; max-height: 222mm; margin: 0; } .walker { display: none; }
  .pill rect, .badge rect, .card, .visit, .verdict, .cross { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  li, .end, tr { break-inside: avoid; } h2, h3 { break-after: avoid; } section.walk + section.walk { break-before: page; }
}
"""

# What is told of a step, and a walk beside a walk: a page of stories has them too, and its own colours.
BESIDE = """
[data-lang="en"] :lang(zh-CN):not(html), [data-lang="zh"] :lang(en):not(html) { display: none; }
.what { font-weight: 650; } .what .n { color: var(--dim); font-weight: 400; margin-right: .35rem; font-variant-numeric: tabular-nums; } .dev, .what small { color: var(--dim); font-weight: 400; }
code.rule { display: block; background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .25rem .5rem; margin: .25rem 0 .1rem; }
.badge { display: inline-block; border: 1px solid var(--nat, var(--line)); border-radius: 5px; padding: 0 .4rem; margin: .1rem .3rem .1rem 0; } .badge b { margin-right: .5rem; }
.beside td, .beside th { vertical-align: top; text-align: left; padding: .4rem .7rem; border: 1px solid var(--line); overflow-wrap: anywhere; }
.beside .alike td { background: var(--soft); color: var(--dim); text-align: center; padding: .15rem; } .beside .first td { border: 2px solid var(--now-edge, var(--accent)); background: var(--now, var(--mark)); }
.beside p { margin: .1rem 0; } .beside .step { margin: 0 0 .7rem; } .beside .none { color: var(--dim); font-style: italic; }
.beside table { border-collapse: collapse; width: 100%; table-layout: fixed; font-size: .92rem; }
"""
