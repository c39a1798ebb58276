"""choice: which statements are true? Options are predicates over the walk; what is right is computed."""

from __future__ import annotations

from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.forms import PREDICATE
from k8squiz.bank.limits import MOST_OPTIONS
from k8squiz.bank.question import Grade
from k8squiz.bank.rng import Rng
from k8squiz.bank.shapes import FLAG, TEXT, WORD, Place, integer, key, list_of, record
from k8squiz.errors import QuizError
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.fields import Item, MenuField
from k8squiz.kinds.interface import Task, TypedKind, letters
from k8squiz.world.predicates import Predicate, holds
from k8squiz.world.subjects import HISTORY, SIZE
from k8squiz.world.texts import bilingual
from k8squiz.world.world import World

ONE = Text("Which one is true?", "哪一项正确？")
ALL = Text("Which are true? (all of them)", "哪些正确？（选出全部）")


@dataclass(frozen=True, slots=True)
class ChoiceOption:
    text: Text = key(TEXT)
    when: Predicate = key(PREDICATE)


@dataclass(frozen=True, slots=True)
class ChoiceAsk:
    """`show` of the options are drawn (None: all). A virtual server's history or a size may stand for the cluster."""

    on: str | None = key(WORD, None, "for")
    multiple: bool = key(FLAG, False)
    show: int | None = key(integer(2), None)
    options: tuple[ChoiceOption, ...] = key(list_of(record(ChoiceOption), least=2))
    ipvs: object = key(HISTORY, None)
    scale: object = key(SIZE, None)


class Choice(TypedKind[ChoiceAsk]):
    about = Text("Choose what is true", "选出正确的说法")
    example = "04-hairpin/hairpin-what-breaks"
    skeleton = (
        "ask:\n  options:\n    - text: {en: It is delivered., zh: 连接成功。}\n      when: {verdict: DELIVERED}\n"
        "    - text: {en: It is dropped., zh: 数据包被丢弃。}\n      when: {verdict: DROP}"
    )
    seconds = 150
    for_juniors = True
    in_exams = True
    ask = record(ChoiceAsk)

    def task(self, world: World, ask: ChoiceAsk) -> Task:
        """The options in a drawn order. Raises QuizError where none or all are right, or one choice has two answers."""
        options = list(enumerate(ask.options))
        right = {str(index) for index, option in options if holds(option.when, world, ask.on)}
        if not ask.multiple and len(right) != 1:
            raise QuizError(
                f"{world.question.id}: {len(right)} options are right; one choice needs exactly one",
                f"{world.question.id}：{len(right)} 个选项正确；单选题必须恰好一个",
            )
        if ask.multiple and len(right) in (0, len(options)):
            raise QuizError(
                f"{world.question.id}: {'all' if right else 'none'} of the options are right",
                f"{world.question.id}：{'所有选项都' if right else '没有选项'}正确",
            )
        count = min(ask.show or len(options), len(options))
        if count > MOST_OPTIONS:
            raise Place(world.question.template, ("ask", "options")).error(
                f"at most {MOST_OPTIONS} can be shown, a letter each; say how many with show",
                f"最多显示 {MOST_OPTIONS} 个，每个一个字母；请用 show 指定个数",
            )
        rng = Rng(world.question.id, world.question.seed, "options")
        shown = _shown(rng.shuffled(options), right, count)
        items = tuple(
            Item(letter, str(index), bilingual(world, option.text))
            for letter, (index, option) in zip(letters(len(shown)), shown, strict=True)
        )
        truth = tuple(item.key for item in items if item.key in right)
        return Task(world.question, (MenuField("choice", ALL if ask.multiple else ONE, items, truth, ask.multiple),))

    def why(self, world: World, ask: ChoiceAsk, task: Task, grade: Grade) -> tuple[Cause, ...]:
        from k8squiz.kinds.choice.why import option_causes

        return option_causes(world, [option.when for option in ask.options], ask.on, task, grade)


KIND = Choice()


def _shown(options: list[tuple[int, ChoiceOption]], right: set[str], count: int) -> list[tuple[int, ChoiceOption]]:
    """`count` of the options, with one that is right and one that is wrong among them."""
    shown = options[:count]
    for wanted in (True, False):
        if not any((str(index) in right) is wanted for index, _ in shown):
            spare = next(option for option in options[count:] if (str(option[0]) in right) is wanted)
            shown[-1 if wanted else 0] = spare
    return shown
