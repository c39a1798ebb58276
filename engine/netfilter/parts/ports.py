"""`-m tcp|udp|sctp --sport LOW[:HIGH] --dport LOW[:HIGH]`; nft `tcp dport LOW-HIGH`.

Sources: net/netfilter/xt_tcpudp.c (port_match, tcp_mt, udp_mt), xt_sctp.c, nft_payload.c; iptables 1.8.9
extensions/libxt_tcp.c (print_port).
"""

from __future__ import annotations

import re
from collections.abc import Hashable

from engine.netfilter.context import Context
from engine.netfilter.ipt_words import Options, negation, number, pairs
from engine.netfilter.nft_names import PROTOCOL_NAME, PROTOCOL_NAMED, not_equal
from engine.netfilter.part import BadRule, Matches, ModelledMatch, Part
from engine.netfilter.ruleset import IndexedBy, Match
from engine.packet import L4, Family
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class L4Module(ModelledMatch):
    """`-m tcp` with no option: iptables prints it before a DNAT with a port; matches always."""

    protocol: L4

    pure = True

    def holds(self, context: Context) -> bool:
        # tcp_mt with every port allowed and no flag asked for; -p, which stands before it, has seen to the protocol.
        return True

    def listing(self, numeric: bool, before: Match | None) -> str:
        return f" {self.protocol.lower()}"

    def iptables_text(self, family: Family, before: Match | None) -> str:
        return f" -m {self.protocol.lower()}"


@dataclass(frozen=True, slots=True)
class SourcePort(ModelledMatch):
    """`-m tcp --sport LOW[:HIGH]`."""

    protocol: L4
    low: int
    high: int
    negate: bool = False

    pure = True

    def holds(self, context: Context) -> bool:
        # xt_tcpudp.c asks for its protocol when the rule is loaded (tcp_mt_check): with another it never matches.
        flow = context.skb.flow
        return flow.protocol is self.protocol and (self.low <= flow.sport <= self.high) != self.negate

    def listing(self, numeric: bool, before: Match | None) -> str:
        return f" {self.protocol.lower()}{_listed('spt', self.low, self.high, self.negate, numeric)}"

    def iptables_text(self, family: Family, before: Match | None) -> str:
        return f" -m {self.protocol.lower()}{_option('--sport', self.low, self.high, self.negate)}"

    def nft_text(self, ip: str) -> str:
        return f"{PROTOCOL_NAME[self.protocol]} sport {not_equal(self.negate)}{_nft_range(self.low, self.high)}"


@dataclass(frozen=True, slots=True)
class DestinationPort(ModelledMatch):
    """`-m tcp --dport LOW[:HIGH]`."""

    protocol: L4
    low: int
    high: int
    negate: bool = False

    pure = True
    indexed_by = IndexedBy.PORT

    def index_key(self) -> Hashable | None:
        """(protocol, port), or None where it is a range or negated."""
        return (self.protocol, self.low) if self.low == self.high and not self.negate else None

    def holds(self, context: Context) -> bool:
        # As SourcePort's.
        flow = context.skb.flow
        return flow.protocol is self.protocol and (self.low <= flow.dport <= self.high) != self.negate

    def listing(self, numeric: bool, before: Match | None) -> str:
        option = _listed("dpt", self.low, self.high, self.negate, numeric)
        same = isinstance(before, SourcePort) and before.protocol is self.protocol
        return option if same else f" {self.protocol.lower()}{option}"

    def iptables_text(self, family: Family, before: Match | None) -> str:
        option = _option("--dport", self.low, self.high, self.negate)
        # --sport and --dport of one -m tcp are two matches here.
        same = isinstance(before, SourcePort) and before.protocol is self.protocol
        return option if same else f" -m {self.protocol.lower()}{option}"

    def nft_text(self, ip: str) -> str:
        return f"{PROTOCOL_NAME[self.protocol]} dport {not_equal(self.negate)}{_nft_range(self.low, self.high)}"


def _option(name: str, low: int, high: int, negate: bool) -> str:
    return f"{negation(negate)} {name} {low if low == high else f'{low}:{high}'}"


# /etc/services, as far as clusters meet them: without -n iptables prints the name.
_SERVICES = {22: "ssh", 25: "smtp", 53: "domain", 80: "http", 443: "https", 3306: "mysql", 5432: "postgresql",
             6379: "redis", 8080: "http-alt", 10050: "zabbix-agent"}  # fmt: skip


def listed_port(port: int, numeric: bool) -> str:
    """A port as `iptables -L` prints it."""
    return str(port) if numeric else _SERVICES.get(port, str(port))


def _listed(name: str, low: int, high: int, negate: bool, numeric: bool) -> str:
    """libxt_tcp.c print_port: ` dpt:80`, ` dpts:80:90`, ` dpt:!80`."""
    first, last = (listed_port(port, numeric) for port in (low, high))
    sign = "!" if negate else ""
    return f" {name}:{sign}{first}" if low == high else f" {name}s:{sign}{first}:{last}"


def _nft_range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}-{high}"


def port_range(text: str | None) -> tuple[int, int]:
    """`80`, `80:90`, `:90`, `80:`."""
    low, colon, high = (text or "").partition(":")
    first = 0 if colon and not low else number(low, 65535)
    last = (65535 if not high else number(high, 65535)) if colon else first
    if first > last:
        raise BadRule(f"port range {text!r} ends before it begins", zh=f"端口范围 {text!r} 的终点小于起点")
    return first, last


def ports_text(ports: tuple[int, ...]) -> str:
    """(first, last) as NAT's options print it: `80`, `80-90`."""
    return str(ports[0]) if ports[0] == ports[1] else f"{ports[0]}-{ports[1]}"


_ALIASES = {"--source-port": "--sport", "--destination-port": "--dport"}
_OPTIONS: tuple[tuple[str, type[SourcePort | DestinationPort]], ...] = (
    ("--sport", SourcePort),
    ("--dport", DestinationPort),
)


def read_ports(name: str, options: Options) -> tuple[Match, ...] | None:
    """The ports that a `-m tcp` or so asks for; None where it asks for something else too."""
    named = {_ALIASES.get(option, option): value for option, value in options.items()}
    if not named.keys() <= {"--sport", "--dport"}:
        return None
    module = L4(name.upper())
    found: list[Match] = []
    for option, kind in _OPTIONS:
        if option in named:
            negate, text = named[option]
            low, high = port_range(text)
            # libxt_tcp.c print_port prints nothing for every port, unless turned round.
            if (low, high) != (0, 65535) or negate:
                found.append(kind(module, low, high, negate))
    return tuple(found)


def _read(name: str, words: list[str], family: Family) -> Matches | None:
    options = pairs(words)
    found = None if options is None else read_ports(name, options)
    return found if found is None or found else (L4Module(L4(name.upper())),)


def _read_nft(found: re.Match[str], family: Family) -> Match:
    low, high = int(found[4]), int(found[5] or found[4])
    if not low <= high <= 65535:
        raise BadRule(f"{found[0]!r}: a port lies between 0 and 65535", zh=f"{found[0]!r}：端口须在 0 与 65535 之间")
    kind = DestinationPort if found[2] == "dport" else SourcePort
    return kind(PROTOCOL_NAMED[found[1]], low, high, found[3] is not None)


PART = Part(
    classes=(L4Module, SourcePort, DestinationPort),
    modules=dict.fromkeys(("udp", "sctp"), _read),
    nft_matches=((r"(tcp|udp|sctp) ([sd]port) (!= )?([0-9]+)(?:-([0-9]+))?", _read_nft),),
)
