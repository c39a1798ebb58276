"""A report as one HTML page that loads nothing from anywhere: light, dark and on paper. Every foreign text is escaped."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from html import escape
from typing import TypeVar

from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.report import say
from k8squiz.mock.score import ScorePart
from k8squiz.report import facts
from k8squiz.report.build import Answered, FieldLine, InterviewReport
from k8squiz.report.clocktext import clock
from k8squiz.report.columns import FIELD, PART, Column, of, option_columns
from k8squiz.report.walk import ReportedHop, ReportedWalk
from k8squiz.story.picture.drawing import inline_drawing
from k8squiz.story.picture.drawing_style import STYLE as DRAWING
from k8squiz.story.style import STYLE
from k8squiz.terminal.sanitize import visible

T = TypeVar("T")
_SIGNS = {"right": "✓", "part": "~", "wrong": "✗"}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def text(value: str) -> str:
    """Anything as HTML text: no tag, no attribute, no character a reader would not see."""
    return escape(visible(value), quote=True)


def report_page(report: InterviewReport, lang: Lang) -> str:
    """The whole report as one page."""
    return "\n".join(_page(report, lang)) + "\n"


def _page(report: InterviewReport, lang: Lang) -> Iterator[str]:
    yield "<!doctype html>"
    yield f'<html lang="{"zh-CN" if lang == "zh" else "en"}">'
    yield f'<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
    yield f"<title>{text(say('title', lang))}</title><style>{STYLE}{DRAWING}</style></head>"
    yield "<body><main>"
    yield from _head(report, lang)
    yield from _overview(report, lang)
    yield '<div class="parts">'
    for key, parts in (("by-topic", report.topics), ("by-kind", report.kinds), ("by-level", report.levels)):
        yield from _parts(say(key, lang), parts, lang, level=key == "by-level")
    yield "</div>"
    yield from _study(report, lang)
    yield f"<section><h2>{text(say('rule', lang))}</h2><p>{text(pick(report.rule, lang))}</p></section>"
    lines = list(facts.interruptions(report, lang))
    if lines:
        yield f"<section><h2>{text(say('interruptions', lang))}</h2>{_list(lines)}</section>"
    for question in report.questions:
        yield from _question(question, lang)
    yield f"<footer>{text(facts.made(lang))}</footer></main></body></html>"


def _head(report: InterviewReport, lang: Lang) -> Iterator[str]:
    time = say("of", lang, spent=clock(report.spent), budget=clock(report.plan.seconds))
    yield f"<header><h1>{text(say('title', lang))}</h1>"
    yield f'<p class="facts">{text(" · ".join(facts.heading_facts(report, lang)))}</p>'
    yield '<div class="figures">'
    for key, figure in (("score", f"{report.total:.0%}"), ("time", time), ("tally", _tally(report))):
        yield f'<div><span class="figure">{text(figure)}</span><span>{text(say(key, lang))}</span></div>'
    yield f"</div>{_bar(report.total)}</header>"


def _tally(report: InterviewReport) -> str:
    scores = [question.result.score for question in report.questions]
    right, none = sum(1 for score in scores if score >= 1), sum(1 for score in scores if score <= 0)
    return f"{right} · {len(scores) - right - none} · {none}"


def _overview(report: InterviewReport, lang: Lang) -> Iterator[str]:
    """All questions in a table, each a link to its card."""
    yield f'<section><h2>{text(say("overview", lang))}</h2><table class="overview">'
    for question in report.questions:
        item, sheet = question.result.item, question.result.sheet
        flag = ' <span class="part">⚑</span>' if sheet.flagged else ""
        yield (
            f"<tr><td>{_sign(question.result.score)}</td><td class=n>{text(item.label)}</td>"
            f'<td><a href="#q{text(item.label)}">{text(pick(question.title, lang))}</a>{flag}</td>'
            f'<td class="aside">{text(facts.subject(question, lang))}</td><td class=n>{question.result.score:.0%}</td>'
            f'<td class="n aside">{clock(sheet.spent)} / {clock(item.seconds)}</td></tr>'
        )
    yield "</table></section>"


def _parts(title: str, parts: Sequence[ScorePart], lang: Lang, level: bool) -> Iterator[str]:
    yield f"<section><h2>{text(title)}</h2><table>"
    for part in parts:
        named = dataclasses.replace(part, name=say("level", lang, level=part.name)) if level else part
        cells = (
            f"<td class={'wide' if column.look == 'bar' else 'n'}>{_cell(column, named, lang)}</td>"
            for column in of("html", PART)
        )
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</table></section>"


def _cell(column: Column[T], row: T, lang: Lang) -> str:
    value = column.value(row, lang)
    if isinstance(value, float):
        return _bar(value) if column.look == "bar" else _sign(value)
    return f"<b>{text(str(value))}</b>" if column.look == "strong" else text(str(value))


def _bar(score: float) -> str:
    return f'<span class="bar"><span style="width:{max(0.0, min(1.0, score)):.0%}"></span></span>'


def _study(report: InterviewReport, lang: Lang) -> Iterator[str]:
    yield f"<section><h2>{text(say('study', lang))}</h2>"
    if not report.study:
        yield f"<p>{text(say('nothing-missed', lang))}</p>"
    for study in report.study:
        commands = "\n".join(text(command) for command in study.commands)
        head = f"<h3>{text(study.topic)} <small>{study.score:.0%}</small></h3>"
        yield f'<div class="study">{head}<pre>{commands}</pre></div>'
    yield "</section>"


def _list(lines: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{text(line)}</li>" for line in lines) + "</ul>"


def _pre(content: str) -> str:
    return f'<pre class="wide">{text(content)}</pre>'


def _question(question: Answered, lang: Lang) -> Iterator[str]:
    item = question.result.item
    label = say("question" if item.parent is None else "follow-up", lang, label=item.label)
    score, *standing = facts.standing(question, lang)
    yield f'<article id="q{text(item.label)}" class="{_name(question.result.score)}-card">'
    yield f"<h2><small>{text(label)}</small> {text(pick(question.title, lang))}</h2>"
    yield f'<p class="score">{_sign(question.result.score)} <b>{text(score)}</b></p>'
    yield f'<p class="facts">{text(" · ".join((*standing, facts.subject(question, lang))))}</p>'
    given = _list(facts.given(question, lang)) if question.cluster else ""
    given += _pre(pick(question.given, lang)) if question.given.en else ""
    yield f"<details open><summary>{text(say('cluster' if question.cluster else 'given', lang))}</summary>{given}</details>"
    yield f"<blockquote>{text(pick(question.prompt, lang))}</blockquote>"
    yield from _answers(question.fields, lang)
    if question.result.sheet.line:
        yield f"<p>{text(say('line', lang, line=question.result.sheet.line))}</p>"
    yield f"<h3>{text(say('why', lang))}</h3>"
    yield from (f"<p>{text(pick(each, lang))}</p>" for each in question.explanation)
    yield f"<h3>{text(say('key-points', lang))}</h3>{_list([pick(each, lang) for each in question.key_points])}"
    if question.computed.en:
        yield f"<details open><summary>{text(say('truth', lang))}</summary>{_pre(pick(question.computed, lang))}</details>"
    for walk in question.walks:
        yield from _walk(question, walk, lang)
    yield f'<p class="facts">{text(facts.sources(question, lang))}</p></article>'


def _name(score: float) -> str:
    return "right" if score >= 1 else "part" if score > 0 else "wrong"


def _sign(score: float) -> str:
    name = _name(score)
    return f'<span class="{name}">{_SIGNS[name]}</span>'


def _answers(fields: Sequence[FieldLine], lang: Lang) -> Iterator[str]:
    columns = of("html", FIELD)
    yield f"<table><tr>{_heads(columns, lang)}</tr>"
    for field in fields:
        blank = f"<i>{text(say('blank', lang))}</i>"
        cells = "".join(
            f"<td>{blank if column.title == 'answer' and field.given is None else _cell(column, field, lang)}</td>"
            for column in columns
        )
        yield f"<tr{'' if field.score >= 1 else ' class=differs'}>{cells}</tr>"
    yield "</table>"
    for field in fields:
        if field.options:
            yield from _options(field, lang)
        if field.causes:
            told = "".join(f"<li>{text(pick(cause.told, lang))}</li>" for cause in field.causes)
            yield f'<ul class="causes">{told}</ul>'
        if field.credit is not None:
            yield f"<p>{text(f'{pick(field.label, lang)} · {pick(field.credit, lang)}')}</p>"


def _heads(columns: Sequence[Column[T]], lang: Lang) -> str:
    return "".join(f"<th>{text(column.head(lang))}</th>" for column in columns)


def _options(field: FieldLine, lang: Lang) -> Iterator[str]:
    columns = option_columns(field)
    yield f"<table><tr>{_heads(columns, lang)}</tr>"
    for option in field.rows:
        same = "" if option.given == option.truth else ' class="differs"'
        cells = "".join(
            f"<td{' class=n' if column.look == 'figure' else ''}>{_cell(column, option, lang)}</td>"
            for column in columns
        )
        yield f"<tr{same}>{cells}</tr>"
    yield "</table>"


def _walk(question: Answered, walk: ReportedWalk, lang: Lang) -> Iterator[str]:
    yield f"<h3>{text(facts.walk_title(question, walk, lang))}</h3>"
    yield f'<figure class="drawn">{inline_drawing(walk.layout, (lang,))}</figure>'
    yield f"<details><summary>{text(say('hop-by-hop', lang))}</summary>"
    yield from _steps(walk.there)
    if walk.back:
        yield f"<p class=facts>{text(say('reply', lang))}</p>"
        yield from _steps(walk.back)
    yield f"<p><b>{text(facts.walk_end(walk, lang))}</b></p></details>"


def _steps(steps: Sequence[ReportedHop]) -> Iterator[str]:
    yield '<table class="walk">'
    for host, stage, changes, (where, *more), rule in facts.rows(steps):
        told = [text(where), *(f"<mark>{text(change)}</mark>" for change in changes), *map(text, more)]
        spans = " ".join(f"<span>{each}</span>" for each in told)
        spans += f"<code>{text(rule)}</code>" if rule else ""
        yield f"<tr><td><b>{text(host)}</b></td><td>{text(stage)}</td><td>{spans}</td></tr>"
    yield "</table>"
