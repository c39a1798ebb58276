"""number: how many rules, what share, which MTU? The value is computed; what tolerance is fair the question says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.forms import VALUE
from k8squiz.bank.question import Grade
from k8squiz.bank.shapes import FLAG, TEXT, WORD, Place, Shape, key, record
from k8squiz.bank.yaml_values import Yaml
from k8squiz.errors import QuizError
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.fields import NumberField
from k8squiz.kinds.interface import Task, TypedKind
from k8squiz.world.predicates import value_of
from k8squiz.world.subjects import HISTORY, SIZE
from k8squiz.world.texts import bilingual
from k8squiz.world.world import World


def _tolerance_text(value: Yaml, place: Place) -> str:
    text = WORD.read(value, place)
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?%?|[0-9]+/[1-9][0-9]*", text):
        raise place.must_be("a number, or a share such as 5%", "数字，或 5% 这样的比例", text)
    return text


TOLERANCE = Shape(
    {"anyOf": [{"type": "number"}, {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?%$"}]}, _tolerance_text
)


@dataclass(frozen=True, slots=True)
class NumberAsk:
    """`tolerance` is absolute, or a share of the truth such as `5%`."""

    on: str | None = key(WORD, None, "for")
    value: Yaml = key(VALUE)
    unit: Text | None = key(TEXT, None)
    tolerance: str = key(TOLERANCE, "0")
    percent: bool = key(FLAG, False)
    ipvs: object = key(HISTORY, None)
    scale: object = key(SIZE, None)


class Number(TypedKind[NumberAsk]):
    about = Text("Give the number", "给出数值")
    example = "03-iptables-vs-ipvs/first-packet-rule-cost"
    skeleton = "ask: {value: {fact: rules_evaluated}, tolerance: 0}"
    seconds = 180
    for_juniors = True
    ask = record(NumberAsk)

    def task(self, world: World, ask: NumberAsk) -> Task:
        """One number field. Raises QuizError where the value is no number."""
        value = value_of(ask.value, world, ask.on)
        if isinstance(value, bool) or not isinstance(value, (int, Fraction, float)):
            raise QuizError(
                f"{world.question.id}: ask.value is {value!r}, which is no number",
                f"{world.question.id}：ask.value 为 {value!r}，不是数字",
            )
        truth = Fraction(value)
        unit = bilingual(world, ask.unit) if ask.unit is not None else None
        chance = isinstance(ask.value, Mapping) and "chance" in ask.value
        tolerance = _tolerance(ask.tolerance, truth)
        field = NumberField(
            "number", self.about, str(truth), tolerance, ask.percent, unit=unit, share=ask.percent or chance
        )
        return Task(world.question, (field,))

    def why(self, world: World, ask: NumberAsk, task: Task, grade: Grade) -> tuple[Cause, ...]:
        from k8squiz.kinds.number.why import number_causes

        return number_causes(world, ask.value, ask.on, task, grade)


KIND = Number()


def _tolerance(text: str, truth: Fraction) -> Fraction:
    if text.endswith("%"):
        return abs(truth) * Fraction(text[:-1]) / 100
    return Fraction(text)
