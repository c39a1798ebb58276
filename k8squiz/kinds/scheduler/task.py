"""The schedulers in a drawn order. Each runs the same workload; its measured figures decide."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.errors import EngineError
from engine.ipvs.scenario import Scenario, candidates, indistinguishable
from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.question import Question
from k8squiz.bank.rng import Rng
from k8squiz.errors import QuizError
from k8squiz.kinds.fields import Item, MenuField
from k8squiz.kinds.interface import Task, letters
from k8squiz.kinds.scheduler.ask import SchedulerAsk
from k8squiz.world.virtual_servers import scenario
from k8squiz.world.world import World

ASKED = Text("Which of these schedulers meet the requirement? (all of them)", "下列哪些调度算法满足要求？（选出全部）")
_UNKNOWN = Text(
    "Does not know what this scheduler looks at when a connection comes.", "不知道连接到来时这个调度算法看的是什么。"
)
_OVERRATED = Text(
    "Expects more of it than it looks at: ask what it counts, weighs or hashes.",
    "高估了它：追问它到底在计数、加权还是哈希什么。",
)


def schedulers_task(world: World, ask: SchedulerAsk) -> Task:
    """The schedulers in a drawn order. Raises QuizError where none or all of them fit."""
    question = world.question
    found = scenario(question)
    if found is None:
        raise QuizError(f"{question.id}: ask.scenario is missing", f"{question.id}：缺少 ask.scenario")
    names = _shown(world, ask, found)
    fitting = [name for name in names if found.fits(name, question.seed)]
    items = tuple(
        Item(letter, name, Text(name, name), _UNKNOWN if name in fitting else _OVERRATED)
        for letter, name in zip(letters(len(names)), names, strict=True)
    )
    truth = tuple(item.key for item in items if item.key in fitting)
    return Task(
        question,
        (SchedulersField("schedulers", ASKED, items, truth, True, undecided=_undecided(found, names, question)),),
    )


@dataclass(frozen=True, slots=True)
class SchedulersField(MenuField):
    """The menu of schedulers. `undecided` says of which luck decides whether they fit: nobody can know."""

    undecided: Callable[[], Iterator[Text]] = lambda: iter(())

    def flaws(self) -> Iterator[Text]:
        yield from self.undecided()
        yield from MenuField.flaws(self)


def _undecided(found: Scenario, names: list[str], question: Question) -> Callable[[], Iterator[Text]]:
    def told() -> Iterator[Text]:
        for name in names:
            near = found.undecided(name, question.seed)
            if near is not None:
                value = float(getattr(found.measure(name, question.seed), near.metric))
                yield Text(
                    f"luck decides whether {name} fits: {near.metric} is {value:.4g}, too near to {near}",
                    f"{name} 是否满足全凭运气：{near.metric} 为 {value:.4g}，离 {near} 太近",
                )

    return told


def _shown(world: World, ask: SchedulerAsk, found: Scenario) -> list[str]:
    """As many of the schedulers as `show` says, with one that fits and one that does not; of twins, which nothing could
    tell apart, one. Only what may be shown is measured: that takes long, and somebody waits."""
    question = world.question
    seed = question.seed
    rng = Rng(question.id, seed, "schedulers")
    # What is offered may be narrowed, so that a junior is not asked about dh.
    among = [name for name in candidates(found.dataplane) if ask.among is None or name in ask.among]
    kept: list[str] = []
    for name in rng.shuffled(among):
        if not any(indistinguishable(name, other, found.dataplane) for other in kept):
            kept.append(name)
    shown = kept[: ask.show]
    for wanted in (True, False):
        if not any(found.fits(name, seed) is wanted for name in shown):
            spare = next((name for name in kept if found.fits(name, seed) is wanted), None)
            if spare is None:
                raise _asks_nothing(question, found, wanted)
            shown[-1 if wanted else 0] = spare
    return shown


def _asks_nothing(question: Question, found: Scenario, wanted: bool) -> QuizError:
    """Why: none or all of the schedulers fit, or none or all of those that are offered."""
    try:
        found.refuse_degenerate(question.seed)
    except EngineError as error:
        return QuizError(f"{question.id}: {error.en}", f"{question.id}：{error.zh}")
    return QuizError(
        f"{question.id}: of the schedulers offered, {'none fits' if wanted else 'all fit'}",
        f"{question.id}：所列调度算法{'没有一个' if wanted else '全部'}满足要求",
    )
