"""The report page's style sheet: one set of colours for light, one for dark, plain black for paper."""

STYLE = """
:root { --ink: #1d2430; --dim: #5b6675; --paper: #ffffff; --soft: #f3f5f8; --line: #d5dbe3; --accent: #2360b5;
  --right: #18794e; --part: #8a5a00; --wrong: #b42318; --mark: #fff0c2; --differs: #fdf0ee; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e8ee; --dim: #9aa5b4; --paper: #14181f; --soft: #1e242d; --line: #343c48; --accent: #7fb0ff;
    --right: #5fd39a; --part: #f0b95c; --wrong: #ff8a80; --mark: #4a3c12; --differs: #2d1f22; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.55 system-ui, "Segoe UI", Roboto, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; }
h2 { font-size: 1.15rem; margin: 0 0 .6rem; }
h3 { font-size: 1rem; margin: 1.1rem 0 .3rem; }
small, .facts, footer { color: var(--dim); font-weight: normal; font-size: .88rem; }
p { margin: .4rem 0; }
header { border-bottom: 2px solid var(--line); padding-bottom: 1.2rem; margin-bottom: 1.6rem; }
.figures { display: flex; gap: 2.5rem; margin-top: .8rem; }
.figures div { display: flex; flex-direction: column; color: var(--dim); }
.figure { font-size: 1.9rem; font-weight: 650; color: var(--ink); font-variant-numeric: tabular-nums; }
.figures + .bar { width: 100%; height: .5rem; margin-top: .9rem; }
.parts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); gap: 0 2.5rem; }
.parts section:first-child { grid-row: span 2; }
.parts td:nth-child(n+3), .overview td:nth-child(n+5) { text-align: right; }
.study { display: grid; grid-template-columns: 10rem 1fr; gap: 0 1rem; margin-bottom: .5rem; }
.study h3 { margin: .5rem 0 0; } .study h3 small { display: block; } .study pre { min-width: 0; }
section { margin: 0 0 1.8rem; }
article { position: relative; margin: 0 0 1.8rem; border: 1px solid var(--line); border-left: 5px solid var(--edge);
  border-radius: 8px; padding: 1.1rem 1.25rem; overflow-wrap: anywhere; }
article h2 { padding-right: 5.5rem; margin-bottom: .2rem; } article h2 small { display: block; }
.right-card { --edge: var(--right); } .part-card { --edge: var(--part); } .wrong-card { --edge: var(--wrong); }
.score { position: absolute; top: .9rem; right: 1.25rem; margin: 0; font-size: 1.3rem;
  font-variant-numeric: tabular-nums; }
a { color: var(--accent); text-decoration: none; } a:hover { text-decoration: underline; }
table { border-collapse: collapse; width: 100%; margin: .4rem 0 .8rem; font-size: .92rem; }
th { text-align: left; color: var(--dim); font-weight: 600; font-size: .85rem; }
td, th { padding: .22rem .6rem .22rem 0; vertical-align: top; border-bottom: 1px solid var(--line); }
td:first-child, th:first-child { padding-left: .3rem; }
td.n { white-space: nowrap; font-variant-numeric: tabular-nums; } td.wide { width: 100%; } td.aside { color: var(--dim); }
.bar { display: inline-block; width: 100%; min-width: 3rem; height: .6rem; background: var(--soft);
  border: 1px solid var(--line); border-radius: .3rem; vertical-align: middle; overflow: hidden; }
.bar span { display: block; height: 100%; background: var(--accent); }
pre, .walk { font-family: ui-monospace, "SF Mono", Consolas, "DejaVu Sans Mono", monospace; font-size: .82rem; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem; margin: .3rem 0;
  white-space: pre-wrap; overflow-wrap: anywhere; }
pre.wide { white-space: pre; overflow: auto; max-height: 24rem; line-height: 1.25; }
th { white-space: nowrap; }
.walk td:nth-child(1) { width: 8.5rem; } .walk td:nth-child(2) { width: 7rem; white-space: nowrap; }
.walk span { display: inline-block; margin-right: 1.1rem; }
blockquote { margin: .8rem 0; padding: .5rem .9rem; border-left: 3px solid var(--accent); background: var(--soft); }
figure { margin: .6rem 0; } .drawn { overflow-x: auto; } .drawn svg { display: block; width: 100%; min-width: 40rem; height: auto; }
.walk code { display: block; color: var(--dim); overflow-wrap: anywhere; }
details { margin: .7rem 0; }
summary { cursor: pointer; color: var(--accent); font-weight: 600; }
ul { margin: .3rem 0; padding-left: 1.3rem; }
.causes { list-style: "└ "; padding-left: 1.1rem; color: var(--wrong); }
mark { background: var(--mark); color: inherit; padding: 0 .2rem; border-radius: 3px; }
.right { color: var(--right); font-weight: 700; } .part { color: var(--part); font-weight: 700; }
.wrong { color: var(--wrong); font-weight: 700; }
tr.differs td { background: var(--differs); }
@media (max-width: 40rem) {
  main { padding: 1.2rem .8rem 3rem; } .figures { gap: 1.4rem; flex-wrap: wrap; } .figure { font-size: 1.5rem; }
  .overview .aside { display: none; } .study { display: block; } .study h3 small { display: inline; } article { padding: .9rem .8rem; }
  .walk td:nth-child(1) { width: auto; min-width: 4.2rem; } .walk td:nth-child(2) { width: auto; }
  .walk { font-size: .75rem; }
}
@media print {
  :root { --ink: #000; --dim: #444; --paper: #fff; --soft: #f4f4f4; --line: #bbb; --accent: #333; --right: #000;
    --part: #000; --wrong: #000; --mark: #e8e8e8; --differs: #eee; color-scheme: light; }
  @page { margin: 16mm 14mm; }
  .drawn svg { min-width: 0; max-height: 222mm; }
  body { font-size: 10pt; } main { max-width: none; padding: 0; }
  article { border: 0; border-top: 2px solid var(--line); border-radius: 0; padding: .8rem 0 0; }
  .score { right: 0; } a { color: inherit; }
  h2, h3, summary, article > .score, article > h2 + .score + .facts { break-after: avoid; } tr, blockquote, pre, .figures, .study { break-inside: avoid; }
  .bar span, mark, pre, tr.differs td { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  details::details-content { content-visibility: visible; display: block; } summary { list-style: none; } summary::-webkit-details-marker { display: none; }
  pre { font-size: 8pt; } pre.wide { max-height: none; overflow: visible; white-space: pre-wrap; }
  .walk { font-size: 7.5pt; } td, th { padding-top: .12rem; padding-bottom: .12rem; }
}
"""
