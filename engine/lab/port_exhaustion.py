"""MASQUERADE with a narrow range of ports in this kernel: which of a row of connections, all kept open, find one."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator

from engine.cluster import Cluster, ContainerPort, Mode, Node, Pod
from engine.errors import EngineError
from engine.fabric.fabric import Fabric, build_fabric
from engine.lab.client import Call, Heard
from engine.lab.live import Lab
from engine.netfilter.saved import SavedText, read_saved
from engine.packet import L4, Family, split_host_port
from engine.shell.fabric import LiveFabric
from engine.trace import ConntrackView, Request, Text, Verdict
from engine.walk.outcomes import outcomes

_FIRST_PORT = 50_000
_PATIENCE = 0.4
_SERVERS = {"db": "10.244.2.30", "mail": "10.244.2.31"}


@dataclasses.dataclass(frozen=True, slots=True)
class PortCase:
    """So many ports from 50000 on, and connections one after the other: the pod, its source port, the destination."""

    ports: int
    connections: tuple[tuple[str, int, str], ...]


@dataclasses.dataclass(frozen=True, slots=True)
class VerifiedPorts:
    """Whether each connection was made, in the kernel and in the engine; why it could not be tried."""

    case: PortCase
    kernel: tuple[bool, ...] = ()
    engine: tuple[bool, ...] = ()
    skipped: Text | None = None


def port_cases(seed: int) -> Iterator[PortCase]:
    """Cases without end, the same for the same seed."""
    number = 0
    while True:
        draw = random.Random(f"k8squiz ports {seed} {number}")
        targets = [f"{address}:{port}" for address in _SERVERS.values() for port in (80, 81)]
        # Most go to one destination, whose ports run out.
        made = tuple(
            (draw.choice(("a", "b")), 40_000 + index, targets[0] if draw.randrange(3) else draw.choice(targets))
            for index in range(draw.randint(4, 9))
        )
        yield PortCase(draw.randint(1, 4), made)
        number += 1


def verify_ports(case: PortCase) -> VerifiedPorts:
    """A case in the kernel beside the engine's walks, each with the conntrack entries of those before it."""
    cluster = _cluster()
    text = str(build_fabric(cluster, Mode.IPTABLES).ruleset("node1", 4))
    last = _FIRST_PORT + case.ports - 1
    narrow = f"-A POSTROUTING -s 10.244.1.0/24 -d 10.244.2.0/24 -p tcp -j MASQUERADE --to-ports {_FIRST_PORT}-{last}"
    lines = text.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("-A POSTROUTING"))
    rules = read_saved((SavedText("drawn", "\n".join((*lines[:first], narrow, *lines[first:], ""))),), Family.IPV4)
    fabric = build_fabric(cluster, Mode.IPTABLES, {"node1": rules})
    try:
        kernel = _in_kernel(fabric, case)
    except EngineError as error:
        return VerifiedPorts(case, skipped=Text(error.en, error.zh))
    held: tuple[ConntrackView, ...] = ()
    found = []
    for pod, port, target in case.connections:
        live = LiveFabric.over(
            cluster,
            Mode.IPTABLES,
            None,
            edits={},
            rules={("node1", Family.IPV4): rules},
            seen={},
            held={"node1": held},
            remembered={},
        )
        (outcome,) = outcomes(cluster, Request(f"pod/{pod}", target, sport=port), fabric=live)
        found.append(outcome.verdict is Verdict.DELIVERED)
        if outcome.verdict is Verdict.DELIVERED:
            held += tuple(view for view in outcome.conntrack if view.host == "node1")
    return VerifiedPorts(case, kernel, tuple(found))


def _in_kernel(fabric: Fabric, case: PortCase) -> tuple[bool, ...]:
    calls: list[Call] = []
    found = []
    with Lab(fabric) as lab:
        try:
            for pod, port, target in case.connections:
                owner = fabric.address_index.by_key[f"default/{pod}"]
                address, number = split_host_port(target)
                call = Call(lab.namespaces[owner.host], L4.TCP, address, number, port, None)
                calls.append(call)
                found.append(call.send(_PATIENCE).heard is Heard.CONNECTED)
        finally:
            for call in calls:
                call.close()
    return tuple(found)


def _cluster() -> Cluster:
    nodes = tuple(Node(f"node{n}", (f"192.168.1.{9 + n}",), pod_cidrs=(f"10.244.{n}.0/24",)) for n in (1, 2))
    clients = (Pod("default", name, "node1", (f"10.244.1.{20 + n}",)) for n, name in enumerate(("a", "b")))
    ports = (ContainerPort("", 80), ContainerPort("", 81))
    servers = (Pod("default", name, "node2", (address,), ports=ports) for name, address in _SERVERS.items())
    return Cluster(nodes=nodes, pods=(*clients, *servers))
