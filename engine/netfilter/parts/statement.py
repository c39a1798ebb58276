"""An nft statement in the midst of a rule: done in its turn, and the rule goes on; and those that leave a packet's way
alone.

Sources: nft(8); net/netfilter/nf_tables_core.c (nft_do_chain: NFT_CONTINUE), nft_log.c.
"""

from __future__ import annotations

import re

from engine.netfilter.context import CONTINUE, Context, Decision
from engine.netfilter.part import ModelledMatch, ModelledTarget, Part
from engine.netfilter.parts.mark import MarkStatement, SetMark
from engine.netfilter.ruleset import Target
from engine.netfilter.skb import TargetAction
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class Statement(ModelledMatch):
    """Holds always, once `target` has done its work. It is a target that lets the packet go on."""

    target: ModelledTarget

    def holds(self, context: Context) -> bool:
        self.target.act(context)
        return True

    def nft_text(self, ip: str) -> str:
        return self.target.nft_text(ip)


@dataclass(frozen=True, slots=True)
class PassingStatement(ModelledTarget):
    """A statement that does nothing that a walk can tell: `log ...`, `ip dscp set ...`."""

    text: str

    goes_on = True
    does_nothing = True

    def act(self, context: Context) -> Decision:
        context.record(TargetAction.OTHER, name=self.text.split(" ", 1)[0].upper())
        return CONTINUE

    def nft_text(self, ip: str) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class OpaqueStatement(Target):
    """The rest of a rule from where it is not understood, as it stood. Reaching it is refused."""

    text: str

    def nft_text(self, ip: str) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class OtherFamily(ModelledMatch):
    """A rule of an inet table that asks for packets of the other family; its whole text."""

    text: str

    pure = True

    def holds(self, context: Context) -> bool:
        # nft puts `meta nfproto` before such an expression (payload dependency): no packet of this family gets past it.
        return False

    def nft_text(self, ip: str) -> str:
        return self.text


def of_other_family(line: str) -> ModelledMatch:
    """What stands for a rule of an inet table that is about the other family's packets."""
    return OtherFamily(line)


def midway(target: Target) -> ModelledMatch | None:
    """A target where a match stands, the rule going on behind it; None for one that ends a rule."""
    if isinstance(target, SetMark):
        return MarkStatement(target.value, target.mask)
    return Statement(target) if isinstance(target, ModelledTarget) and target.goes_on else None


# With what a statement or an expression of nft begins. Anything else is no rule.
_WORDS = frozenset(
    [
        "ah",
        "arp",
        "audit",
        "cgroup",
        "comp",
        "counter",
        "ct",
        "dccp",
        "dnat",
        "dst",
        "dup",
        "esp",
        "ether",
        "exthdr",
        "fib",
        "flow",
        "frag",
        "fwd",
        "hbh",
        "icmp",
        "icmpv6",
        "igmp",
        "iif",
        "iifname",
        "iifgroup",
        "iiftype",
        "ip",
        "ip6",
        "ipsec",
        "jhash",
        "limit",
        "log",
        "mark",
        "masquerade",
        "meta",
        "mh",
        "nftrace",
        "notrack",
        "numgen",
        "oif",
        "oifname",
        "oifgroup",
        "oiftype",
        "osf",
        "pkttype",
        "priority",
        "queue",
        "quota",
        "rate",
        "redirect",
        "reject",
        "rt",
        "rt0",
        "rt2",
        "rt4",
        "sctp",
        "secmark",
        "set",
        "skgid",
        "skuid",
        "snat",
        "socket",
        "srh",
        "symhash",
        "synproxy",
        "tcp",
        "th",
        "time",
        "tproxy",
        "tunnel",
        "udp",
        "udplite",
        "update",
        "add",
        "delete",
        "vlan",
        "xfrm",
        "xt",
        "day",
        "hour",
        "gre",
        "random",
        "cpu",
    ]
)
_DECIDES = re.compile(
    r"\b(accept|drop|return|jump|goto|reject|dnat|snat|masquerade|redirect|queue|vmap|set|tproxy|notrack|dup|fwd|xt target"
    r"|synproxy|flow|update|add|delete)\b"
)


def rest_of_rule(text: str) -> Target | None:
    """What is made of the rest of a rule that nothing reads; None where it does not look like one."""
    if text.split(" ", 1)[0] not in _WORDS:
        return None
    return OpaqueStatement(text) if _DECIDES.search(text) else PassingStatement(text)


_LOG = (
    r'log(?: (?:prefix "[^"]*"|level [a-z]+|group [0-9]+|snaplen [0-9]+|queue-threshold [0-9]+'
    r"|flags (?:all|skuid|ether|(?:tcp|ip) [a-z]+(?:,[a-z]+)?)))*"
)
_PASSING = rf"{_LOG}|meta nftrace set [01]|ip6? dscp set \w+|meta priority set \S+"

PART = Part(
    classes=(Statement, PassingStatement, OpaqueStatement, OtherFamily),
    nft_targets=((rf"(?:{_PASSING})", lambda found, family: PassingStatement(found[0])),),
)
