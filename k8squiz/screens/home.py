"""What `k8squiz` alone shows. Returns renderables."""

from __future__ import annotations

import enum

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from engine.trace import Text
from k8squiz.bank.question import QuestionMeta
from k8squiz.history.stats import Stats
from k8squiz.locale.i18n import Lang, pick
from k8squiz.screens.prose import Prose

_BAR = 12
_WORDS = {
    "streak": Text("days in a row", "连续天数"),
    "due": Text("due today", "今天到期"),
    "seen": Text("seen", "见过"),
    "ahead": Text("next on the path: level {level}, {topic}", "路线上的下一站：难度 {level}，{topic}"),
    "resume": Text("an interview is unfinished: k8squiz mock --resume", "有一场面试没做完：k8squiz mock --resume"),
    "placement": Text(
        "five questions to see where you stand: k8squiz practice", "用五道题看看你的水平：k8squiz practice"
    ),
    "repeat": Text("repeat what is due: k8squiz practice", "复习到期的题目：k8squiz practice"),
    "path": Text("go on along the path: k8squiz practice", "沿路线继续：k8squiz practice"),
    "keys": Text("Enter starts it · h shows all commands · q leaves", "回车 开始 · h 所有命令 · q 离开"),
}


class NextStep(enum.Enum):
    """The one thing to do next; its value is the word for it."""

    RESUME = "resume"
    PLACEMENT = "placement"
    REPEAT = "repeat"
    PATH = "path"


def home_view(found: Stats, step: NextStep, ahead: QuestionMeta | None, lang: Lang) -> RenderableType:
    """Streak, what is due, the topics in their order, the next step."""
    seen, every = sum(one.seen for one in found.topics), sum(one.all for one in found.topics)
    numbers = (
        (str(found.streak), "streak"),
        (str(len(found.due_today)), "due"),
        (f"{seen}/{every}", "seen"),
    )
    head = Styled(" · ".join(f"{figure} {_word(key, lang)}" for figure, key in numbers), style="strong")
    table = Table.grid(padding=(0, 1))
    for number, one in enumerate(found.topics, 1):
        full = round(_BAR * one.seen / one.all)
        bar = Styled("█" * full, style="bar.full").append("░" * (_BAR - full), style="quiet")
        here = ahead is not None and one.topic == ahead.topic and step is not NextStep.PLACEMENT
        table.add_row("→" if here else "", f"{number:02}", one.topic, bar, f"{one.seen}/{one.all}")
    parts: list[RenderableType] = [head, Styled(""), table, Styled("")]
    if ahead is not None and step is not NextStep.PLACEMENT:
        parts.append(Prose(_word("ahead", lang).format(level=ahead.level, topic=ahead.topic), "quiet"))
    parts += [Prose(f"→ {_word(step.value, lang)}", "told"), Prose(_word("keys", lang), "quiet")]
    return Group(*parts)


def _word(key: str, lang: Lang) -> str:
    return pick(_WORDS[key], lang)
