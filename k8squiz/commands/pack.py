"""`k8squiz questions pack` and `export`: questions to pass on, as a pack, as cards for Anki, as JSON lines."""

from __future__ import annotations

import html
import io
import json
from collections.abc import Iterator
from pathlib import Path

from rich.console import RenderableType

from k8squiz.bank import find as bank
from k8squiz.bank.draw import draw
from k8squiz.bank.question import QuestionMeta
from k8squiz.commands.questions import as_json, lint_questions
from k8squiz.kinds.grade import grade
from k8squiz.kinds.interface import Task, make_task, told_world
from k8squiz.locale.i18n import Lang
from k8squiz.terminal.console import make_console, print_machine, print_plain
from k8squiz.terminal.files import write_text
from k8squiz.world.world import World

# As many as show that a question can be drawn; `questions lint` is for the author.
_SEEDS = 5
_COLUMNS = 76
# What Anki reads of a text file (https://docs.ankiweb.net/importing/text-files.html, 2026-11).
_ANKI = "#separator:tab\n#html:true\n#notetype:Basic\n#deck:k8squiz\n#guid column:1\n#tags column:4\n"


def pack(folder: Path, out: Path | None, lang: Lang) -> int:
    """Write a zip file of the pack in `folder` (default: FOLDER.zip beside it); 1 and the findings where lint has an error."""
    from k8squiz.bank.pack import pack_folder, packed

    content = packed(pack_folder(str(folder)))
    if lint_questions((folder,), lang, _SEEDS):
        return 1
    target = out if out is not None else folder.resolve().with_suffix(".zip")
    write_text(target, content)
    print_plain(f"{target}\n")
    return 0


def export(form: str, topics: tuple[str, ...], seed: str | None, out: Path | None, lang: Lang) -> int:
    """Write the questions of these topics (default: all), drawn by `seed` (default 1), with their answers: `form` is anki
    (one language, a card a line) or jsonl (both, as `questions show --answer --json`)."""
    metas = bank.select(topics)
    lines = _cards(metas, seed or "1", lang) if form == "anki" else _objects(metas, seed or "1")
    if out is None:
        print_machine(lines)
    else:
        write_text(out, lines)
    return 0


def _objects(metas: tuple[QuestionMeta, ...], seed: str) -> Iterator[str]:
    for meta in metas:
        world = World(draw(bank.opened(meta), seed))
        yield json.dumps(as_json(world, make_task(world), answer=True), ensure_ascii=False) + "\n"


def _cards(metas: tuple[QuestionMeta, ...], seed: str, lang: Lang) -> Iterator[str]:
    yield _ANKI
    for meta in metas:
        world = World(draw(bank.opened(meta), seed))
        task = make_task(world)
        tags = " ".join((meta.topic, f"level-{meta.level}", *meta.themes))
        yield "\t".join((f"{meta.id}.{seed}.{lang}", *_sides(world, task, lang), tags)) + "\n"


def _sides(world: World, task: Task, lang: Lang) -> tuple[str, str]:
    """Front and back of a card."""
    from k8squiz.screens.grade import followups_view, grade_view, points_view, why_view
    from k8squiz.screens.question import question_view, title_view

    front = _html(title_view(world.question, lang, 1, 1), question_view(world, task, lang))
    told = told_world(world, task)
    right = grade(task, {field.id: field.truth for field in task.fields})
    back = _html(
        grade_view(world, task, right, lang), why_view(told, lang), points_view(told, lang), followups_view(told, lang)
    )
    return front, back


def _html(*views: RenderableType) -> str:
    """As it stands on a terminal, on one line of HTML."""
    out = io.StringIO()
    make_console(file=out, width=_COLUMNS).print(*views)
    text = "\n".join(line.rstrip() for line in out.getvalue().splitlines()).strip("\n")
    return f'<pre style="text-align:left">{html.escape(text).replace(chr(9), " ").replace(chr(10), "<br>")}</pre>'
