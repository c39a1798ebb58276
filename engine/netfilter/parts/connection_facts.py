"""What else `-m conntrack` asks of a connection: its addresses and ports, direction, status; nft `ct direction`, `ct
status`, `ct original ip daddr`.

Sources: net/netfilter/xt_conntrack.c (conntrack_mt), nft_ct.c (nft_ct_get_eval), include/uapi/linux/netfilter/
nf_conntrack_common.h (enum ip_conntrack_status); iptables 1.8.9 extensions/libxt_conntrack.c (conntrack3_mt_save).
"""

from __future__ import annotations

import re

from engine.netfilter.context import Context
from engine.netfilter.ipt_words import Options, negation
from engine.netfilter.nft_names import not_equal
from engine.netfilter.part import BadRule, ModelledMatch, Part
from engine.netfilter.parts.addresses import canonical_net, check_family, within
from engine.netfilter.parts.ports import port_range
from engine.netfilter.parts.protocol import NUMBER, named
from engine.netfilter.ruleset import Match
from engine.netfilter.skb import ConntrackEntry, Manip, Skb
from engine.packet import Family
from engine.values import dataclass

# In the order in which libxt_conntrack.c prints them.
OPTIONS = (
    "--ctproto", "--ctorigsrc", "--ctorigdst", "--ctreplsrc", "--ctrepldst",
    "--ctorigsrcport", "--ctorigdstport", "--ctreplsrcport", "--ctrepldstport", "--ctstatus", "--ctdir",
)  # fmt: skip
# Bits of the status that a walk knows, in their order; the others are of a connection that another one expects.
_STATUS = ("EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED")


@dataclass(frozen=True, slots=True)
class ConnectionFact(ModelledMatch):
    """One option of `-m conntrack` with its value as printed. A packet without a connection matches none of them."""

    option: str
    value: str
    negate: bool = False

    pure = True

    def holds(self, context: Context) -> bool:
        connection = context.skb.connection
        return connection is not None and _is(self, context.skb, connection) != self.negate

    def iptables_text(self, family: Family, before: Match | None) -> str:
        # The options of one -m conntrack are as many matches here, printed in one.
        same = getattr(before, "module", "") == "conntrack" or (
            isinstance(before, ConnectionFact) and OPTIONS.index(before.option) < OPTIONS.index(self.option)
        )
        words = f"{negation(self.negate)} {self.option} {self.value}"
        return words if same else f" -m conntrack{words}"

    def nft_text(self, ip: str) -> str:
        if self.option == "--ctdir":
            return f"ct direction {not_equal(self.negate)}{self.value.lower()}"
        if self.option == "--ctstatus" and "," not in self.value:
            return f"ct status {not_equal(self.negate)}{self.value.lower().replace('_', '-')}"
        side = re.fullmatch(r"--ct(orig|repl)(src|dst)(port)?", self.option)
        if side is None:
            return Match.nft_text(self, ip)
        way = {"orig": "original", "repl": "reply"}[side[1]]
        field = f"proto-{side[2]}" if side[3] else f"{ip} {side[2][0]}addr"
        return f"ct {way} {field} {not_equal(self.negate)}{self.value.replace(':', '-') if side[3] else self.value}"


def _is(fact: ConnectionFact, skb: Skb, connection: ConntrackEntry) -> bool:
    if fact.option == "--ctdir":
        return (fact.value == "REPLY") == skb.reply
    if fact.option == "--ctproto":
        return str(NUMBER.get(connection.original.protocol)) == fact.value
    if fact.option == "--ctstatus":
        return not _statuses(connection).isdisjoint(fact.value.split(","))
    flow = connection.original if fact.option.startswith("--ctorig") else connection.reply
    source = "src" in fact.option
    if fact.option.endswith("port"):
        low, high = port_range(fact.value)
        return low <= (flow.sport if source else flow.dport) <= high
    return within(flow.src if source else flow.dst, fact.value)


def _statuses(connection: ConntrackEntry) -> set[str]:
    held = (False, connection.replied, connection.assured, connection.confirmed)
    nat = {Manip.SRC: "SNAT", Manip.DST: "DNAT"}
    found = {name for name, on in zip(_STATUS, held, strict=True) if on}
    return found | {nat[manip] for manip in connection.translated}


def read_facts(options: Options, family: Family) -> tuple[ConnectionFact, ...] | None:
    """The options of a `-m conntrack` as facts, in the order of printing; None where one is not known."""
    if not options.keys() <= set(OPTIONS):
        return None
    return tuple(
        ConnectionFact(option, _value(option, options[option][1] or "", family), options[option][0])
        for option in OPTIONS
        if option in options
    )


def _value(option: str, text: str, family: Family) -> str:
    if option == "--ctproto":
        protocol = named(text, family)
        return text if protocol is None else str(NUMBER.get(protocol, text))
    if option == "--ctdir":
        return text.upper()
    if option == "--ctstatus":
        asked = text.upper().split(",")
        if not set(asked) <= set(_STATUS):
            raise BadRule(f"{text!r} is no connection status", zh=f"{text!r} 不是连接的状态位")
        return ",".join(status for status in _STATUS if status in asked)
    if option.endswith("port"):
        low, high = port_range(text)
        return str(low) if low == high else f"{low}:{high}"
    net = canonical_net(text)
    if net is None:
        raise BadRule(f"{text!r} is no IP address or network", zh=f"{text!r} 不是 IP 地址或网段")
    return net.removesuffix("/32" if family is Family.IPV4 else "/128")


def _read_nft_side(found: re.Match[str], family: Family) -> Match:
    way = {"original": "orig", "reply": "repl"}[found[1]]
    negate = found[6] is not None
    if found[2] is not None:
        return ConnectionFact(f"--ct{way}{found[2]}port", found[7].replace("-", ":"), negate)
    if found[3] is not None:
        check_family(found, found[3], family)
    return ConnectionFact(
        f"--ct{way}{'src' if found[4] == 's' else 'dst'}", _value("--ctorigsrc", found[7], family), negate
    )


PART = Part(
    classes=(ConnectionFact,),
    nft_matches=(
        (
            r"ct direction (!= )?(original|reply)",
            lambda found, family: ConnectionFact("--ctdir", found[2].upper(), found[1] is not None),
        ),
        (
            r"ct status (!= )?(seen-reply|assured|confirmed|expected)\b",
            lambda found, family: ConnectionFact(
                "--ctstatus", found[2].upper().replace("-", "_"), found[1] is not None
            ),
        ),
        (r"ct (original|reply) (?:proto-(src|dst)|(?:(ip6?) )?([sd])addr)()? (!= )?([0-9a-f.:/-]+)", _read_nft_side),
    ),
)
