"""A grade on the screen, for a question of each kind: whatever was answered is shown, in both languages."""

from __future__ import annotations

import io

import pytest

from k8squiz.bank.draw import draw
from k8squiz.bank.find import find, select
from k8squiz.kinds.grade import grade
from k8squiz.kinds.interface import make_task
from k8squiz.locale.i18n import LANGS
from k8squiz.screens.fields.views import VIEWS
from k8squiz.screens.grade import grade_view
from k8squiz.terminal.console import make_console
from k8squiz.world.world import World

# The first question of every kind in the bank.
FIRST = {meta.kind: meta.id for meta in reversed(select())}


@pytest.mark.parametrize("name", FIRST.values(), ids=FIRST)
def test_every_grade_is_shown(name: str) -> None:
    world = World(draw(find(name), "1"))
    task = make_task(world)
    answers = {
        "right": {field.id: field.truth for field in task.fields},
        "nothing": {},
    }
    for answer in answers.values():
        for lang in LANGS:
            out = io.StringIO()
            make_console(file=out, width=80).print(grade_view(world, task, grade(task, answer), lang))
            assert out.getvalue().strip()


def test_every_view_stands_under_a_question_of_the_bank() -> None:
    """Or the test above would not have met it."""
    met = {type(field).__name__ for name in FIRST.values() for field in make_task(World(draw(find(name), "1"))).fields}
    assert met >= set(VIEWS), set(VIEWS) - met
