"""What is not modelled, kept word for word: it is printed as it stood, and only a packet that depends on it is refused.

Sources: iptables-extensions(8); the targets that let a packet go on: xt_LOG.c, xt_CHECKSUM.c, ... all
answer XT_CONTINUE.
"""

from __future__ import annotations

from engine.netfilter.context import CONTINUE, Context, Decision
from engine.netfilter.part import ModelledTarget, Part
from engine.netfilter.ruleset import Match, Target
from engine.netfilter.skb import TargetAction
from engine.packet import Family
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class OpaqueMatch(Match):
    """A match that is not modelled, as its text stood (`-m connlimit --connlimit-above 5`). Printed as it is; a packet
    whose fate depends on it is refused with UnsupportedFeature."""

    text: str

    def iptables_text(self, family: Family, before: Match | None) -> str:
        return f" {self.text}"


@dataclass(frozen=True, slots=True)
class OpaqueTarget(Target):
    """A target that is not modelled and may change the packet's way (TPROXY, NFQUEUE, NETMAP, ...), as its text
    stood after -j. Reaching it is refused with UnsupportedFeature."""

    text: str

    def iptables_text(self, family: Family) -> str:
        return f" -j {self.text}"


@dataclass(frozen=True, slots=True)
class PassingTarget(ModelledTarget):
    """A target that leaves the packet's way alone (LOG, CHECKSUM, ...), as its text stood after -j."""

    text: str

    does_nothing = True

    def act(self, context: Context) -> Decision:
        context.record(TargetAction.OTHER, name=self.text.split(" ", 1)[0])
        return CONTINUE

    def iptables_text(self, family: Family) -> str:
        return f" -j {self.text}"


# Targets that let the packet go on as it is, as far as anything modelled can tell.
_PASSING = frozenset(
    {
        "LOG", "NFLOG", "ULOG", "TCPOPTSTRIP", "CHECKSUM", "AUDIT", "CLASSIFY", "DSCP", "TOS", "TTL", "HL", "ECN", "IDLETIMER",
        "LED", "RATEEST", "TRACE",
    }
)  # fmt: skip
# Targets known by name that are not modelled; any other name after -j must be a chain.
_KNOWN = frozenset(
    {
        "QUEUE", "NFQUEUE", "CONNSECMARK", "SECMARK", "NETMAP", "TPROXY", "CLUSTERIP", "SET", "SYNPROXY", "TEE", "HMARK",
        "DNPT", "SNPT", "SAME", "MIRROR",
    }
)  # fmt: skip


def opaque_target(name: str, words: list[str], family: Family) -> Target:
    """`-j NAME WORDS`, kept as it stands."""
    text = " ".join([name, *words])
    return PassingTarget(text) if name in _PASSING else OpaqueTarget(text)


PART = Part(
    classes=(OpaqueMatch, OpaqueTarget, PassingTarget), jumps=dict.fromkeys(sorted(_PASSING | _KNOWN), opaque_target)
)
