"""The days until an interview, each with its commands. Returns renderables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text as Styled

from engine.trace import Text
from k8squiz.bank.themes import THEMES
from k8squiz.history.study import StudyDay
from k8squiz.locale.i18n import Lang, pick
from k8squiz.screens.heading import heading
from k8squiz.screens.prose import Prose

_WORDS = {
    "head": Text("{days} until the interview on {until}; {new} new questions, {mocks} mock interviews.",
                 "距 {until} 面试还有 {days}；新题 {new} 道，模拟面试 {mocks} 场。"),
    "one-day": Text("1 day", "1 天"),
    "days": Text("{days} days", "{days} 天"),
    "repeat": Text("To repeat: {count}", "复习：{count} 题"),
    "new": Text("New: {count}, of {themes}", "新题：{count} 道，知识点：{themes}"),
    "mock": Text("A mock interview of {minutes} minutes", "模拟面试 {minutes} 分钟"),
    "free": Text("Nothing is left to ask; cram what went worst:", "没有剩下的题了；把最差的再过一遍："),
    "missed": Text("Reckoned as if all went well: what you miss comes back sooner. Plan again whenever you like.",
                   "按全部答对估算：答错的会更早回来。随时可以重新生成计划。"),
    "and": Text("; ", "、"),
}  # fmt: skip
_WEEKDAYS = (
    Text("Monday", "周一"), Text("Tuesday", "周二"), Text("Wednesday", "周三"), Text("Thursday", "周四"),
    Text("Friday", "周五"), Text("Saturday", "周六"), Text("Sunday", "周日"),
)  # fmt: skip


def plan_view(days: Sequence[StudyDay], until: dt.date, track: str | None, lang: Lang) -> RenderableType:
    """All days; `track` is what the commands are of."""
    of = f" --track {track}" if track is not None else ""
    count = _say("one-day", lang) if len(days) == 1 else _say("days", lang, days=len(days))
    parts: list[RenderableType] = [
        Prose(_say("head", lang, days=count, until=until.isoformat(), new=sum(one.new for one in days),
                   mocks=sum(one.mock > 0 for one in days)), "strong"),
    ]  # fmt: skip
    for one in days:
        parts.append(heading(f"{one.day.isoformat()} {pick(_WEEKDAYS[one.day.weekday()], lang)}"))
        for told, command in _work(one, until, of, lang):
            parts += [Prose(told), Padding(Styled(command, style="told"), (0, 0, 0, 2))]
    parts += [Styled(""), Prose(_say("missed", lang), "quiet")]
    return Group(*parts)


def _work(one: StudyDay, until: dt.date, of: str, lang: Lang) -> list[tuple[str, str]]:
    """What there is to do on a day, and the command that does it."""
    practice = f"k8squiz practice --until {until.isoformat()}{of}"
    work = []
    if one.repeat:
        work.append((_say("repeat", lang, count=one.repeat), f"{practice} --count {one.repeat} --new 0"))
    if one.new:
        names = _say("and", lang).join(pick(THEMES[theme].name, lang) for theme in one.themes)
        about = " ".join(f"--about {theme}" for theme in one.themes)
        work.append(
            (_say("new", lang, count=one.new, themes=names), f"{practice} --count {one.new} --new {one.new} {about}")
        )
    if one.mock:
        work.append((_say("mock", lang, minutes=one.mock), f"k8squiz mock --minutes {one.mock}{of}"))
    return work or [(_say("free", lang), f"k8squiz practice --cram{of}")]


def _say(key: str, lang: Lang, **words: object) -> str:
    return pick(_WORDS[key], lang).format(**words)
