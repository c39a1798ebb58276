"""number: how many rules, what share, which MTU? The value is computed; what tolerance is fair the question says."""

from __future__ import annotations

from fractions import Fraction

from engine.trace import Text
from k8squiz.errors import QuizError
from k8squiz.kinds.fields import NumberField
from k8squiz.kinds.interface import Task
from k8squiz.world.predicates import value_of
from k8squiz.world.texts import bilingual
from k8squiz.world.world import World

ABOUT = Text("Give the number", "给出数值")


def task(world: World) -> Task:
    """One number field. Raises QuizError where the value is no number."""
    ask = world.question.ask
    value = value_of(ask["value"], world, ask.get("for"))
    if isinstance(value, bool) or not isinstance(value, (int, Fraction, float)):
        raise QuizError(
            f"{world.question.id}: ask.value is {value!r}, which is no number",
            f"{world.question.id}：ask.value 为 {value!r}，不是数字",
        )
    truth = Fraction(value)
    unit = bilingual(world, ask["unit"]) if "unit" in ask else None
    tolerance = _tolerance(ask.get("tolerance", 0), truth)
    field = NumberField("number", ABOUT, str(truth), tolerance, bool(ask.get("percent", False)), unit=unit)
    return Task(world.question, (field,))


def _tolerance(raw: object, truth: Fraction) -> Fraction:
    text = str(raw)
    if text.endswith("%"):
        return abs(truth) * Fraction(text[:-1]) / 100
    return Fraction(text)
