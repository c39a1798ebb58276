"""Why a part of an answer is wrong, in lines under it. Returns renderables."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table

from k8squiz.kinds.cause import Cause
from k8squiz.locale.i18n import Lang, pick
from k8squiz.report.signs import CAUSE
from k8squiz.screens.prose import Prose
from k8squiz.terminal.sanitize import one_line


def causes_view(causes: Sequence[Cause], lang: Lang) -> list[RenderableType]:
    """A line for each, and a rule of thumb after the last cause that breaks it; what is the same is told once."""
    once = {one_line(pick(cause.text, lang)): cause for cause in causes}
    last = {pick(cause.rule, lang): text for text, cause in once.items() if cause.rule is not None}
    parts: list[RenderableType] = []
    for text in once:
        parts.append(_hanging(CAUSE, Prose(text, "notice")))
        parts += [_hanging("", Prose(rule, "strong")) for rule, at in last.items() if at == text]
    return parts


def _hanging(sign: str, text: RenderableType) -> RenderableType:
    """What is too long for a line goes on under itself, not under the sign."""
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True, min_width=1)
    table.add_row(sign, text)
    return table


def told_cause(cause: Cause, lang: Lang) -> RenderableType:
    """One cause with its rule of thumb."""
    return Group(*causes_view([cause], lang))
