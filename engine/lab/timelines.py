"""Timelines in this kernel: pods that come and go, rules that follow when a kube-proxy would, connections that live on.

Only the order of things is the timeline's: a moment takes as long as it takes. What a kube-proxy does is done for it, by the
same rules (its chains in one restore, stale UDP entries deleted); what connections make of it is the kernel's own.
"""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import time
from collections.abc import Iterator

from engine.errors import EngineError
from engine.fabric.fabric import build_fabric
from engine.lab import observe
from engine.lab.live import Lab, rule_parts
from engine.lab.namespaces import Namespace
from engine.lab.processes import Processes
from engine.netfilter.ruleset import Backend
from engine.network.devices import DeviceKind
from engine.packet import L4
from engine.proxy.releases import behaviour_on
from engine.timeline.connections import Connection, Fate
from engine.timeline.entries import service_of, serving
from engine.timeline.run import Timeline, first_impossible, over_time
from engine.timeline.view import ClusterOverTime
from engine.trace import ConntrackView, Text
from engine.walk.locate import locate

# How long a client waits for an answer; a host on this machine needs a thousandth of it.
_PATIENCE = 0.5
_NFT_TABLE = {4: "ip kube-proxy", 6: "ip6 kube-proxy"}


@dataclasses.dataclass(frozen=True, slots=True)
class FollowedConnection:
    """One connection of a timeline: what became of each request in the kernel, and the number of the first that the engine
    says cannot have ended so (None: all can)."""

    connection: Connection
    seen: tuple[tuple[Fate, str | None], ...]
    impossible: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class VerifiedTimeline:
    """What a timeline came to: the fates in the kernel of all its requests, what the engine says otherwise, a line each;
    why it could not be built."""

    fates: tuple[str, ...] = ()
    disagreements: tuple[str, ...] = ()
    skipped: Text | None = None


def verify_timeline(timeline: Timeline) -> VerifiedTimeline:
    """A timeline in the kernel beside the engine. What disagrees is tried twice more: a busy machine can be slow."""
    try:
        for _ in range(3):
            found = follow(timeline)
            if all(one.impossible is None for one in found):
                break
    except EngineError as error:
        return VerifiedTimeline(skipped=Text(error.en, error.zh))
    return VerifiedTimeline(
        tuple(fate.value for one in found for fate, _ in one.seen),
        tuple(_told(timeline, one) for one in found if one.impossible is not None),
    )


def _told(timeline: Timeline, one: FollowedConnection) -> str:
    number = one.impossible or 0
    fate, pod = one.seen[number]
    return (
        f"{timeline.mode} {one.connection.request.protocol} {one.connection.name}: request {number} of"
        f" {one.connection.request.source}: kernel {fate} {pod or ''}; {timeline.lives}"
    )


def follow(timeline: Timeline) -> tuple[FollowedConnection, ...]:
    """Build the timeline's cluster, let happen what happens, and hold every connection's fate against the engine's.

    Raises LabUnavailable and NotInThisLab, and what the engine raises.
    """
    over = over_time(timeline)
    fabric = build_fabric(timeline.cluster, over.mode, release=timeline.release)
    with Lab(fabric, servers=Processes()) as lab:
        seen = _Run(timeline, over, lab).all()
    return tuple(
        FollowedConnection(one, seen[one.name], first_impossible(timeline, one, seen[one.name]))
        for one in timeline.connections
    )


class _Run:
    """A timeline while it happens in a lab."""

    def __init__(self, timeline: Timeline, over: ClusterOverTime, lab: Lab) -> None:
        self._timeline, self._over, self._lab = timeline, over, lab
        assert isinstance(lab.servers, Processes)
        self._processes = lab.servers
        index = lab.fabric.address_index.by_key
        self._hosts = {pod: index[pod].host for pod in over.times}
        self._names = {owner.host: f"{pod.namespace}/{pod.name}" for pod in timeline.cluster.pods for owner in [index[f"{pod.namespace}/{pod.name}"]]}  # fmt: skip
        node = timeline.cluster.nodes[0]
        self._passes_over_empty = behaviour_on(node, timeline.release).passes_over_empty_services
        self._gone: set[str] = set()
        self._rules: dict[str, object] = {}
        self._clients = {one.name: _Client(one, lab, self._processes) for one in timeline.connections}

    def all(self) -> dict[str, tuple[tuple[Fate, str | None], ...]]:
        """What became of every request, by connection."""
        for host, inside in self._lab.namespaces.items():
            self._processes.open(host)
            # Six answers of a REJECT in a row, then one a second: what is asked here is whether it rejects.
            inside.sysctl("ipv4/icmp_ratelimit", 0)
        self._change(min(0, *self._moments(), 0) - 1)
        for moment in sorted(
            {*self._moments(), *(at for one in self._timeline.connections for at in self._times(one))}
        ):
            for client in self._clients.values():
                client.answers_due(moment)
            self._change(moment)
            for client in self._clients.values():
                client.sends(moment)
        # What is in flight to the end.
        self._change(max(self._moments(), default=0) + 10**6)
        for client in self._clients.values():
            client.answers_due(None)
            client.close()
        return {
            name: tuple(self._told(fate, host) for fate, host in client.seen) for name, client in self._clients.items()
        }

    def _told(self, fate: Fate, host: str | None) -> tuple[Fate, str | None]:
        return fate, None if host is None else self._names.get(host, host)

    @staticmethod
    def _times(one: Connection) -> Iterator[int]:
        for at in one.requests():
            yield from (at, at + one.lasts)

    def _moments(self) -> list[int]:
        """When a pod or a node's rules change."""
        found = [m for t in self._over.times.values() for m in (t.created, t.listens, t.closes, t.exits, t.vanishes)]
        moments = [moment for moment in found if moment is not None]
        nodes = self._timeline.cluster.nodes
        return moments + [sync for node in nodes for sync in self._over.syncs(node.name, -(10**9), 10**9)]

    def _change(self, at: int) -> None:
        """Make pods and rules what they are at that moment."""
        for pod, times in self._over.times.items():
            host = self._hosts[pod]
            there = times.exists(at)
            if there and times.accepts(at):
                self._processes.open(host)
            elif there:
                self._processes.shut(host, idle=times.drains and times.closes is not None and at >= times.closes)
            ended = [moment for moment in (times.exits, times.vanishes) if moment is not None and at >= moment]
            if ended and pod not in self._gone:
                if times.exits is not None and at >= times.exits:
                    self._processes.end(host)
                    # Its FIN has to leave before its link goes.
                    time.sleep(0.02)
                self._cut_off(host)
                self._gone.add(pod)
        fabric = self._over.fabric(at)
        for node in self._timeline.cluster.nodes:
            rules = fabric.ruleset(node.name, self._lab.version)
            if self._rules.get(node.name) is not rules:
                self._rules[node.name] = rules
                self._load(node.name, at)
            self._clean(node.name, at)

    def _cut_off(self, host: str) -> None:
        inside = self._lab.namespaces[host]
        for device in self._lab.fabric.host(host).devices.values():
            if device.kind is DeviceKind.VETH:
                inside.run("ip", "link", "del", device.name)

    def _load(self, node: str, at: int) -> None:
        ruleset = self._over.fabric(at).ruleset(node, self._lab.version)
        inside = self._lab.namespaces[node]
        for program, text in rule_parts(ruleset, self._lab.version):
            whole = text
            if program[0] == "nft" and ruleset.backend is Backend.NFTABLES:
                # As one transaction, as kube-proxy's is.
                name = _NFT_TABLE[self._lab.version]
                whole = f"table {name}\ndelete table {name}\n{text}"
            inside.run(*program, text=whole)

    def _clean(self, node: str, at: int) -> None:
        """Delete the UDP entries that the node's kube-proxy deletes at a sync."""
        if at not in set(self._over.syncs(node, at - 1, at)):
            return
        inside = self._lab.namespaces[node]
        for entry in observe.connections(node, inside, self._lab.version):
            if entry.original.protocol is not L4.UDP:
                continue
            view = ConntrackView(node, entry.original, entry.reply, "", entry.replied)
            service = service_of(self._timeline.cluster, view)
            now = serving(self._over.seen(node, at), service) if service is not None else frozenset()
            left_alone = not now and self._passes_over_empty
            if service is not None and not left_alone and entry.reply.src not in now:
                flow = entry.original
                with contextlib.suppress(Exception):
                    inside.run(
                        "conntrack", "-D", "-p", "udp", "--orig-src", flow.src, "--orig-dst", flow.dst,
                        "--orig-port-src", str(flow.sport), "--orig-port-dst", str(flow.dport),
                    )  # fmt: skip


class _Client:
    """One connection's client: its sockets, and what it has seen."""

    def __init__(self, connection: Connection, lab: Lab, processes: Processes) -> None:
        self._connection, self._processes = connection, processes
        resolved = locate(lab.fabric, dataclasses.replace(connection.request, sport=None))
        self._inside: Namespace = lab.namespaces[resolved.host]
        self._to = (resolved.dst, resolved.dport)
        self._udp = resolved.protocol is L4.UDP
        self._requests = set(connection.requests())
        self._open: socket.socket | None = None
        # Requests in flight: when each is to be answered, its number among those seen, its socket.
        self._waiting: list[tuple[int, int, socket.socket]] = []
        self._made: list[socket.socket] = []
        self.seen: list[tuple[Fate, str | None]] = []

    def sends(self, at: int) -> None:
        """Send the request that is due at that moment, where one is."""
        if at not in self._requests:
            return
        sock = self._socket(at)
        if sock is None:
            return
        number = len(self.seen)
        self.seen.append((Fate.NO_ANSWER, None))
        slow = self._connection.lasts > 0 and not self._udp
        try:
            sock.send(f"{'hold' if slow else 'ask'} {number}\n".encode())
        except PermissionError:
            pass
        except OSError:
            self.seen[number] = (Fate.REFUSED if self._udp else Fate.RESET, None)
            self._drop(sock)
            return
        self._processes.pump(0.02)
        if slow:
            self._waiting.append((at + self._connection.lasts, number, sock))
        else:
            self._hear(sock, number)

    def answers_due(self, at: int | None) -> None:
        """Let the answers come that are due by that moment (None: all of them)."""
        due = [one for one in self._waiting if at is None or one[0] <= at]
        self._waiting = [one for one in self._waiting if one not in due]
        for _, number, sock in due:
            self._processes.release(str(number))
            self._hear(sock, number)

    def close(self) -> None:
        for sock in self._made:
            sock.close()

    def _socket(self, at: int) -> socket.socket | None:
        """A socket to send by: the one that is open while it stands, else a new one; None where none can be made, which is
        written down."""
        one = self._connection
        if self._open is not None and one.reuses and not self._ended(self._open):
            return self._open
        made = self._new()
        try:
            made.connect(self._to)
        except OSError as error:
            made.close()
            refused = isinstance(error, ConnectionRefusedError)
            self.seen.append((Fate.REFUSED if refused else Fate.NO_ANSWER, None))
            self._open = None
            return None
        self._processes.pump(0.02)
        self._open = made if one.reuses else None
        return made

    def _new(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._to[0] else socket.AF_INET
        with self._inside.entered():
            made = socket.socket(family, socket.SOCK_DGRAM if self._udp else socket.SOCK_STREAM)
        made.settimeout(_PATIENCE)
        self._made.append(made)
        return made

    def _ended(self, sock: socket.socket) -> bool:
        """Whether the server has closed the connection."""
        if self._udp:
            return False
        self._processes.pump(0.01)
        try:
            sock.settimeout(0)
            return sock.recv(1, socket.MSG_PEEK) == b""
        except (BlockingIOError, TimeoutError):
            return False
        except OSError:
            return True
        finally:
            sock.settimeout(_PATIENCE)

    def _hear(self, sock: socket.socket, number: int) -> None:
        """Wait for the answer to request `number`."""
        kept = self._connection.reuses and not self._udp and sock is self._open
        until = time.monotonic() + _PATIENCE
        heard: tuple[Fate, str | None] = (Fate.NO_ANSWER, None)
        sock.settimeout(0.01)
        while time.monotonic() < until:
            self._processes.pump(0.005)
            try:
                data = sock.recv(4096)
            except (BlockingIOError, TimeoutError):
                continue
            except ConnectionRefusedError:
                heard = (Fate.REFUSED, None)
            except OSError:
                heard = (Fate.RESET, None)
            else:
                heard = (Fate.ANSWERED, data.split()[0].decode()) if data else (Fate.RESET, None)
            break
        if heard[0] is Fate.NO_ANSWER and not self._udp:
            heard = (Fate.HANGS, None)
        self.seen[number] = heard
        sock.settimeout(_PATIENCE)
        if not kept and not (self._udp and self._connection.reuses):
            self._drop(sock)

    def _drop(self, sock: socket.socket) -> None:
        if sock is self._open:
            self._open = None
        if not any(sock is waiting for _, _, waiting in self._waiting):
            sock.close()
