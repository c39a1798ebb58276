"""Red herrings: what somebody left behind that looks like a cause and breaks nothing. The harder a fault, the more of them;
a loud one is the first that everybody sees.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from engine.faults.interface import Lines
from engine.faults.networks import BRIDGED, EVERY
from engine.faults.scene import IncidentScene
from engine.trace import Text
from engine.values import dataclass

# A fault's level -> how many.
COUNTS = {1: 0, 2: 1, 3: 2, 4: 3, 5: 3}


@dataclass(frozen=True, slots=True)
class RedHerring:
    """`lines` brought it about on a node (the administrator's machine where it is the API's); `told` is what the day's changes
    say of it, with {node} and {other}. A loud one breaks nothing on `plugins` alone; `undone` takes it away."""

    name: str
    told: Text
    lines: Callable[[IncidentScene, str], Lines]
    plugins: tuple[str, ...] = EVERY
    undone: Callable[[IncidentScene, str], Lines] | None = None


@dataclass(frozen=True, slots=True)
class DrawnHerring:
    """One of them on a node."""

    herring: RedHerring
    node: str

    @property
    def loud(self) -> bool:
        return self.herring in LOUD


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


_REPORTS, _DENY = "reports", "default-deny-all"
_PROBE = "/spec/template/spec/containers/0/readinessProbe"


def _denied(scene: IncidentScene, node: str) -> Lines:
    """For pods of a label that no pod has any more."""
    spec = {"podSelector": {"matchLabels": {"app": f"{scene.other}-v1"}}, "policyTypes": ["Ingress", "Egress"]}
    metadata = {"name": _DENY, "namespace": "default"}
    document = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata,
        "spec": spec,
    }
    return (("", f"echo '{json.dumps(document)}' | kubectl apply -f -"),)


def _unready(scene: IncidentScene, node: str) -> Lines:
    """A Deployment that nobody here calls, whose pods are not ready and say so among the events."""
    patch = [{"op": "add", "path": _PROBE, "value": {"httpGet": {"port": 8099, "path": "/healthz"}}}]
    return (
        ("", f"kubectl run {_REPORTS}-bcdfg --image={_REPORTS}:2 --labels=app={_REPORTS}"),
        ("", f"kubectl scale deployment {_REPORTS} --replicas=2"),
        ("", f"kubectl patch deployment {_REPORTS} --type=json -p '{json.dumps(patch)}'"),
    )


LOUD = (
    RedHerring(
        # flannel's own rules accept what its pods send before the policy is asked.
        "forward-policy", Text("Docker was installed on {node}: it set FORWARD's policy to DROP", "在 {node} 上安装了 Docker：它把 FORWARD 的策略设成了 DROP"),
        _on_node("iptables -P FORWARD DROP"), BRIDGED, _on_node("iptables -P FORWARD ACCEPT"),
    ),
    RedHerring(
        "deny-of-nobody", Text("security rolled out the NetworkPolicy default-deny-all", "安全团队下发了 NetworkPolicy default-deny-all"),
        _denied, undone=lambda scene, node: (("", f"kubectl delete netpol {_DENY}"),),
    ),
    RedHerring(
        "unready-workload", Text("a new version of the Deployment reports was released", "发布了 Deployment reports 的新版本"),
        _unready, undone=lambda scene, node: (("", f"kubectl scale deployment {_REPORTS} --replicas=0"),),
    ),
)  # fmt: skip


def draw_loud(rng: random.Random, scene: IncidentScene) -> DrawnHerring:
    """One that everybody sees."""
    return DrawnHerring(rng.choice([one for one in LOUD if scene.plugin in one.plugins]), rng.choice(scene.nodes))


def draw_herrings(rng: random.Random, scene: IncidentScene, level: int) -> tuple[DrawnHerring, ...]:
    """As many as the level has, each another one."""
    return tuple(DrawnHerring(one, rng.choice(scene.nodes)) for one in rng.sample(HERRINGS, COUNTS[level]))
