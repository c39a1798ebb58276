"""Clusters whose pods come and go."""

from __future__ import annotations

import json
from typing import Any

from engine import load_cluster
from engine.cluster import Cluster


def cluster(
    pods: dict[str, str],
    *,
    service: dict[str, Any] | None = None,
    port: dict[str, Any] | None = None,
    nodes: int = 2,
    proxy: dict[str, Any] | None = None,
) -> Cluster:
    """Nodes node1, node2, ..., a pod `caller` on node1, `pods` (name: node) behind Service web, 10.96.0.10:80."""
    items: list[dict[str, Any]] = [
        {
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": f"node{n}"}, "spec": {"podCIDR": f"10.244.{n}.0/24"},
            "status": {"addresses": [{"type": "InternalIP", "address": f"192.168.1.{9 + n}"}]},
        }
        for n in range(1, nodes + 1)
    ]  # fmt: skip
    spec = {"port": 80, "targetPort": 8080, "protocol": "TCP", **(port or {})}
    for number, (name, node) in enumerate({"caller": "node1", **pods}.items()):
        address = f"10.244.{node.removeprefix('node')}.{5 + number}"
        items.append(
            {
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": name, "labels": {"app": "caller" if name == "caller" else "web"}},
                "spec": {"nodeName": node, "containers": [
                    {"name": "c", "ports": [{"containerPort": spec["targetPort"], "protocol": spec["protocol"]}]}
                ]},
                "status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}],
                           "conditions": [{"type": "Ready", "status": "True"}]},
            }
        )  # fmt: skip
    written = {"clusterIP": "10.96.0.10", "selector": {"app": "web"}, "ports": [spec], **(service or {})}
    balancer = {"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}} if written.get("type") == "LoadBalancer" else {}
    items.append(
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": written, "status": balancer}
    )
    if proxy is not None:
        items.append({"apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration", **proxy})
    return load_cluster(text=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
