"""The shuffled steps of a walk, and some that do not happen."""

from __future__ import annotations

from engine.trace import Outcome
from k8squiz.bank.rng import Rng
from k8squiz.errors import QuizError
from k8squiz.kinds.fields import Item, OrderField
from k8squiz.kinds.hop_order.ask import ABOUT, HopOrderAsk
from k8squiz.kinds.hop_order.steps import StepCard, distractors, stage_step, steps
from k8squiz.kinds.interface import Task, letters
from k8squiz.world.predicates import Ambiguous, outcomes_of
from k8squiz.world.world import World, direction_of, host_name

_MOST = 14


def order_task(world: World, ask: HopOrderAsk) -> Task:
    """Shuffled steps and distractors. Raises QuizError for an order too short or too long to ask for."""
    name = ask.on or world.first
    mode = world.request(name).mode
    walks = {
        (
            *_resolved(outcome, ask),
            *steps(direction_of(outcome, ask.of), ask.detail, ask.only, ask.hosts, ask.of == "reply", mode, ask.table),
        )
        for outcome in outcomes_of(world, name)
    }
    if len(walks) != 1:
        raise Ambiguous(
            f"{world.question.id}: the ways the packet can go take different steps",
            f"{world.question.id}：数据包的各条路径经过的步骤不同",
        )
    truth = walks.pop()
    if len(truth) < 2:
        raise QuizError(
            f"{world.question.id}: an order of {len(truth)} step(s) is no question; widen `only` or `hosts`",
            f"{world.question.id}：只有 {len(truth)} 个步骤，不成排序题；请放宽 `only` 或 `hosts`",
        )
    others = _others(world, name, ask)
    if len(truth) + len(others) > _MOST:
        raise QuizError(
            f"{world.question.id}: {len(truth) + len(others)} steps are too many; narrow `only` or `hosts`",
            f"{world.question.id}：{len(truth) + len(others)} 个步骤太多；请收窄 `only` 或 `hosts`",
        )
    cards = _shuffled(world, (*truth, *others), truth)
    items = tuple(
        Item(letter, card.key, card.text, card.reveals) for letter, card in zip(letters(len(cards)), cards, strict=True)
    )
    return Task(world.question, (OrderField("order", ABOUT, items, tuple(step.key for step in truth)),))


def _resolved(outcome: Outcome, ask: HopOrderAsk) -> tuple[StepCard, ...]:
    """The step before the first packet, where the sender starts from a name (`ask.name`)."""
    return (stage_step(host_name(outcome.hops[0].host), "dns"),) if ask.name else ()


def _others(world: World, name: str, ask: HopOrderAsk) -> tuple[StepCard, ...]:
    nodes = tuple(node.name for node in world.cluster(name).nodes)
    walked = [hop for outcome in world.all_outcomes(name) for hop in direction_of(outcome, ask.of)]
    there = {hop.host.rsplit("/", 1)[-1] for hop in walked}
    near = ask.hosts or tuple(node for node in nodes if node in there)
    known = distractors(walked, near, ask.detail, ask.only, world.request(name).mode)
    return tuple(Rng(world.question.id, world.question.seed, "distractors").sample(known, ask.distractors))


def _shuffled(world: World, cards: tuple[StepCard, ...], truth: tuple[StepCard, ...]) -> list[StepCard]:
    """A drawn order that is not the answer itself."""
    for attempt in range(20):
        drawn = Rng(world.question.id, world.question.seed, "shuffle", attempt).shuffled(cards)
        if tuple(drawn[: len(truth)]) != truth:
            break
    return drawn
