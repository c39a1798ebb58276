"""A report as Markdown. All that a manifest, a question or a candidate wrote is escaped: it shows as it was typed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TypeVar

from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.report import say
from k8squiz.mock.score import ScorePart
from k8squiz.report import facts
from k8squiz.report.build import Answered, FieldLine, InterviewReport
from k8squiz.report.clocktext import clock
from k8squiz.report.columns import FIELD, PART, Column, of, option_columns
from k8squiz.report.signs import CAUSE, sign_of
from k8squiz.report.walk import ReportedHop
from k8squiz.story.picture.markdown import picture_block
from k8squiz.terminal.sanitize import one_line, visible

T = TypeVar("T")
# Of so many walks in a question each has its table of hops; of more, its picture alone.
_MOST_TABLES = 2
_SPECIAL = re.compile(r"([\\`*_\[\]<>|&~])")
_AT_START = re.compile(r"^(\s*)([#+\-=]|\d+(?=[.)]))")


def plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    escaped = _SPECIAL.sub(r"\\\1", one_line(text.replace("\n", " ").replace("\t", " ")))
    return _AT_START.sub(
        lambda found: f"{found[1]}{found[2]}\\" if found[2].isdigit() else f"{found[1]}\\{found[2]}", escaped
    )


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table; cells are escaped here."""
    yield "| " + " | ".join(plain(header) for header in headers) + " |"
    yield "|" + " --- |" * len(headers)
    for row in rows:
        yield "| " + " | ".join(plain(cell) for cell in row) + " |"
    yield ""


def report_markdown(report: InterviewReport, lang: Lang) -> str:
    """The whole report."""
    return "\n".join(_lines(report, lang)).rstrip() + "\n"


def _lines(report: InterviewReport, lang: Lang) -> Iterator[str]:
    yield from (f"# {say('title', lang)}", "")
    yield from (f"- {plain(line)}" for line in facts.heading_facts(report, lang))
    time = say("of", lang, spent=clock(report.spent), budget=clock(report.plan.seconds))
    yield from ("", f"**{say('score', lang)} {report.total:.0%}** · {say('time', lang)} {time}", "")
    for key, parts in (("by-topic", report.topics), ("by-kind", report.kinds), ("by-level", report.levels)):
        yield from (f"## {say(key, lang)}", "", *_parts(parts, lang))
    yield from (f"## {say('study', lang)}", "")
    if not report.study:
        yield from (say("nothing-missed", lang), "")
    for study in report.study:
        yield from (f"**{plain(study.topic)}** ({study.score:.0%})", "", "```sh", *study.commands, "```", "")
    yield from (f"## {say('rule', lang)}", "", plain(pick(report.rule, lang)), "")
    lines = list(facts.interruptions(report, lang))
    if lines:
        yield from (f"## {say('interruptions', lang)}", "", *(f"- {plain(line)}" for line in lines), "")
    for question in report.questions:
        yield from _question(question, lang)
    yield from ("---", "", facts.made(lang))


def _parts(parts: Sequence[ScorePart], lang: Lang) -> Iterator[str]:
    yield from _table(of("markdown", PART), parts, lang)


def _table(columns: Sequence[Column[T]], rows: Sequence[T], lang: Lang) -> Iterator[str]:
    headers = [column.head(lang) for column in columns]
    yield from table(headers, [[_cell(column, row, lang) for column in columns] for row in rows])


def _cell(column: Column[T], row: T, lang: Lang) -> str:
    value = column.value(row, lang)
    return sign_of(value)[0] if column.look == "sign" and isinstance(value, float) else str(value)


def _question(question: Answered, lang: Lang) -> Iterator[str]:
    yield from (f"## {plain(facts.title(question, lang))}", "")
    yield from (f"{plain(facts.subject(question, lang))} · {plain(' · '.join(facts.standing(question, lang)))}", "")
    yield from given(question, lang)
    yield from (f"> {plain(pick(question.prompt, lang))}", "")
    yield from answers(question.fields, lang)
    if question.result.sheet.line:
        yield from (plain(say("line", lang, line=question.result.sheet.line)), "")
    yield from walk_lines(question, lang)
    yield from (f"**{say('why', lang)}**", "", *(plain(pick(text, lang)) + "\n" for text in question.explanation))
    yield from (f"**{say('key-points', lang)}**", "", *(f"- {plain(pick(text, lang))}" for text in question.key_points))
    yield from ("", plain(facts.sources(question, lang)), "")


def given(question: Answered, lang: Lang) -> Iterator[str]:
    """What the candidate has before the question: a cluster and requests, or servers and a workload."""
    yield from (f"- {plain(line)}" for line in facts.given(question, lang))
    yield from block(pick(question.given, lang))
    yield ""


def block(text: str) -> Iterator[str]:
    """Preformatted text, indented so that nothing in it can end it."""
    if text:
        yield from ("", *(f"    {visible(line)}" for line in text.splitlines()), "")


def answers(fields: Sequence[FieldLine], lang: Lang) -> Iterator[str]:
    """What was answered beside what is computed; what could be picked, with its place in either."""
    yield from _table(of("markdown", FIELD), fields, lang)
    for field in fields:
        if field.options:
            yield from _table(option_columns(field), field.rows, lang)
        if field.causes:
            yield from (*(f"- {plain(f'{CAUSE} {pick(cause.told, lang)}')}" for cause in field.causes), "")
        if field.credit is not None:
            yield from (plain(f"{pick(field.label, lang)} · {pick(field.credit, lang)}"), "")


def walk_lines(question: Answered, lang: Lang) -> Iterator[str]:
    """The walks as pictures, and where there are few of them as tables too: nobody reads a dozen hop by hop."""
    headers = [say(key, lang) for key in ("host", "stage", "what", "rule-column")]
    yield from block(pick(question.computed, lang))
    tabled = len(question.walks) <= _MOST_TABLES
    for walk in question.walks:
        yield from (f"**{plain(facts.walk_title(question, walk, lang))}**", "", *picture_block(walk.layout, lang))
        if tabled:
            yield from table(headers, _rows(walk.there))
        if tabled and walk.back:
            yield from (f"*{say('reply', lang)}*", "")
            yield from table(headers, _rows(walk.back))
        yield from (plain(facts.walk_end(walk, lang)), "")


def _rows(steps: Sequence[ReportedHop]) -> list[tuple[str, str, str, str]]:
    found = []
    for host, stage, changes, (where, *more), rule in facts.rows(steps):
        found.append((host, stage, "; ".join((where, *changes, *more)), rule))
    return found
