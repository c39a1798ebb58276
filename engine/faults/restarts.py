"""What people restart when they do not know: wrong cures that many faults share."""

from __future__ import annotations

from engine.faults.interface import Lines
from engine.faults.scene import IncidentScene, pod_of
from engine.shell.live import LiveCluster


def all_proxies() -> tuple[Lines, ...]:
    """kube-proxy restarted on every node."""
    return ((("", "kubectl rollout restart daemonset/kube-proxy -n kube-system"),),)


def pods_of(scene: IncidentScene, live: LiveCluster, workload: str) -> tuple[str, ...]:
    """The names of a workload's pods now."""
    found = (pod_of(live, template) for template in scene.of(workload))
    return tuple(pod.name for pod in found if pod is not None)


def everything() -> Lines:
    """All pods and every kube-proxy."""
    return (
        ("", "kubectl delete pods --all"),
        ("", "kubectl delete pods --all -n kube-system"),
        *all_proxies()[0],
    )


def flushed(scene: IncidentScene) -> Lines:
    """Every table of every node emptied, and conntrack's."""
    return tuple(
        (node, line)
        for node in scene.nodes
        for line in ("iptables -F", "iptables -t nat -F", "iptables -t mangle -F", "conntrack -F")
    )
