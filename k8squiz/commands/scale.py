"""`k8squiz scale`: print the figures, draw how they grow, time the real tools."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.trace import Text
from k8squiz.commands.explain import write
from k8squiz.errors import QuizError
from k8squiz.locale.i18n import Lang, pick
from k8squiz.scale import figures as model
from k8squiz.terminal.console import make_console, print_json
from k8squiz.world.release import RELEASE

if TYPE_CHECKING:
    from k8squiz.scale.timing import Timing


def run(
    lang: Lang,
    services: int,
    endpoints: int,
    grow: bool,
    measure: bool,
    export: Path | None,
    json: bool,
    release: str | None = None,
) -> int:
    """Compute, then print as tables or JSON; write the charts to `export` (.svg)."""
    if export is not None and export.suffix != ".svg":
        raise QuizError(f"{export}: the name must end in .svg", f"{export}：文件名须以 .svg 结尾")
    if export is not None and not grow:
        raise QuizError(
            "--export draws the growth; leave --no-growth away", "--export 绘制增长曲线；请去掉 --no-growth"
        )
    found = model.compute(services, endpoints, grow, _progress(lang), release or RELEASE)
    timings: tuple[Timing, ...] = ()
    if measure:
        from k8squiz.scale.timing import measure as time_tools

        timings = time_tools(services, endpoints, release)
    if export is not None:
        write(export, _svg(found, lang))
    if json:
        print_json({**model.as_json(found), **_measured(timings)}, indent=1)
        return 0
    from k8squiz.screens.scale import scale_view

    make_console().print(scale_view(found, timings, lang))
    return 0


def _measured(timings: tuple[Timing, ...]) -> dict[str, object]:
    if not timings:
        return {}
    return {
        "measured_seconds": {
            timing.tool: {"full_sync": timing.full, "one_endpoint_changed": timing.partial}
            for timing in timings if timing.lacking is None
        }
    }  # fmt: skip


def _progress(lang: Lang) -> Callable[[int, int], None]:
    """Says on a terminal's stderr how far it is; nothing where nobody looks."""
    if not sys.stderr.isatty():
        return lambda done, of: None
    words = "生成规则并逐包模拟" if lang == "zh" else "compiling and walking"

    def tell(done: int, of: int) -> None:
        end = "" if done + 1 < of else "\r\x1b[K"
        sys.stderr.write(f"\r{words} {done + 1}/{of}{end}")
        sys.stderr.flush()

    return tell


def _svg(found: model.Figures, lang: Lang) -> str:
    from k8squiz.scale.chart import svg_chart
    from k8squiz.scale.story import FULL_CHART, PARTIAL_CHART, RULES_CHART
    from k8squiz.screens.scale import full_series, partial_series, rules_series

    charts = [
        (pick(RULES_CHART, lang), rules_series(found)),
        (pick(FULL_CHART, lang), full_series(found)),
        (pick(PARTIAL_CHART, lang), partial_series(found)),
    ]
    title = Text(
        f"kube-proxy by the number of Services, {found.endpoints} endpoints each",
        f"kube-proxy 随 Service 数量的变化，每个 {found.endpoints} 个端点",
    )
    return svg_chart(charts, pick(title, lang))
