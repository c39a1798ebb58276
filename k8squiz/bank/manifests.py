"""A resolved cluster as plain Kubernetes YAML: what `kubectl get ... -o yaml` would print of it, as far as it matters."""

from __future__ import annotations

from typing import Any, TypeAlias

from engine.cni import PLUGINS
from k8squiz.bank.manifest_text import text_of
from k8squiz.bank.spec import ClusterSpec, NodeSpec, PodSpec, ServiceSpec

# A Kubernetes object, or a part of one, as it is dumped.
_Object: TypeAlias = dict[str, Any]


def manifests(spec: ClusterSpec) -> str:
    """The cluster as a text that engine.load_cluster takes (manifest_text)."""
    documents = [_proxy(spec), _network(spec)]
    documents += [_node(node, spec) for node in spec.nodes.values()]
    documents += [_pod(pod) for pod in spec.pods.values()]
    for service in spec.services.values():
        documents += [_service(service), _slice(service)]
    return text_of(documents, spec.extra)


def _proxy(spec: ClusterSpec) -> _Object:
    first = next(iter(spec.nodes.values()))
    network = ".".join(first.subnet.split(".")[:2]) + ".0.0/16"
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clusterCIDR": network,
        **spec.proxy,
    }


def _network(spec: ClusterSpec) -> _Object:
    facts = {"clientAddress": spec.client, **spec.network}
    return {"apiVersion": "k8squiz.dev/v1", "kind": "Network", "metadata": {"name": "facts"}, "spec": facts}


def _node(node: NodeSpec, spec: ClusterSpec) -> _Object:
    plugin = PLUGINS.get(spec.plugin)
    annotations = {} if plugin is None else plugin.node_annotations(spec.backend, node.ip, node.tunnel)
    if node.extra:
        annotations["k8squiz.dev/addresses"] = ",".join(node.extra)
    labels = {"kubernetes.io/hostname": node.name, **node.labels}
    if node.zone:
        labels["topology.kubernetes.io/zone"] = node.zone
    status: _Object = {"addresses": [{"type": "InternalIP", "address": node.ip}]}
    if spec.release:
        status["nodeInfo"] = {"kubeProxyVersion": f"v{spec.release}"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": node.name, "labels": labels, "annotations": annotations},
        "spec": {"podCIDR": node.pod_cidr, "podCIDRs": [node.pod_cidr]},
        "status": status,
    }


def _pod(pod: PodSpec) -> _Object:
    labels = {"app": pod.service or pod.name, **pod.labels}
    spec: _Object = {"nodeName": pod.node.name}
    if pod.host_network:
        spec["hostNetwork"] = True
    spec |= pod.more
    port: _Object = {"containerPort": pod.port}
    if pod.port_name:
        port["name"] = pod.port_name
    if pod.protocol != "TCP":
        port["protocol"] = pod.protocol
    if pod.host_port:
        port["hostPort"] = pod.host_port
    spec["containers"] = [{"name": "main", "ports": [dict(one) for one in pod.ports] or [port]}]
    condition = {"type": "Ready", "status": "True" if pod.ready else "False"}
    metadata: _Object = {"name": pod.name, "namespace": pod.namespace, "labels": labels}
    if pod.terminating:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": spec,
        "status": {"phase": "Running", "podIP": pod.ip, "podIPs": [{"ip": pod.ip}], "conditions": [condition]},
    }


def _service(service: ServiceSpec) -> _Object:
    port: _Object = {"port": service.port, "protocol": service.protocol, "targetPort": service.target_port}
    if service.port_name:
        port = {"name": service.port_name, **port}
    if service.node_port:
        port["nodePort"] = service.node_port
    headless = service.spec.get("headless", False)
    spec: _Object = {
        "type": service.type,
        "clusterIP": "None" if headless else service.cluster_ip,
        "selector": {"app": service.name},
        "ports": [port],
        **{key: value for key, value in service.spec.items() if key != "headless"},
    }
    if service.external_ips:
        spec["externalIPs"] = list(service.external_ips)
    metadata: _Object = {"name": service.name, "namespace": service.namespace}
    if service.labels:
        metadata["labels"] = dict(service.labels)
    document = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}
    if service.load_balancer:
        document["status"] = {"loadBalancer": {"ingress": [{"ip": service.load_balancer}]}}
    return document


def _slice(service: ServiceSpec) -> _Object:
    port: _Object = {"name": service.port_name, "port": service.target_port, "protocol": service.protocol}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{service.name}-1",
            "namespace": service.namespace,
            "labels": {"kubernetes.io/service-name": service.name},
        },
        "addressType": "IPv4",
        "ports": [port],
        "endpoints": [_endpoint(pod, service) for pod in service.pods],
    }


def _endpoint(pod: PodSpec, service: ServiceSpec) -> _Object:
    ready = pod.ready or bool(service.spec.get("publishNotReadyAddresses"))
    distribution = str(service.spec.get("trafficDistribution") or "")
    entry: _Object = {
        "addresses": [pod.ip],
        "conditions": {
            "ready": ready,
            "serving": pod.serving and (pod.ready or pod.terminating),
            "terminating": pod.terminating,
        },
        "nodeName": pod.node.name,
        "targetRef": {"kind": "Pod", "name": pod.name, "namespace": pod.namespace},
    }
    if pod.node.zone:
        entry["zone"] = pod.node.zone
    if pod.more.get("hostname") and pod.more.get("subdomain") == service.name:
        entry["hostname"] = pod.more["hostname"]
    # The hints the EndpointSlice controller writes for trafficDistribution (KEP-4444, KEP-3015).
    if distribution and ready:
        entry["hints"] = {"forZones": [{"name": pod.node.zone}]} if pod.node.zone else {}
        if distribution == "PreferSameNode":
            entry["hints"]["forNodes"] = [{"name": pod.node.name}]
    return entry
