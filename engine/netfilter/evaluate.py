"""Running a packet through one base chain and whatever it leads to.

A ModelledMatch says whether it holds, a ModelledTarget acts. What is neither is not modelled: it is refused, but only
where the packet's fate hangs on it.

Sources: net/ipv4/netfilter/ip_tables.c (ipt_do_table), net/netfilter/nf_tables_core.c (nft_do_chain).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.errors import EngineError, RuleError, UnsupportedFeature
from engine.limits import MOST_CHAIN_DEPTH, MOST_CHAINS_ENTERED, MOST_RULES_EVALUATED
from engine.netfilter.choose import Draws, first_that_holds
from engine.netfilter.context import CONTINUE, Context, Decision
from engine.netfilter.index import index_of
from engine.netfilter.nft_names import TABLE_FAMILY
from engine.netfilter.part import ModelledMatch, ModelledTarget
from engine.netfilter.ruleset import Chain, Match, Rule, Table, Target, name_of
from engine.netfilter.skb import NetfilterVerdict, TargetAction
from engine.packet import family_of
from engine.values import dataclass


@dataclass(slots=True)
class _Passing:
    """A packet on its way through one base chain: `entered` chains so far, at most `most_rules` rules in all."""

    context: Context
    table: Table
    base: Chain
    indexed: bool
    most_rules: int
    entered: int = 0


def run_base_chain(context: Context, table: Table, chain: Chain, indexed: bool = True) -> NetfilterVerdict:
    """The verdict ("ACCEPT", "DROP", "REJECT") of one base chain. `indexed` False tries every rule: for tests.

    Raises UnsupportedFeature for a packet that meets more chains or rules than limits allow."""
    context.table = table
    if chain.rules:
        passing = _Passing(context, table, chain, indexed, context.rules_evaluated + MOST_RULES_EVALUATED)
        verdict = _run_chain(passing, chain, (chain.name,))
        if verdict is not None:
            return verdict
    return _policy(context, chain)


def _run_chain(passing: _Passing, chain: Chain, path: tuple[str, ...]) -> NetfilterVerdict | None:
    """The verdict that the chain, or one that it leads to, comes to; None where it returns. `path` are the chains that led
    here, itself last."""
    context, rules = passing.context, chain.rules
    positions: Sequence[int] = range(len(rules))
    by_chance: Mapping[int, Draws] = {}
    if passing.indexed:
        index = index_of(chain)
        positions, by_chance = index.positions(context.skb.flow), index.by_chance
    context.chain, context.path = chain, path
    at, end, seen = 0, len(positions), 0
    while at < end:
        position = positions[at]
        draws = by_chance.get(position) if by_chance else None
        if draws is not None:
            passed = first_that_holds(context.choose, draws)
            at += passed
            if passed == len(draws):
                continue
            position += passed
        at += 1
        rule = rules[position]
        context.rule, context.position = rule, position
        if draws is None and not rule_matches(rule, context):
            continue
        decision = run_target(rule.target, context)
        if decision is CONTINUE:
            continue
        context.rules_evaluated += position + 1 - seen
        seen = position + 1
        if context.rules_evaluated > passing.most_rules:
            raise _too_much(passing, f"{MOST_RULES_EVALUATED} rules", f"{MOST_RULES_EVALUATED} 条规则")
        verdict = decision.verdict
        if decision.chain is not None:
            target = _target_chain(passing, path, decision.chain)
            if target.rules:
                verdict = _run_chain(passing, target, (*path, target.name))
                context.chain, context.path = chain, path
        # Where a chain was jumped to, its return goes on behind the rule; a goto leaves no place to come back to.
        if verdict is not None or decision.returns or decision.goto:
            return verdict
    context.rules_evaluated += len(rules) - seen
    if context.rules_evaluated > passing.most_rules:
        raise _too_much(passing, f"{MOST_RULES_EVALUATED} rules", f"{MOST_RULES_EVALUATED} 条规则")
    return None


def _too_much(passing: _Passing, en: str, zh: str) -> UnsupportedFeature:
    table, chain = passing.table, passing.base
    return UnsupportedFeature(
        f"table {table.name}: one packet in {chain.name} meets more than {en}; so long a way is not followed",
        zh=f"表 {table.name}：一个数据包在 {chain.name} 中遇到超过 {zh}；不再继续跟踪",
    )


def _target_chain(passing: _Passing, path: tuple[str, ...], name: str) -> Chain:
    """The chain `name`, which a rule of the last chain of `path` leads to."""
    passing.entered += 1
    if passing.entered > MOST_CHAINS_ENTERED:
        raise _too_much(passing, f"{MOST_CHAINS_ENTERED} chains", f"{MOST_CHAINS_ENTERED} 条链")
    if len(path) >= MOST_CHAIN_DEPTH:
        raise _too_much(passing, f"{MOST_CHAIN_DEPTH} chains in depth", f"{MOST_CHAIN_DEPTH} 层链")
    table = passing.table
    chain = table.chains.get(name)
    if chain is None:
        raise RuleError(
            f"table {table.name}: chain {path[-1]} leads to {name}, which does not exist",
            zh=f"表 {table.name}：链 {path[-1]} 跳转到不存在的 {name}",
        )
    if name in path:
        circle = " -> ".join([*path[path.index(name) :], name])
        raise RuleError(
            f"table {table.name}: chains lead in a circle: {circle}; the kernel refuses this ruleset",
            zh=f"表 {table.name}：链之间形成环：{circle}；内核会拒绝这份规则",
        )
    return chain


def rule_matches(rule: Rule, context: Context) -> bool:
    """Whether all matches hold. A match that is not modelled, or that nothing in the model decides, is looked at last,
    and refused if the others hold."""
    unknown: EngineError | None = None
    for match in rule.matches:
        if match.always:
            continue
        try:
            held = match.holds(context) if isinstance(match, ModelledMatch) else None
        except EngineError as error:
            # A set that nobody gave: as unknown as a match that is not modelled.
            held, unknown = True, unknown or error
        if held is None:
            unknown = unknown or _unsupported(context, match)
        elif not held:
            return False
    if unknown is not None and rule.target is not None and not rule.target.does_nothing:
        raise unknown
    return unknown is None


def run_target(target: Target | None, context: Context) -> Decision:
    """Let a target do its work. It records itself in the context's events."""
    if target is None:
        context.record(TargetAction.NONE)
        return CONTINUE
    if not isinstance(target, ModelledTarget):
        raise _unsupported(context, target)
    return target.act(context)


def _unsupported(context: Context, part: Match | Target) -> UnsupportedFeature:
    table, chain, number = context.table, context.chain, context.position + 1
    at = chain.places[context.position] if context.position < len(chain.places) else None
    where = "" if at is None else f"{at[0]}:{at[1]}: "
    text = part_text(part, context)
    why = "which nothing here tells" if isinstance(part, ModelledMatch) else "which is not modelled"
    why_zh = "而给出的内容无法确定它" if isinstance(part, ModelledMatch) else "而它未建模"
    return UnsupportedFeature(
        f"{where}table {table.name}, chain {chain.name}, rule {number}: the packet's fate depends on {text}, {why}",
        zh=f"{where}表 {table.name}，链 {chain.name}，第 {number} 条规则：数据包的去向取决于 {text}，{why_zh}",
    )


def part_text(part: Match | Target, context: Context) -> str:
    """A match or target as it stands in its rule."""
    family = family_of(context.skb.flow.dst)
    try:
        if isinstance(part, Match):
            return part.iptables_text(family, None).strip()
        return part.iptables_text(family).strip()
    except UnsupportedFeature:
        pass
    try:
        return part.nft_text(TABLE_FAMILY[family])
    except UnsupportedFeature:
        return name_of(part)


def _policy(context: Context, chain: Chain) -> NetfilterVerdict:
    if chain.policy not in (None, "ACCEPT", "DROP"):
        raise RuleError(
            f"table {context.table.name}: chain {chain.name} has policy {chain.policy!r}; ACCEPT or DROP",
            zh=f"表 {context.table.name}：链 {chain.name} 的策略为 {chain.policy!r}；只能是 ACCEPT 或 DROP",
        )
    if chain.policy != "DROP":
        return NetfilterVerdict.ACCEPT
    context.chain, context.rule, context.position, context.path = chain, None, len(chain.rules), (chain.name,)
    context.where = context.record(TargetAction.POLICY, NetfilterVerdict.DROP)
    return NetfilterVerdict.DROP
