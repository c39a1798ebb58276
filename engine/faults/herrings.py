"""Red herrings: what somebody left behind that looks like a cause and breaks nothing. The harder a fault, the more of them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from engine.faults.interface import Lines
from engine.faults.scene import IncidentScene
from engine.trace import Text
from engine.values import dataclass

# A fault's level -> how many.
COUNTS = {1: 0, 2: 1, 3: 2, 4: 3, 5: 3}


@dataclass(frozen=True, slots=True)
class RedHerring:
    """`lines` brought it about on a node (the administrator's machine where it is the API's); `told` is what the day's changes
    say of it, with {node} and {other}."""

    name: str
    told: Text
    lines: Callable[[IncidentScene, str], Lines]


@dataclass(frozen=True, slots=True)
class DrawnHerring:
    """One of them on a node."""

    herring: RedHerring
    node: str


def _on_node(line: str) -> Callable[[IncidentScene, str], Lines]:
    return lambda scene, node: ((node, line),)


def _old_service(scene: IncidentScene, node: str) -> Lines:
    name = f"{scene.other}-old"
    spec = {
        "selector": {"app": name},
        "clusterIP": "10.96.7.77",
        "ports": [{"name": "http", "port": 80, "targetPort": scene.port}],
    }
    document = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "default"}, "spec": spec}
    return (("", f"echo '{json.dumps(document)}' | kubectl apply -f -"),)


HERRINGS = (
    RedHerring(
        "port-opened", Text("node_exporter was rolled out: its port was opened on {node}", "部署了 node_exporter：在 {node} 上放行了它的端口"),
        _on_node("iptables -A INPUT -p tcp --dport 9100 -j ACCEPT"),
    ),
    RedHerring(
        "others-dropped", Text("a scanner's network was blocked on {node}", "在 {node} 上封禁了一个扫描器的网段"),
        _on_node("iptables -A FORWARD -s 203.0.113.0/24 -j DROP"),
    ),
    RedHerring(
        "tuned", Text("TCP was tuned on {node} for a load test", "为压测调整过 {node} 的 TCP 参数"),
        _on_node("sysctl -w net.ipv4.tcp_fin_timeout=15"),
    ),
    RedHerring(
        "device-left", Text("Docker was tried on {node} and taken away again", "在 {node} 上试装过 Docker，之后又卸载了"),
        _on_node("ip link add docker0 type bridge"),
    ),
    RedHerring(
        "route-blackholed", Text("a partner's old network was blackholed on {node}", "在 {node} 上把合作方的旧网段设成了 blackhole"),
        _on_node("ip route add blackhole 198.51.100.0/24"),
    ),
    RedHerring(
        "rp-filter-loose", Text("rp_filter was set to loose on {node}", "{node} 的 rp_filter 改成了宽松模式"),
        _on_node("sysctl -w net.ipv4.conf.eth0.rp_filter=2"),
    ),
    RedHerring("service-left", Text("the Service {other}-old was kept for a roll-back", "为了回滚保留了 Service {other}-old"), _old_service),
)  # fmt: skip


def draw_herrings(rng: random.Random, scene: IncidentScene, level: int) -> tuple[DrawnHerring, ...]:
    """As many as the level has, each another one."""
    return tuple(DrawnHerring(one, rng.choice(scene.nodes)) for one in rng.sample(HERRINGS, COUNTS[level]))
