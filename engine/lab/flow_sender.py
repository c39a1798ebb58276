"""The flows of an incident as real connections in its lab."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import socket
import struct
from collections.abc import Iterable, Iterator, Sequence

from engine.faults.flows import matrix, request_of, traffic_name, ways
from engine.faults.incident import Incident
from engine.lab.client import Call, Heard, Reply
from engine.lab.compare import reply_points
from engine.lab.errors import LabUnavailable
from engine.lab.follow import FollowingLab
from engine.lab.sized_sender import upload
from engine.lab.wire_sizes import forget_path_mtus, segments_as_on_a_wire
from engine.network.host import HostKind
from engine.packet import L4
from engine.shell.live import LiveCluster
from engine.trace import Outcome, Request, Verdict
from engine.walk.locate import locate

# Seconds that a first attempt waits, and those that follow where it was not what the engine says.
_QUICK, _PATIENT = 0.4, 2.5
# Connections sent of a flow that may go several ways.
_TRIES = 4
_FIRST_PORT = 20001
_AT_ONCE = 32
_MOST_RETRIES = 3
# Times that a socket sends until conntrack has the entry that the fault is about.
_MOST_SENT = 40
# A query for the address of the name servers' own Service (RFC 1035, 4.1): a resolver answers nothing else.
_NAME = b"".join(bytes([len(part)]) + part for part in b"kube-dns.kube-system.svc.cluster.local".split(b".")) + b"\0"
_ASKS = {L4.TCP: b"?\n", L4.UDP: struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0) + _NAME + struct.pack("!2H", 1, 1)}


class FlowSender:
    """Sends the flows of an incident in its lab, as they are then."""

    def __init__(self, lab: FollowingLab, incident: Incident) -> None:
        self._lab, self._incident = lab, incident
        self._port = _FIRST_PORT
        self._sockets: dict[Request, Call] = {}
        for request in incident.healthy.traffic:
            self._hold(request)

    def compared(self) -> tuple[int, list[tuple[str, str, str]], int]:
        """(connections sent; flow, kernel, engine of each that disagrees; flows that failed)."""
        live = self._lab.live
        asked = {flow.name: request_of(self._incident.scene, live, flow) for flow in matrix(self._incident.scene)}
        expected = {name: ways(live, request) for name, request in asked.items() if request is not None}
        wanted = [
            (name, asked[name]) for name, found in expected.items() for _ in range(_TRIES if len(found) > 1 else 1)
        ]
        sent = len(wanted)
        replies = self._sent(wanted, _QUICK)
        for patience in (_PATIENT,) * _MOST_RETRIES:
            again = [at for at, (name, _) in enumerate(wanted) if not self._agrees(replies[at], expected[name])]
            if not again:
                break
            for at, reply in zip(again, self._sent([wanted[at] for at in again], patience), strict=True):
                replies[at] = reply
        differing = [
            (name, _shown(reply), "; ".join(dict.fromkeys(map(_said, expected[name]))) or "no way")
            for (name, _), reply in zip(wanted, replies, strict=True)
            if not self._agrees(reply, expected[name])
        ]
        broken = {name for (name, _), reply in zip(wanted, replies, strict=True) if reply.heard is not Heard.CONNECTED}
        for name, reply, ours in self._traffic(live):
            sent += 1
            # Whichever endpoint a socket's first packet drew: the kernel's draw is not the simulation's.
            if (reply.heard is Heard.CONNECTED) != all(one.verdict is Verdict.DELIVERED for one in ours):
                differing.append((name, _shown(reply), "; ".join(map(_said, ours))))
            if reply.heard is not Heard.CONNECTED:
                broken.add(name)
        return sent, differing, len(broken)

    def deviating(self) -> tuple[str, ...]:
        """The flows that do not do what they did before the fault, by connections alone: whatever an endpoint is drawn, each
        of a few comes through, or none does where none did."""
        asked = {
            flow.name: request_of(self._incident.scene, self._lab.live, flow) for flow in matrix(self._incident.scene)
        }
        wanted = [(name, request) for name, request in asked.items() if request is not None for _ in range(_TRIES)]
        replies = self._sent(wanted, _PATIENT / 2)
        # A datagram that a busy machine lost is sent once more.
        again = [
            at
            for at, (_, request) in enumerate(wanted)
            if replies[at].heard is not Heard.CONNECTED and request.l4 is L4.UDP
        ]
        for at, reply in zip(again, self._sent([wanted[at] for at in again], _PATIENT), strict=True):
            replies[at] = reply
        answered: dict[str, list[bool]] = {name: [] for name in asked}
        for (name, _), reply in zip(wanted, replies, strict=True):
            answered[name].append(reply.heard is Heard.CONNECTED)
        for name, reply, _ in self._traffic(self._lab.live):
            answered[name] = [reply.heard is Heard.CONNECTED]
        works = {name: bool(found) and all(found) for name, found in answered.items()}
        before = {name: bool(state) for name, state in self._incident.baseline.items()}
        return tuple(name for name, worked in before.items() if works.get(name, worked) != worked)

    def _agrees(self, reply: Reply, expected: Iterable[Outcome]) -> bool:
        ways_ = tuple(expected)
        if not ways_:
            return reply.heard is not Heard.CONNECTED
        return any(all(one.equal for one in reply_points(self._lab.fabric, reply, outcome)) for outcome in ways_)

    def _sent(self, wanted: Sequence[tuple[str, Request | None]], patience: float) -> list[Reply]:
        if self._incident.scene.uploads:
            segments_as_on_a_wire(self._lab)
            forget_path_mtus(self._lab)
        sizes = [request.size if request is not None else None for _, request in wanted]
        calls = [self._call(request) for _, request in wanted]
        try:
            with concurrent.futures.ThreadPoolExecutor(_AT_ONCE) as pool:
                return list(pool.map(lambda call, size: _sent(call, size, patience), calls, sizes))
        finally:
            for call in calls:
                call.close()

    def _call(self, request: Request | None) -> Call:
        assert request is not None
        if request.sport is None:
            self._port += 1
            request = dataclasses.replace(request, sport=self._port)
        resolved = locate(self._lab.fabric, request)
        source = resolved.src if self._lab.fabric.host(resolved.host).kind is not HostKind.NODE else None
        inside = self._lab.namespaces[resolved.host]
        return Call(inside, resolved.protocol, resolved.dst, resolved.dport, resolved.sport, source)

    def _hold(self, request: Request) -> None:
        """Open the socket, and send until conntrack has the entry that the engine drew."""
        host = locate(self._lab.fabric, request).host
        pods = self._lab.live.cluster.pods
        node = next(pod.node_name or "" for pod in pods if request.source.endswith(f"/{pod.name}"))
        wanted = next(
            one.view.reply.src
            for one, _ in self._lab.live.connections(node)
            if one.view.original.sport == request.sport
        )
        assert host in self._lab.namespaces
        for _ in range(_MOST_SENT):
            call = self._call(request)
            call.send(_QUICK, _ASKS[L4.UDP])
            listed = self._lab.run(node, f"conntrack -L -p udp --orig-port-src {request.sport}").stdout
            if f"src={wanted} " in listed:
                self._sockets[request] = call
                return
            call.close()
            self._lab.run(node, f"conntrack -D -p udp --orig-port-src {request.sport}")
        raise LabUnavailable(
            f"no connection of {request.source} was sent to {wanted}", zh=f"{request.source} 的连接没有到达 {wanted}"
        )

    def _traffic(self, live: LiveCluster) -> Iterator[tuple[str, Reply, tuple[Outcome, ...]]]:
        """The connections that go on by themselves, from their own sockets."""
        for request, call in tuple(self._sockets.items()):
            if not any(request.source.endswith(f"/{pod.name}") for pod in live.cluster.pods):
                # A socket is gone with its pod.
                del self._sockets[request]
                continue
            yield traffic_name(request), call.send(_PATIENT, _ASKS[L4.UDP]), ways(live, request)


def _sent(call: Call, size: int | None, patience: float) -> Reply:
    """What a caller hears that sends a packet of that size once the connection stands."""
    reply = call.send(patience, _ASKS.get(call.protocol, b""))
    if size is None or reply.heard is not Heard.CONNECTED:
        return reply
    # What is not acknowledged yet is not to be sent for long after close().
    call.opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return reply if upload(call.opened, size, patience) else Reply(Heard.STALLED)


def _shown(reply: Reply) -> str:
    return reply.heard.value if reply.server is None else f"{reply.heard} by {reply.server}, seen {reply.seen}"


def _said(outcome: Outcome) -> str:
    where = outcome.where or outcome.stalls
    return outcome.verdict.value + (f" ({where.code} on {where.host})" if where else f" by {outcome.destination}, seen {outcome.source_seen}")  # fmt: skip
