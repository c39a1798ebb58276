"""What a scheduler is (struct ip_vs_scheduler): it is told of changes and asked for a server."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import ClassVar

from engine.ipvs.server import RealServer
from engine.netfilter.choose import Choose
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class Arrival:
    """The first packet of a connection, as far as a scheduler looks at it. `now` is seconds since the service was made."""

    client: str
    client_port: int
    destination: str
    now: float = 0.0


class FirstChoice(enum.Enum):
    """Whom a scheduler gives the first connection, where the order of the servers is anyone's."""

    OF_EQUALS = enum.auto()  # the head of the list, where the weights are the same
    UNWEIGHTED = enum.auto()  # the head of the list, whatever the weights
    SHARES = enum.auto()  # a turn for each unit of weight
    BY_CLIENT = enum.auto()  # whom a table says for the client, which the order has a part in


class Scheduler:
    """Base of all schedulers. `servers` is the service's own list, newest first, and is shared, never copied.

    A subclass overrides the callbacks of those moments at which the kernel's module does something (add_dest, del_dest,
    upd_dest); the list is already changed when they run. `kube_proxy_flags` are those of `known_flags` that kube-proxy sets;
    `with_equal_weights` names the scheduler that always shares connections out as this one does where all weights are the
    same.
    """

    name: ClassVar[str]
    known_flags: ClassVar[tuple[str, ...]] = ()
    kube_proxy_flags: ClassVar[tuple[str, ...]] = ()
    with_equal_weights: ClassVar[str] = ""
    first_choice: ClassVar[FirstChoice] = FirstChoice.OF_EQUALS

    def __init__(self, servers: Sequence[RealServer], flags: frozenset[str], choose: Choose) -> None:
        self.servers = servers
        self.flags = flags
        self.choose = choose

    def added(self, server: RealServer) -> None:
        """A server was put at the head of the list."""

    def removed(self, server: RealServer, position: int) -> None:
        """`server` was taken out of the list, where it stood at `position`."""

    def updated(self, server: RealServer) -> None:
        """The weight of a server was set (also to the value it had)."""

    def select(self, arrival: Arrival) -> RealServer | None:
        """The server for a new connection, None where no server can take it."""
        raise NotImplementedError
