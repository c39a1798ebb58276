"""The scale command's screen: tables, a chart, and what is often said held against the figures."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text as Styled

from engine.trace import Text
from k8squiz.locale.i18n import Lang, pick
from k8squiz.scale import story
from k8squiz.scale.chart import MARKS, Series, text_chart
from k8squiz.scale.figures import Figures
from k8squiz.scale.timing import Timing, seconds
from k8squiz.screens.explain import block_view, claims_view, section_view
from k8squiz.screens.heading import heading
from k8squiz.screens.prose import Prose
from k8squiz.story.blocks import Grid, Section, same

_GROWTH = Text("How it grows with the number of Services", "随 Service 数量的增长")
_MEASURED = Text("Measured on this machine just now", "刚刚在本机实测")


def rules_series(found: Figures) -> Series:
    return {mode: found.series(mode, lambda point: point.cost.last.rules) for mode in MARKS}


def full_series(found: Figures) -> Series:
    return {mode: found.series(mode, lambda point: point.update.full) for mode in MARKS}


def partial_series(found: Figures) -> Series:
    return {mode: found.series(mode, lambda point: point.update.partial) for mode in MARKS}


def scale_view(found: Figures, timings: tuple[Timing, ...], lang: Lang) -> RenderableType:
    """All of it, top to bottom."""
    parts: list[RenderableType] = [section_view(section, lang) for section in story.sections(found)]
    if timings:
        parts.append(section_view(_timing_section(timings), lang))
    if found.growth:
        parts += [
            heading(pick(_GROWTH, lang)),
            _chart(pick(story.RULES_CHART, lang), rules_series(found)),
            Styled(""),
            _chart(pick(story.PARTIAL_CHART, lang), partial_series(found)),
            Styled(""),
            block_view(story.growth_grid(found), lang),
        ]
    parts.append(claims_view(story.claims(found), lang))
    return Group(*parts)


def _chart(caption: str, series: Series) -> RenderableType:
    legend = Styled("          ")
    for mode, mark in MARKS.items():
        legend.append(f"{mark} {mode}   ", style=f"series.{mode}")
    lines: list[RenderableType] = [Prose(caption, style="caption")]
    for line in text_chart(series):
        styled = Styled(line)
        for mode, mark in MARKS.items():
            styled.highlight_regex(rf"(?<=[ ·┤│]){mark}(?=[ ·]|$)", style=f"series.{mode}")
        lines.append(styled)
    return Group(*lines, legend)


def _timing_section(timings: tuple[Timing, ...]) -> Section:
    full = min((one.full for one in timings if one.full is not None), default=None)
    partial = min((one.partial for one in timings if one.partial is not None), default=None)
    rows = tuple(
        (
            same(one.tool),
            same(seconds(one.full, full)) if one.lacking is None else one.lacking,
            same(seconds(one.partial, partial)),
        )
        for one in timings
    )
    grid = Grid(
        Text(
            "median of three rounds in a network namespace of its own (× the fastest tool)",
            "在独立的网络命名空间中三轮的中位数（× 为最快工具的倍数）",
        ),
        (Text("tool", "工具"), Text("all rules", "全部规则"), Text("one endpoint changed", "一个端点变化")),
        rows,
    )
    return Section(_MEASURED, (grid,))
