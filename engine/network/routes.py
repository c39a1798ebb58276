"""Routes and the longest-prefix look-up (net/ipv4/fib_trie.c, net/ipv6/ip6_fib.c)."""

from __future__ import annotations

import enum
import functools
import ipaddress
from collections.abc import Iterable

from engine.network.devices import Scope
from engine.packet import packed
from engine.values import dataclass

# Of how many destinations a table keeps what it has found.
_MOST_FOUND = 1024
_FULL = {4: (1 << 32) - 1, 6: (1 << 128) - 1}


@functools.lru_cache(maxsize=65536)
def number(address: str) -> tuple[int, int]:
    """(IP version, the address as an integer)."""
    whole = packed(address)
    return 4 if len(whole) == 4 else 6, int.from_bytes(whole, "big")


@functools.lru_cache(maxsize=65536)
def _network(prefix: str) -> tuple[int, int, int]:
    parsed = ipaddress.ip_network(prefix)
    return parsed.version, int(parsed.network_address), parsed.prefixlen


@functools.lru_cache(maxsize=1024)
def is_public(address: str) -> bool:
    """Whether an address is reachable in the whole internet (IANA's special-purpose address registries)."""
    return ipaddress.ip_address(address).is_global


def contains(prefix: str, address: str) -> bool:
    """Whether the canonical CIDR string `prefix` contains `address`."""
    version, network, length = _network(prefix)
    own_version, value = number(address)
    return version == own_version and _masked(version, value, length) == network


def _masked(version: int, value: int, length: int) -> int:
    full = _FULL[version]
    return value & (full ^ (full >> length))


class RouteKind(enum.StrEnum):
    """What a route does with a packet, as `ip route` names it."""

    UNICAST = "unicast"
    BLACKHOLE = "blackhole"


@dataclass(frozen=True, slots=True)
class Route:
    """`ip route`: to `prefix` by `device`, `via` a gateway (None: on-link), `src` the preferred source address.

    `origin` says who put it there, in a word (kernel, flannel, calico, static, dhcp).
    """

    prefix: str
    device: str
    via: str | None = None
    src: str | None = None
    scope: Scope = Scope.UNIVERSE
    kind: RouteKind = RouteKind.UNICAST
    origin: str = "kernel"

    def __str__(self) -> str:
        zero = self.prefix in ("0.0.0.0/0", "::/0")
        text = "default" if zero else self.prefix
        if self.kind is not RouteKind.UNICAST:
            return f"{self.kind} {text}"
        return f"{text} via {self.via} dev {self.device}" if self.via else f"{text} dev {self.device}"


class RoutingTable:
    """The main table of one host. Immutable once made; of two routes to one prefix the first wins."""

    __slots__ = ("_by_length", "_found", "_lengths", "routes")

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._found: dict[str, Route | None] = {}
        self._by_length: dict[tuple[int, int], dict[int, Route]] = {}
        for route in self.routes:
            version, network, length = _network(route.prefix)
            self._by_length.setdefault((version, length), {}).setdefault(network, route)
        self._lengths = {
            version: sorted((length for v, length in self._by_length if v == version), reverse=True)
            for version in (4, 6)
        }

    def lookup(self, destination: str) -> Route | None:
        """The route with the longest prefix that contains `destination`; None where there is none."""
        # A packet's way, its answer's and the next one's ask for the same few.
        if destination not in self._found:
            if len(self._found) >= _MOST_FOUND:
                self._found.clear()
            self._found[destination] = self._longest(*number(destination))
        return self._found[destination]

    def _longest(self, version: int, value: int) -> Route | None:
        for length in self._lengths[version]:
            found = self._by_length[version, length].get(_masked(version, value, length))
            if found is not None:
                return found
        return None
