"""What a rule is: matches, one target, chains, tables, a ruleset. Data only; printing is text.py, running evaluate.py.

One vocabulary serves iptables and nftables. iptables-only and nftables-only parts say so.
Sources: iptables-extensions(8), nft(8).
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Mapping
from fractions import Fraction

from engine.hooks import Hook
from engine.packet import L4
from engine.values import dataclass


class Match:
    """Base of all matches. A rule applies to a packet when all of its matches do."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Source(Match):
    """`-s NET`: `net` is a canonical CIDR string (10.0.0.1/32)."""

    net: str
    negate: bool = False


@dataclass(frozen=True, slots=True)
class Destination(Match):
    net: str
    negate: bool = False


@dataclass(frozen=True, slots=True)
class InInterface(Match):
    """`-i NAME`; a trailing + stands for any suffix (iptables), * in nft."""

    name: str
    negate: bool = False


@dataclass(frozen=True, slots=True)
class OutInterface(Match):
    name: str
    negate: bool = False


@dataclass(frozen=True, slots=True)
class Protocol(Match):
    """`-p tcp`."""

    protocol: L4
    negate: bool = False


@dataclass(frozen=True, slots=True)
class Comment(Match):
    text: str


@dataclass(frozen=True, slots=True)
class L4Module(Match):
    """`-m tcp` with no option: iptables prints it before a DNAT with a port; matches always."""

    protocol: L4


@dataclass(frozen=True, slots=True)
class DestinationPort(Match):
    """`-m tcp --dport LOW[:HIGH]`."""

    protocol: L4
    low: int
    high: int
    negate: bool = False


@dataclass(frozen=True, slots=True)
class SourcePort(Match):
    protocol: L4
    low: int
    high: int
    negate: bool = False


@dataclass(frozen=True, slots=True)
class MarkMatch(Match):
    """`-m mark --mark VALUE/MASK`."""

    value: int
    mask: int
    negate: bool = False


@dataclass(frozen=True, slots=True)
class ConntrackState(Match):
    """`-m conntrack --ctstate`; states among NEW ESTABLISHED RELATED INVALID UNTRACKED SNAT DNAT.

    `module` "state" stands for the older spelling `-m state --state`."""

    states: tuple[str, ...]
    negate: bool = False
    module: str = "conntrack"


@dataclass(frozen=True, slots=True)
class AddressType(Match):
    """`-m addrtype --src-type|--dst-type LOCAL`; `side` is "src" or "dst". nft: `fib saddr type local`."""

    side: str
    type: str = "LOCAL"
    negate: bool = False


@dataclass(frozen=True, slots=True)
class StatisticRandom(Match):
    """`-m statistic --mode random --probability P`. `probability` is the exact value meant (1/n);
    the kernel stores it in 31 bits, which is what iptables-save prints (xt_statistic.c)."""

    probability: Fraction


@dataclass(frozen=True, slots=True)
class Recent(Match):
    """`-m recent --rcheck|--set ...` (xt_recent.c). `operation` is "rcheck", "set", "update" or "remove"."""

    operation: str
    name: str
    seconds: int | None = None
    reap: bool = False
    mask: str = "255.255.255.255"
    side: str = "rsource"
    negate: bool = False


@dataclass(frozen=True, slots=True)
class SetMatch(Match):
    """`-m set --match-set NAME SIDES`: the packet is in an ipset of the table's `sets`. `sides` says for each dimension
    of the set whether it is compared with the packet's "src" or "dst" (xt_set.c)."""

    name: str
    sides: tuple[str, ...]
    negate: bool = False


@dataclass(frozen=True, slots=True)
class PhysdevIsIn(Match):
    """`-m physdev --physdev-is-in`: the packet came in by a bridge port and br_netfilter handed it up (xt_physdev.c).

    `bridges` are the devices for which that holds on this host; the rule's text does not show them."""

    negate: bool = False
    bridges: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IpvsService(Match):
    """`-m ipvs --vproto N --vaddr A --vport P`: the packet belongs to an IPVS connection of that service (xt_ipvs.c)."""

    protocol: L4
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Multiport(Match):
    """`-m multiport --sports|--dports|--ports LIST`: `side` is "src", "dst" or "either", `ports` are (low, high)."""

    side: str
    ports: tuple[tuple[int, int], ...]
    negate: bool = False


@dataclass(frozen=True, slots=True)
class OpaqueMatch(Match):
    """A match that is not modelled, as its text stood (`-m limit --limit 5/min`). Printed as it is; a packet whose
    fate depends on it is refused with UnsupportedFeature."""

    text: str


class Target:
    """Base of all targets (iptables) and terminal statements (nft)."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Jump(Target):
    chain: str


@dataclass(frozen=True, slots=True)
class Goto(Target):
    """`-g CHAIN`, nft `goto`: a return goes to the caller's caller."""

    chain: str


@dataclass(frozen=True, slots=True)
class Return(Target):
    pass


@dataclass(frozen=True, slots=True)
class Accept(Target):
    pass


@dataclass(frozen=True, slots=True)
class Drop(Target):
    pass


@dataclass(frozen=True, slots=True)
class Reject(Target):
    reject_with: str = "icmp-port-unreachable"


@dataclass(frozen=True, slots=True)
class Masquerade(Target):
    random_fully: bool = False


@dataclass(frozen=True, slots=True)
class DestinationNat(Target):
    """`-j DNAT --to-destination ADDRESS:PORT`; port None keeps the packet's."""

    address: str
    port: int | None = None


@dataclass(frozen=True, slots=True)
class SourceNat(Target):
    address: str
    port: int | None = None
    random_fully: bool = False


@dataclass(frozen=True, slots=True)
class SetMark(Target):
    """`-j MARK --set-xmark VALUE/MASK`: mark = (mark & ~MASK) ^ VALUE (xt_mark.c). Not terminal."""

    value: int
    mask: int


@dataclass(frozen=True, slots=True)
class PassingTarget(Target):
    """A target that leaves the packet's way alone (LOG, TCPMSS, CHECKSUM, ...), as its text stood after -j."""

    text: str


@dataclass(frozen=True, slots=True)
class OpaqueTarget(Target):
    """A target that is not modelled and may change the packet's way (REDIRECT, NOTRACK, CONNMARK, ...), as its text
    stood after -j. Reaching it is refused with UnsupportedFeature."""

    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `target` None only counts (iptables allows it). Matches are in the order iptables-save prints them."""

    matches: tuple[Match, ...] = ()
    target: Target | None = None


@dataclasses.dataclass(slots=True)
class Chain:
    """A chain. A base chain has `hook` and `priority` (iptables: and `policy`); a user chain has none of them.

    `comment` and `kind` are nft's; `kind` is the chain type ("filter", "nat", "route"), which iptables chains take
    from their table.
    """

    name: str
    rules: list[Rule] = dataclasses.field(default_factory=list)
    hook: Hook | None = None
    priority: int | None = None
    policy: str | None = None
    kind: str = "filter"
    comment: str | None = None
    # What engine.netfilter.index derived from `rules`; kept here so that it lives as long as the chain.
    index: object = dataclasses.field(default=None, init=False, repr=False, compare=False)


@dataclasses.dataclass(slots=True)
class Table:
    """A table: chains by name, in the order the kernel's tool lists them. `sets` (maps among them) and `comment` are
    nft's; their values are nft.NamedSet."""

    name: str
    chains: dict[str, Chain] = dataclasses.field(default_factory=dict)
    sets: Mapping[str, object] = dataclasses.field(default_factory=dict)
    comment: str | None = None


class Backend(enum.StrEnum):
    IPTABLES = "iptables"
    NFTABLES = "nftables"


@dataclasses.dataclass(slots=True)
class Ruleset:
    """All tables of one host and family ("ipv4" or "ipv6"). str() is what the kernel's tool prints."""

    backend: Backend
    family: str
    tables: dict[str, Table] = dataclasses.field(default_factory=dict)
    # What engine.netfilter.index derived from `tables`.
    plan: object = dataclasses.field(default=None, init=False, repr=False, compare=False)

    def __str__(self) -> str:
        return PRINT[0](self)


# How a ruleset is printed, entered by the package: the vocabulary itself imports neither printers nor parsers.
PRINT: list[Callable[[Ruleset], str]] = []
