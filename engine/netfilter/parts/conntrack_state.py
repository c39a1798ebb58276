"""`-m conntrack --ctstate`, `-m state --state`; nft `ct state`, `ct status`.

Sources: net/netfilter/xt_conntrack.c (conntrack_mt), xt_state.c, nft_ct.c; iptables 1.8.9
extensions/libxt_conntrack.c; nftables 1.0.6 src/ct.c.
"""

from __future__ import annotations

import re

from engine.netfilter.conntrack import statuses
from engine.netfilter.context import Context
from engine.netfilter.ipt_words import Options, by_options, negation
from engine.netfilter.nft_names import not_equal
from engine.netfilter.part import BadRule, Matches, ModelledMatch, Part
from engine.netfilter.ruleset import Match
from engine.packet import Family
from engine.values import dataclass

STATES = frozenset({"INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED", "SNAT", "DNAT"})
# In the order of the bits (enum ip_conntrack_info as nft_ct.c maps them), which is the order of printing. SNAT and DNAT
# are no states there but a status.
_NFT_STATES = ("invalid", "established", "related", "new", "untracked")
# NF_CT_STATE_BIT and IPS_SRC_NAT, IPS_DST_NAT, by which `nft -n` prints them.
_STATE_BITS = {0x1: "INVALID", 0x2: "ESTABLISHED", 0x4: "RELATED", 0x8: "NEW", 0x40: "UNTRACKED"}
_STATUS_BITS = {0x10: "SNAT", 0x20: "DNAT"}


@dataclass(frozen=True, slots=True)
class ConntrackState(ModelledMatch):
    """`-m conntrack --ctstate`; states among NEW ESTABLISHED RELATED INVALID UNTRACKED SNAT DNAT.

    `module` "state" stands for the older spelling `-m state --state`."""

    states: tuple[str, ...]
    negate: bool = False
    module: str = "conntrack"

    pure = True

    def holds(self, context: Context) -> bool:
        # conntrack_mt sets SNAT's and DNAT's bits beside the state's: any one that is asked for will do.
        return (not statuses(context.skb).isdisjoint(self.states)) != self.negate

    def listing(self, numeric: bool, before: Match | None) -> str:
        word = "state" if self.module == "state" else "ctstate"
        return f"{negation(self.negate)} {word} {','.join(self.states)}"

    def iptables_text(self, family: Family, before: Match | None) -> str:
        option = "--state" if self.module == "state" else "--ctstate"
        return f" -m {self.module}{negation(self.negate)} {option} {','.join(self.states)}"

    def nft_text(self, ip: str) -> str:
        states = {state.lower() for state in self.states}
        if len(states) == 1 and states <= {"snat", "dnat"}:
            return f"ct status {not_equal(self.negate)}{states.pop()}"
        if not states <= set(_NFT_STATES):
            return Match.nft_text(self, ip)
        return f"ct state {not_equal(self.negate)}{','.join(state for state in _NFT_STATES if state in states)}"


def _read(name: str, options: Options, family: Family) -> Matches | None:
    # Only a real node's text is read: who writes rules does not need it.
    from engine.netfilter.parts.connection_facts import read_facts

    option = "--state" if name == "state" else "--ctstate"
    if option not in options:
        return read_facts(options, family) if name == "conntrack" and options else None
    negate, text = options[option]
    states = tuple((text or "").split(","))
    for state in states:
        if state not in STATES:
            raise BadRule(
                f"{state!r} is not a connection state; known: {', '.join(sorted(STATES))}",
                zh=f"{state!r} 不是连接状态；已知：{'、'.join(sorted(STATES))}",
            )
    more = read_facts({other: value for other, value in options.items() if other != option}, family)
    return None if more is None else (ConntrackState(states, negate, name), *more)


def _read_numbers(found: re.Match[str], family: Family) -> Match:
    """The bits of `nft -n`."""
    bits = _STATE_BITS if found[1] == "state" else _STATUS_BITS
    given = [int(number, 16) for number in found[3].strip("{ }").split(",")]
    if not set(given) <= bits.keys():
        raise BadRule(f"{found[0]!r}: unknown {found[1]}", zh=f"{found[0]!r}：未知的{found[1]}")
    return ConntrackState(tuple(bits[number] for number in given), found[2] is not None)


def _read_nft(found: re.Match[str], family: Family) -> Match:
    states = found[2].strip("{ }").replace(" ", "").split(",")
    if not set(states) <= set(_NFT_STATES):
        raise BadRule(f"{found[0]!r}: unknown state", zh=f"{found[0]!r}：未知的状态")
    return ConntrackState(tuple(state.upper() for state in states), found[1] is not None)


PART = Part(
    classes=(ConntrackState,),
    modules=dict.fromkeys(("conntrack", "state"), by_options(_read)),
    nft_matches=(
        (r"ct state (!= )?([a-z,]+(?= |$)|{ [a-z, ]+ })", _read_nft),
        (r"ct (state|status) (!= )?(0x[0-9a-f]+(?:,0x[0-9a-f]+)*(?= |$)|{ 0x[0-9a-fx, ]+ })", _read_numbers),
        (
            r"ct status (!= )?([sd]nat)\b",
            lambda found, family: ConntrackState((found[2].upper(),), found[1] is not None),
        ),
    ),
)
