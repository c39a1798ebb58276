"""A grade on the screen: what was answered beside what is computed, why it is so. Returns renderables."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text as Styled

from engine.trace import Text
from k8squiz.bank.find import find
from k8squiz.bank.question import Attempt, Grade
from k8squiz.errors import QuizError
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.interface import Task, causes_of, kind
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.names import subject_name
from k8squiz.locale.practice import say
from k8squiz.practice.session import Summary
from k8squiz.report.signs import sign_of
from k8squiz.screens.causes import causes_view
from k8squiz.screens.fields.rows import rows_view
from k8squiz.screens.fields.views import view_of
from k8squiz.screens.prose import Prose
from k8squiz.world.subjects import about_an_incident
from k8squiz.world.texts import explanation, followups, key_points, sources
from k8squiz.world.world import World


def grade_view(
    world: World, task: Task, grade: Grade, lang: Lang, causes: Sequence[Cause] | None = None
) -> RenderableType:
    """The score, then each field with the differences marked by signs as well as by colour, and under each what is wrong
    with it: `causes` (None: those of this grade)."""
    parts: list[RenderableType] = [_score(grade, lang)]
    causes = causes_of(world, task, grade) if causes is None else causes
    plain = []
    for field, mark in zip(task.fields, grade.marks, strict=True):
        view, own = view_of(field), [cause for cause in causes if cause.field == field.id]
        if view is None:
            plain.append((field, mark))
        else:
            # Of an option the view says why itself, beside it.
            parts += view(field, mark, lang, own)
            parts += causes_view([cause for cause in own if cause.part is None], lang)
    if plain:
        rows = {field.id for field, _ in plain}
        parts.append(rows_view(plain, lang))
        parts += causes_view([cause for cause in causes if cause.field in rows], lang)
    parts += [Prose(text, "notice") for text in reckonings(task, grade, lang)]
    return Group(*parts)


def reckonings(task: Task, grade: Grade, lang: Lang) -> list[str]:
    """How each field's credit comes about, where it is a part."""
    found = []
    for field, mark in zip(task.fields, grade.marks, strict=True):
        told = None if mark.given is None else field.reckoned(mark.given)
        if told is not None:
            found.append(say("reckoned", lang, label=pick(field.label, lang), how=pick(told, lang)))
    return found


def _score(grade: Grade, lang: Lang) -> RenderableType:
    sign, style = sign_of(grade.raw)
    key = "score-hints" if grade.hint_cost and grade.raw else "score"
    words = say(key, lang, score=grade.score, raw=grade.raw, cost=grade.hint_cost)
    return Padding(Styled(f"{sign} {words}", style=f"score.{style}"), (1, 0, 0, 0))


def bench_view(world: World, lang: Lang) -> RenderableType:
    """What every scheduler measured, or where every connection went, or what each mode costs; of an incident what it was."""
    if about_an_incident(world.question):
        from k8squiz.locale.incident import say as of_incidents
        from k8squiz.world.incidents import incident_of, truth_text

        incident = incident_of(world.question)
        again = of_incidents("at-a-prompt", lang, id=incident.id)
        return Group(meta(say("computed", lang)), Prose(truth_text(incident, lang)), Prose(again, "quiet"))
    from k8squiz.screens.virtual_servers import figures_view, history_view, measured_view
    from k8squiz.world.virtual_servers import history, scenario, size

    question = world.question
    parts: list[RenderableType] = [meta(say("computed", lang))]
    work, past = scenario(question), history(question)
    if work is not None:
        table = work.table(question.seed)
        parts.append(measured_view(work, table, work.fitting(question.seed), lang))
    if past is not None:
        parts.append(history_view(past, lang, solved=True))
    crowd = size(question)
    if crowd is not None:
        parts.append(figures_view(crowd, lang))
    return Group(*parts)


def why_view(world: World, lang: Lang) -> RenderableType:
    """The explanation."""
    return Group(meta(say("explanation", lang)), Prose("\n".join(pick(text, lang) for text in explanation(world))))


def points_view(world: World, lang: Lang) -> RenderableType:
    """What an interviewer wants to hear, and the sources."""
    parts: list[RenderableType] = []
    points = () if kind(world.question.meta.kind).grades_points else key_points(world)
    if points:
        parts += [meta(say("key-points", lang)), _list(points, lang)]
    listed = ("; " if lang == "en" else "；").join(pick(source, lang) for source in sources(world))
    parts += [Styled(""), Prose(say("sources", lang, list=listed), style="quiet")]
    return Group(*parts)


def followups_view(world: World, lang: Lang) -> RenderableType:
    """The follow-ups in words, each with its answer."""
    found = followups(world)
    if not found:
        return Group()
    table = Table.grid(padding=(0, 1))
    for one in found:
        table.add_row("•", Prose(pick(one.asked, lang)))
        if one.answer is not None:
            table.add_row("", Prose(f"→ {pick(one.answer, lang)}", "told"))
    return Group(meta(say("followups", lang)), table)


def meta(text: str) -> RenderableType:
    return Group(Styled(""), Rule(Styled(text, style="strong"), align="left", style="quiet"))


def _list(texts: Sequence[Text], lang: Lang) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    for text in texts:
        table.add_row("•", Prose(pick(text, lang)))
    return table


def _title(attempt: Attempt, lang: Lang) -> str:
    """The question's title; its id where the bank has it no more."""
    try:
        return pick(find(attempt.id).title, lang)
    except QuizError:
        return attempt.id


def summary_view(summary: Summary, lang: Lang) -> RenderableType:
    """What a sitting came to, question by question."""
    if not summary.attempts:
        return Group(meta(say("summary", lang)), Styled(say("nothing", lang)))
    table = Table(show_edge=False, show_header=False, box=None, padding=(0, 1))
    for attempt in summary.attempts:
        score = attempt.grade.score if attempt.grade is not None else 0.0
        sign, style = sign_of(score)
        shown = f"{score:.0%}" if attempt.grade is not None else "—"
        named = Group(Prose(_title(attempt, lang), "strong"), Styled(attempt.id, style="quiet"))
        table.add_row(Styled(sign, style=style), Styled(shown), named, subject_name(attempt.topic, lang))
    total = say("total", lang, points=summary.points, asked=summary.asked, share=summary.points / summary.asked)
    skipped = f" · {say('of-skipped', lang, skipped=summary.skipped)}" if summary.skipped else ""
    return Group(meta(say("summary", lang)), table, Styled(total + skipped, style="strong"))
