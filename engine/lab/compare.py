"""One observation of the kernel against what the engine says can happen. Pure.

Compared: the verdict, the server that answered and the peer it saw, the nodes' conntrack entries, and, where the kernel has
nf_tables to watch with, the tuples each hook left behind on every host. Ports that NAT drew at random are only compared as "some other port".
"""

from __future__ import annotations

import dataclasses
import re

from engine.fabric.fabric import Fabric
from engine.hooks import Hook
from engine.lab.client import Heard, Reply
from engine.lab.live import Observation
from engine.lab.observe import Sighting
from engine.network.host import HostKind
from engine.packet import L4, FiveTuple, join_host_port, split_host_port
from engine.shell.connect import Ending, rejected
from engine.trace import Direction, Hop, Outcome, ReasonCode, Stage, Verdict

_EXPECTED = {
    Verdict.DELIVERED: (Heard.CONNECTED,),
    Verdict.REJECT: (Heard.REFUSED,),
    Verdict.REFUSED: (Heard.REFUSED,),
    Verdict.DROP: (Heard.TIMEOUT,),
    Verdict.LOST: (Heard.TIMEOUT, Heard.UNREACHABLE),
}
# The ends that a sender hears of, by an ICMP error or from its own kernel.
_HEARD_OF = frozenset(
    {
        ReasonCode.NO_ROUTE,
        ReasonCode.ROUTING_LOOP,
        ReasonCode.BLACKHOLE,
        ReasonCode.IP_FORWARD_OFF,
        ReasonCode.NO_NEIGHBOUR,
        ReasonCode.LOCALNET_OUTPUT,
    }
)


@dataclasses.dataclass(frozen=True, slots=True)
class ComparedPoint:
    """One point of a comparison: what the kernel did, what the engine says, and whether that is the same."""

    what: str
    kernel: str
    engine: str
    equal: bool

    def __str__(self) -> str:
        return f"{self.what}: kernel {self.kernel}; engine {self.engine}"


def compare(fabric: Fabric, seen: Observation, outcomes: tuple[Outcome, ...]) -> tuple[ComparedPoint, ...]:
    """The differences to the outcome that comes nearest; none where the kernel did what one of them says."""
    return _differences(fabric, seen, nearest(fabric, seen, outcomes))


def nearest(fabric: Fabric, seen: Observation, outcomes: tuple[Outcome, ...]) -> Outcome:
    """The outcome that the kernel's run is an instance of, or that differs from it least."""

    def distance(outcome: Outcome) -> tuple[int, bool]:
        found = _differences(fabric, seen, outcome)
        return len(found), any(point.what == "verdict" for point in found)

    return min(outcomes, key=distance)


def points(fabric: Fabric, seen: Observation, outcome: Outcome) -> tuple[ComparedPoint, ...]:
    """All that is compared with one outcome, equal or not."""
    echo = seen.flow.protocol is L4.ICMP
    found = [_verdict(seen.reply, outcome)] if echo else reply_points(fabric, seen.reply, outcome)
    ports = frozenset() if echo else _known_ports(fabric) | {seen.flow.sport}
    if seen.sightings is not None:
        found += [
            *_hooks(fabric, seen.sightings, outcome, ports, seen.flow.protocol),
            _hosts(fabric, seen.sightings, outcome),
        ]
    return (*found, _conntrack(seen, outcome, ports))


def reply_points(fabric: Fabric, reply: Reply, outcome: Outcome) -> list[ComparedPoint]:
    """What the client learnt: the verdict; where it was answered, by whom, and whom that server saw (an ICMP echo reply says
    neither)."""
    found = [_verdict(reply, outcome)]
    if reply.heard is Heard.CONNECTED and outcome.verdict is Verdict.DELIVERED:
        server, destination = str(reply.server), split_host_port(outcome.destination)[0]
        told = fabric.owner(destination) or server
        found.append(ComparedPoint("server", server, told, told == server))
        saw = str(reply.seen)
        found.append(ComparedPoint("source seen", saw, str(outcome.source_seen), saw == outcome.source_seen))
    return found


def _differences(fabric: Fabric, seen: Observation, outcome: Outcome) -> tuple[ComparedPoint, ...]:
    return tuple(point for point in points(fabric, seen, outcome) if not point.equal)


def _verdict(reply: Reply, outcome: Outcome) -> ComparedPoint:
    expected = (Heard.STALLED,) if outcome.stalls is not None else _EXPECTED[outcome.verdict]
    where = outcome.where or outcome.stalls
    if outcome.verdict is Verdict.REJECT and where is not None:
        expected = (Heard.REFUSED if rejected(where.rule or "") is Ending.REFUSED else Heard.UNREACHABLE,)
    if outcome.where is not None and outcome.verdict is Verdict.LOST and outcome.where.code not in _HEARD_OF:
        expected = (Heard.TIMEOUT,)
    told = outcome.verdict.value + (f" ({where.code} on {where.host})" if where is not None else "")
    heard = reply.heard
    return ComparedPoint("verdict", heard.value, told, heard in expected)


def _known_ports(fabric: Fabric) -> frozenset[int]:
    found = {port for ports in fabric.address_index.listening.values() for _, port in ports}
    for service in fabric.cluster.services:
        for port in service.ports:
            found |= {port.port, port.node_port}
    return frozenset(found)


def _shown(flow: FiveTuple, ports: frozenset[int] | set[int]) -> str:
    return f"{_end(flow.src, flow.sport, ports)} -> {_end(flow.dst, flow.dport, ports)}"


def _end(address: str, port: int, ports: frozenset[int] | set[int]) -> str:
    return join_host_port(address, port) if port in ports else f"{address}:*"


def _hooks(
    fabric: Fabric, sightings: frozenset[Sighting], outcome: Outcome, ports: frozenset[int], protocol: L4
) -> list[ComparedPoint]:
    """Each hook of each node. A packet that a rule drops in a hook never leaves it; what answers for a server that is
    not there (a reset, an ICMP error) is not looked at."""
    legs = [outcome.hops, outcome.reply] if outcome.source_seen is not None else [outcome.hops]
    echoes = protocol is L4.ICMP
    told: dict[tuple[str, Hook], set[str]] = {}
    for hops in legs:
        for index, hop in enumerate(hops):
            if hop.hook is None or (_is_error(hop) and not echoes):
                continue
            following = hops[index + 1] if index + 1 < len(hops) else None
            # Several steps of one passage: the last of them is what leaves the hook.
            if following is not None and (following.host, following.hook, following.device) == (
                hop.host,
                hop.hook,
                hop.device,
            ):
                continue
            src, dst = (_end(*((one, 0) if echoes else split_host_port(one)), ports) for one in _ends(hop))
            told.setdefault((hop.host, hop.hook), set()).add(f"{src} -> {dst}")
    measured: dict[tuple[str, Hook], set[str]] = {}
    for sighting in sightings:
        if fabric.host(sighting.host).kind is HostKind.NODE:
            measured.setdefault((sighting.host, sighting.hook), set()).add(_shown(sighting.flow, ports))
    died = _stopped_in(outcome)
    # A circle is told once; where each round is masqueraded anew, the kernel's later rounds leave tuples of their own.
    circles = outcome.where is not None and outcome.where.code is ReasonCode.ROUTING_LOOP
    found = []
    for key in (*told, *sorted(measured.keys() - told.keys())):
        ours, theirs = told.get(key, set()), measured.get(key, set())
        stopped = key in died
        if stopped:
            ours, theirs = ours | {"(stopped here)"}, theirs | {"(not seen any more)"}
        found.append(
            _sets(
                f"{key[1].value} on {key[0]}", theirs, ours, stopped or ours == theirs or (circles and ours <= theirs)
            )
        )
    return found


def _ends(hop: Hop) -> tuple[str, str]:
    """A packet's source and destination where the observer sees it: in INPUT before IPVS, which takes it away there."""
    before = {change.field: change.before for change in hop.changes}
    if hop.stage is not Stage.IPVS or hop.hook is not Hook.INPUT:
        before = {}
    return before.get("src", hop.src), before.get("dst", hop.dst)


def _stopped_in(outcome: Outcome) -> set[tuple[str, Hook]]:
    """The hooks that a rule stopped a packet in: there are none to be seen after it."""
    found = set()
    if outcome.where is not None and outcome.where.hook is not None:
        found.add((outcome.where.host, outcome.where.hook))
    last = outcome.hops[-1] if outcome.hops else None
    if last is not None and last.hook is not None:
        refuses = re.search(r"\b(reject|drop)\b", last.rule or "", re.IGNORECASE)
        # What a policy lets pass goes on to further hops.
        if refuses or last.stage is Stage.POLICY:
            found.add((last.host, last.hook))
    return found


def _perhaps_unseen(outcome: Outcome) -> str:
    """The host that refuses a packet from 127.0.0.0/8 or ::1, which may come to none of its hooks: IPv6 refuses it before
    any (ip6_rcv_core), and IPv4's neighbour does not answer an ARP request from there, so that only one who is known
    already is sent to (arp_solicit, arp_process)."""
    where = outcome.where
    if where is None or where.code is not ReasonCode.MARTIAN_SOURCE or not outcome.hops:
        return ""
    return where.host if outcome.hops[-1].src.startswith(("127.", "[::1]")) else ""


def _hosts(fabric: Fabric, sightings: frozenset[Sighting], outcome: Outcome) -> ComparedPoint:
    """Which pods, routers and external hosts the request and its answer came to; nodes are compared hook by hook."""
    hops = (*outcome.hops, *outcome.reply) if outcome.source_seen is not None else outcome.hops
    # A router that carries a tunnel's outer packets does not see what is in them.
    told = {hop.host for hop in (*hops, *outcome.reply[:1]) if hop.encapsulation is None}
    if outcome.where is not None and (outcome.where.direction is Direction.REQUEST or outcome.source_seen is not None):
        told.add(outcome.where.host)
    measured = {sighting.host for sighting in sightings}
    left_out = {*fabric.nodes, outcome.hops[0].host if outcome.hops else "", _perhaps_unseen(outcome)}
    told, measured = told - left_out, measured - left_out
    return _sets("hosts reached", measured, told, measured == told)


def _sets(what: str, kernel: set[str], engine: set[str], equal: bool) -> ComparedPoint:
    """Two sets side by side; where they differ only what the other has not."""
    shown = (kernel, engine) if equal else (kernel - engine, engine - kernel)
    first, second = ("; ".join(sorted(one)) or "-" for one in shown)
    return ComparedPoint(what, first, second, equal)


def _is_error(hop: Hop) -> bool:
    """Whether the hop shows an ICMP error, which has no ports; the observer does not look at those."""
    try:
        split_host_port(hop.src)
    except ValueError:
        return True
    return False


def _conntrack(seen: Observation, outcome: Outcome, ports: frozenset[int]) -> ComparedPoint:
    told = {
        f"{view.host}: {_shown(view.original, ports)}, reply {_shown(view.reply, ports)}"
        + ("" if view.replied else " [UNREPLIED]")
        for view in outcome.conntrack
        if view.original.protocol is seen.flow.protocol
    }
    measured = {
        f"{entry.host}: {_shown(entry.original, ports)}, reply {_shown(entry.reply, ports)}"
        + ("" if entry.replied else " [UNREPLIED]")
        for entry in seen.conntrack
        if entry.original.protocol is seen.flow.protocol
    }
    reset = outcome.source_seen is None and bool(outcome.reply) and not _stopped_in(outcome)
    # A connection that was reset is taken out of the table at once or a little later.
    gone = outcome.verdict is Verdict.REFUSED or reset
    return _sets("conntrack", measured, told, gone or told == measured)
