"""Faults of packet sizes: what is small comes through, what is large does not."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from engine.faults.interface import Case, KnownFault, Line, ToolEvidence
from engine.faults.networks import TUNNELLED
from engine.faults.restarts import all_proxies
from engine.faults.routes import tunnel_of
from engine.faults.scene import IncidentScene, pod_of
from engine.faults.services import restart
from engine.shell.live import LiveCluster
from engine.trace import Text

# Bytes that a switch between the nodes carries, and that the nodes' cards do once somebody has tried jumbo frames.
_SWITCH, _JUMBO = 1500, 9000
_HEADERS = 28


def switched(scene: IncidentScene, live: LiveCluster) -> LiveCluster:
    """The switch between the nodes carries what their cards do, and no more; the pods' devices have the same MTU, so that a
    pod learns from its node how much less the tunnel carries."""
    network = dataclasses.replace(live.cluster.network, pod_mtu=_SWITCH, underlay_mtu=_SWITCH)
    return live.with_cluster(dataclasses.replace(live.cluster, network=network))


def _mtu(node: str, device: str, mtu: int) -> Line:
    return (node, f"ip link set dev {device} mtu {mtu}")


def _jumbo(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    for node in scene.nodes:
        tunnel = tunnel_of(live, node)
        fits = live.fabric.host(node).devices[tunnel].mtu
        over = _SWITCH - fits
        there = next(one for one in scene.of(scene.front) if one.node != node)
        other, server = there.node, pod_of(live, there)
        assert server is not None
        caller = next(pod.name for one in scene.of(scene.caller) if one.node == node and (pod := pod_of(live, one)))
        yield Case(
            (node,),
            (_mtu(node, "eth0", _JUMBO), _mtu(node, tunnel, _JUMBO - over)),
            (
                ToolEvidence(node, f"ip link show {tunnel}", rf"mtu {_JUMBO - over}\b"),
                ToolEvidence(node, "ip link show eth0", rf"mtu {_JUMBO}\b"),
                ToolEvidence(node, f"ping -c 1 -M do -s {_JUMBO - _HEADERS} {scene.addresses[other]}", "100% packet loss"),
                ToolEvidence("", f"kubectl exec {caller} -- ping -c 1 -M do -s {_SWITCH - _HEADERS} {server.ips[0]}", "100% packet loss"),
            ),
            (
                (_mtu(node, tunnel, fits),),
                (_mtu(node, "eth0", _SWITCH), _mtu(node, tunnel, fits)),
            ),
            (
                *all_proxies(),
                restart(scene, live, scene.front),
                (_mtu(node, "cni0", fits),),
                (_mtu(other, tunnel_of(live, other), fits - over),),
                (_mtu(node, tunnel, _JUMBO - 2 * over),),
            ),
        )  # fmt: skip


FAULTS = (
    KnownFault(
        "mtu-too-large", 4,
        Text("the MTU of a node's tunnel is larger than what the network between the nodes carries: full packets get lost and nobody is told", "某节点隧道的 MTU 大于节点之间网络的承载能力：满长的数据包被丢弃，且没有任何通知"),
        Text("on one node: the MTU of its devices", "在某个节点上：网络设备的 MTU"),
        Text("jumbo frames were tried on a node", "在某个节点上试用了巨型帧"),
        (r"\bmtu\b|jumbo|巨型?帧|最大传输单元",), _jumbo, TUNNELLED, uploads=True, prepare=switched,
    ),
)  # fmt: skip
