"""What ends a chain's walk by itself: to a chain and back, or a verdict. `-j CHAIN`, `-g CHAIN`, `-j ACCEPT`; nft `jump`,
`goto`, `return`, `accept`, `drop`, which maps hold too.

Sources: net/ipv4/netfilter/ip_tables.c (ipt_do_table), net/netfilter/nf_tables_core.c (nft_do_chain).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.errors import UnsupportedFeature
from engine.netfilter.context import ACCEPTED, DROPPED, RETURN, Context, Decision, into_chain
from engine.netfilter.nft_names import NAME
from engine.netfilter.part import BadRule, ModelledTarget, Part, TargetReader
from engine.netfilter.ruleset import Table, Target, name_of
from engine.netfilter.skb import NetfilterVerdict, TargetAction
from engine.packet import Family
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class Jump(ModelledTarget):
    chain: str

    is_verdict = True

    def act(self, context: Context) -> Decision:
        context.record(TargetAction.JUMP)
        return into_chain(self.chain)

    def leads_to(self, table: Table) -> Iterable[str]:
        return (self.chain,)

    def listing(self, numeric: bool) -> str:
        return ""

    def iptables_text(self, family: Family) -> str:
        return f" -j {self.chain}"

    def nft_text(self, ip: str) -> str:
        return f"jump {self.chain}"


@dataclass(frozen=True, slots=True)
class Goto(ModelledTarget):
    """`-g CHAIN`, nft `goto`: a return goes to the caller's caller."""

    chain: str

    is_verdict = True
    listed_first = "[goto] "

    def act(self, context: Context) -> Decision:
        # ipt_do_table keeps no place to come back to (XT_JUMP without the jump stack), as nft_do_chain for NFT_GOTO.
        context.record(TargetAction.GOTO)
        return into_chain(self.chain, goto=True)

    def leads_to(self, table: Table) -> Iterable[str]:
        return (self.chain,)

    def listing(self, numeric: bool) -> str:
        return ""

    def iptables_text(self, family: Family) -> str:
        return f" -g {self.chain}"

    def nft_text(self, ip: str) -> str:
        return f"goto {self.chain}"


@dataclass(frozen=True, slots=True)
class Return(ModelledTarget):
    is_verdict = True

    def act(self, context: Context) -> Decision:
        context.record(TargetAction.RETURN)
        return RETURN

    def listing(self, numeric: bool) -> str:
        return ""

    def iptables_text(self, family: Family) -> str:
        return " -j RETURN"

    def nft_text(self, ip: str) -> str:
        return "return"


@dataclass(frozen=True, slots=True)
class Accept(ModelledTarget):
    is_verdict = True

    def act(self, context: Context) -> Decision:
        context.record(TargetAction.ACCEPT, NetfilterVerdict.ACCEPT)
        return ACCEPTED

    def listing(self, numeric: bool) -> str:
        return ""

    def iptables_text(self, family: Family) -> str:
        return " -j ACCEPT"

    def nft_text(self, ip: str) -> str:
        return "accept"


@dataclass(frozen=True, slots=True)
class Drop(ModelledTarget):
    is_verdict = True

    def act(self, context: Context) -> Decision:
        # NF_DROP ends the packet at once: no later table or hook sees it (nf_hook_slow).
        context.where = context.record(TargetAction.DROP, NetfilterVerdict.DROP)
        return DROPPED

    def listing(self, numeric: bool) -> str:
        return ""

    def iptables_text(self, family: Family) -> str:
        return " -j DROP"

    def nft_text(self, ip: str) -> str:
        return "drop"


_PLAIN: dict[str, Target] = {"ACCEPT": Accept(), "DROP": Drop(), "RETURN": Return()}
_NFT = rf"(?:(jump|goto) ({NAME})|(accept|drop|return))"


def _reader(target: Target) -> TargetReader:
    return lambda name, words, family: None if words else target


def _read_nft(found: re.Match[str], family: Family) -> Target:
    if found[1] is not None:
        return Jump(found[2]) if found[1] == "jump" else Goto(found[2])
    return _PLAIN[found[3].upper()]


def verdict_text(target: Target) -> str:
    """A verdict as an nft map or rule holds it."""
    if not target.is_verdict:
        raise UnsupportedFeature(
            f"a {name_of(target)} is no verdict that an nft map can hold",
            zh=f"{name_of(target)} 不是 nft 映射可以存放的判决",
        )
    # Verdicts name no address: they read alike in tables of both families.
    return target.nft_text("")


def read_verdict(text: str, family: Family) -> Target:
    """The reverse of verdict_text; BadRule for anything else."""
    found = re.fullmatch(_NFT, text)
    if found is None:
        raise BadRule(f"verdict {text!r} is not understood", zh=f"无法理解判决 {text!r}")
    return _read_nft(found, family)


PART = Part(
    classes=(Jump, Goto, Return, Accept, Drop),
    jumps={name: _reader(target) for name, target in _PLAIN.items()},
    nft_targets=((_NFT, _read_nft),),
)
