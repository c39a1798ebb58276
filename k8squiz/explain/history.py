"""Short histories of one virtual server, for tables: three servers a, b, c, and a client's one connection after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.ipvs import ServerView, VirtualServer
from engine.values import dataclass
from k8squiz.explain.clusters import PORT, TARGET_PORT, VIP

NAMES = ("a", "b", "c")
_ADDRESSES = {"a": "10.244.1.5", "b": "10.244.1.6", "c": "10.244.2.8"}
_FIRST_PORT = 40_000


@dataclass(frozen=True, slots=True)
class Round:
    """One connection: the servers as they stood before it, by name, and who got it ("-": nobody)."""

    before: Mapping[str, ServerView]
    picked: str


class Director:
    """A virtual server whose real servers are called by a letter."""

    def __init__(self, scheduler: str, weights: Sequence[int]) -> None:
        name, *flags = scheduler.split("+")
        self.service = VirtualServer("TCP", VIP, PORT, scheduler=name, flags=flags)
        for server, weight in zip(NAMES, weights, strict=False):
            self.add(server, weight)

    def add(self, name: str, weight: int = 1) -> None:
        self.service.add_server(_ADDRESSES[name], TARGET_PORT, weight)

    def remove(self, name: str) -> None:
        self.service.remove_server(_ADDRESSES[name], TARGET_PORT)

    def address(self, name: str) -> tuple[str, int]:
        """Where the server listens."""
        return _ADDRESSES[name], TARGET_PORT

    def servers(self) -> dict[str, ServerView]:
        """The real servers by name, in the kernel's order."""
        by_address = {address: name for name, address in _ADDRESSES.items()}
        return {by_address[server.address]: server for server in self.service.servers()}

    def connect(self, number: int) -> str:
        """A connection of client `number`; the letter of its server."""
        made = self.service.connect(f"198.51.100.{number}", _FIRST_PORT + number)
        return "-" if made.server is None else next(n for n, a in _ADDRESSES.items() if made.server.startswith(f"{a}:"))


def rounds(scheduler: str, weights: Sequence[int], count: int) -> tuple[Round, ...]:
    """`count` connections of as many clients, none of which hangs up."""
    director = Director(scheduler, weights)
    return tuple(Round(director.servers(), director.connect(number)) for number in range(1, count + 1))


def picks(scheduler: str, weights: Sequence[int], count: int) -> tuple[str, ...]:
    """Who got each of them."""
    return tuple(one.picked for one in rounds(scheduler, weights, count))
