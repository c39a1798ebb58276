"""`-s NET`, `-d NET`; nft `ip saddr NET`, `ip daddr NET`.

Sources: net/ipv4/netfilter/ip_tables.c (ip_packet_match), nft_payload.c; iptables 1.8.9 iptables/iptables.c
(print_rule4).
"""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Hashable

from engine.netfilter.context import Context
from engine.netfilter.ipt_words import negation
from engine.netfilter.nft_names import TABLE_FAMILY, not_equal
from engine.netfilter.part import BadRule, Matches, ModelledMatch, Part
from engine.netfilter.ruleset import IndexedBy, Match
from engine.packet import Family, family_of, is_ipv6
from engine.values import dataclass, is_decimal


@functools.lru_cache(maxsize=8192)
def _network(net: str) -> tuple[int, int, int]:
    """(version, network, mask) of a CIDR string."""
    network = ipaddress.ip_network(net, strict=False)
    return network.version, int(network.network_address), int(network.netmask)


@functools.lru_cache(maxsize=8192)
def _number(address: str) -> tuple[int, int]:
    parsed = ipaddress.ip_address(address)
    return parsed.version, int(parsed)


def address_number(address: str) -> tuple[int, int]:
    """(version, the address as a number), which sorts."""
    return _number(address)


def within(address: str, net: str) -> bool:
    """Whether `address` lies in the CIDR `net` (or is that address)."""
    version, network, mask = _network(net)
    own_version, number = _number(address)
    # A network of the other family is none that the packet's table could hold; it holds nothing of this one.
    return version == own_version and number & mask == network


@dataclass(frozen=True, slots=True)
class Source(ModelledMatch):
    """`-s NET`: `net` is a canonical CIDR string (10.0.0.1/32)."""

    net: str
    negate: bool = False

    pure = True
    column = "source"

    def holds(self, context: Context) -> bool:
        return within(context.skb.flow.src, self.net) != self.negate

    def listing(self, numeric: bool, before: Match | None) -> str:
        return listed_net(self.net, self.negate, numeric)

    def iptables_text(self, family: Family, before: Match | None) -> str:
        return f"{negation(self.negate)} -s {self.net}"

    def nft_text(self, ip: str) -> str:
        return f"{ip} saddr {not_equal(self.negate)}{_nft_net(self.net)}"


@dataclass(frozen=True, slots=True)
class Destination(ModelledMatch):
    """`-d NET`, as Source."""

    net: str
    negate: bool = False

    pure = True
    column = "destination"
    indexed_by = IndexedBy.DESTINATION

    def index_key(self) -> Hashable | None:
        """The one address that it stands for, or None where it is a network or negated."""
        if self.negate:
            return None
        address, _, length = self.net.partition("/")
        return address if not length or length == ("128" if ":" in address else "32") else None

    def holds(self, context: Context) -> bool:
        return within(context.skb.flow.dst, self.net) != self.negate

    def listing(self, numeric: bool, before: Match | None) -> str:
        return listed_net(self.net, self.negate, numeric)

    def iptables_text(self, family: Family, before: Match | None) -> str:
        return f"{negation(self.negate)} -d {self.net}"

    def nft_text(self, ip: str) -> str:
        return f"{ip} daddr {not_equal(self.negate)}{_nft_net(self.net)}"


def host_net(address: str) -> str:
    """An address as -s and -d print it: `10.0.0.1/32`."""
    return f"{address}/{128 if is_ipv6(address) else 32}"


@functools.lru_cache(maxsize=4096)
def canonical_net(text: str) -> str | None:
    """A network as -s and -d print it, host bits cleared; None where no prefix length can say its mask.

    Raises ValueError for what is no address or network.
    """
    address, slash, mask = text.partition("/")
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        # A mask such as 255.0.255.0 is legal for iptables, and nothing else knows it.
        ipaddress.ip_address(address)
        if slash and not is_decimal(mask):
            ipaddress.ip_address(mask)
            return None
        raise


def matches_everything(net: str) -> bool:
    """Whether -s or -d with this network prints nothing, unless negated."""
    return net in ("0.0.0.0/0", "::/0")


def _read(kind: type[Source] | type[Destination], text: str, negate: bool, family: Family) -> Matches | None:
    try:
        net = canonical_net(text)
    except ValueError:
        raise BadRule(f"{text!r} is no IP address or network", zh=f"{text!r} 不是 IP 地址或网段") from None
    if family_of(text) is not family:
        raise BadRule(f"{text!r} does not belong in {family} rules", zh=f"{text!r} 不属于 {family} 规则")
    if net is None:
        return None
    # print_rule4 leaves out an address whose mask is 0, and the kernel compares nothing with it.
    return () if matches_everything(net) and not negate else (kind(net, negate),)


# /etc/networks, which iptables asks without -n.
_NAMED = {"127.0.0.0/8": "loopback/8"}


def listed_net(net: str, negate: bool, numeric: bool) -> str:
    """As `iptables -L` prints it: an address without its full length, names where those are looked up."""
    named = None if numeric else "anywhere" if matches_everything(net) else _NAMED.get(net)
    text = named or (net if matches_everything(net) else _nft_net(net))
    return f"{'!' if negate else ''}{text}"


def _nft_net(net: str) -> str:
    """A network as nft prints it: an address where it is only one."""
    network = ipaddress.ip_network(net, strict=False)
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def check_family(found: re.Match[str], ip: str, family: Family) -> None:
    """Raise BadRule where `ip` (ip or ip6) does not belong in a table of `family`: nft would not list it there."""
    if ip != TABLE_FAMILY[family]:
        raise BadRule(f"{found[0]!r} is of the other address family", zh=f"{found[0]!r} 属于另一个地址族")


def _read_nft(found: re.Match[str], family: Family) -> Match:
    check_family(found, found[1], family)
    net, negate = str(ipaddress.ip_network(found[4])), found[3] is not None
    return Source(net, negate) if found[2] == "saddr" else Destination(net, negate)


PART = Part(
    classes=(Source, Destination),
    header={
        "-s": lambda text, negate, family: _read(Source, text, negate, family),
        "-d": lambda text, negate, family: _read(Destination, text, negate, family),
    },
    nft_matches=((r"(ip6?) ([sd]addr) (!= )?([0-9a-f:][0-9a-f:./]*)(?= |$)", _read_nft),),
)
