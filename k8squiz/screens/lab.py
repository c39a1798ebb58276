"""What the kernel did beside what the engine says, point by point. Returns renderables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from engine.trace import Text
from k8squiz.locale.i18n import Lang, pick
from k8squiz.screens.prose import Prose

if TYPE_CHECKING:
    from engine.lab.compare import ComparedPoint

_WORDS = {
    "kernel": Text("kernel", "内核"),
    "engine": Text("engine", "引擎"),
    "agree": Text("The kernel did what the engine says.", "内核的行为与引擎的结论一致。"),
    "disagree": Text("The kernel and the engine disagree.", "内核与引擎的结论不一致。"),
}
_POINTS = {
    "verdict": Text("verdict", "结果"),
    "server": Text("server", "服务端"),
    "source seen": Text("source seen", "服务端看到的源"),
    "hosts reached": Text("reached", "经过的主机"),
    "conntrack": Text("conntrack", "conntrack"),
}


def comparison_view(points: Iterable[ComparedPoint], lang: Lang) -> RenderableType:
    """Each point with its mark: once where both say the same, else both; then whether all agree."""
    shown = tuple(points)
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for point in shown:
        mark = Styled("✓", style="right") if point.equal else Styled("✗", style="stopped")
        table.add_row(mark, Styled(_label(point.what, lang), style="strong"), _sides(point, lang))
    return Group(table, agreement(all(point.equal for point in shown), lang))


def agreement(equal: bool, lang: Lang) -> RenderableType:
    """One sentence: whether the kernel and the engine agree."""
    return Prose(pick(_WORDS["agree" if equal else "disagree"], lang), style="right" if equal else "stopped")


def _label(what: str, lang: Lang) -> str:
    """What is compared: a word of ours, or "HOOK on HOST"."""
    if what in _POINTS:
        return pick(_POINTS[what], lang)
    hook, _, host = what.partition(" on ")
    return f"{host} {hook}"


def _sides(point: ComparedPoint, lang: Lang) -> RenderableType:
    if point.kernel == point.engine:
        return _lines(point.kernel)
    sides = Table.grid(padding=(0, 1))
    sides.add_column(no_wrap=True)
    sides.add_column(overflow="fold")
    for key, said in (("kernel", point.kernel), ("engine", point.engine)):
        sides.add_row(Styled(pick(_WORDS[key], lang), style="quiet"), _lines(said))
    return sides


def _lines(said: str) -> RenderableType:
    return Styled("\n".join(said.split("; ")), overflow="fold")
