"""`k8squiz questions`: list, show, lint, new, schema."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from engine.trace import Text
from k8squiz.bank import find as bank
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.practice import say
from k8squiz.terminal.console import make_console, print_json, print_machine, print_plain
from k8squiz.terminal.sanitize import one_line, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8squiz.bank.question import QuestionMeta
    from k8squiz.kinds.fields import Field
    from k8squiz.kinds.interface import Task
    from k8squiz.world.world import World

_WIDE = 110


def list_questions(
    lang: Lang, topics: tuple[str, ...] = (), level: int | None = None, track: str | None = None, table: bool = False,
    json: bool = False,
) -> int:  # fmt: skip
    """The questions of the bank, one line each; with `table` how far their draws and answers spread."""
    chosen = bank.select(topics, level)
    if track is not None:
        # Tracks know of kinds, and those of all else.
        from k8squiz.kinds.tracks import of_track

        chosen = of_track(chosen, track)
    if table:
        return _table(chosen, lang, json)
    listed = [(meta, bank.title(meta)) for meta in chosen]
    if json:
        rows = [
            {"id": meta.id, "topic": meta.topic, "level": meta.level, "kind": meta.kind, "themes": list(meta.themes),
             "trivia": meta.trivia, "title": _both(title)}
            for meta, title in listed
        ]  # fmt: skip
        print_json(rows)
        return 0
    from rich.console import Group
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text as Styled

    from k8squiz.screens.prose import Prose

    console = make_console()
    lines = Table(box=None, padding=(0, 1), show_edge=False, show_header=False)
    lines.add_column(no_wrap=True, overflow="fold")
    lines.add_column(no_wrap=True)
    lines.add_column(no_wrap=True)
    # Where there is no room for a title beside its id it stands below.
    beside = console.width >= _WIDE
    if beside:
        lines.add_column(overflow="fold")
    topic = ""
    for meta, title in listed:
        if meta.topic != topic:
            topic = meta.topic
            lines.add_row(Styled(topic, style="topic"))
        shown = Prose(pick(title, lang), "" if beside else "quiet")
        name = meta.id if beside else Group(meta.id, Padding(shown, (0, 0, 0, 2)))
        lines.add_row(Padding(name, (0, 0, 0, 2)), str(meta.level), meta.kind, *([shown] if beside else []))
    console.print(lines)
    return 0


def _table(chosen: Sequence[QuestionMeta], lang: Lang, json: bool) -> int:
    """What the questions are about, and how far they spread. Draws each of them many times."""
    from k8squiz.lint.spread import spread_of

    found = spread_of(chosen)
    if json:
        print_json([
            {"id": one.meta.id, "level": one.meta.level, "kind": one.meta.kind, "themes": list(one.meta.themes),
             "trivia": one.meta.trivia, "drawn": one.drawn, "draws": one.draws, "answers": one.answers, "most": round(one.most, 3)}
            for one in found
        ])  # fmt: skip
        return 0
    from k8squiz.screens.spread import spread_view

    make_console().print(spread_view(found, lang))
    return 0


def show_question(question: str, lang: Lang, seed: str | None = None, answer: bool = False, json: bool = False) -> int:
    """Draw one question by `seed` (default 1) and show it; with `answer` what is computed, and why."""
    from k8squiz.bank.draw import draw
    from k8squiz.kinds.interface import make_task, told_world
    from k8squiz.world.world import World

    world = World(draw(bank.find(question), seed if seed is not None else "1"))
    task = make_task(world)
    if json:
        print_json(as_json(world, task, answer))
        return 0
    from k8squiz.kinds.grade import grade
    from k8squiz.screens.grade import followups_view, grade_view, points_view, why_view
    from k8squiz.screens.prose import Prose
    from k8squiz.screens.question import fields_lines, question_view, title_view
    from k8squiz.screens.reveal import details_view

    console = make_console()
    console.print(title_view(world.question, lang, 1, 1))
    console.print(question_view(world, task, lang))
    if not answer:
        for line in fields_lines(task, lang):
            console.print(Prose(line))
        return 0
    console.print(grade_view(world, task, grade(task, {field.id: field.truth for field in task.fields}), lang))
    world = told_world(world, task)
    console.print(details_view(world, lang))
    console.print(why_view(world, lang), points_view(world, lang), followups_view(world, lang))
    return 0


def as_json(world: World, task: Task, answer: bool) -> dict[str, object]:
    """A drawn question as `questions show --json` prints it; with `answer` what is computed too."""
    from k8squiz.kinds.interface import shown_requests, told_world
    from k8squiz.world.texts import explanation, key_points, prompt, sources

    question = world.question
    meta = question.meta
    result: dict[str, object] = {
        "id": meta.id, "topic": meta.topic, "level": meta.level, "kind": meta.kind, "seed": question.seed,
        "title": _both(question.template.title), "prompt": _both(prompt(world)),
        "requests": [
            {"name": ask.name, "from": ask.source, "to": ask.destination, "protocol": ask.protocol, "node": ask.node,
             "sport": ask.sport, "mode": ask.mode, "without": list(ask.without),
             "background": None if ask.background is None else dataclasses.asdict(ask.background), "cluster": ask.manifests}
            for ask in (question.requests if answer else shown_requests(question))
        ],
        "fields": [_field(field) for field in (task.fields if answer else _asked(task))],
    }  # fmt: skip
    if answer:
        world = told_world(world, task)
        result["answer"] = {field.id: field.truth for field in task.fields}
        result["explanation"] = [_both(text) for text in explanation(world)]
        result["key_points"] = [_both(text) for text in key_points(world)]
        result["sources"] = [_both(source) for source in sources(world)]
    return result


def _asked(task: Task) -> list[Field]:
    """The fields that one may see beforehand."""
    return [field for field in task.fields if field.foreseen]


def _field(field: Field) -> dict[str, object]:
    result: dict[str, object] = {"id": field.id, "label": _both(field.label)}
    if field.row is not None:
        result["at"] = _both(field.row)
    if field.options:
        result["items"] = [{"letter": item.letter, "key": item.key, **_both(item.text)} for item in field.options]
    if field.before:
        result["given"] = field.before
    return result


def _both(text: Text) -> dict[str, str]:
    return {"en": text.en, "zh": text.zh}


def lint_questions(paths: tuple[Path, ...], lang: Lang, seeds: int = 50) -> int:
    """Print each finding as file:line: message; 1 where there is an error."""
    from k8squiz.lint.lint import lint

    report = lint(paths, seeds)
    for finding in report.findings:
        print_plain(one_line(finding.text(lang)))
    if report.findings:
        errors = len(report.errors)
        warnings = len(report.findings) - errors
        print_plain(say("lint-found", lang, errors=errors, warnings=warnings, questions=report.questions))
    else:
        print_plain(say("lint-clean", lang, questions=report.questions, seeds=seeds))
    return 1 if report.errors else 0


def new_question(kind: str, topic: str, lang: Lang) -> int:
    """Print a question file to start from: the skeleton of that kind, with the texts to be written."""
    from k8squiz.kinds.skeleton import skeleton

    print_machine(visible(skeleton(kind, topic)))
    return 0


def question_schema(lang: Lang) -> int:
    """Print schema.json."""
    print_machine((bank.shipped_folder() / "schema.json").read_text(encoding="utf-8"))
    return 0
