"""A walk told hop by hop: where the packet is, what happens to it there, and how it ended. Returns renderables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text as Styled

from engine.trace import Hop, Outcome, Text
from k8squiz.locale.i18n import Lang, joined, pick
from k8squiz.screens.prose import Prose

_WORDS = {
    "request": Text("Request", "请求"),
    "reply": Text("Reply", "响应"),
}


def outcome_parts(outcome: Outcome, lang: Lang) -> Iterator[tuple[str, RenderableType]]:
    """The walk in pieces: a hop each, those of a direction under a "heading"; the verdict last."""
    for key, hops in (("request", outcome.hops), ("reply", outcome.reply)):
        if not hops:
            continue
        yield "heading", Styled(pick(_WORDS[key], lang), style="strong")
        widths = _widths(hops)
        for hop, before in zip(hops, (None, *hops), strict=False):
            yield f"{key}-{hop.n}", hop_row(hop, lang, widths, before)
    yield "verdict", verdict_view(outcome, lang)


def hop_row(hop: Hop, lang: Lang, widths: tuple[int, int, int], before: Hop | None = None) -> RenderableType:
    """A hop as a row of a table, whose columns have `widths`; » marks what it rewrites, with or without colour, and the
    rule that decided stands below. `before` is the hop told last."""
    number, here_width, stage_width = widths
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", no_wrap=True, width=number)
    table.add_column(no_wrap=True, style="strong", width=here_width)
    table.add_column(no_wrap=True, style="stage", width=stage_width)
    table.add_column()
    here = _place(hop)
    told: list[RenderableType] = [Prose(pick(hop.note, lang))]
    told += [
        Styled(f"{change.field} {change.before} » {change.after}", style="rewritten", overflow="fold")
        for change in hop.changes
    ]
    if hop.rule:
        told.append(Styled(hop.rule, style="rule", overflow="fold"))
    told_before = before is not None and _place(before) == here
    table.add_row(str(hop.n), "" if told_before else here, str(hop.stage), Group(*told))
    return table


def hop_rows(hops: Sequence[Hop], lang: Lang) -> RenderableType:
    """Hops that follow one another, each a row."""
    widths = _widths(hops)
    return Group(*(hop_row(hop, lang, widths, before) for hop, before in zip(hops, (None, *hops), strict=False)))


def _widths(hops: Sequence[Hop]) -> tuple[int, int, int]:
    """How wide the first three columns are."""
    return len(str(hops[-1].n)), max(len(_place(hop)) for hop in hops), max(len(hop.stage) for hop in hops)


def _place(hop: Hop) -> str:
    return _short(f"{hop.host} {hop.device}".strip())


def _short(place: str) -> str:
    return place if len(place) <= 18 else place[:17] + "…"


def verdict_view(outcome: Outcome, lang: Lang) -> RenderableType:
    """= VERDICT, and where and why it died if it did."""
    line = f"= {outcome.verdict}"
    if outcome.where is not None:
        line += ("，" if lang == "zh" else ", ") + joined(outcome.where.host, pick(outcome.where.reason, lang), lang)
    return Padding(Prose(line, style="strong"), (0, 0, 1, 0))
