"""How a drawing looks: one set of colours for light, one for dark, black on white for paper."""

STYLE = """
.wd { --ink: #1d2430; --dim: #556070; --paper: #ffffff; --soft: #f1f4f8; --line: #c4ccd6; --edge: #94a0b0;
  --rule: #2456c8; --route: #0b6b75; --tunnel: #7a26c9; --device: #4b5768; --nat: #a8500b; --guard: #a3195b;
  --end: #15722f; --bad: #b42318; --badge: #fff3d6; --badge-ink: #7a3c00; --reply: #15722f;
  background: var(--paper); color: var(--ink);
  font-family: system-ui, "Segoe UI", Roboto, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; }
@media (prefers-color-scheme: dark) { .wd { --ink: #e4e8ee; --dim: #a3aebc; --paper: #14181f; --soft: #1e242d;
  --line: #3a4452; --edge: #657184; --rule: #3b6fe0; --route: #107c88; --tunnel: #9145dd; --device: #566274;
  --nat: #b65d12; --guard: #bd2f72; --end: #1b8239; --bad: #d4392c; --badge: #43351a; --badge-ink: #ffd48a;
  --reply: #56c879; } }
@media print { .wd { --ink: #000; --dim: #444; --paper: #fff; --soft: #f4f4f4; --line: #bbb; --edge: #888;
  --badge: #eee; --badge-ink: #000; --reply: #000; } }
.wd text { fill: var(--ink); font-size: 12px; }
.wd .mono { font-family: ui-monospace, "SF Mono", Consolas, "DejaVu Sans Mono", "Noto Sans Mono CJK SC", monospace; font-size: 11px; }
.wd .title { font-size: 15px; font-weight: 650; } .wd .dim { fill: var(--dim); }
.wd .over { paint-order: stroke; stroke: var(--paper); stroke-width: 5px; stroke-linejoin: round; }
.wd .lane { stroke: var(--line); stroke-width: 1.5; }
.wd .card { fill: var(--soft); stroke: var(--edge); stroke-width: 1.2; }
.wd .icon { fill: none; stroke: var(--dim); stroke-width: 1.4; stroke-linecap: round; stroke-linejoin: round; }
.wd .name { font-weight: 650; font-size: 13.5px; }
.wd .visit { fill: var(--soft); stroke: var(--line); }
.wd .pill rect { fill: var(--device); } .wd .pill text { fill: #fff; font-weight: 600; font-size: 11.5px; }
.wd .rule rect { fill: var(--rule); } .wd .route rect { fill: var(--route); } .wd .tunnel rect { fill: var(--tunnel); }
.wd .nat rect { fill: var(--nat); } .wd .guard rect { fill: var(--guard); } .wd .end rect { fill: var(--end); }
.wd .badge rect { fill: var(--badge); stroke: var(--nat); stroke-width: 1; } .wd .badge text { fill: var(--badge-ink); }
.wd .badge .by { font-weight: 700; }
.wd .arrow { fill: none; stroke: var(--ink); stroke-width: 2; } .wd .head { fill: var(--ink); }
.wd .back .arrow { stroke: var(--reply); stroke-dasharray: 7 4; } .wd .back .head { fill: var(--reply); }
.wd .arrow.tube { stroke: var(--tunnel); stroke-opacity: .28; stroke-width: 11; stroke-dasharray: none; }
.wd .outer { fill: var(--tunnel); } @media (prefers-color-scheme: dark) { .wd .outer { fill: #c79bff; } }
.wd .way { font-weight: 650; fill: var(--dim); letter-spacing: .04em; } .wd .sep { stroke: var(--line); stroke-dasharray: 2 4; }
.wd .cross { fill: var(--bad); } .wd .cross-x { stroke: #fff; stroke-width: 2.4; stroke-linecap: round; }
.wd .bad { fill: var(--bad); font-weight: 650; } @media (prefers-color-scheme: dark) { .wd .bad { fill: #ff9a8f; } }
.wd .verdict { fill: var(--end); } .wd .verdict.no { fill: var(--bad); } .wd .said { fill: #fff; font-weight: 650; font-size: 13px; }
"""

MOTION = """
.wd .dot { fill: var(--nat); stroke: var(--paper); stroke-width: 2.5; } .wd .tube-ring { fill: none; stroke: var(--tunnel); stroke-width: 3; opacity: 0; }
.wd .lit { fill: none; stroke: var(--nat); stroke-width: 3; opacity: 0; }
@media print { .wd .walker, .wd .lit { display: none; } }
@media (prefers-reduced-motion: reduce) { .wd .walker, .wd .lit { display: none; } }
"""
