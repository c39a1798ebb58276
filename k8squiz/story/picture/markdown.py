"""A walk in Markdown: the lanes as preformatted text, then every hop in a table, with the rule that decided."""

from __future__ import annotations

from collections.abc import Iterator

from engine.trace import Direction, Text
from k8squiz.locale.i18n import Lang, pick
from k8squiz.story.picture.beside import WalksBeside
from k8squiz.story.picture.beside_lines import beside_lines
from k8squiz.story.picture.layout import WalkLayout
from k8squiz.story.picture.lines import Detail, Line, picture_lines
from k8squiz.story.picture.words import rewrite_text, say
from k8squiz.terminal.sanitize import one_line

WIDTH = 96
_HEADS = {
    "hop": Text("what happens", "发生了什么"),
    "host": Text("host", "主机"),
    "stage": Text("stage", "阶段"),
    "changed": Text("rewritten", "改写"),
    "rule": Text("rule", "规则"),
}


def inline(text: str) -> str:
    """Text that Markdown shows as it is: no table cell, tag or heading can be smuggled in through a name."""
    shown = one_line(text).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
    return shown.replace("[", "\\[").replace("`", "\\`")


def code(text: str) -> str:
    """Text as code inside a table's cell."""
    shown = one_line(text).replace("|", "\\|")
    fence = "``" if "`" in shown else "`"
    return f"{fence}{shown}{fence}" if shown else ""


def picture_block(layout: WalkLayout, lang: Lang, detail: Detail = Detail.BRIEF) -> Iterator[str]:
    """The lanes, as a fenced block."""
    yield from fenced(picture_lines(layout, lang, WIDTH, detail))


def beside_block(pair: WalksBeside, names: tuple[Text, Text], lang: Lang) -> Iterator[str]:
    """A walk beside a walk, as a fenced block."""
    yield from fenced(beside_lines(pair, names, lang, WIDTH))


def fenced(lines: Iterator[Line]) -> Iterator[str]:
    """Lines of a terminal as a fenced block that no name can end."""
    yield "````text"
    yield from ("".join(span.text for span in line).rstrip().replace("````", "'''") for line in lines)
    yield from ("````", "")


def walk_markdown(layout: WalkLayout, lang: Lang) -> Iterator[str]:
    """The picture, and the table of all hops."""
    yield from picture_block(layout, lang, Detail.STAGES)
    for direction in (Direction.REQUEST, Direction.REPLY):
        visits = layout.of(direction)
        if not visits:
            continue
        names = [pick(_HEADS[key], lang) for key in ("host", "stage", "hop", "changed", "rule")]
        yield from (f"**{say(direction.value, lang)}**", "", f"| # | {' | '.join(names)} |", "|" + " --- |" * 6)
        for visit in visits:
            for step in visit.steps:
                rewrites = "; ".join(f"{step.label}: {rewrite_text(rewrite)}" for rewrite in step.rewrites)
                cells = (
                    str(step.number), inline(f"{layout.lanes[visit.lane].host} {step.device}".strip()), step.stage.value,
                    inline(pick(step.note, lang)), inline(rewrites), code(step.rule),
                )  # fmt: skip
                yield f"| {' | '.join(cells)} |"
        yield ""
