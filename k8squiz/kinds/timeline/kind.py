"""timeline: connections while the cluster changes. How many requests fail, whose, and which change of a knob helps most."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.forms import VALUE
from k8squiz.bank.question import Grade
from k8squiz.bank.rng import Rng
from k8squiz.bank.shapes import MAPPING, TEXT, Place, integer, key, list_of, one_of, record
from k8squiz.bank.yaml_values import Yaml
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.fields import Field, Item
from k8squiz.kinds.interface import Task, TypedKind, letters
from k8squiz.kinds.timeline.drawing import drawing
from k8squiz.kinds.timeline.fields import FAILS, FAILURES, KNOB, TimelineMenu, TimelineNumber
from k8squiz.kinds.timeline.why import connection_causes, failure_cause, knob_causes
from k8squiz.world.over_time import attempts, figure, form_of
from k8squiz.world.predicates import Ambiguous, value_of
from k8squiz.world.texts import bilingual
from k8squiz.world.timeline_forms import PORTS, TABLE, TIMELINE, TimelineForm
from k8squiz.world.world import World

HOW_MANY = Text("How many requests fail? (on average)", "平均有多少个请求失败？")
NEW = Text("How many new connections fail?", "有多少个新连接失败？")
WHOSE = Text("Which of these may have a failed request? (all of them)", "哪些连接可能有请求失败？（选出全部）")
HELPS = Text("Which change leaves the fewest failures?", "哪项改动后失败最少？")


@dataclass(frozen=True, slots=True)
class KnobForm:
    """One change: values at dotted paths of the timeline, ports or table."""

    text: Text = key(TEXT)
    change: Mapping[str, Yaml] = key(MAPPING, name="set")


@dataclass(frozen=True, slots=True)
class TimelineAsk:
    """`parts` are asked in their order. `value` stands for the failures where another figure is asked, with its `label` and
    `unit`; `tolerance` of the truth, in percent."""

    timeline: object = key(TIMELINE, None)
    ports: object = key(PORTS, None)
    table: object = key(TABLE, None)
    parts: tuple[str, ...] = key(list_of(one_of(FAILURES, FAILS, KNOB), least=1), (FAILURES,))
    knobs: tuple[KnobForm, ...] = key(list_of(record(KnobForm), least=2, most=6), ())
    value: Yaml = key(VALUE, None)
    label: Text | None = key(TEXT, None)
    unit: Text | None = key(TEXT, None)
    tolerance: int = key(integer(0, 10), 0)


class TimelineKind(TypedKind[TimelineAsk]):
    about = Text("Say what becomes of connections while the cluster changes", "判断集群变化时各连接的结果")
    example = "17-rollouts/rollout-without-prestop"
    skeleton = (
        'ask:\n  timeline:\n    pods: [{pod: "{pod-a}", deleted: 2}]\n    lags: {endpointSlice: 0.2, kubeProxy: 0.8}\n'
        "    connections: [{name: new, every: 0.5, until: 6}]\n  parts: [failures, knob]\n  knobs:\n"
        "    - {text: {en: preStop sleeps a second, zh: preStop 睡眠一秒}, set: {lifecycle.preStop: 1}}\n"
        "    - {text: {en: a longer grace period, zh: 更长的宽限期}, set: {lifecycle.terminationGracePeriodSeconds: 60}}"
    )
    seconds = 240
    ask = record(TimelineAsk)

    def task(self, world: World, ask: TimelineAsk) -> Task:
        """A field for each part. Raises QuizError where the timeline cannot be followed, Ambiguous where two knobs help
        alike."""
        word, form = form_of(world.question)
        drawn = Text(drawing(form, "en"), drawing(form, "zh"))
        fields: list[Field] = []
        for part in ask.parts:
            given = None if fields else drawn
            if part == FAILURES:
                fields.append(_number(world, ask, word, given))
            elif part == FAILS:
                fields.append(_whose(world, ask, given))
            else:
                fields.append(_knob(world, ask, given))
        return Task(world.question, tuple(fields))

    def why(self, world: World, ask: TimelineAsk, task: Task, grade: Grade) -> tuple[Cause, ...]:
        return tuple(self._causes(world, ask, task, grade))

    def _causes(self, world: World, ask: TimelineAsk, task: Task, grade: Grade) -> Iterator[Cause]:
        for field, mark in zip(task.fields, grade.marks, strict=True):
            if mark.score == 1.0:
                continue
            if field.id == FAILURES:
                yield failure_cause(world, ask.value)
            elif field.id == FAILS:
                yield from connection_causes(world, field, mark.given or ())
            else:
                yield from knob_causes(world, [knob.change for knob in ask.knobs], field, mark.given or ())


KIND = TimelineKind()


def _number(world: World, ask: TimelineAsk, word: str, drawn: Text | None) -> TimelineNumber:
    truth = figure(world, "failures", {}) if ask.value is None else Fraction(str(value_of(ask.value, world)))
    label = ask.label and bilingual(world, ask.label)
    unit = None if ask.unit is None else bilingual(world, ask.unit)
    tolerance = abs(truth) * Fraction(ask.tolerance, 100)
    return TimelineNumber(
        FAILURES, label or (HOW_MANY if word == "timeline" else NEW), str(truth), tolerance, unit=unit, drawn=drawn
    )


def _whose(world: World, ask: TimelineAsk, drawn: Text | None) -> TimelineMenu:
    form = form_of(world.question)[1]
    if not isinstance(form, TimelineForm):
        raise Place(world.question.template, ("ask", "parts")).error(
            "connections are told apart in a timeline only", "只有 timeline 才能区分各连接"
        )
    fails = {attempt.connection for attempt in attempts(world, form) if attempt.fails}
    shown = form.connections
    items = tuple(
        Item(letter, one.name, Text(one.name, one.name) if one.text is None else bilingual(world, one.text))
        for letter, one in zip(letters(len(shown)), shown, strict=True)
    )
    names = [one.name for one in shown]
    return TimelineMenu(FAILS, WHOSE, items, tuple(name for name in names if name in fails), multiple=True, drawn=drawn)


def _knob(world: World, ask: TimelineAsk, drawn: Text | None) -> TimelineMenu:
    found = [figure(world, "failures", knob.change) for knob in ask.knobs]
    best = [str(index) for index, failures in enumerate(found) if failures == min(found)]
    if len(best) != 1:
        listed = ", ".join(map(str, found))
        raise Ambiguous(
            f"{world.question.id}: no single knob leaves the fewest failures: {listed}",
            f"{world.question.id}：没有唯一最优的改动：{listed}",
        )
    shown = Rng(world.question.id, world.question.seed, "knobs").shuffled(list(enumerate(ask.knobs)))
    items = tuple(
        Item(letter, str(index), bilingual(world, knob.text))
        for letter, (index, knob) in zip(letters(len(shown)), shown, strict=True)
    )
    return TimelineMenu(KNOB, HELPS, items, tuple(best), drawn=drawn)
