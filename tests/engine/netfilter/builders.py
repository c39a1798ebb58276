"""Rulesets and packets in a few words, for the tests of this folder."""

from __future__ import annotations

from engine.hooks import IPTABLES_PRIORITY, Hook
from engine.netfilter.choose import Choose, seeded
from engine.netfilter.rules import Backend, Chain, Match, Rule, Ruleset, Table, Target
from engine.netfilter.stack import HostNetfilter, Passage, Skb
from engine.packet import L4, Family, FiveTuple

NODE = "192.168.1.10"
CLIENT = "1.2.3.4"
VIP = "10.96.0.10"
POD = "10.244.1.5"


def rule(*parts: Match | Target) -> Rule:
    """Matches in order, and the target wherever it stands."""
    targets = [part for part in parts if isinstance(part, Target)]
    return Rule(tuple(part for part in parts if isinstance(part, Match)), targets[0] if targets else None)


def iptables(family: Family = Family.IPV4, **tables: dict[str, list[Rule]]) -> Ruleset:
    """`iptables(nat={"PREROUTING": [...], "MINE": [...]})`; a table named has all its built-in chains."""
    ruleset = Ruleset(Backend.IPTABLES, family)
    for name, chains in tables.items():
        table = Table(name)
        for (of_table, hook), priority in IPTABLES_PRIORITY.items():
            if of_table == name:
                table.chains[hook.value] = Chain(hook.value, [], hook, priority, "ACCEPT", name)
        for chain, rules in chains.items():
            table.chains.setdefault(chain, Chain(chain)).rules = rules
        ruleset.tables[name] = table
    return ruleset


def tcp(src: str, dst: str, sport: int = 40000, dport: int = 80) -> FiveTuple:
    return FiveTuple(L4.TCP, src, sport, dst, dport)


def host(ruleset: Ruleset | None, choose: Choose | None = None, **more: object) -> HostNetfilter:
    return HostNetfilter("node1", ruleset, lambda a: a in (NODE, "127.0.0.1"), choose or seeded(1), **more)  # type: ignore[arg-type]


def forward(netfilter: HostNetfilter, skb: Skb, masquerade: str | None = NODE) -> list[Passage]:
    """PREROUTING, FORWARD, POSTROUTING, as far as the packet gets."""
    passages = []
    for hook in (Hook.PREROUTING, Hook.FORWARD, Hook.POSTROUTING):
        passages.append(netfilter.traverse(hook, skb, masquerade_address=lambda: masquerade))
        if passages[-1].verdict != "ACCEPT":
            break
    return passages
