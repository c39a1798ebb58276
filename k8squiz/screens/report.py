"""A report on the screen: the figures, each question in a line or two, what to study next. Returns renderables."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text as Styled

from engine.trace import Text
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.mock import say as mock_say
from k8squiz.locale.report import say
from k8squiz.mock.score import ScorePart
from k8squiz.report import facts
from k8squiz.report.build import Answered, FieldLine, InterviewReport
from k8squiz.report.clocktext import clock
from k8squiz.report.columns import FIELD, PART, Column, of
from k8squiz.report.signs import CAUSE, sign_of
from k8squiz.screens.prose import Prose
from k8squiz.terminal.console import make_console
from k8squiz.terminal.sanitize import visible
from k8squiz.world.world import World

T = TypeVar("T")
_BAR = 20  # cells of a bar


def report_view(report: InterviewReport, lang: Lang) -> RenderableType:
    """The whole report; the walks are left to its other forms."""
    return Group(*_parts_of(report, lang))


def _parts_of(report: InterviewReport, lang: Lang) -> Iterator[RenderableType]:
    yield Styled(say("title", lang), style="strong")
    yield Prose("\n".join(facts.heading_facts(report, lang)), "quiet")
    time = say("of", lang, spent=clock(report.spent), budget=clock(report.plan.seconds))
    yield Styled(f"{say('score', lang)} {report.total:.0%} · {say('time', lang)} {time}", style="strong")
    for key, parts in (("by-topic", report.topics), ("by-kind", report.kinds), ("by-level", report.levels)):
        yield _heading(say(key, lang))
        yield bars(parts, lang, level=key == "by-level")
    for question in report.questions:
        yield from _question(question, lang)
    lines = list(facts.interruptions(report, lang))
    if lines:
        yield _heading(say("interruptions", lang))
        yield Prose("\n".join(lines))
    yield _heading(say("rule", lang))
    yield Prose(pick(report.rule, lang))
    yield _heading(say("study", lang))
    if not report.study:
        yield Styled(say("nothing-missed", lang))
    for study in report.study:
        yield Styled(f"{study.topic} {study.score:.0%}", style="strong")
        yield Styled("\n".join(f"  {command}" for command in study.commands))
    if report.session:
        yield Styled("\n" + mock_say("html-report", lang, session=report.session), style="quiet")


def bench_texts(world: World) -> tuple[Text, Text]:
    """What a question about IPVS alone gives and what was measured, as text; empty for a question about a cluster."""
    from k8squiz.screens.grade import bench_view
    from k8squiz.screens.question import given_view
    from k8squiz.world.subjects import needs_no_cluster

    if not needs_no_cluster(world.question):
        return Text("", ""), Text("", "")
    return _both_plain(lambda lang: given_view(world.question, lang)), _both_plain(lambda lang: bench_view(world, lang))


def _both_plain(view: Callable[[Lang], RenderableType]) -> Text:
    return Text(_plain(view("en")), _plain(view("zh")))


def _plain(view: RenderableType) -> str:
    out = io.StringIO()
    make_console(width=96, file=out).print(view)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()).strip("\n")


def _heading(text: str) -> RenderableType:
    return Group(Styled(""), Rule(Styled(text, style="strong"), align="left", style="quiet"))


def bars(parts: Sequence[ScorePart], lang: Lang, level: bool = False) -> RenderableType:
    """Scores as bars, with the time each part took against its budget."""
    table = Table(show_edge=False, show_header=False, box=None, padding=(0, 1))
    for part in parts:
        named = dataclasses.replace(part, name=say("level", lang, level=part.name)) if level else part
        table.add_row(*(_cell(column, named, lang) for column in of("screen", PART)))
    return table


def _cell(column: Column[T], row: T, lang: Lang) -> RenderableType:
    value = column.value(row, lang)
    if isinstance(value, float):
        if column.look == "bar":
            filled = round(value * _BAR)
            return Styled("█" * filled + "░" * (_BAR - filled), style="bar")
        sign, style = sign_of(value)
        return Styled(sign, style=style)
    if column.look == "strong":
        return Styled(str(value), style="strong")
    return Prose(str(value)) if column.title == "asked" else Styled(str(value))


def _in_words(field: FieldLine, lang: Lang) -> Iterator[RenderableType]:
    """What was picked, told or judged: below its label, and beside what is computed where that is something else."""
    given, truth = field.in_words
    answer = say("blank", lang) if given is None else visible(pick(given, lang))
    if field.long:
        yield Prose(pick(field.label, lang), "strong")
        yield Padding(Prose(answer), (0, 0, 0, 2))
        return
    sign, style = sign_of(field.score)
    table = Table.grid(padding=(0, 1))
    table.add_row(Styled(sign, style=style), Prose(pick(field.label, lang), "" if field.self_checked else "strong"))
    yield table
    if field.self_checked:
        yield from _causes(field, lang)
        return
    rows = Table.grid(padding=(0, 1))
    for key, text in (("answer", answer), ("truth", pick(truth, lang))):
        if key == "answer" or field.score < 1.0:
            rows.add_row(Styled(say(key, lang), style="quiet"), Prose(text, "strong" if key == "truth" else ""))
    yield Padding(rows, (0, 0, 0, 2))
    yield from _causes(field, lang)


def _causes(field: FieldLine, lang: Lang) -> Iterator[RenderableType]:
    """Why each wrong part of it is wrong; what is the same is told once."""
    for told in dict.fromkeys(pick(cause.told, lang) for cause in field.causes):
        yield Padding(Prose(f"{CAUSE} {visible(told)}", "notice"), (0, 0, 0, 2))


def _question(question: Answered, lang: Lang) -> Iterator[RenderableType]:
    item = question.result.item
    label = say("question" if item.parent is None else "follow-up", lang, label=item.label)
    yield _heading(f"{label} · {pick(question.title, lang)}")
    yield Prose(f"{' · '.join(facts.standing(question, lang))} · {facts.subject(question, lang)}", "quiet")
    yield Prose(pick(question.prompt, lang))
    plain = [field for field in question.fields if not (field.options or field.long or field.self_checked)]
    for field in question.fields:
        if field not in plain:
            yield from _in_words(field, lang)
    if plain:
        table = Table(show_edge=False, box=None, padding=(0, 1))
        columns = of("screen", FIELD)
        for column in columns:
            table.add_column(column.head(lang), overflow="fold")
        for field in plain:
            table.add_row(*(_cell(column, field, lang) for column in columns))
        yield table
    for field in question.fields:
        if not (field.options or field.self_checked):
            yield from _causes(field, lang)
        if field.credit is not None:
            yield Prose(f"{pick(field.label, lang)} · {pick(field.credit, lang)}", "notice")
    if question.result.sheet.line:
        yield Prose(say("line", lang, line=question.result.sheet.line), "notice")
    yield Padding(Prose("\n".join(pick(text, lang) for text in question.explanation)), (0, 0, 0, 2))
