"""Clusters whose MTUs do not fit each other, drawn by a seed, and packets about as long as what their links carry. Pure."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from collections.abc import Iterator

from engine.cluster import (
    Cluster,
    CNIConfig,
    ContainerPort,
    EndpointPort,
    EndpointSlice,
    Mode,
    NetworkFacts,
    Node,
    NodeFacts,
    Pod,
    Service,
    ServicePort,
    SliceEndpoint,
)
from engine.cni.interface import LabNetwork
from engine.fabric.fabric import Fabric, build_fabric
from engine.lab.drawn_clusters import one_in
from engine.netfilter.saved import SavedText, read_saved
from engine.packet import L4, Family
from engine.trace import Direction, Outcome, Request, Verdict
from engine.values import dataclass
from engine.walk.outcomes import outcomes

_PORTS = {L4.TCP: 8080, L4.UDP: 5353}
_SERVICE_PORTS = {L4.TCP: 80, L4.UDP: 53}
_NODE_PORTS = {L4.TCP: 30080, L4.UDP: 30053}
_VIP, _NODES = "10.96.0.10", ("192.168.1.10", "192.168.1.11")
# Who is where: a caller, a neighbour of its own node, a pod of the other node.
_PODS = (("a", 1, "10.244.1.5"), ("c", 1, "10.244.1.6"), ("b", 2, "10.244.2.8"))
# Requests of a case, and how many they are picked from.
_MOST, _DRAWN = 6, 40
_NO_TELLING = (
    ("filter", "-A OUTPUT -p icmp -m icmp --icmp-type 3 -j DROP"),
    ("filter", "-A FORWARD -p icmp -m icmp --icmp-type 3 -j DROP"),
)
_CLAMP = "-A FORWARD -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS {}"


@dataclass(frozen=True, slots=True)
class SizeCase:
    """`rules`: what iptables has on each node more than kube-proxy and the plugin write: the node, the table, the line."""

    name: str
    cluster: Cluster
    mode: Mode
    rules: tuple[tuple[str, str, str], ...]
    requests: tuple[Request, ...]

    def fabric(self) -> Fabric:
        """The cluster with those rules."""
        plain = build_fabric(self.cluster, self.mode)
        if not self.rules:
            return plain
        texts = {node: str(plain.ruleset(node, 4)) for node, _, _ in self.rules}
        for node, table, line in self.rules:
            texts[node] = _with_rule(texts[node], table, line)
        given = {node: read_saved((SavedText(node, text),), Family.IPV4) for node, text in texts.items()}
        return build_fabric(self.cluster, self.mode, given)


def size_cases(seed: int, modes: tuple[Mode, ...], networks: tuple[tuple[str, LabNetwork], ...]) -> Iterator[SizeCase]:
    """Cases without end, the same for the same seed. Of the requests that are drawn those are kept whose kind of ending (the
    engine says which) has come up least so far."""
    number = 0
    seen: Counter[str] = Counter()
    tunnels = [one for one in networks if one[1].backend in ("vxlan", "ipip")]
    while True:
        draw = random.Random(f"k8squiz sizes {seed} {number}")
        network = draw.choice(tunnels if tunnels and draw.randrange(3) else networks)
        yield _case(draw, f"seed {seed} case {number}", modes[number % len(modes)], network, seen)
        number += 1


def ending(outcome: Outcome) -> str:
    """The kind of ending."""
    if outcome.verdict is not Verdict.DELIVERED:
        return "small ones do not get through"
    if outcome.stalls is not None:
        way = " on the way back" if outcome.stalls.direction is Direction.REPLY else ""
        return f"{outcome.stalls.code}{way}"
    if outcome.learned:
        return "smaller ones, " + (
            "told by ICMP" if any(one.told_by for one in outcome.learned) else "by its own kernel"
        )
    return "through"


def _case(draw: random.Random, name: str, mode: Mode, network: tuple[str, LabNetwork], seen: Counter[str]) -> SizeCase:
    plugin, kind = network
    facts = _facts(draw)
    cluster = _cluster(draw, CNIConfig(plugin, kind.backend, assumed=False), facts)
    rules = _rules(draw) if mode is Mode.IPTABLES else ()
    sizes = _boundaries(cluster, mode)
    drawn = dict.fromkeys(_request(draw, sizes) for _ in range(_DRAWN))
    return _rarest(SizeCase(name, cluster, mode, rules, tuple(drawn)), seen)


def _rarest(case: SizeCase, seen: Counter[str]) -> SizeCase:
    """The case with _MOST of its requests, one after the other the one whose kind was seen least; what just gets through is
    seen twice as often as each other kind."""
    fabric = case.fabric()
    kinds: dict[str, list[Request]] = {}
    for request in case.requests:
        outcome = outcomes(case.cluster, request, case.mode, fabric=fabric)[0]
        sized = "" if outcome.sent == request.size else "smaller, "
        kinds.setdefault(f"{request.protocol} {request.may_fragment} {sized}{ending(outcome)}", []).append(request)
    picked: list[Request] = []
    while kinds and len(picked) < _MOST:
        kind = min(kinds, key=lambda kind: seen[kind] / (2 if kind.endswith(" through") else 1))
        seen[kind] += 1
        picked.append(kinds[kind].pop(0))
        if not kinds[kind]:
            del kinds[kind]
    return dataclasses.replace(case, requests=tuple(picked))


def _facts(draw: random.Random) -> NetworkFacts:
    card = draw.choice((1500, 1500, 1500, 1400, 1600))
    pods = draw.choice((None, None, card, card, card - 100))
    other = draw.choice((None, None, None, card - 40, card - 120))
    return NetworkFacts(
        mtu=None if card == 1500 else card,
        pod_mtu=pods,
        tunnel_mtu=draw.choice((None, None, card, card - 90)),
        underlay_mtu=draw.choice((0, 0, 0, card - 100, card - 30)),
        underlay_drops_fragments=one_in(draw, 3),
        tunnel_df=one_in(draw, 5),
        ip_forward_use_pmtu=one_in(draw, 4),
        tcp_mtu_probing=int(one_in(draw, 5)),
        nodes={} if other is None else {"node2": NodeFacts({"pod_mtu": other})},
    )


def _rules(draw: random.Random) -> tuple[tuple[str, str, str], ...]:
    found = []
    for node in ("node1", "node2"):
        if one_in(draw, 3):
            found.append((node, *draw.choice(_NO_TELLING)))
        if one_in(draw, 5):
            size = draw.choice(("--clamp-mss-to-pmtu", "--clamp-mss-to-pmtu", "--set-mss 1310", "--set-mss 1460"))
            found.append((node, "mangle", _CLAMP.format(size)))
    return tuple(found)


def _boundaries(cluster: Cluster, mode: Mode) -> tuple[int, ...]:
    """What some link of the cluster just carries."""
    fabric = build_fabric(cluster, mode)
    found = {d.mtu for name in ("node1", "node2", "a", "b") for d in fabric.host(_host(fabric, name)).devices.values()}
    found |= {cluster.network.underlay_mtu, cluster.network.underlay_mtu - 50, 1350}
    found |= {mtu - 50 for mtu in tuple(found)}
    return tuple(sorted(mtu for mtu in found if 1000 < mtu < 2000))


def _host(fabric: Fabric, name: str) -> str:
    return name if name in fabric.nodes else fabric.address_index.by_key[f"default/{name}"].host


def _request(draw: random.Random, boundaries: tuple[int, ...]) -> Request:
    protocol = draw.choice((L4.TCP, L4.TCP, L4.UDP, L4.ICMP))
    source = draw.choice(("pod/a", "pod/a", "pod/a", "node/node1", "client"))
    pods = [f"{address}:{_PORTS.get(protocol, 0)}" for _, _, address in _PODS[1:]]
    if protocol is L4.ICMP:
        destination = (
            draw.choice((*(pod.partition(":")[0] for pod in pods), _NODES[1])) if source != "client" else _NODES[0]
        )
    elif source == "client":
        destination = f"{draw.choice(_NODES)}:{_NODE_PORTS[protocol]}"
    else:
        destination = draw.choice((*pods, pods[1], f"{_VIP}:{_SERVICE_PORTS[protocol]}"))
    size = draw.choice(boundaries) + draw.choice((-1, 0, 0, 1, 2, 8))
    may_fragment = protocol is not L4.TCP and one_in(draw, 3)
    return Request(source, destination, protocol.value, size=size, may_fragment=may_fragment)


def _cluster(draw: random.Random, cni: CNIConfig, facts: NetworkFacts) -> Cluster:
    ports = tuple(ContainerPort(protocol.lower(), port, protocol) for protocol, port in _PORTS.items())
    pods = tuple(Pod("default", name, f"node{node}", (address,), ports=ports) for name, node, address in _PODS)
    home = draw.choice(_PODS[1:])
    endpoint = SliceEndpoint((home[2],), node_name=f"node{home[1]}", pod=f"default/{home[0]}")
    service = Service(
        "default", "web", "NodePort", (_VIP,),
        ports=tuple(ServicePort(p.lower(), p, _SERVICE_PORTS[p], _PORTS[p], _NODE_PORTS[p]) for p in _PORTS),
        external_traffic_policy=draw.choice(("Cluster", "Cluster", "Local")),
    )  # fmt: skip
    slice_ports = tuple(EndpointPort(p.lower(), p, _PORTS[p]) for p in _PORTS)
    return Cluster(
        nodes=tuple(Node(f"node{n}", (_NODES[n - 1],), pod_cidrs=(f"10.244.{n}.0/24",)) for n in (1, 2)),
        pods=pods,
        services=(service,),
        slices=(EndpointSlice("default", "web-1", "web", "IPv4", slice_ports, (endpoint,)),),
        cni=cni,
        network=facts,
    )


def _with_rule(text: str, table: str, line: str) -> str:
    """iptables-save's text with a line before the others of its table."""
    lines = text.splitlines()
    if f"*{table}" not in lines:
        chains = [f":{name} ACCEPT [0:0]" for name in ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")]
        return "\n".join((f"*{table}", *chains, line, "COMMIT", *lines)) + "\n"
    start = lines.index(f"*{table}")
    at = next(n for n in range(start + 1, len(lines)) if lines[n].startswith("-A") or lines[n] == "COMMIT")
    return "\n".join((*lines[:at], line, *lines[at:])) + "\n"
