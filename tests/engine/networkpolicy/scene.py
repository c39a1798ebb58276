"""The cluster that the clauses are asked about: two nodes, three namespaces, and who lives there.

default/web   node1  10.244.1.2  app=web              ports http 8080/TCP, dns 53/UDP
default/api   node2  10.244.2.3  app=api, tier=back   no ports
default/bare  node2  10.244.2.4  no labels
shop/web      node2  10.244.2.5  app=web              ports http 80/TCP
shop/host     node1  192.168.1.11, hostNetwork        app=web, ports http 8080/TCP
other/web     node1  10.244.1.6  app=web; there is no Namespace object
"""

from __future__ import annotations

import json
from typing import Any

from engine import Cluster, load_cluster
from engine.networkpolicy import PolicyDecision, allowed

_WEB = [{"name": "http", "containerPort": 8080}, {"name": "dns", "containerPort": 53, "protocol": "UDP"}]
_SHOP = [{"name": "http", "containerPort": 80}]
_PODS = [
    ("default", "web", "node1", ("10.244.1.2", "fd00:1::2"), {"app": "web"}, _WEB),
    ("default", "api", "node2", ("10.244.2.3", "fd00:2::3"), {"app": "api", "tier": "back"}, []),
    ("default", "bare", "node2", ("10.244.2.4",), {}, []),
    ("shop", "web", "node2", ("10.244.2.5",), {"app": "web"}, _SHOP),
    ("shop", "host", "node1", ("192.168.1.11",), {"app": "web"}, _WEB),
    ("other", "web", "node1", ("10.244.1.6",), {"app": "web"}, []),
]


def objects() -> list[dict[str, Any]]:
    """The manifests without any policy."""
    found: list[dict[str, Any]] = []
    for number in (1, 2):
        addresses = [
            {"type": "InternalIP", "address": f"192.168.1.1{number}"},
            {"type": "ExternalIP", "address": f"198.51.100.{number}"},
            {"type": "InternalIP", "address": f"fd00::1{number}"},
        ]
        node = {
            "metadata": {"name": f"node{number}", "labels": {"disk": f"d{number}"}},
            "status": {"addresses": addresses},
        }
        found.append({"apiVersion": "v1", "kind": "Node", "spec": {"podCIDR": f"10.244.{number}.0/24"}, **node})
    for name, labels in (("default", {}), ("shop", {"team": "a"})):
        found.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    for namespace, name, node_name, addresses_, labels, ports in _PODS:
        spec = {"nodeName": node_name, "hostNetwork": name == "host", "containers": [{"ports": ports}]}
        status = {"podIPs": [{"ip": address} for address in addresses_]}
        metadata = {"name": name, "namespace": namespace, "labels": labels}
        found.append({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status})
    return found


def policy(spec: dict[str, Any], name: str = "p", namespace: str = "default") -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def cluster_policy(spec: dict[str, Any], name: str = "c") -> dict[str, Any]:
    version = "policy.networking.k8s.io/v1alpha2"
    return {"apiVersion": version, "kind": "ClusterNetworkPolicy", "metadata": {"name": name}, "spec": spec}


def scene(*policies: dict[str, Any]) -> Cluster:
    return load_cluster(text=json.dumps({"apiVersion": "v1", "kind": "List", "items": [*objects(), *policies]}))


def ask(cluster: Cluster, asked: str, family: str = "ipv4") -> PolicyDecision:
    """`SOURCE > DESTINATION PORT[/PROTOCOL]`, such as `pod/api > pod/web 8080/TCP`."""
    source, _, rest = asked.partition(" > ")
    destination, port = rest.split()
    number, _, protocol = port.partition("/")
    return allowed(
        cluster, source=source, destination=destination, port=int(number), protocol=protocol or "TCP", family=family
    )
