"""What a repair changes besides: every caller of the cluster to every destination, before and after.

A connection that the fault had left alone must stay as it was; where it does not, the repair opens what was shut, shuts
what was open, or rewrites a source that nobody asked about. What the line names (networks, ports) is tried at its edges.
"""

from __future__ import annotations

import enum
import ipaddress
import itertools
import re
from collections.abc import Iterator
from fractions import Fraction

from engine import Request
from engine.cluster import Cluster, Node, Service
from engine.errors import EngineError
from engine.packet import join_host_port
from engine.trace import Text, Verdict
from engine.values import dataclass
from k8squiz.world.world import World, host_name

_CALLERS, _MOST = 8, 90
_SSH, _KUBELET = 22, 10250
_NETWORK = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}/\d{1,2}")
_PORTS = re.compile(r"--[ds]ports? (\d{1,5})(?::(\d{1,5}))?")
# Delivered where, seen as whom: with which chance.
Ways = dict[tuple[str, str], Fraction]


class Effect(enum.Enum):
    OPENED = Text("opens", "放通了")
    SHUT = Text("cuts off", "切断了")
    REWRITTEN = Text("rewrites the source of", "改写了源地址：")


@dataclass(frozen=True, slots=True)
class Change:
    """A connection that a repair changes and should not have: by whom, to where, and how."""

    source: str
    destination: str
    effect: Effect

    def told(self) -> Text:
        way = f"{self.source} -> {self.destination}"
        return Text(f"{self.effect.value.en} {way}", f"{self.effect.value.zh} {way}")


class Connections:
    """Those of the first request's cluster. `broken` is the world as it is shown, `sound` the one without the fault, and
    its request; what a question asks about by a request of its own is left to it."""

    def __init__(self, broken: World, sound: World, sound_request: str) -> None:
        self._broken, self._sound, self._sound_request = broken, sound, sound_request
        self._right: dict[Request, Ways | None] = {}
        self._was: dict[Request, Ways | None] = {}
        self._asked = {_called(each.source, each.destination) for each in broken.question.requests}

    def changes(self, edited: World, line: str) -> Iterator[Change]:
        """What `line`, which made the world `edited`, changes of what the fault had left alone."""
        first = self._broken.first
        for request in _requests(edited.cluster(first), self._sound.cluster(self._sound_request), line):
            if _called(request.source, request.destination) in self._asked:
                continue
            if request not in self._right:
                self._right[request] = _ways(self._sound, self._sound_request, request)
            after, right = _ways(edited, first, request), self._right[request]
            if after is None or right is None or after == right:
                continue
            if request not in self._was:
                self._was[request] = _ways(self._broken, first, request)
            # What the fault had changed already the goal is asked about.
            if self._was[request] == right:
                yield Change(host_name(request.source), _place(request), _effect(after, right))


def _called(source: str, destination: str) -> tuple[str, str]:
    return host_name(source), destination


def _effect(after: Ways, right: Ways) -> Effect:
    ours, theirs = _by_destination(after), _by_destination(right)
    if any(chance > theirs.get(destination, 0) for destination, chance in ours.items()):
        return Effect.OPENED
    return Effect.SHUT if ours != theirs else Effect.REWRITTEN


def _by_destination(ways: Ways) -> dict[str, Fraction]:
    found: dict[str, Fraction] = {}
    for (destination, _), chance in ways.items():
        found[destination] = found.get(destination, Fraction(0)) + chance
    return found


def _ways(world: World, name: str, request: Request) -> Ways | None:
    """How the request is delivered; None where nothing can be said of it."""
    found: Ways = {}
    try:
        for outcome in world.walked(name, request):
            if outcome.verdict is Verdict.DELIVERED:
                way = (outcome.destination, outcome.source_seen or "")
                found[way] = found.get(way, Fraction(0)) + outcome.probability
    except EngineError:
        return None
    return found


def _place(request: Request) -> str:
    return request.destination if request.node is None else f"{request.destination} ({request.node})"


def _requests(cluster: Cluster, sound: Cluster, line: str) -> Iterator[Request]:
    """Callers by destinations, the likeliest to be hit first: what is offered, then ports of nodes and pods."""
    pods = [f"pod/{pod.namespace}/{pod.name}" for pod in cluster.pods if pod.ips and not pod.host_network]
    guests = list(dict.fromkeys(["client", *_at_the_edges(cluster, sound, line)]))
    inside = [*pods, *(f"node/{node.name}" for node in cluster.nodes)]
    ways: list[Iterator[Request]] = [
        _to_services(sound.services, guests, inside, cluster.nodes),
        _to_hosts(cluster, guests, inside, _ports_of(line)),
    ]
    yield from itertools.islice(itertools.chain(*ways), _MOST)


def _at_the_edges(cluster: Cluster, sound: Cluster, line: str) -> Iterator[str]:
    """The first and the last address of every network that a Service lets in or the line names, if it is outside."""
    let_in = [
        net for each in (cluster, sound) for service in each.services for net in service.load_balancer_source_ranges
    ]
    own = {ip for pod in cluster.pods for ip in pod.ips} | {ip for node in cluster.nodes for ip in node.internal_ips}
    inside = [ipaddress.ip_network(cidr, strict=False) for node in cluster.nodes for cidr in node.pod_cidrs]
    for text in dict.fromkeys([*map(str, let_in), *_NETWORK.findall(line)]):
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            continue
        for address in (network[0], network[-1]):
            # Nobody calls from 0.0.0.0/8, 127.0.0.0/8 or a multicast address.
            if str(address) in own or any(address in net for net in inside if net.version == address.version):
                continue
            first = int(address) >> 24 if address.version == 4 else 1
            yield "8.8.8.8" if first in (0, 127) else "223.255.255.254" if first > 223 else str(address)


def _ports_of(line: str) -> list[int]:
    named = [int(port) for pair in _PORTS.findall(line) for port in pair if port and int(port) < 65536]
    return list(dict.fromkeys([_SSH, _KUBELET, *named]))


def _to_services(
    services: tuple[Service, ...], guests: list[str], inside: list[str], nodes: tuple[Node, ...]
) -> Iterator[Request]:
    for service in services:
        for port in service.ports:
            protocol = str(port.protocol.value)
            for address in service.cluster_ips[:1]:
                yield from (Request(who, join_host_port(address, port.port), protocol) for who in inside[:_CALLERS])
            if service.type == "LoadBalancer":
                for ingress in service.load_balancer_ingress:
                    for who, node in itertools.product(guests, nodes[:1]):
                        yield Request(who, join_host_port(ingress.ip, port.port), protocol, node.name)
            if port.node_port:
                for who, node in itertools.product([*guests[:1], *inside[:_CALLERS]], nodes):
                    for address in dict.fromkeys((*node.internal_ips, *node.addresses)):
                        yield Request(
                            who, join_host_port(address, port.node_port), protocol, node.name if who in guests else None
                        )


def _to_hosts(cluster: Cluster, guests: list[str], inside: list[str], ports: list[int]) -> Iterator[Request]:
    for node, port in itertools.product(cluster.nodes, ports):
        for who, address in itertools.product((*guests[:1], *inside[:2]), node.internal_ips[:1]):
            yield Request(who, join_host_port(address, port), "TCP", node.name if who in guests else None)
    targets = [(pod.ips[0], port.port) for pod in cluster.pods if pod.ips for port in pod.ports]
    for (address, number), who in itertools.product(targets, inside[:_CALLERS]):
        yield Request(who, join_host_port(address, number))
    outside = cluster.network.client_address
    for who, port in itertools.product(inside[:2], (443, *ports[2:])):
        yield Request(who, join_host_port(outside, port))
