"""What a rule is: matches, one target, chains, tables, a ruleset; and what each match or target says of itself.

The matches and targets themselves stand in parts/, one module an extension. No part is named here, and nothing here
knows how a packet is decided: that is part.py's, where Context is known. Printers and parsers import this, never the
reverse.
Sources: iptables-extensions(8), nft(8).
"""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from fractions import Fraction
from typing import ClassVar

from engine.errors import UnsupportedFeature
from engine.hooks import Hook
from engine.packet import Family
from engine.values import dataclass


class IndexedBy(enum.Enum):
    """What a chain's index sorts rules by: the one destination address, or the one destination port, that a match
    asks for."""

    DESTINATION = enum.auto()
    PORT = enum.auto()


def _no_text(part: Match | Target, tool: str) -> UnsupportedFeature:
    name = name_of(part)
    return UnsupportedFeature(f"{tool} has no text for a rule's {name}", zh=f"{tool} 没有 {name} 对应的规则文本")


def name_of(part: Match | Target) -> str:
    """What a match or target is, in plain words: "address type"."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", type(part).__name__).lower()


class Match:
    """Base of all matches. A rule applies to a packet when all of its matches do.

    `pure`: it has no side effect and no chance in it, so that not asking it at all makes no difference (index.py).
    `always`: it holds for every packet. `weights`: those of the decision, to hold or not, that it leaves to chance alone.
    `indexed_by`, `index_key`: what the packet must have for it to hold; key None where there is no one such value.
    A match that only has text, without `holds` (part.ModelledMatch), is not modelled. `column` is that of `iptables -L`
    where it has one of its own ("prot", "in", "out", "source", "destination").
    """

    __slots__ = ()
    pure: ClassVar[bool] = False
    always: ClassVar[bool] = False
    indexed_by: ClassVar[IndexedBy | None] = None
    at_end_in_nft: ClassVar[bool] = False
    column: ClassVar[str] = ""

    def index_key(self) -> Hashable | None:
        return None

    def weights(self) -> tuple[Fraction, Fraction] | None:
        return None

    def devices(self) -> Iterable[str]:
        """The names and patterns of devices that it asks for."""
        return ()

    def lists(self) -> Iterable[str]:
        """The names of lists of clients that the kernel keeps as long as a rule names them."""
        return ()

    def iptables_text(self, family: Family, before: Match | None) -> str:
        """What iptables-save prints, with the blank before it. `before` is the match that stands before it in the
        rule: two options of one `-m` are two matches here."""
        raise _no_text(self, "iptables")

    def listing(self, numeric: bool, before: Match | None) -> str:
        """What `iptables -L` prints, with the blank before it; in a column of its own (`column`) what stands there, with !
        where it is turned round. `numeric` is -n, `before` as for iptables_text."""
        raise _no_text(self, "iptables -L")

    def nft_text(self, ip: str) -> str:
        """What `nft list ruleset` prints; `ip` is "ip" or "ip6"."""
        raise _no_text(self, "nft")


class Target:
    """Base of all targets (iptables) and terminal statements (nft).

    `is_verdict`: an nft map can hold it. `goes_on`: it does its work and lets the packet go on, so that nft may print more
    behind it; `does_nothing`: and that work is nothing a walk can tell. One that only has text, without `act`
    (part.ModelledTarget), is not modelled. `usable_from` the hooks, `usable_in` the table that the kernel lets iptables use
    it in (struct xt_target); empty: anywhere. `listed_first`: what `iptables -L` prints before the matches.
    """

    __slots__ = ()
    is_verdict: ClassVar[bool] = False
    listed_first: ClassVar[str] = ""
    goes_on: ClassVar[bool] = False
    does_nothing: ClassVar[bool] = False
    usable_from: ClassVar[frozenset[Hook]] = frozenset()
    usable_in: ClassVar[str] = ""

    def leads_to(self, table: Table) -> Iterable[str]:
        """The chains of `table` it can lead to."""
        return ()

    def iptables_text(self, family: Family) -> str:
        """What iptables-save prints, with the blank before it."""
        raise _no_text(self, "iptables")

    def listing(self, numeric: bool) -> str:
        """What `iptables -L` prints behind the matches, with the blank before it; "" where there is nothing to say."""
        raise _no_text(self, "iptables -L")

    def nft_text(self, ip: str) -> str:
        """What `nft list ruleset` prints; `ip` is "ip" or "ip6"."""
        raise _no_text(self, "nft")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `target` None only counts (iptables allows it). Matches are in the order iptables-save prints them."""

    matches: tuple[Match, ...] = ()
    target: Target | None = None


@dataclass(slots=True)
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
    # Where each rule stands in what the user gave, (file, line); empty for rules that nobody gave as text.
    places: list[tuple[str, int]] = dataclasses.field(default_factory=list, repr=False, compare=False)
    # What engine.netfilter.index derived from `rules`; kept here so that it lives as long as the chain.
    index: object = dataclasses.field(default=None, init=False, repr=False, compare=False)


class Backend(enum.StrEnum):
    IPTABLES = "iptables"
    NFTABLES = "nftables"


@dataclass(slots=True)
class Table:
    """A table: chains by name, in the order the kernel's tool lists them. `sets` (maps among them) and `comment` are
    nft's, with nft.NamedSet for values; an iptables table's `sets` are the ipsets (ipset.IpSet, ipset.UnusableSet).

    `family` is nft's where it is not the ruleset's ("inet"), `backend` where it is not the ruleset's: legacy tables and
    nf_tables stand beside each other in one kernel.
    """

    name: str
    chains: dict[str, Chain] = dataclasses.field(default_factory=dict)
    sets: Mapping[str, object] = dataclasses.field(default_factory=dict)
    comment: str | None = None
    family: str | None = None
    backend: Backend | None = None


@dataclass(slots=True)
class Ruleset:
    """All tables of one host and family. str() is what the kernel's tool prints."""

    backend: Backend
    family: Family
    tables: dict[str, Table] = dataclasses.field(default_factory=dict)
    # What engine.netfilter.index derived from `tables`, and rules as text (engine.walk.hooks).
    plan: object = dataclasses.field(default=None, init=False, repr=False, compare=False)
    texts: dict[tuple[str, int], tuple[Rule, str]] = dataclasses.field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def backend_of(self, table: Table) -> Backend:
        """The tool that wrote `table`, which is one of this ruleset's."""
        return table.backend or self.backend

    def __str__(self) -> str:
        return PRINT[0](self)


# How a ruleset is printed, entered by the package: the vocabulary itself imports neither printers nor parsers.
PRINT: list[Callable[[Ruleset], str]] = []
