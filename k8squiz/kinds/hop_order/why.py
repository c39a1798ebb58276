"""Why a step stands where it does: its hop in the walk, and the rule of thumb that the answer breaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.cluster import Mode
from engine.trace import Direction, Hop, Outcome, Text
from k8squiz.bank.question import Grade
from k8squiz.kinds.cause import Cause, WalkPlace
from k8squiz.kinds.fields import Item
from k8squiz.kinds.hop_order.steps import chain_step, hops_of_steps
from k8squiz.kinds.interface import Task
from k8squiz.kinds.rules_of_thumb import rule_of_thumb, step_of
from k8squiz.world.evidence import hop_line
from k8squiz.world.predicates import outcomes_of
from k8squiz.world.world import World, direction_of, host_name

if TYPE_CHECKING:
    from k8squiz.kinds.hop_order.ask import HopOrderAsk


def order_causes(world: World, ask: HopOrderAsk, task: Task, grade: Grade) -> tuple[Cause, ...]:
    """Where the answer parts from the walk first, then what was named though it does not happen."""
    (field,), (mark,) = task.fields, grade.marks
    name = ask.on or world.first
    outcome = max(outcomes_of(world, name), key=lambda way: way.probability)
    placed = _placed(world, name, outcome, ask)
    items = {item.key: item for item in field.options}
    given: tuple[str, ...] = mark.given or ()
    causes = []
    at = 0 if not given else mark.first_wrong
    if at is not None and at < len(field.truth):
        wanted = field.truth[at]
        said = given[at] if at < len(given) else None
        causes.append(_parting(field.id, name, ask.of, items[wanted], None if said is None else items[said], placed))
    hops = direction_of(outcome, ask.of)
    extra = [key for key in dict.fromkeys(given) if key not in field.truth]
    causes += [Cause(field.id, _never(key, hops, ask.detail, world.request(name).mode), key) for key in extra]
    return tuple(causes)


def _placed(world: World, name: str, outcome: Outcome, ask: HopOrderAsk) -> Mapping[str, Hop]:
    mode = world.request(name).mode
    hops = direction_of(outcome, ask.of)
    return hops_of_steps(hops, ask.detail, ask.only, ask.hosts, ask.of == "reply", mode, ask.table)


def _parting(field: str, name: str, of: str, wanted: Item, said: Item | None, placed: Mapping[str, Hop]) -> Cause:
    hop = placed.get(wanted.key)
    line = wanted.text if hop is None else hop_line(hop, of)
    text = Text(f"{wanted.letter} comes here: {line.en}", f"此处是 {wanted.letter}：{line.zh}")
    rule = None
    if said is not None and said.key in placed:
        later = placed[said.key].n
        text = Text(
            f"{wanted.letter} before {said.letter}, which is hop {later}: {line.en}",
            f"{wanted.letter} 在 {said.letter}（第 {later} 跳）之前：{line.zh}",
        )
        rule = rule_of_thumb(wanted.key, said.key)
    direction = Direction.REPLY if of == "reply" else Direction.REQUEST
    return Cause(field, text, wanted.key, rule, None if hop is None else WalkPlace(name, direction, hop.n))


def _never(key: str, hops: tuple[Hop, ...], detail: str, mode: Mode) -> Text:
    """What happens instead on the host that the step names."""
    host, _ = step_of(key)
    there = [hop for hop in hops if host_name(hop.host) == host]
    if not there:
        return Text(f"the packet never comes to {host}", f"数据包从不到达 {host}")
    if detail == "chain":
        chains = (hop.chain for hop in there if hop.chain and chain_step(host, hop.chain, mode) is not None)
        passed = " › ".join(dict.fromkeys(chains))
        return Text(
            f"on {host} it goes through {passed or 'no chain'}", f"在 {host} 上经过的是 {passed or '（没有链）'}"
        )
    passed = " › ".join(dict.fromkeys(str(hop.stage) for hop in there))
    return Text(f"on {host} there is {passed}", f"{host} 上有的是 {passed}")
