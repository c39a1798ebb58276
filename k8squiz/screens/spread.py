"""The table of a bank: how far each question's draws and answers spread, and how many there are of each sort. Returns renderables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from engine.trace import Text
from k8squiz.bank.themes import THEMES
from k8squiz.lint.spread import AnswerSpread
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.names import subject_name
from k8squiz.screens.heading import heading

_WORDS = {
    "id": Text("question", "题目"),
    "level": Text("level", "难度"),
    "kind": Text("kind", "题型"),
    "draws": Text("draws", "变化"),
    "answers": Text("answers", "答案"),
    "most": Text("most", "最多"),
    "themes": Text("themes", "知识点"),
    "trivia": Text("trivia", "冷知识"),
    "count": Text("questions", "题数"),
    "by-level": Text("By level", "按难度"),
    "by-kind": Text("By kind", "按题型"),
    "by-theme": Text("By theme", "按知识点"),
    "what": Text(
        "Of {drawn} draws: how many differ in parameters or answer, how many answers there are, and how often the one comes "
        "that comes most. Every question is in English and Chinese.",
        "各抽取 {drawn} 次：参数或答案不同的有多少种，答案有多少种，出现最多的答案占多少。每道题都有中英文。",
    ),
}  # fmt: skip


def spread_view(found: Sequence[AnswerSpread], lang: Lang) -> RenderableType:
    """A line a question, then the counts."""
    lines = Table(box=None, padding=(0, 1), show_edge=False)
    for name, right in (("id", 0), ("level", 1), ("kind", 0), ("draws", 1), ("answers", 1), ("most", 1), ("themes", 0)):
        lines.add_column(_say(name, lang), justify="right" if right else "left", overflow="fold")
    for one in found:
        meta = one.meta
        themes = " ".join((*meta.themes, *([f"({_say('trivia', lang)})"] if meta.trivia else [])))
        lines.add_row(
            meta.id,
            str(meta.level),
            subject_name(meta.kind, lang),
            str(one.draws),
            str(one.answers),
            f"{one.most:.0%}",
            themes,
        )
    drawn = max((one.drawn for one in found), default=0)
    return Group(
        lines, Styled(""), Styled(_say("what", lang, drawn=drawn), style="quiet"),
        *_counts("by-level", (str(one.meta.level) for one in found), lang),
        *_counts("by-kind", (subject_name(one.meta.kind, lang) for one in found), lang),
        *_counts("by-theme", (pick(THEMES[t].name, lang) for one in found for t in one.meta.themes if t in THEMES), lang),
    )  # fmt: skip


def _counts(name: str, values: Iterable[str], lang: Lang) -> list[RenderableType]:
    """How many there are of each, the most first."""
    lines = Table(box=None, padding=(0, 1), show_edge=False, show_header=False)
    for value, count in sorted(Counter(values).items(), key=lambda row: (-row[1], row[0])):
        lines.add_row(value, str(count))
    return [heading(_say(name, lang)), lines]


def _say(key: str, lang: Lang, **words: object) -> str:
    return pick(_WORDS[key], lang).format(**words)
