"""The smallest scene that still shows a disagreement, and its text: manifests that `k8squiz trace` and `lab run` read."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from typing import Any

from engine.cluster import Cluster, EndpointSlice, NetworkFacts, Pod, ProxyConfig, Service
from engine.cni import PLUGINS
from engine.lab.scene import Scene
from engine.manifests.config import network_document

Shows = Callable[[Scene], bool]


def smallest(scene: Scene, shows: Shows, attempts: int = 40) -> Scene:
    """Take things away from `scene` as long as `shows` says that the disagreement is still there."""
    left = attempts
    again = True
    while again:
        again = False
        for cluster in _smaller(scene.cluster):
            if left <= 0:
                return scene
            left -= 1
            candidate = dataclasses.replace(scene, cluster=cluster)
            if shows(candidate):
                scene, again = candidate, True
                break
    return scene


def _smaller(cluster: Cluster) -> Iterator[Cluster]:
    """Clusters with one thing less, the largest things first."""
    for node in cluster.nodes if len(cluster.nodes) > 1 else ():
        pods = tuple(pod for pod in cluster.pods if pod.node_name != node.name)
        slices = tuple(_without(slice_, {e.addresses for e in slice_.endpoints if e.node_name == node.name}) for slice_ in cluster.slices)  # fmt: skip
        nodes = tuple(one for one in cluster.nodes if one is not node)
        yield dataclasses.replace(cluster, nodes=nodes, pods=pods, slices=slices)
    for service in cluster.services:
        services = tuple(one for one in cluster.services if one is not service)
        slices = tuple(slice_ for slice_ in cluster.slices if slice_.service_name != service.name)
        yield dataclasses.replace(cluster, services=services, slices=slices)
    for pod in cluster.pods:
        slices = tuple(_without(slice_, {pod.ips}) for slice_ in cluster.slices)
        yield dataclasses.replace(cluster, pods=tuple(one for one in cluster.pods if one is not pod), slices=slices)
    if cluster.network != NetworkFacts():
        yield dataclasses.replace(cluster, network=NetworkFacts())
    if cluster.proxy != ProxyConfig():
        yield dataclasses.replace(cluster, proxy=ProxyConfig())


def _without(slice_: EndpointSlice, gone: set[tuple[str, ...]]) -> EndpointSlice:
    return dataclasses.replace(slice_, endpoints=tuple(e for e in slice_.endpoints if e.addresses not in gone))


def as_text(cluster: Cluster) -> str:
    """The cluster as documents that load_cluster reads: one JSON object each, which YAML is a superset of."""
    documents = [_network(cluster), _proxy(cluster.proxy), *PLUGINS[cluster.cni.plugin].objects(cluster.cni)]
    documents += [
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": _named(
                node.name, **{"k8squiz.dev/addresses": ",".join(node.addresses)} if node.addresses else {}
            ),
            "spec": {"podCIDRs": list(node.pod_cidrs)},
            "status": {
                "addresses": [{"type": "InternalIP", "address": ip} for ip in node.internal_ips],
                "nodeInfo": {"kubeProxyVersion": node.proxy_version},
            },
        }
        for node in cluster.nodes
    ]
    documents += [_pod(pod) for pod in cluster.pods]
    documents += [_service(service) for service in cluster.services]
    documents += [_slice(slice_) for slice_ in cluster.slices]
    return "".join(f"---\n{json.dumps(document)}\n" for document in documents)


def _named(name: str, **annotations: str) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name}
    if annotations:
        found["annotations"] = annotations
    return found


def _network(cluster: Cluster) -> dict[str, Any]:
    cni, facts = cluster.cni, cluster.network
    hairpin = cni.hairpin_mode if facts.hairpin_mode is None else facts.hairpin_mode
    told = dataclasses.replace(facts, mtu=cni.mtu, hairpin_mode=hairpin)
    return network_document(told, cni={"plugin": cni.plugin, "backend": cni.backend})


def _proxy(proxy: ProxyConfig) -> dict[str, Any]:
    detect = {"bridgeInterface": proxy.bridge_interface, "interfaceNamePrefix": proxy.interface_name_prefix}
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": proxy.mode or "",
        "clusterCIDR": ",".join(proxy.cluster_cidrs),
        "detectLocalMode": proxy.detect_local_mode,
        "detectLocal": {name: value for name, value in detect.items() if value},
        "nodePortAddresses": list(proxy.node_port_addresses),
        "iptables": {"masqueradeAll": proxy.masquerade_all, "localhostNodePorts": proxy.localhost_node_ports},
        "nftables": {"masqueradeAll": proxy.masquerade_all},
        "conntrack": {"tcpBeLiberal": proxy.tcp_be_liberal},
    }


def _pod(pod: Pod) -> dict[str, Any]:
    ports = [
        {"name": p.name, "containerPort": p.port, "protocol": p.protocol.value}
        | ({"hostPort": p.host_port} if p.host_port else {})
        for p in pod.ports
    ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": pod.name, "namespace": pod.namespace, "labels": dict(pod.labels)},
        "spec": {"nodeName": pod.node_name, "hostNetwork": pod.host_network, "containers": [{"ports": ports}]},
        "status": {"podIPs": [{"ip": ip} for ip in pod.ips], "conditions": [{"type": "Ready", "status": "True"}]},
    }


def _service(service: Service) -> dict[str, Any]:
    ports = []
    for p in service.ports:
        port = {"name": p.name, "protocol": p.protocol.value, "port": p.port, "targetPort": p.target_port}
        ports.append(port | ({"nodePort": p.node_port} if p.node_port else {}))
    spec: dict[str, Any] = {
        "type": service.type,
        "clusterIPs": list(service.cluster_ips),
        "clusterIP": service.cluster_ips[0] if service.cluster_ips else "None",
        "ports": ports,
        "externalIPs": list(service.external_ips),
        "loadBalancerSourceRanges": list(service.load_balancer_source_ranges),
        "externalTrafficPolicy": service.external_traffic_policy,
        "internalTrafficPolicy": service.internal_traffic_policy,
        "sessionAffinity": service.session_affinity,
        "ipFamilies": list(service.ip_families),
    }
    if service.health_check_node_port:
        spec["healthCheckNodePort"] = service.health_check_node_port
    ingress = [{"ip": entry.ip, "ipMode": entry.ip_mode} for entry in service.load_balancer_ingress]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": service.name, "namespace": service.namespace},
        "spec": spec,
        "status": {"loadBalancer": {"ingress": ingress}},
    }


def _slice(slice_: EndpointSlice) -> dict[str, Any]:
    endpoints = []
    for e in slice_.endpoints:
        conditions = {"ready": e.ready, "serving": e.serving, "terminating": e.terminating}
        endpoint: dict[str, Any] = {"addresses": list(e.addresses), "conditions": conditions}
        if e.node_name is not None:
            endpoint["nodeName"] = e.node_name
        if e.pod is not None:
            namespace, _, name = e.pod.partition("/")
            endpoint["targetRef"] = {"kind": "Pod", "namespace": namespace, "name": name}
        endpoints.append(endpoint)
    labels = {"kubernetes.io/service-name": slice_.service_name}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": slice_.name, "namespace": slice_.namespace, "labels": labels},
        "addressType": slice_.address_type,
        "ports": [{"name": p.name, "protocol": p.protocol.value, "port": p.port} for p in slice_.ports],
        "endpoints": endpoints,
    }
