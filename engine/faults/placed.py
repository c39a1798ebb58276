"""Faults that are put at a named place of any cluster: one fixed list, each with what it changes and how it is told.

An incident draws its place in a scene (engine.faults.registry), and has what shows it and mends it beside it; where both
break the same thing, they run the same lines.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias, TypeVar

from engine.cluster import Node, Pod, Service
from engine.cluster.facts import UnderlayDrop
from engine.faults.interface import FaultError, Line, Lines, run_lines
from engine.faults.kernels import hairpin_off, sysctl_off
from engine.faults.routes import link_down, route_gone, tunnel_of
from engine.faults.services import json_patch
from engine.packet import L4
from engine.shell.api import changed, created
from engine.shell.edits import TunnelPeerSet
from engine.shell.live import LiveCluster
from engine.trace import Text
from engine.values import dataclass


class FaultPlace(enum.StrEnum):
    """What a fault may sit at."""

    NODE = "node"
    POD = "pod"
    SERVICE = "service"


# `at` names where it sits; `to` another node that it is about, None for any.
Put: TypeAlias = Callable[[LiveCluster, str, str | None], LiveCluster]


@dataclass(frozen=True, slots=True)
class PlacedFault:
    """How it is told among others, at which objects it may sit, and what it does to a cluster."""

    text: Text
    place: FaultPlace
    put: Put


def put_fault(live: LiveCluster, name: str, at: str, to: str | None = None) -> LiveCluster:
    """`live` with the fault of that name at `at`. Raises FaultError where there is no such fault or place, or it cannot be
    there."""
    if name not in PLACED:
        raise _unknown("cause", "原因", name, PLACED)
    return PLACED[name].put(live, at, to)


def _unknown(what: str, what_zh: str, name: str, known: Mapping[str, object]) -> FaultError:
    there = ", ".join(known)
    return FaultError(
        f"there is no {what} {name[:80]!r}; there are {there}", zh=f"没有{what_zh} {name[:80]!r}；现有：{there}"
    )


def _node(live: LiveCluster, name: str) -> Node:
    return _named(live.cluster.nodes, name, "node", "节点")


def _pod(live: LiveCluster, name: str) -> Pod:
    return _named(live.cluster.pods, name, "pod", " Pod ")


def _service(live: LiveCluster, name: str) -> Service:
    return _named(live.cluster.services, name, "Service", " Service ")


_Object = TypeVar("_Object", Node, Pod, Service)


def _named(objects: Iterable[_Object], name: str, what: str, what_zh: str) -> _Object:
    """The first of that name, of whatever namespace."""
    known: dict[str, _Object] = {}
    for one in objects:
        known.setdefault(one.name, one)
    if name not in known:
        raise _unknown(what, what_zh, name, known)
    return known[name]


def _other(live: LiveCluster, at: str, to: str | None) -> Node:
    """The other node that it is about: the one named, else the first that is not where it sits."""
    found = to or next((node.name for node in live.cluster.nodes if node.name != at), None)
    if found is None:
        raise FaultError(f"there is no node beside {at}", zh=f"除 {at} 外没有别的节点")
    return _node(live, found)


def _on_node(line: Callable[[LiveCluster, str, str | None], Line]) -> Put:
    """A line that is run on the node."""
    return lambda live, at, to: run_lines(live, (line(live, _node(live, at).name, to),))


def _patched(path: str, value: object) -> Put:
    """A field of the Service's spec, whether it was there or not."""

    def put(live: LiveCluster, at: str, to: str | None) -> LiveCluster:
        service = _service(live, at)
        return run_lines(live, json_patch(service.name, path, value, service.namespace, verb="add"))

    return put


def _not_ready(live: LiveCluster, at: str, to: str | None) -> LiveCluster:
    pod = _pod(live, at)

    def change(document: dict[str, Any]) -> dict[str, Any]:
        document.setdefault("status", {})["conditions"] = [{"type": "Ready", "status": "False"}]
        return document

    return live.with_cluster(changed(live.cluster, ("Pod", pod.namespace, pod.name), change))


def _denied(live: LiveCluster, at: str, to: str | None) -> LiveCluster:
    pod = _pod(live, at)
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "default", "namespace": pod.namespace},
        "spec": {"podSelector": {"matchLabels": {"app": pod.labels["app"]}}, "policyTypes": ["Ingress"]},
    }
    return live.with_cluster(created(live.cluster, policy))


def _tunnel_peer_missing(live: LiveCluster, at: str, to: str | None) -> LiveCluster:
    name, outer = tunnel_of(live, _node(live, at).name), _other(live, at, to).internal_ips[0]
    tunnel = live.fabric.host(at).devices[name].tunnel
    hops = () if tunnel is None else (hop for hop, known in tunnel.remotes.items() if known == outer)
    return live.edited(at, *(TunnelPeerSet(name, hop, None) for hop in hops))


def _underlay_drops(live: LiveCluster, at: str, to: str | None) -> LiveCluster:
    """Packets of the tunnel that leave the node: those to the UDP port it sends to, any where it has none."""
    tunnels = (device.tunnel for device in live.fabric.host(_node(live, at).name).devices.values())
    port = next((tunnel.port for tunnel in tunnels if tunnel is not None and tunnel.port), 0)
    network = live.cluster.network
    drops = (*network.underlay_drops, UnderlayDrop(L4.UDP, port, source=at))
    cluster = dataclasses.replace(live.cluster, network=dataclasses.replace(network, underlay_drops=drops))
    return dataclasses.replace(live, cluster=cluster)


def _hairpin_off(live: LiveCluster, at: str, to: str | None) -> LiveCluster:
    ports = (one.name for one in live.fabric.host(_node(live, at).name).devices.values() if one.hairpin)
    lines: Lines = tuple(hairpin_off(at, port) for port in ports)
    return run_lines(live, lines)


PLACED: Mapping[str, PlacedFault] = {
    "route-missing": PlacedFault(
        Text("a node lacks the route to another node's pods", "某个节点缺少到另一节点 Pod 网段的路由"),
        FaultPlace.NODE,
        _on_node(lambda live, at, to: route_gone(at, _other(live, at, to).pod_cidrs[0])),
    ),
    "forwarding-off": PlacedFault(
        Text("a node does not forward (ip_forward is 0)", "某个节点没有开启转发（ip_forward 为 0）"),
        FaultPlace.NODE,
        _on_node(lambda live, at, to: sysctl_off(at, "net.ipv4.ip_forward")),
    ),
    "tunnel-down": PlacedFault(
        Text("a node's tunnel device is down", "某个节点的隧道设备处于 down 状态"),
        FaultPlace.NODE,
        _on_node(lambda live, at, to: link_down(at, tunnel_of(live, at))),
    ),
    "tunnel-peer-missing": PlacedFault(
        Text("a node's tunnel device has no entry for the other node", "某个节点的隧道设备没有另一节点的对端表项"),
        FaultPlace.NODE,
        _tunnel_peer_missing,
    ),
    "underlay-drops": PlacedFault(
        Text("the network between the nodes drops the tunnel's packets", "节点之间的网络丢弃了隧道报文"),
        FaultPlace.NODE,
        _underlay_drops,
    ),
    "hairpin-off": PlacedFault(
        Text("hairpin mode of a node's bridge ports is off", "某个节点的网桥端口没有开启 hairpin 模式"),
        FaultPlace.NODE,
        _hairpin_off,
    ),
    "selector": PlacedFault(
        Text("a Service's selector fits no pod", "某个 Service 的 selector 选不中任何 Pod"),
        FaultPlace.SERVICE,
        _patched("/spec/selector", {"app": "backend"}),
    ),
    "target-port": PlacedFault(
        Text("a Service's targetPort is not the port the pod listens on", "某个 Service 的 targetPort 不是 Pod 监听的端口"),
        FaultPlace.SERVICE,
        _patched("/spec/ports/0/targetPort", 8079),
    ),
    "local-policy": PlacedFault(
        Text(
            "externalTrafficPolicy is Local, and the node asked has no endpoint",
            "某个 Service 的 externalTrafficPolicy 为 Local，而所访问的节点上没有端点",
        ),
        FaultPlace.SERVICE,
        _patched("/spec/externalTrafficPolicy", "Local"),
    ),
    "not-ready": PlacedFault(Text("a pod is not ready", "某个 Pod 未就绪"), FaultPlace.POD, _not_ready),
    "policy": PlacedFault(
        Text("a NetworkPolicy lets nobody in at a pod", "某条 NetworkPolicy 不允许任何人访问某个 Pod"),
        FaultPlace.POD,
        _denied,
    ),
}  # fmt: skip
