"""Which rules can match at all: a chain's index, a ruleset's base chains by hook, and the refusal of loops.

The kernel looks at one iptables rule after another (net/ipv4/netfilter/ip_tables.c). Here a packet is only tried
against rules that its destination address and port do not rule out; how many rules the kernel would have evaluated
follows from the positions. An index is made when a packet first enters the chain and kept with it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterator, Mapping, Sequence
from types import MappingProxyType

from engine.errors import RuleError, UnsupportedFeature
from engine.hooks import IPTABLES_PRIORITY, Hook
from engine.netfilter.choose import Draws
from engine.netfilter.ruleset import Backend, Chain, IndexedBy, Rule, Ruleset, Table
from engine.packet import FiveTuple
from engine.values import dataclass

# Of how many destinations a chain keeps the merged positions.
_MOST_MERGED = 1024


class ChainIndex:
    """The rules of one chain by exact destination address, by exact destination port, and the rest. `by_chance` are those
    that chance alone decides, by position: such a rule and those that follow it in a row."""

    __slots__ = ("_merged", "by_chance", "by_destination", "by_port", "length", "others", "rules")

    def __init__(self, rules: list[Rule]) -> None:
        self.rules = rules
        self.length = len(rules)
        self.by_destination: dict[Hashable, list[int]] = {}
        self.by_port: dict[Hashable, list[int]] = {}
        self.others: list[int] = []
        self._merged: dict[Hashable, list[int]] = {}
        for position, rule in enumerate(rules):
            self._place(position, rule)
        self.by_chance = self._draws()

    def _place(self, position: int, rule: Rule) -> None:
        port: Hashable | None = None
        for match in rule.matches:
            indexed_by = match.indexed_by
            if indexed_by is IndexedBy.DESTINATION:
                address = match.index_key()
                if address is not None:
                    self.by_destination.setdefault(address, []).append(position)
                    return
            elif indexed_by is IndexedBy.PORT:
                port = match.index_key() or port
            elif not match.pure:
                # What comes before such a match must not keep the packet from it: it counts, draws or writes.
                break
        if port is not None:
            self.by_port.setdefault(port, []).append(position)
        else:
            self.others.append(position)

    def positions(self, flow: FiveTuple) -> Sequence[int]:
        """The positions of the rules that `flow` may match, in order."""
        to, port = flow.dst, (flow.protocol, flow.dport)
        of_address, of_port = self.by_destination.get(to), self.by_port.get(port)
        if of_address is None and of_port is None:
            return self.others
        if of_port is None and not self.others:
            return of_address or ()
        key = (of_address and to, of_port and port)
        found = self._merged.get(key)
        if found is None:
            found = sorted((*(of_address or ()), *(of_port or ()), *self.others))
            if len(self._merged) < _MOST_MERGED:
                self._merged[key] = found
        return found

    def _draws(self) -> Mapping[int, Draws]:
        found: dict[int, Draws] = {}
        for position in self.others:
            deciding = [match for match in self.rules[position].matches if not match.always]
            weights = deciding[0].weights() if len(deciding) == 1 else None
            if weights is not None:
                before = found.get(position - 1)
                row = [] if before is None else before.row
                row.append(weights)
                found[position] = Draws(row, len(row) - 1)
        return found


def index_of(chain: Chain) -> ChainIndex:
    """The chain's index, made now or before. It is made anew when rules were added, removed or the list replaced;
    a rule replaced in place is not noticed (build a new list instead)."""
    index = chain.index
    if not isinstance(index, ChainIndex) or index.rules is not chain.rules or index.length != len(chain.rules):
        index = ChainIndex(chain.rules)
        chain.index = index
    return index


@dataclass(frozen=True, slots=True)
class HookedChain:
    priority: int
    table: Table
    chain: Chain
    nat: bool


@dataclass(frozen=True, slots=True)
class HookPlan:
    """The base chains at each hook in the order the kernel calls them; `has_nat`: NAT's own hooks are registered
    (at all four hooks as soon as one nat chain exists, nf_nat_register_fn). `stages`: all that runs at a hook, as far as
    engine.netfilter.stack has put it together."""

    at: dict[Hook, tuple[HookedChain, ...]]
    has_nat: bool
    stages: dict[Hook, tuple[HookedChain | str, ...]] = dataclasses.field(default_factory=dict)


def plan_of(ruleset: Ruleset) -> HookPlan:
    """The ruleset's plan, made once: base chains must not be added afterwards."""
    plan = ruleset.plan
    if not isinstance(plan, HookPlan):
        at: dict[Hook, list[HookedChain]] = {}
        for table in ruleset.tables.values():
            bases_of = _iptables_base if ruleset.backend_of(table) is Backend.IPTABLES else _nft_base
            for hook, base in bases_of(table):
                at.setdefault(hook, []).append(base)
        plan = HookPlan(
            {hook: tuple(_last_first(bases)) for hook, bases in at.items()},
            any(base.nat for bases in at.values() for base in bases),
        )
        ruleset.plan = plan
    return plan


def _last_first(bases: list[HookedChain]) -> Iterator[HookedChain]:
    """By priority. Of one priority the chain that was registered last is called first (core.c nf_hook_entries_grow, since
    v4.14; measured); a listing has tables and chains in the order they were made in."""
    numbered = sorted(enumerate(bases), key=lambda one: (one[1].priority, -one[0]))
    return (base for _, base in numbered)


def _iptables_base(table: Table) -> Iterator[tuple[Hook, HookedChain]]:
    for hook in Hook:
        chain = table.chains.get(hook.value)
        if chain is None:
            continue
        priority = chain.priority if chain.priority is not None else IPTABLES_PRIORITY.get((table.name, hook))
        if priority is None:
            raise UnsupportedFeature(
                f"table {table.name} with a chain at {hook.value} is not modelled",
                zh=f"表 {table.name} 在 {hook.value} 处的链未建模",
            )
        yield hook, HookedChain(priority, table, chain, table.name == "nat")


def _nft_base(table: Table) -> Iterator[tuple[Hook, HookedChain]]:
    for chain in table.chains.values():
        if chain.hook is not None:
            yield chain.hook, HookedChain(chain.priority or 0, table, chain, chain.kind == "nat")


# Where a rule stands: (table, chain, its position in the chain) -> (file, line).
Places = Mapping[tuple[str, str, int], tuple[str, int]]


def check_chains(ruleset: Ruleset, places: Places = MappingProxyType({})) -> None:
    """Raise RuleError when a rule leads to a chain that is not there, or chains lead in a circle; with the rule's file
    and line where `places` knows them.

    The kernel refuses such a ruleset as a whole (ip_tables.c mark_source_chains, nf_tables_api.c nft_chain_validate).
    """
    for table in ruleset.tables.values():
        done: set[str] = set()
        for name in table.chains:
            _check_from(table, name, done, places)


def _check_from(table: Table, start: str, done: set[str], places: Places) -> None:
    if start in done:
        return
    trail = {start: None}
    pending = [_next_chains(table, start, places)]
    while pending:
        step = next(pending[-1], None)
        if step is None:
            done.add(trail.popitem()[0])
            pending.pop()
            continue
        following, place = step
        if following in trail:
            names = list(trail)
            circle = " -> ".join([*names[names.index(following) :], following])
            raise RuleError(
                f"table {table.name}: chains lead in a circle: {circle}; the kernel refuses this ruleset",
                place[0],
                place[1],
                zh=f"表 {table.name}：链之间形成环：{circle}；内核会拒绝这份规则",
            )
        if following not in done:
            trail[following] = None
            pending.append(_next_chains(table, following, places))


def _next_chains(table: Table, name: str, places: Places) -> Iterator[tuple[str, tuple[str | None, int | None]]]:
    for position, rule in enumerate(table.chains[name].rules):
        place = places.get((table.name, name, position), (None, None))
        if rule.target is None:
            continue
        for following in rule.target.leads_to(table):
            if following not in table.chains:
                raise RuleError(
                    f"table {table.name}: chain {name} leads to {following}, which does not exist",
                    place[0],
                    place[1],
                    zh=f"表 {table.name}：链 {name} 跳转到不存在的 {following}",
                )
            yield following, place
