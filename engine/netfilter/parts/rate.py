"""`-m limit`, `-m hashlimit`, `-m nfacct`; nft `limit rate ...`, `counter`: what counts packets, decided for the first one.

A walk is one connection's few packets on a node that is at rest. A bucket is full then: xt_limit.c starts with all of its
burst (limit_mt_check: credit = credit_cap), so that a match on a rate holds, and one that looks for more does not.

Sources: net/netfilter/xt_limit.c, xt_hashlimit.c (hashlimit_mt_common), xt_nfacct.c (nfacct_mt: always true), nft_limit.c,
nft_counter.c; iptables 1.8.9 extensions/libxt_limit.c.
"""

from __future__ import annotations

import re

from engine.netfilter.context import Context
from engine.netfilter.part import Matches, ModelledMatch, Part
from engine.netfilter.ruleset import Match
from engine.packet import Family
from engine.trace import Text
from engine.values import dataclass

_FULL = Text(
    "A rule matches up to a rate (limit): the bucket is taken to be full, as for the first packet on a node at rest.",
    "有规则按速率匹配（limit）：假定令牌桶是满的，即空闲节点上的第一个数据包。",
)


@dataclass(frozen=True, slots=True)
class RateLimit(ModelledMatch):
    """`text` is the rule's own (`-m limit --limit 5/min`, nft's `limit rate 5/minute`); `over`: it looks for packets
    beyond the rate."""

    text: str
    over: bool = False

    def holds(self, context: Context) -> bool:
        context.assume(_FULL)
        return not self.over

    def iptables_text(self, family: Family, before: Match | None) -> str:
        return f" {self.text}" if self.text.startswith("-m ") else Match.iptables_text(self, family, before)

    def nft_text(self, ip: str) -> str:
        return Match.nft_text(self, ip) if self.text.startswith("-m ") else self.text


@dataclass(frozen=True, slots=True)
class Counter(ModelledMatch):
    """nft `counter`: counts, and holds always. The numbers are left out."""

    pure = True

    def holds(self, context: Context) -> bool:
        return True

    def nft_text(self, ip: str) -> str:
        return "counter"


def _read_limit(name: str, words: list[str], family: Family) -> Matches | None:
    over = "--hashlimit-above" in words or "!" in words
    return (RateLimit(" ".join(["-m", name, *words]), over),)


def _read_nft(found: re.Match[str], family: Family) -> Match:
    return RateLimit(found[0], found[1] is not None)


PART = Part(
    classes=(RateLimit, Counter),
    modules=dict.fromkeys(("limit", "hashlimit"), _read_limit),
    nft_matches=(
        (
            r"limit rate (over )?[0-9]+(?: [kmg]?bytes)?/(?:second|minute|hour|day|week)(?: burst [0-9]+ (?:packets|[kmg]?bytes))?",
            _read_nft,
        ),
        (r"counter(?: packets [0-9]+ bytes [0-9]+| name \"?[\w-]+\"?)?(?= |$)", lambda found, family: Counter()),
    ),
)
