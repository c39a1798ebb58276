"""Timelines drawn by a seed: pods that go, come, are unready or cut off, kube-proxies that are behind or stop. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator

from engine.cluster import (
    Cluster,
    ContainerPort,
    EndpointPort,
    EndpointSlice,
    Mode,
    Node,
    Pod,
    Service,
    ServicePort,
    SliceEndpoint,
)
from engine.packet import L4
from engine.timeline.connections import Connection
from engine.timeline.pods import Lifecycle, PodLife, SigtermAnswer
from engine.timeline.run import Timeline
from engine.timeline.view import Lags, ProxyStop
from engine.trace import Request

# The moments are a second apart, which is so much only to the engine.
_SECOND, _LAST = 1_000, 9_000


def timelines(seed: int, modes: tuple[Mode, ...]) -> Iterator[Timeline]:
    """Timelines without end, the same for the same seed."""
    number = 0
    while True:
        yield _timeline(random.Random(f"k8squiz timeline {seed} {number}"), modes[number % len(modes)])
        number += 1


def _timeline(draw: random.Random, mode: Mode) -> Timeline:
    protocol = draw.choice((L4.TCP, L4.TCP, L4.UDP))
    # The memory of affinity goes with nftables' table, which is written anew here and not by kube-proxy.
    affine = mode is Mode.IPTABLES and draw.randrange(4) == 0
    names = ["a", "b", "c"][: draw.choice((1, 2, 3))]
    cluster = _cluster(draw, names, protocol, affine)
    cycle = Lifecycle(
        listens_after=draw.choice((0, 1_500)), ready_after=draw.choice((0, 0, 1_000, None)),
        pre_stop=draw.choice((0, 0, 2_000)), grace=draw.choice((3_000, 30_000)), on_sigterm=draw.choice(tuple(SigtermAnswer)),
        drain=draw.choice((500, 2_500)), probe_fails_after=draw.choice((1_000, 30_000)),
    )  # fmt: skip
    picked = draw.sample(names, draw.choice((1, 1, min(2, len(names)))))
    lives = tuple(_life(draw, f"default/{name}") for name in picked)
    stops = (ProxyStop("node1", draw.choice((0, 2_500)), draw.choice((None, 6_500))),) if draw.randrange(3) == 0 else ()
    return Timeline(
        cluster, _connections(draw, cluster, protocol, cycle), lives, cycle,
        Lags(draw.choice((0, 500)), draw.choice((0, 1_000, 2_000)), {"node2": draw.choice((0, 3_000))}), stops, mode=mode,
    )  # fmt: skip


def _life(draw: random.Random, pod: str) -> PodLife:
    at = draw.choice((1, 2, 3, 4)) * _SECOND
    kind = draw.choice(("deleted", "deleted", "deleted", "created", "unready", "vanishes", "both"))
    if kind == "both":
        return PodLife(pod, unready=(at, None), vanishes=at + 2 * _SECOND)
    if kind == "created":
        return PodLife(pod, created=at)
    if kind == "unready":
        return PodLife(pod, unready=(at, draw.choice((None, at + 2 * _SECOND))))
    return PodLife(pod, vanishes=at) if kind == "vanishes" else PodLife(pod, deleted=at)


def _connections(draw: random.Random, cluster: Cluster, protocol: L4, cycle: Lifecycle) -> tuple[Connection, ...]:
    service = cluster.services[0]
    inside = f"{service.cluster_ips[0]}:{service.ports[0].port}"
    outside = f"192.168.1.10:{service.ports[0].node_port}"
    who = draw.choice(("pod/caller", "pod/caller", "node/node1", "client"))
    request = Request(who, outside if who == "client" else inside, protocol.value)
    lasts = draw.choice((0, 0, 1_500)) if protocol is L4.TCP else 0
    if lasts and cycle.on_sigterm is SigtermAnswer.DRAINS:
        # While requests overlap no moment is idle. A server that drains then tells its client to make no other one there
        # (RFC 9113, GOAWAY; in HTTP/1.1 none can be made meanwhile); the lab's says nothing.
        lasts = _SECOND // 2
    return (
        Connection("each", request, 250, _SECOND, _LAST, reuses=False),
        Connection("kept", request, 500, _SECOND, _LAST, lasts=lasts),
    )


def _cluster(draw: random.Random, names: list[str], protocol: L4, affine: bool) -> Cluster:
    nodes = tuple(
        Node(f"node{n}", (f"192.168.1.{9 + n}",), pod_cidrs=(f"10.244.{n}.0/24",), labels={"kubernetes.io/os": "linux"})
        for n in (1, 2)
    )
    port = 8080 if protocol is L4.TCP else 5353
    pods = [Pod("default", "caller", "node1", ("10.244.1.9",))]
    endpoints = []
    for number, name in enumerate(names):
        home = draw.choice((1, 2))
        address = f"10.244.{home}.{20 + number}"
        pods.append(Pod("default", name, f"node{home}", (address,), ports=(ContainerPort("", port, protocol),)))
        endpoints.append(SliceEndpoint((address,), node_name=f"node{home}", pod=f"default/{name}"))
    service = Service(
        "default", "web", "NodePort", ("10.96.0.10",), ports=(ServicePort("", protocol, 80, port, 30080),),
        session_affinity="ClientIP" if affine else "None",
    )  # fmt: skip
    slice_ = EndpointSlice("default", "web-1", "web", "IPv4", (EndpointPort("", protocol, port),), tuple(endpoints))
    return Cluster(nodes=nodes, pods=tuple(pods), services=(service,), slices=(slice_,))
