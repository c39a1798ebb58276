"""What connect(2) or a sent datagram comes to on a live cluster, and how long the caller waits for it.

Sources: net/ipv4/tcp_ipv4.c (tcp_v4_err: any ICMP error ends a connection that is being opened), net/ipv4/icmp.c
(icmp_err_convert), tcp(7) (tcp_syn_retries: 6 retries, 127 seconds), net/core/neighbour.c (three probes, a second apart),
net/ipv4/route.c (ip_error: a host that does not forward says nothing).
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib

from engine.network.host import Host, HostKind
from engine.packet import join_host_port
from engine.shell.live import LiveCluster
from engine.trace import Direction, Outcome, ReasonCode, Request, Verdict, Where
from engine.values import dataclass

# Seconds: the kernel gives a connection up after its last retry; ARP after its last probe; an answer's way there and back.
SYN_TIMEOUT = 127.0
NEIGHBOUR_TIMEOUT = 3.1
ROUND_TRIP = 0.0006
_PORTS = (32768, 60999)


class Ending(enum.StrEnum):
    """What the caller's system call says."""

    CONNECTED = "connected"
    REFUSED = "Connection refused"
    NO_ROUTE = "No route to host"
    NO_NETWORK = "Network is unreachable"
    INVALID = "Invalid argument"
    NOT_PERMITTED = "Operation not permitted"
    TIMED_OUT = "Connection timed out"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: how it ended after `seconds`, the walk behind it, and the cluster after it (its clock not yet moved).
    `hangs`: the connection stands, and what is sent over it does not come through."""

    ending: Ending
    seconds: float
    outcome: Outcome
    live: LiveCluster
    sport: int
    hangs: bool = False


def who(live: LiveCluster, host: str) -> str:
    """The host as a request names its source."""
    kind = live.fabric.host(host).kind
    if kind is HostKind.NODE:
        return f"node/{host}"
    if kind is HostKind.POD:
        owners = live.fabric.address_index.by_key.values()
        owner = next((one for one in owners if one.host == host), None)
        if owner is not None and owner.key.count("/") == 1:
            return f"pod/{owner.key}" if not owner.key.startswith("endpoint/") else owner.ips[0]
    return host


def attempt(
    live: LiveCluster,
    host: str,
    address: str,
    port: int,
    protocol: str = "TCP",
    *,
    source: str | None = None,
    sport: int | None = None,
    size: int | None = None,
) -> Attempt:
    """A connection (UDP: a datagram that is answered, ICMP: an echo) of a process on `host` to an address. `source` is the
    address it binds to, `size` the length of a full packet that follows. Raises as engine.outcomes."""
    port_used = _port(live) if sport is None else sport
    node = _arrival(live, host, address)
    request = Request(
        source or who(live, host),
        address if protocol == "ICMP" else join_host_port(address, port),
        protocol,
        node=node,
        sport=None if protocol == "ICMP" else port_used,
        size=size,
    )
    outcome, after = live.walk(request, closed=True)
    ending, seconds = _ending(live, host, outcome, protocol)
    hangs = outcome.stalls is not None and ending is Ending.CONNECTED
    return Attempt(ending, seconds, outcome, after, port_used, hangs)


def mtu_towards(host: Host, address: str) -> int:
    """The MTU of the device by which packets to the address leave the host; 0 where none does."""
    route = host.lookup(address)
    device = host.devices.get(route.device) if route is not None else None
    return 0 if device is None or host.is_local(address) else device.mtu


def _port(live: LiveCluster) -> int:
    low, high = _PORTS
    digest = hashlib.sha256(f"{live.seed}:port:{live.draws}".encode()).digest()
    return low + int.from_bytes(digest[:4], "big") % (high - low + 1)


def _arrival(live: LiveCluster, host: str, address: str) -> str | None:
    """Where a packet from outside comes in that is for no host's address: a route to the first node stands for it."""
    if live.fabric.host(host).kind is not HostKind.EXTERNAL:
        return None
    fabric = live.fabric
    if fabric.on_lan(address) or address in fabric.external or address in fabric.service_index.virtual_addresses:
        return None
    return live.cluster.network.service_cidr_via or next(iter(fabric.nodes), None)


def _ending(live: LiveCluster, host: str, outcome: Outcome, protocol: str) -> tuple[Ending, float]:
    where = outcome.where
    if outcome.verdict is Verdict.DELIVERED or where is None:
        return Ending.CONNECTED, ROUND_TRIP
    if outcome.verdict is Verdict.REFUSED:
        return Ending.REFUSED, ROUND_TRIP
    if outcome.verdict is Verdict.REJECT:
        return rejected(where.rule or ""), ROUND_TRIP
    if outcome.verdict is Verdict.DROP:
        # A packet of the host's own that OUTPUT drops fails at once (nf_hook_slow: EPERM).
        if where.host == host and where.hook == "OUTPUT" and protocol != "TCP":
            return Ending.NOT_PERMITTED, 0.0
        return Ending.TIMED_OUT, SYN_TIMEOUT
    return _lost(live, host, where)


def rejected(rule: str) -> Ending:
    """What the caller hears of a rule that rejects, by its --reject-with."""
    for words, ending in (
        ("host-unreachable", Ending.NO_ROUTE),
        ("host-prohibited", Ending.NO_ROUTE),
        ("admin-prohibited", Ending.NO_ROUTE),
        ("adm-prohibited", Ending.NO_ROUTE),
        ("addr-unreachable", Ending.NO_ROUTE),
        ("net-unreachable", Ending.NO_NETWORK),
        ("net-prohibited", Ending.NO_NETWORK),
        ("no-route", Ending.NO_NETWORK),
    ):
        if words in rule:
            return ending
    return Ending.REFUSED


def _lost(live: LiveCluster, host: str, where: Where) -> tuple[Ending, float]:
    """The network's own endings: who hears of them, and when."""
    if where.direction is Direction.REPLY:
        return Ending.TIMED_OUT, SYN_TIMEOUT
    own = where.host == host
    if where.code is ReasonCode.NO_ROUTE:
        return Ending.NO_NETWORK, 0.0 if own else ROUND_TRIP
    if where.code is ReasonCode.BLACKHOLE and own:
        return Ending.INVALID, 0.0
    if where.code is ReasonCode.NO_NEIGHBOUR:
        return Ending.NO_ROUTE, NEIGHBOUR_TIMEOUT
    if where.code in (ReasonCode.TTL_EXPIRED, ReasonCode.ROUTING_LOOP):
        return Ending.NO_ROUTE, ROUND_TRIP
    if where.code is ReasonCode.LOCALNET_OUTPUT and own:
        return Ending.INVALID, 0.0
    return Ending.TIMED_OUT, SYN_TIMEOUT


def waited(found: Attempt, limit: float | None) -> tuple[Attempt, bool]:
    """`found` with the cluster's clock moved on by what the caller waits, at most `limit` seconds; whether the limit came
    first."""
    cut = limit is not None and found.seconds > limit
    seconds = limit if cut and limit is not None else found.seconds
    live = found.live
    if cut and live.packets:
        # A socket that is closed sends nothing again.
        sent = tuple(one for one in live.packets if one.at < live.clock + seconds)
        live = dataclasses.replace(live, packets=sent)
    return dataclasses.replace(found, live=live.later(seconds), seconds=seconds), cut
