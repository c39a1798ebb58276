"""The small clusters the stories are told on, as plain Kubernetes objects.

The addresses are those of the interview question the stories grew from: client 1.2.3.4, node1 192.168.1.10,
Service 10.96.0.10:80 with NodePort 30080, pods listening on 8080.
"""

from __future__ import annotations

import json
from typing import TypeAlias

from engine.values import dataclass

_Manifest: TypeAlias = dict[str, object]

NODES = {"node1": ("192.168.1.10", "10.244.1.0/24"), "node2": ("192.168.1.11", "10.244.2.0/24")}
PODS = {
    "pod-a": ("10.244.1.5", "node1"),
    "pod-b": ("10.244.2.8", "node2"),
    "pod-c": ("10.244.1.6", "node1"),
}
VIP = "10.96.0.10"
LB_VIP = "203.0.113.10"
PORT = 80
NODE_PORT = 30080
TARGET_PORT = 8080
HEALTH_CHECK_NODE_PORT = 32000
SERVICE_CIDR = "10.96.0.0/16"
SECOND_ADDRESS = "192.168.99.10"
# What the clusters that are written as text have in common.
DNS_VIP = "10.96.0.10"
KUBE_DNS = f"""\
apiVersion: v1
kind: Service
metadata: {{name: kube-dns, namespace: kube-system, labels: {{k8s-app: kube-dns}}}}
spec:
  clusterIP: {DNS_VIP}
  selector: {{k8s-app: kube-dns}}
  ports:
  - {{name: dns, port: 53, protocol: UDP}}
  - {{name: dns-tcp, port: 53, protocol: TCP}}
"""
PROXY_CONFIG = """\
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clusterCIDR: 10.244.0.0/16
"""


@dataclass(frozen=True, slots=True)
class Shape:
    """What differs between the stories' clusters."""

    endpoints: tuple[str, ...] = ("pod-a", "pod-b", "pod-c")
    external: str = "Cluster"
    internal: str = "Cluster"
    load_balancer: bool = False
    cluster_ip_only: bool = False
    backend: str = "vxlan"
    service_cidr: bool = False
    second_address: bool = False
    node_port_addresses: str = ""


def manifests(shape: Shape) -> str:
    """The cluster of `shape` as one List, in JSON: to read YAML would cost a story's start more than its walks."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": _documents(shape)})


def cluster_yaml(shape: Shape) -> str:
    """The same as a multi-document YAML text, for a story that writes more of its own to it."""
    import yaml

    return "---\n".join(yaml.safe_dump(document, sort_keys=False) for document in _documents(shape))


def _documents(shape: Shape) -> list[_Manifest]:
    documents = [_node(name, ip, cidr, shape) for name, (ip, cidr) in NODES.items()]
    documents += [_pod(name, ip, node) for name, (ip, node) in PODS.items()]
    documents += [_service(shape), _slice(shape), _proxy(shape)]
    return documents + ([_SERVICE_CIDR] if shape.service_cidr else [])


def _proxy(shape: Shape) -> _Manifest:
    said = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clusterCIDR": "10.244.0.0/16",
    }
    return said | ({"nodePortAddresses": [shape.node_port_addresses]} if shape.node_port_addresses else {})


_SERVICE_CIDR: _Manifest = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "ServiceCIDR",
    "metadata": {"name": "kubernetes"},
    "spec": {"cidrs": [SERVICE_CIDR]},
}


def _node(name: str, ip: str, cidr: str, shape: Shape) -> _Manifest:
    annotations = {"flannel.alpha.coreos.com/backend-type": shape.backend}
    if shape.second_address and name == "node1":
        annotations["k8squiz.dev/addresses"] = f"{ip},{SECOND_ADDRESS}"
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"podCIDR": cidr},
        "status": {"addresses": [{"type": "InternalIP", "address": ip}]},
    }


def _pod(name: str, ip: str, node: str) -> _Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": "web" if name != "client" else "client"}},
        "spec": {"nodeName": node, "containers": [{"name": "web", "ports": [{"containerPort": TARGET_PORT}]}]},
        "status": {"podIP": ip},
    }


def _service(shape: Shape) -> _Manifest:
    port: _Manifest = {"port": PORT, "targetPort": TARGET_PORT}
    spec: _Manifest = {"clusterIP": VIP, "selector": {"app": "web"}, "internalTrafficPolicy": shape.internal}
    service: _Manifest = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}
    if not shape.cluster_ip_only:
        spec["type"] = "LoadBalancer" if shape.load_balancer else "NodePort"
        spec["externalTrafficPolicy"] = shape.external
        port["nodePort"] = NODE_PORT
    spec["ports"] = [port]
    if shape.load_balancer and not shape.cluster_ip_only:
        if shape.external == "Local":
            spec["healthCheckNodePort"] = HEALTH_CHECK_NODE_PORT
        service["status"] = {"loadBalancer": {"ingress": [{"ip": LB_VIP}]}}
    return service


def _slice(shape: Shape) -> _Manifest:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "ports": [{"port": TARGET_PORT}],
        "endpoints": [
            {
                "addresses": [PODS[name][0]],
                "nodeName": PODS[name][1],
                "targetRef": {"kind": "Pod", "name": name, "namespace": "default"},
            }
            for name in shape.endpoints
        ],
    }
