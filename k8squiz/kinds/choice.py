"""choice: which statements are true? Options are predicates over the walk; what is right is computed."""

from __future__ import annotations

from typing import Any

from engine.trace import Text
from k8squiz.bank.rng import Rng
from k8squiz.errors import QuizError
from k8squiz.kinds.fields import Item, MenuField
from k8squiz.kinds.interface import Task, letters
from k8squiz.world.predicates import holds
from k8squiz.world.texts import bilingual
from k8squiz.world.world import World

ABOUT = Text("Choose what is true", "选出正确的说法")
ONE = Text("Which one is true?", "哪一项正确？")
ALL = Text("Which are true? (all of them)", "哪些正确？（选出全部）")


def task(world: World) -> Task:
    """The options in a drawn order. Raises QuizError where none or all are right, or one choice has two answers."""
    ask = world.question.ask
    options = list(enumerate(ask["options"]))
    right = {str(index) for index, option in options if holds(option["when"], world, ask.get("for"))}
    multiple = bool(ask.get("multiple", False))
    if not multiple and len(right) != 1:
        raise QuizError(
            f"{world.question.id}: {len(right)} options are right; one choice needs exactly one",
            f"{world.question.id}：有 {len(right)} 个选项正确；单选题必须恰好一个",
        )
    if multiple and len(right) in (0, len(options)):
        raise QuizError(
            f"{world.question.id}: {'all' if right else 'none'} of the options are right",
            f"{world.question.id}：{'所有选项都' if right else '没有选项'}正确",
        )
    rng = Rng(world.question.id, world.question.seed, "options")
    shown = _shown(rng.shuffled(options), right, int(ask.get("show", len(options))))
    items = tuple(
        Item(letter, str(index), bilingual(world, option["text"]))
        for letter, (index, option) in zip(letters(len(shown)), shown, strict=True)
    )
    truth = tuple(item.key for item in items if item.key in right)
    return Task(world.question, (MenuField("choice", ALL if multiple else ONE, items, truth, multiple),))


def _shown(options: list[tuple[int, dict[str, Any]]], right: set[str], count: int) -> list[tuple[int, dict[str, Any]]]:
    """`count` of the options, with one that is right and one that is wrong among them."""
    shown = options[:count]
    for wanted in (True, False):
        if not any((str(index) in right) is wanted for index, _ in shown):
            spare = next(option for option in options[count:] if (str(option[0]) in right) is wanted)
            shown[-1 if wanted else 0] = spare
    return shown
