"""`-m set --match-set NAME SIDES`: the packet is in an ipset.

Sources: net/netfilter/xt_set.c (set_match_v4); iptables 1.8.9 extensions/libxt_set.c.
"""

from __future__ import annotations

from engine.errors import RuleError
from engine.netfilter.context import Context
from engine.netfilter.ipset import IpSet, UnusableSet
from engine.netfilter.ipt_words import negation
from engine.netfilter.part import Matches, ModelledMatch, Part
from engine.netfilter.ruleset import Match
from engine.packet import Family
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class SetMatch(ModelledMatch):
    """`-m set --match-set NAME SIDES`: the packet is in an ipset of the table's `sets`. `sides` says for each dimension
    of the set whether it is compared with the packet's "src" or "dst" (xt_set.c)."""

    name: str
    sides: tuple[str, ...]
    negate: bool = False

    def holds(self, context: Context) -> bool:
        ipset = context.table.sets.get(self.name)
        if isinstance(ipset, UnusableSet):
            raise ipset.error
        # iptables-restore refuses such a rule (ip_set_nfnl_get_byindex): a ruleset that holds one was never loaded.
        if not isinstance(ipset, IpSet):
            raise RuleError(
                f"table {context.table.name}: a rule matches on set {self.name}, which does not exist",
                zh=f"表 {context.table.name}：有规则匹配不存在的集合 {self.name}",
            )
        # Not pure: the look-up is counted.
        context.hash_lookups += 1
        return ipset.contains(context.skb.flow, self.sides) != self.negate

    def listing(self, numeric: bool, before: Match | None) -> str:
        return f"{negation(self.negate)} match-set {self.name} {','.join(self.sides)}"

    def iptables_text(self, family: Family, before: Match | None) -> str:
        return f" -m set{negation(self.negate)} --match-set {self.name} {','.join(self.sides)}"


def _read(name: str, words: list[str], family: Family) -> Matches | None:
    """`[!] --match-set NAME SIDES`, an option of two words."""
    negate = words[:1] == ["!"]
    words = words[negate:]
    if len(words) != 3 or words[0] != "--match-set":
        return None
    sides = tuple(words[2].split(","))
    return (SetMatch(words[1], sides, negate),) if set(sides) <= {"src", "dst"} else None


PART = Part(classes=(SetMatch,), modules={"set": _read})
