"""compare: which design meets which requirement? Each is computed in a world of its own."""

from __future__ import annotations

from collections.abc import Collection

from engine.trace import Text
from k8squiz.bank.question import Grade, Question
from k8squiz.bank.rng import Rng
from k8squiz.errors import unknown
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.compare.ask import COMPARE_ASK, CompareAsk, Requirement
from k8squiz.kinds.compare.designs import of_design, predicate_of, request_of
from k8squiz.kinds.compare.fields import BETWEEN, FIELD, DesignField
from k8squiz.kinds.fields import Item
from k8squiz.kinds.interface import Task, TypedKind, letters
from k8squiz.world.predicates import holds, value_of
from k8squiz.world.texts import bilingual, figure
from k8squiz.world.world import World

LABEL = Text("Which design meets which requirement? (all that hold)", "哪个方案满足哪项要求？（选出全部）")
_SKELETON = """\
ask:
  designs: {one: {en: Cluster, zh: Cluster}, two: {en: Local, zh: Local}}
  requirements:
    - text: {en: The connection is made., zh: 连接能够建立。}
      when: {verdict: DELIVERED}
    - text: {en: The server sees the client., zh: 服务端看到客户端地址。}
      when: {source_kept: true}
  # A request for each design, called as it is: write `requests:` instead of `request:`."""


class Compare(TypedKind[CompareAsk]):
    about = Text("Compare two designs", "比较两种方案")
    example = "02-traffic-policy/compare-cluster-and-local"
    skeleton = _SKELETON
    seconds = 240
    ask = COMPARE_ASK

    def hidden(self, question: Question) -> Collection[str]:
        """What is looked at besides each design's own request."""
        designs = self.asked(question).designs
        return [request.name for request in question.requests if request.name not in designs]

    def task(self, world: World, ask: CompareAsk) -> Task:
        """One field: a line for each design and requirement. Raises QuizError for a design without a request."""
        question = world.question
        for design in ask.designs:
            if design not in {request.name for request in question.requests}:
                raise unknown("request", design, [request.name for request in question.requests])
        met = [tuple(_meets(world, ask, design, each) for design in ask.designs) for each in ask.requirements]
        order = Rng(question.id, question.seed, "requirements").shuffled(range(len(met)))
        asked = _shown(order, [len(set(each)) > 1 for each in met], ask.show or len(met))
        lines = [
            (f"{design}{BETWEEN}{index}", at, design, index) for index in asked for at, design in enumerate(ask.designs)
        ]
        items = tuple(
            Item(letter, key, _line(world, ask, design, ask.requirements[index]))
            for letter, (key, _, design, index) in zip(letters(len(lines)), lines, strict=True)
        )
        figures = {
            key: _figure(world, ask, design, ask.requirements[index])
            for key, _, design, index in lines
            if ask.requirements[index].shows is not None
        }
        truth = tuple(key for key, at, _, index in lines if met[index][at])
        return Task(question, (DesignField(FIELD, LABEL, items, truth, figures=figures),))

    def why(self, world: World, ask: CompareAsk, task: Task, grade: Grade) -> tuple[Cause, ...]:
        from k8squiz.kinds.compare.why import design_causes

        return design_causes(world, ask, task, grade)


KIND = Compare()


def _shown(order: list[int], differ: list[bool], count: int) -> list[int]:
    """`count` of the requirements in their drawn order, with one among them in which the designs differ, if there is one."""
    shown, spare = order[:count], order[count:]
    if not any(differ[index] for index in shown):
        shown[-1] = next((index for index in spare if differ[index]), shown[-1])
    return shown


def _line(world: World, ask: CompareAsk, design: str, requirement: Requirement) -> Text:
    name, told = bilingual(world, ask.designs[design]), bilingual(world, requirement.text)
    return Text(f"{name.en}: {told.en}", f"{name.zh}：{told.zh}")


def _meets(world: World, ask: CompareAsk, design: str, requirement: Requirement) -> bool:
    when = predicate_of(ask, design, requirement)
    return holds(when, world, request_of(design, requirement.on))


def _figure(world: World, ask: CompareAsk, design: str, requirement: Requirement) -> str:
    shows = of_design(requirement.shows, design, ask)
    return str(figure(value_of(shows, world, request_of(design, requirement.on))))
