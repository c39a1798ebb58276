"""`explain --step`: what is asked and told, whatever is typed, with and without somebody to ask."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest

from k8squiz.commands.foretelling import ForetoldScore, play
from k8squiz.explain import tell
from k8squiz.explain.foretelling import foretold
from k8squiz.kinds.interface import letters
from k8squiz.locale.i18n import Lang
from k8squiz.story.blocks import Walk
from k8squiz.terminal.console import make_console
from tests.k8squiz.runner import process

STORY = tell("hairpin")
(WALK,) = foretold([block for section in STORY.sections for block in section.blocks if isinstance(block, Walk)])
TRUE = [letters(len(asked.options))[asked.truth] for asked in WALK.asked]
WRONG = ["A" if letter != "A" else "B" for letter in TRUE]
STEPS = len(WALK.steps)


def played(typed: Sequence[str], lang: Lang = "en") -> tuple[ForetoldScore, str]:
    out, left = io.StringIO(), list(typed)

    def ask(prompt: str) -> str:
        out.write(prompt + "\n")
        if not left:
            raise EOFError
        return left.pop(0)

    return play(STORY, make_console(width=80, file=out), lang, ask), out.getvalue()


# What is typed; right, wrong, looked up.
GAMES = {
    "all foretold": (TRUE, (STEPS - 1, 0, 0)),
    "one wrong": ([WRONG[0], *TRUE[1:]], (STEPS - 2, 1, 0)),
    "full-width": (["Ａ" if TRUE[0] == "A" else TRUE[0].lower(), "q"], (1, 0, 0)),
    "looked up": (["", "", "q"], (0, 0, 2)),
    "back and forth counts nothing": ([TRUE[0], TRUE[1], "p", "p", "", "", TRUE[2], "q"], (3, 0, 0)),
    "what is no letter is said": (["z", "1", TRUE[0], "q"], (1, 0, 0)),
    "the next walk": (["n"], (0, 0, 0)),
    "nobody there any more": ([TRUE[0]], (1, 0, 0)),
}


@pytest.mark.parametrize("name", GAMES)
def test_a_game(name: str) -> None:
    typed, (right, wrong, looked) = GAMES[name]
    score, _ = played(typed)
    assert (score.right, score.wrong, score.looked) == (right, wrong, looked)


@pytest.mark.parametrize(("lang", "said"), [("en", "Foretold: 1 of 2."), ("zh", "预测正确 1/2。")])
def test_the_score_is_told_at_the_end(lang: Lang, said: str) -> None:
    _, shown = played([TRUE[0], WRONG[1], "q"], lang)
    assert said in shown


def test_nothing_is_told_before_it_is_asked() -> None:
    _, shown = played(["q"])
    assert "1/" in shown and f"2/{STEPS}" not in shown
    assert WALK.steps[-1].hops[-1].note.en.split(":")[0] not in shown


def test_once_nobody_is_there_it_is_all_told() -> None:
    for typed in ([], [TRUE[0]]):
        _, shown = played(typed)
        assert all(f"{at}/{STEPS}" in shown for at in range(1, STEPS + 1))
        assert "= DELIVERED" in shown


def test_a_pipe_answers_by_the_line() -> None:
    found = process("explain", "hairpin", "--step", stdin=f"{TRUE[0]}\n{WRONG[1]}\nq\n")
    assert found.code == 0
    assert "Foretold: 1 of 2." in found.out
