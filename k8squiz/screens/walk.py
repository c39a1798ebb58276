"""A walk told hop by hop: where the packet is, what happens to it there, and how it ended. Returns renderables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text as Styled

from engine.trace import Hop, Outcome, Text
from k8squiz.locale.i18n import Lang, pick
from k8squiz.screens.prose import Prose

_WORDS = {
    "request": Text("Request", "请求"),
    "reply": Text("Reply", "应答"),
    "ways": Text("chance", "概率"),
}


def outcome_view(outcome: Outcome, lang: Lang) -> RenderableType:
    """The request's hops, the reply's, and the verdict."""
    return Group(*(part for _, part in outcome_parts(outcome, lang, each_hop=False)))


def outcome_parts(outcome: Outcome, lang: Lang, each_hop: bool) -> Iterator[tuple[str, RenderableType]]:
    """The walk in pieces: a direction each, or with `each_hop` a hop each under a "heading"; the verdict last."""
    for key, hops in (("request", outcome.hops), ("reply", outcome.reply)):
        if not hops:
            continue
        title = Styled(pick(_WORDS[key], lang), style="strong")
        if each_hop:
            yield "heading", title
            widths = _widths(hops)
            for position, hop in enumerate(hops):
                before = hops[position - 1] if position else None
                yield f"{key}-{hop.n}", hops_table((hop,), lang, widths, before, below=0)
        else:
            yield key, Group(title, hops_table(hops, lang))
    yield "verdict", verdict_view(outcome, lang)


def hops_table(
    hops: Sequence[Hop],
    lang: Lang,
    widths: tuple[int, int, int] | None = None,
    before: Hop | None = None,
    below: int = 1,
) -> RenderableType:
    """Hops as a table; » marks what a hop rewrites, with or without colour. `widths` and `before`, the hop told last,
    are for tables that continue one another, `below` the empty lines after it."""
    number, here_width, stage_width = widths or _widths(hops)
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", no_wrap=True, width=number)
    table.add_column(no_wrap=True, style="strong", width=here_width)
    table.add_column(no_wrap=True, style="stage", width=stage_width)
    table.add_column()
    place = _place(before) if before is not None else None
    for hop in hops:
        here = _place(hop)
        told: list[RenderableType] = [Prose(pick(hop.note, lang))]
        told += [
            Styled(f"{change.field} {change.before} » {change.after}", style="rewritten", overflow="fold")
            for change in hop.changes
        ]
        table.add_row(str(hop.n), "" if here == place else here, str(hop.stage), Group(*told))
        place = here
    return Padding(table, (0, 0, below, 0))


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
        line += f", {outcome.where.host}: {pick(outcome.where.reason, lang)}"
    return Padding(Prose(line, style="strong"), (0, 0, 1, 0))
