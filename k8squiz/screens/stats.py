"""The statistics page: bars for the topics, a calendar, the weakest points. Returns renderables."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from engine.trace import Text
from k8squiz.history.stats import Stats, Strength
from k8squiz.locale.i18n import Lang, pick
from k8squiz.screens.heading import heading
from k8squiz.screens.prose import Prose

_WORDS = {
    "nothing": Text(
        "Nothing here yet. `k8squiz practice` asks the first questions; what you answer is remembered from then on.",
        "还没有记录。`k8squiz practice` 会提出第一批题目，此后你的作答都会被记住。",
    ),
    "streak": Text("days in a row", "连续天数"),
    "retention": Text("retention, last 30 days", "记忆保持率（最近 30 天）"),
    "due": Text("due today", "今天到期"),
    "unseen": Text("not seen yet", "未做过的题"),
    "answers": Text("answers in all", "累计作答"),
    "topics": Text("Strength by topic", "各主题掌握程度"),
    "calendar": Text("Answers by day", "每日作答"),
    "weakest": Text("Weakest points", "最薄弱的地方"),
    "seen": Text("seen", "见过"),
    "less": Text("none", "无"),
    "more": Text("many", "多"),
    "next": Text("Next:", "下一步："),
}
_DAYS = (Text("Mon", "一"), Text("Tue", "二"), Text("Wed", "三"), Text("Thu", "四"), Text("Fri", "五"),
         Text("Sat", "六"), Text("Sun", "日"))  # fmt: skip
# Told apart without colour too.
_SHADES = "·░▒▓█"
_STEPS = (1, 4, 8, 15)
_BAR = 24


def word(key: str, lang: Lang) -> str:
    return pick(_WORDS[key], lang)


def stats_view(found: Stats, lang: Lang) -> RenderableType:
    """The whole page."""
    if not found.answers:
        return Prose(word("nothing", lang))
    parts: list[RenderableType] = [_numbers(found, lang), heading(word("topics", lang)), _bars(found.topics, lang)]
    parts += [heading(word("calendar", lang)), _calendar(found, lang)]
    if found.weakest:
        table = Table.grid(padding=(0, 2))
        for weak in found.weakest:
            table.add_row(
                f"{weak.score:4.0%}", f"k8squiz practice --question {weak.question}", Styled(weak.topic, "quiet")
            )
        parts += [heading(word("weakest", lang)), table]
    if found.due_today:
        parts += [Styled(""), Styled(f"{word('next', lang)} k8squiz practice")]
    return Group(*parts)


def _numbers(found: Stats, lang: Lang) -> RenderableType:
    retention = "-" if found.retention is None else f"{found.retention:.0%}"
    rows = (
        ("streak", str(found.streak)), ("retention", retention), ("due", str(len(found.due_today))),
        ("unseen", str(found.unseen)), ("answers", str(found.answers)),
    )  # fmt: skip
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style="strong")
    for name, value in rows:
        table.add_row(value, word(name, lang))
    return table


def _bars(topics: tuple[Strength, ...], lang: Lang) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for one in topics:
        filled = round(one.strength * _BAR)
        bar = Styled("█" * filled, style="bar.full") + Styled("─" * (_BAR - filled), style="quiet")
        table.add_row(
            one.topic, bar, f"{one.strength:4.0%}", Styled(f"{word('seen', lang)} {one.seen}/{one.all}", "quiet")
        )
    return table


def _shade(count: int) -> str:
    return _SHADES[sum(1 for step in _STEPS if count >= step)]


def _calendar(found: Stats, lang: Lang) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    weeks = (len(found.calendar) + 6) // 7
    for day in range(7):
        cells = []
        for week in range(weeks):
            at = 7 * week + day
            cells.append(_shade(found.calendar[at][1]) if at < len(found.calendar) else "")
        table.add_row(pick(_DAYS[day], lang), *cells)
    first, last = found.calendar[0][0], found.calendar[-1][0]
    legend = f"{first.isoformat()} … {last.isoformat()}   {word('less', lang)} {_SHADES} {word('more', lang)}"
    return Group(table, Styled(legend, style="quiet"))
