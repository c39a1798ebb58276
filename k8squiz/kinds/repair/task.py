"""What is broken, what would mend it, and what is shown of it.

Graded by effect: what was typed is put in, every request is walked again, and the goal decides. What else the question
wants to stay as it was (`must_hold`) costs where it does not. The answer shown is what had been there, so a question names
what is lost, never what to type.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from engine.cluster import Mode
from engine.trace import Text
from k8squiz.errors import QuizError
from k8squiz.kinds.chains import tells_services_apart
from k8squiz.kinds.fields import Unreadable
from k8squiz.kinds.interface import Task
from k8squiz.kinds.repair import object_edit as objects
from k8squiz.kinds.repair import rule_edit as rules
from k8squiz.kinds.repair.ask import RepairAsk
from k8squiz.kinds.repair.fields import RepairField, holds_throughout
from k8squiz.world.connections import Change, Connections
from k8squiz.world.predicates import matching_rules
from k8squiz.world.rule_lines import RuleLine
from k8squiz.world.world import EditedManifests, EditedRules, World

RULE = Text("The missing rule", "缺少的规则")
FIELD = Text("The field to change", "要修改的字段")


def repair_task(world: World, ask: RepairAsk) -> Task:
    """One line to type. Raises QuizError where the goal holds without it, or does not hold with what was lost."""
    question = world.question
    field = _rule(world, ask) if ask.missing_rule is not None else _object(world, ask)
    try:
        field.read(field.truth)
    except Unreadable as error:
        raise QuizError(f"{question.id}: {error.text.en}", f"{question.id}：{error.text.zh}") from None
    if field.score(field.truth) < 1.0:
        raise QuizError(
            f"{question.id}: with {field.truth} put back the goal is not met, or something else is changed",
            f"{question.id}：放回 {field.truth} 后目标仍未达到，或改变了别的东西",
        )
    if holds_throughout(field.goal, field.world("")):
        raise QuizError(f"{question.id}: the goal is met without any repair", f"{question.id}：不修复目标也已达到")
    return Task(question, (field,))


def _rule(world: World, ask: RepairAsk) -> RepairField:
    """A rule of one node is lost."""
    question = world.question
    if world.request(world.first).mode is not Mode.IPTABLES:
        raise QuizError(
            f"{question.id}: a rule can be lost in iptables mode alone",
            f"{question.id}：只有 iptables 模式才能缺少规则",
        )
    node = ask.node
    known = world.node_rules(world.first, node)
    lost = known[known.index(_lost(world, ask))]
    left = tuple(line for line in known if line is not lost)

    @functools.lru_cache(maxsize=16)
    def mended(value: str) -> World:
        def edit(text: str) -> str:
            try:
                broken = rules.without(text, lost)
                return rules.read_rule(value, left).apply(broken) if value else broken
            except ValueError as error:
                raise QuizError(
                    f"{question.id}: a request changes the chain that is to be mended ({error})",
                    f"{question.id}：有请求改变了要修复的链（{error}）",
                ) from None

        return EditedRules(question, node, edit)

    def canonical(typed: str) -> str:
        edit = rules.read_rule(typed, left)
        places = len(rules.rules_in(left, edit.table, edit.chain)) + 1
        if edit.position is not None and not 1 <= edit.position <= places:
            raise Unreadable(
                f"{edit.chain} has no place {edit.position}", f"{edit.chain} 中没有第 {edit.position} 个位置"
            )
        return str(edit)

    chain = [line.text for line in rules.rules_in(left, lost.table, lost.chain)]
    others = ", ".join(
        line.chain
        for line in left
        if line.declares and line.table == lost.table and tells_services_apart(line.table, line.chain)
    )
    shown = "\n".join(
        [f"# {node}: iptables -t {lost.table} -S {lost.chain}", f"-N {lost.chain}", *chain, f"# {lost.table}: {others}"]
    )
    return RepairField(
        "rule", RULE, str(rules.edit_that_restores(lost, known)),
        shown, Text("-t nat -A CHAIN ... -j TARGET", "-t nat -A 链名 ... -j 目标"),
        canonical, mended, ask.goal, tuple(one.name for one in question.requests), ask.must_hold,
        _besides(mended, World(question), world.first, str(rules.edit_that_restores(lost, known))),
        names=_names(left, lost.table),
    )  # fmt: skip


# What stands in a rule besides the chains.
_SPELLING = (
    "-t", "nat", "filter", "-A", "-I", "-s", "-d", "-p", "tcp", "udp", "-j", "--dport", "-m", "--to-destination",
    "MASQUERADE", "DNAT", "ACCEPT", "RETURN", "DROP", "REJECT",
)  # fmt: skip


def _names(lines: tuple[RuleLine, ...], table: str) -> tuple[str, ...]:
    """The chains that there are, those of the broken table first, and the words of a rule."""
    chains = sorted((line.table != table, line.chain) for line in lines if line.declares)
    return tuple(dict.fromkeys([*(chain for _, chain in chains), *_SPELLING]))


def _lost(world: World, ask: RepairAsk) -> RuleLine:
    found = matching_rules({"node": ask.node, **(ask.missing_rule or {})}, world, world.first)
    if len(found) != 1:
        raise QuizError(
            f"{world.question.id}: ask.missing_rule fits {len(found)} rules of {ask.node}; it must be one",
            f"{world.question.id}：ask.missing_rule 匹配 {ask.node} 的 {len(found)} 条规则；必须恰好一条",
        )
    return found[0]


def _object(world: World, ask: RepairAsk) -> RepairField:
    """A field of one object is not what it is in the request `fixed_request`."""
    question = world.question
    kind, name = ("", None) if ask.object is None else (ask.object.kind, ask.object.name)
    broken = objects.find(world.request(world.first).manifests, kind, name)
    sound = objects.find(world.request(ask.fixed_request).manifests, kind, name)
    edits = list(objects.differences(broken, sound))
    if len(edits) != 1:
        raise QuizError(
            f"{question.id}: {kind} differs in {len(edits)} fields from request {ask.fixed_request}; it must be one",
            f"{question.id}：{kind} 与请求 {ask.fixed_request} 相比有 {len(edits)} 个字段不同；必须恰好一个",
        )

    @functools.lru_cache(maxsize=16)
    def mended(value: str) -> World:
        if not value:
            return world
        edit = objects.read_edit(value, broken)
        return EditedManifests(question, lambda text: objects.edited(text, kind, name, edit))

    return RepairField(
        "field", FIELD, str(edits[0]), objects.shown(broken), Text("spec.FIELD: VALUE", "spec.字段: 值"),
        lambda typed: str(objects.read_edit(typed, broken)), mended, ask.goal,
        tuple(one.name for one in question.requests if one.name != ask.fixed_request), ask.must_hold,
        _besides(mended, world, ask.fixed_request, str(edits[0])), names=objects.paths(broken),
    )  # fmt: skip


def _besides(
    mended: Callable[[str], World], sound: World, request: str, truth: str
) -> Callable[[str], tuple[Change, ...]]:
    """What a line changes of what the fault had left alone; the truth changes nothing."""
    found: list[Connections] = []

    @functools.lru_cache(maxsize=16)
    def besides(value: str) -> tuple[Change, ...]:
        if value == truth:
            return ()
        if not found:
            found.append(Connections(mended(""), sound, request))
        return tuple(found[0].changes(mended(value), value))

    return besides
