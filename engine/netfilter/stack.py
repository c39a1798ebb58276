"""One host's netfilter for the length of a walk: its tables, its conntrack, its NAT.

Sources: net/netfilter/{core,nf_conntrack_core,nf_nat_core}.c, net/ipv4/netfilter/ip_tables.c.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.choose import Choose
from engine.hooks import Hook
from engine.netfilter.rules import Ruleset
from engine.netfilter.skb import (
    Connection,
    ConntrackEvent,
    Event,
    Manip,
    MarkEvent,
    NatEvent,
    Passage,
    PickPort,
    RuleEvent,
    Segment,
    Skb,
)
from engine.trace import ConntrackView

__all__ = [
    "Connection",
    "ConntrackEvent",
    "Event",
    "HostNetfilter",
    "Manip",
    "MarkEvent",
    "NatEvent",
    "Passage",
    "PickPort",
    "RuleEvent",
    "Segment",
    "Skb",
]


def _no_address() -> str | None:
    return None


class HostNetfilter:
    """Netfilter of one network namespace. `ruleset` None: no rules and no conntrack, everything is accepted.

    `is_local(address)` says whether an address is one of the host's own (fib type LOCAL: loopback and all
    interface addresses), `choose` takes the random decisions of `-m statistic`, `pick_port` the source ports
    that NAT invents (default: a hash of host and tuple), `now` is the time in seconds that `-m recent` uses.
    """

    def __init__(
        self,
        host: str,
        ruleset: Ruleset | None,
        is_local: Callable[[str], bool],
        choose: Choose,
        pick_port: PickPort | None = None,
        now: float = 0.0,
    ) -> None:
        raise NotImplementedError

    def traverse(
        self,
        hook: Hook,
        skb: Skb,
        *,
        in_device: str | None = None,
        out_device: str | None = None,
        masquerade_address: Callable[[], str | None] = _no_address,
    ) -> Passage:
        """Take `skb` (changed in place: flow, mark, connection, state) through one hook.

        Conntrack looks the packet up (or starts an entry) at PREROUTING and OUTPUT after the raw table and confirms it
        at the end of INPUT and POSTROUTING. `masquerade_address` gives the primary address of `out_device` towards the
        next hop; it is asked only by a MASQUERADE at POSTROUTING. Raises UnsupportedFeature for what is not modelled.
        The caller routes again when `skb.flow.dst` changed at OUTPUT, and does not call PREROUTING twice for a frame
        that br_netfilter already took through it.
        """
        raise NotImplementedError

    def reject_error(self, skb: Skb, source: str, passage: Passage) -> Skb | None:
        """The packet that a REJECT answers with, to be sent through OUTPUT and POSTROUTING of this host.

        `source` is the address the host sends it from. It belongs to the rejected packet's connection (RELATED; NAT
        is undone for it), or is a TCP RST. The client's connect() fails with ECONNREFUSED as soon as it arrives.
        """
        raise NotImplementedError

    def connections(self) -> tuple[ConntrackView, ...]:
        """The confirmed conntrack entries, oldest first, as `conntrack -L` would show them."""
        raise NotImplementedError

    def unconfirmed(self, skb: Skb) -> ConntrackView | None:
        """The entry of a packet on its way, confirmed or not; None where it has none."""
        raise NotImplementedError
