"""Policy routing: which routing table is asked for which packet, as `ip rule` and `ip route show table all` print it.

The local table comes first and the main one last, as in every network namespace; between them stand the rules given.

Sources: net/core/fib_rules.c (fib_rules_lookup, fib_rule_match), net/ipv4/fib_rules.c; ip-rule(8).
"""

from __future__ import annotations

import ipaddress
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import NoReturn

from engine.errors import ManifestError, UnsupportedFeature
from engine.network.devices import Scope
from engine.network.routes import Route, RouteKind, RoutingTable, contains
from engine.values import dataclass

MAIN, LOCAL, DEFAULT = "main", "local", "default"
_NAMES = {"254": MAIN, "255": LOCAL, "253": DEFAULT}
_RULE = re.compile(r"(\d+):\s+(.*)")


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """One line of `ip rule`: None, and a mask of 0, ask for nothing."""

    priority: int
    table: str
    source: str | None = None
    destination: str | None = None
    mark: int = 0
    mask: int = 0
    in_device: str | None = None
    negate: bool = False

    def fits(self, source: str | None, destination: str, mark: int, in_device: str | None) -> bool:
        held = (
            (self.source is None or (source is not None and contains(self.source, source)))
            and (self.destination is None or contains(self.destination, destination))
            and mark & self.mask == self.mark & self.mask
            and self.in_device in (None, in_device)
        )
        return held is not self.negate


@dataclass(frozen=True, slots=True)
class PolicyRouting:
    """`rules` in the order of their priorities, without the local table's; `tables` by name, without main."""

    rules: tuple[RoutingRule, ...]
    tables: Mapping[str, RoutingTable]

    def lookup(
        self, main: RoutingTable, destination: str, source: str | None, mark: int, in_device: str | None
    ) -> Route | None:
        """The route of the first table that has one; None where none has."""
        for rule in self.rules:
            table = main if rule.table == MAIN else self.tables.get(rule.table)
            if table is not None and rule.fits(source, destination, mark, in_device):
                found = table.lookup(destination)
                if found is not None:
                    return found
        return None

    def devices_of(self, address: str) -> Iterator[str]:
        """The devices by which the tables lead that are asked for what comes from `address` alone."""
        for rule in self.rules:
            if rule.source is not None and rule.source.partition("/")[0] == address and rule.table in self.tables:
                yield from (route.device for route in self.tables[rule.table].routes if route.via is not None)

    def gateways(self) -> Iterator[str]:
        """The gateways that the tables name."""
        return (route.via for table in self.tables.values() for route in table.routes if route.via is not None)


def read_policy_routing(rules: str, routes: str, at: Callable[[str, str], ManifestError]) -> PolicyRouting:
    """Out of the texts of `ip rule` and `ip route show table all`. `at(what, what_zh)` makes an error with a place. Raises it
    for what is no such line, UnsupportedFeature for what is not modelled."""
    found = sorted((_rule(line, at) for line in rules.splitlines() if line.strip()), key=lambda rule: rule.priority)
    tables: dict[str, list[Route]] = {}
    for line in routes.splitlines():
        read = _route(line, at) if line.strip() else None
        if read is not None:
            tables.setdefault(read[0], []).append(read[1])
    kept = tuple(rule for rule in found if rule.table not in (LOCAL, DEFAULT))
    return PolicyRouting(kept, {name: RoutingTable(of) for name, of in tables.items()})


def _rule(line: str, at: Callable[[str, str], ManifestError]) -> RoutingRule:
    head = _RULE.fullmatch(line.strip())
    if head is None:
        raise at(f"{line.strip()[:60]!r} is no line of `ip rule`", f"{line.strip()[:60]!r} 不是 `ip rule` 的输出行")
    words = head[2].split()
    negate = words[:1] == ["not"]
    said: dict[str, str] = {}
    words = words[negate:]
    while words:
        name, value, words = words[0], words[1] if len(words) > 1 else "", words[2:]
        if name not in ("from", "to", "fwmark", "iif", "lookup", "table", "proto", "protocol") or not value:
            _refuse(f"{name} of `ip rule` ({line.strip()[:60]})")
        said["lookup" if name == "table" else name] = value
    mark, _, mask = said.get("fwmark", "0/0").partition("/")
    try:
        return RoutingRule(
            int(head[1]),
            _NAMES.get(said.get("lookup", ""), said.get("lookup", "")),
            _net(said.get("from")),
            _net(said.get("to")),
            int(mark, 0),
            int(mask, 0) if mask else 0xFFFFFFFF,
            said.get("iif"),
            negate,
        )
    except ValueError:
        raise at(
            f"{line.strip()[:60]!r} is no line of `ip rule`", f"{line.strip()[:60]!r} 不是 `ip rule` 的输出行"
        ) from None


def _route(line: str, at: Callable[[str, str], ManifestError]) -> tuple[str, Route] | None:
    """A route of a table of its own; None for those of the local and main tables, which are the host's."""
    words = line.split()
    said = {key: value for key, value in itertools.pairwise(words) if key in ("via", "dev", "table", "src")}
    table = _NAMES.get(said.get("table", MAIN), said.get("table", MAIN))
    if table in (MAIN, LOCAL, DEFAULT):
        return None
    if words[0] in ("unreachable", "prohibit", "throw", "nexthop", "multicast"):
        _refuse(f"{words[0]} of `ip route` ({line.strip()[:60]})")
    try:
        if words[0] == RouteKind.BLACKHOLE:
            return table, Route(_net(words[1]) or "0.0.0.0/0", "lo", kind=RouteKind.BLACKHOLE, origin="policy")
        six = ":" in said.get("via", "")
        prefix = _net(words[0]) or ("::/0" if six else "0.0.0.0/0")
        via = str(ipaddress.ip_address(said["via"])) if "via" in said else None
        return table, Route(
            prefix, said["dev"], via, said.get("src"), Scope.UNIVERSE if via else Scope.LINK, origin="policy"
        )
    except (ValueError, KeyError, IndexError):
        raise at(
            f"{line.strip()[:60]!r} is no line of `ip route`", f"{line.strip()[:60]!r} 不是 `ip route` 的输出行"
        ) from None


def _net(text: str | None) -> str | None:
    return None if text in (None, "all", "default") else str(ipaddress.ip_network(text, strict=False))


def _refuse(what: str) -> NoReturn:
    raise UnsupportedFeature(f"{what} is not modelled", zh=f"{what} 未建模")
