"""The causes that a question may put into a cluster: a fixed list, each with what it changes and how it is told.

A fault is made on the live cluster of engine.shell, as somebody would have made it there, so that walks and tools see it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from engine.cluster import Node, Pod, Service
from engine.cluster.facts import UnderlayDrop
from engine.packet import L4
from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.question import Fault
from k8squiz.errors import QuizError, unknown

if TYPE_CHECKING:
    from engine.shell.live import LiveCluster


@dataclass(frozen=True, slots=True)
class FaultKind:
    """How it is told among others, at which objects it may sit (`node`, `pod`, `service`), and what it does to a cluster."""

    text: Text
    at: str
    put: Callable[[LiveCluster, Fault], LiveCluster]


def faulty(live: LiveCluster, fault: Fault) -> LiveCluster:
    """`live` with the fault in it. Raises QuizError where there is no such cause or place, EngineError where it cannot be."""
    if fault.cause not in FAULTS:
        raise unknown("cause", fault.cause, FAULTS)
    return FAULTS[fault.cause].put(live, fault)


def _run(live: LiveCluster, host: str, line: str) -> LiveCluster:
    from engine.shell import Shell

    reply = Shell(live).run(host, line)
    if reply.status != 0:
        raise QuizError(f"fault: {line}: {reply.stderr.strip()}", f"fault：命令失败：{line}：{reply.stderr.strip()}")
    return reply.shell.live


def _other(live: LiveCluster, fault: Fault) -> str:
    """The other node that it is about: the one named, else the first that is not where it sits."""
    found = fault.to or next((node.name for node in live.cluster.nodes if node.name != fault.at), None)
    if found is None:
        raise QuizError(f"fault: there is no node beside {fault.at}", f"fault：除 {fault.at} 外没有别的节点")
    return found


def _cidr(live: LiveCluster, node: str) -> str:
    return _node(live, node).pod_cidrs[0]


def _tunnel_port(live: LiveCluster, node: str) -> int:
    """The UDP port that the node's tunnel sends to; 0, which is any, where it has none."""
    tunnels = (device.tunnel for device in live.fabric.host(node).devices.values())
    return next((tunnel.port for tunnel in tunnels if tunnel is not None and tunnel.port), 0)


def _node(live: LiveCluster, name: str) -> Node:
    found = next((one for one in live.cluster.nodes if one.name == name), None)
    if found is None:
        raise unknown("node", name, [one.name for one in live.cluster.nodes])
    return found


def _service(live: LiveCluster, fault: Fault) -> Service:
    found = next((one for one in live.cluster.services if one.name == fault.at), None)
    if found is None:
        raise unknown("Service", fault.at, [one.name for one in live.cluster.services])
    return found


def _pod(live: LiveCluster, fault: Fault) -> Pod:
    found = next((one for one in live.cluster.pods if one.name == fault.at), None)
    if found is None:
        raise unknown("pod", fault.at, [one.name for one in live.cluster.pods])
    return found


def _patched(path: str, value: str) -> Callable[[LiveCluster, Fault], LiveCluster]:
    """A field of the Service's spec, as JSON."""

    def put(live: LiveCluster, fault: Fault) -> LiveCluster:
        service = _service(live, fault)
        patch = f'[{{"op":"add","path":"{path}","value":{value}}}]'
        return _run(live, "", f"kubectl -n {service.namespace} patch svc {service.name} --type=json -p '{patch}'")

    return put


def _not_ready(live: LiveCluster, fault: Fault) -> LiveCluster:
    from engine.shell.api import changed

    pod = _pod(live, fault)

    def change(document: dict[str, Any]) -> dict[str, Any]:
        document.setdefault("status", {})["conditions"] = [{"type": "Ready", "status": "False"}]
        return document

    return live.with_cluster(changed(live.cluster, ("Pod", pod.namespace, pod.name), change))


def _denied(live: LiveCluster, fault: Fault) -> LiveCluster:
    from engine.shell.api import created

    pod = _pod(live, fault)
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "default", "namespace": pod.namespace},
        "spec": {"podSelector": {"matchLabels": {"app": pod.labels["app"]}}, "policyTypes": ["Ingress"]},
    }
    return live.with_cluster(created(live.cluster, policy))


def _route_missing(live: LiveCluster, fault: Fault) -> LiveCluster:
    return _run(live, fault.at, f"ip route del {_cidr(live, _other(live, fault))}")


def _tunnel(live: LiveCluster, node: str) -> str:
    devices = live.fabric.host(node).devices.values()
    found = next((device.name for device in devices if device.tunnel is not None), None)
    if found is None:
        raise QuizError(f"fault: {node} has no tunnel device", f"fault：{node} 没有隧道设备")
    return found


def _tunnel_peer_missing(live: LiveCluster, fault: Fault) -> LiveCluster:
    from engine.shell.edits import TunnelPeerSet

    name, outer = _tunnel(live, fault.at), _node(live, _other(live, fault)).internal_ips[0]
    tunnel = live.fabric.host(fault.at).devices[name].tunnel
    hops = () if tunnel is None else (hop for hop, known in tunnel.remotes.items() if known == outer)
    return live.edited(fault.at, *(TunnelPeerSet(name, hop, None) for hop in hops))


def _underlay_drops(live: LiveCluster, fault: Fault) -> LiveCluster:
    """Packets of the tunnel that leave the node."""
    network = live.cluster.network
    drop = UnderlayDrop(L4.UDP, _tunnel_port(live, fault.at), source=fault.at)
    changed = dataclasses.replace(network, underlay_drops=(*network.underlay_drops, drop))
    return dataclasses.replace(live, cluster=dataclasses.replace(live.cluster, network=changed))


def _hairpin_off(live: LiveCluster, fault: Fault) -> LiveCluster:
    from engine.shell.edits import LinkSet

    ports = (one.name for one in live.fabric.host(fault.at).devices.values() if one.hairpin)
    return live.edited(fault.at, *(LinkSet(name, hairpin=False) for name in ports))


FAULTS: Mapping[str, FaultKind] = {
    "route-missing": FaultKind(
        Text("a node lacks the route to another node's pods", "某个节点缺少到另一节点 Pod 网段的路由"), "node", _route_missing
    ),
    "forwarding-off": FaultKind(
        Text("a node does not forward (ip_forward is 0)", "某个节点没有开启转发（ip_forward 为 0）"),
        "node",
        lambda live, fault: _run(live, fault.at, "sysctl -w net.ipv4.ip_forward=0"),
    ),
    "tunnel-down": FaultKind(
        Text("a node's tunnel device is down", "某个节点的隧道设备处于 down 状态"),
        "node",
        lambda live, fault: _run(live, fault.at, f"ip link set {_tunnel(live, fault.at)} down"),
    ),
    "tunnel-peer-missing": FaultKind(
        Text("a node's tunnel device has no entry for the other node", "某个节点的隧道设备没有另一节点的对端表项"),
        "node",
        _tunnel_peer_missing,
    ),
    "underlay-drops": FaultKind(
        Text("the network between the nodes drops the tunnel's packets", "节点之间的网络丢弃了隧道报文"), "node", _underlay_drops
    ),
    "hairpin-off": FaultKind(
        Text("hairpin mode of a node's bridge ports is off", "某个节点的网桥端口没有开启 hairpin 模式"), "node", _hairpin_off
    ),
    "selector": FaultKind(
        Text("a Service's selector fits no pod", "某个 Service 的 selector 选不中任何 Pod"),
        "service",
        _patched("/spec/selector", '{"app":"backend"}'),
    ),
    "target-port": FaultKind(
        Text("a Service's targetPort is not the port the pod listens on", "某个 Service 的 targetPort 不是 Pod 监听的端口"),
        "service",
        _patched("/spec/ports/0/targetPort", "8079"),
    ),
    "local-policy": FaultKind(
        Text(
            "a Service's externalTrafficPolicy is Local, and the node asked has no endpoint",
            "某个 Service 的 externalTrafficPolicy 为 Local，而所访问的节点上没有端点",
        ),
        "service",
        _patched("/spec/externalTrafficPolicy", '"Local"'),
    ),
    "not-ready": FaultKind(Text("a pod is not ready", "某个 Pod 未就绪"), "pod", _not_ready),
    "policy": FaultKind(
        Text("a NetworkPolicy lets nobody in at a pod", "某条 NetworkPolicy 不允许任何人访问某个 Pod"), "pod", _denied
    ),
}  # fmt: skip
