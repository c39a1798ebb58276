"""Cluster -> documents: the objects as the API server gives them back, so that load_cluster reads the same cluster again.

The reverse of objects.py and network_policies.py, and of nothing else: what no Kubernetes object holds (NetworkFacts), how
the CNI was told, NodeLocal DNSCache and the plugins' own objects are not written here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import yaml

from engine.cluster import (
    Cluster,
    ContainerPort,
    EndpointSlice,
    Node,
    Pod,
    PodDNSConfig,
    ProxyConfig,
    Service,
    ServicePort,
    SliceEndpoint,
)
from engine.cluster.policies import LabelSelector, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyRule
from engine.manifests.objects import ADDRESSES_ANNOTATION, CONTAINER_ID_ANNOTATION, SERVICE_NAME_LABEL

Document: TypeAlias = dict[str, Any]


def documents_of(cluster: Cluster) -> Iterator[Document]:
    """Every object of the cluster that is written here, Namespaces and Nodes first."""
    for name, labels in cluster.namespaces.items():
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": dict(labels)}}
    yield from map(node_document, cluster.nodes)
    yield from map(pod_document, cluster.pods)
    yield from map(service_document, cluster.services)
    yield from map(slice_document, cluster.slices)
    yield from map(policy_document, cluster.network_policies)
    if cluster.service_cidrs:
        yield {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "ServiceCIDR",
            "metadata": {"name": "kubernetes"},
            "spec": {"cidrs": list(cluster.service_cidrs)},
        }


def _without_empty(document: Mapping[str, Any]) -> Document:
    """Without the fields that say nothing: the API leaves them out (omitempty)."""
    return {key: value for key, value in document.items() if value not in (None, "", [], {}, ())}


def _metadata(
    name: str, namespace: str = "", labels: Mapping[str, str] = {}, annotations: Mapping[str, str] = {}
) -> Document:
    return _without_empty(
        {"name": name, "namespace": namespace, "labels": dict(labels), "annotations": dict(annotations)}
    )


def node_document(node: Node) -> Document:
    """v1 Node."""
    annotations = dict(node.annotations)
    if node.addresses:
        annotations[ADDRESSES_ANNOTATION] = ",".join(node.addresses)
    metadata = _metadata(node.name, labels=node.labels, annotations=annotations)
    if node.deleting:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    addresses = [{"type": "InternalIP", "address": ip} for ip in node.internal_ips]
    addresses += [{"type": "ExternalIP", "address": ip} for ip in node.external_ips]
    spec = {"podCIDR": node.pod_cidrs[0] if node.pod_cidrs else "", "podCIDRs": list(node.pod_cidrs), "providerID": node.provider_id}  # fmt: skip
    status = {
        "addresses": [*addresses, {"type": "Hostname", "address": node.name}],
        "nodeInfo": _without_empty({"kubeletVersion": node.proxy_version}),
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": metadata,
        "spec": _without_empty(spec),
        "status": _without_empty(status),
    }


def pod_document(pod: Pod) -> Document:
    """v1 Pod: one container, whose name nothing tells."""
    annotations = {CONTAINER_ID_ANNOTATION: pod.container_id} if pod.container_id else {}
    metadata = _metadata(pod.name, pod.namespace, pod.labels, annotations)
    if pod.terminating:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    container = _without_empty({"name": "main", "ports": [_container_port(port) for port in pod.ports]})
    spec = {
        "nodeName": pod.node_name,
        "hostNetwork": pod.host_network or None,
        "hostname": pod.hostname,
        "subdomain": pod.subdomain,
        "dnsPolicy": pod.dns_policy if pod.dns_policy != "ClusterFirst" else "",
        "dnsConfig": _dns_config(pod.dns_config),
        "containers": [container],
    }
    status = {
        "phase": "Succeeded" if pod.finished else "Running" if pod.node_name else "Pending",
        "conditions": [{"type": "Ready", "status": "True" if pod.ready else "False"}],
        "podIP": pod.ips[0] if pod.ips else "",
        "podIPs": [{"ip": ip} for ip in pod.ips],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": _without_empty(spec), "status": _without_empty(status)}  # fmt: skip


def _dns_config(config: PodDNSConfig | None) -> Document | None:
    if config is None:
        return None
    options = [{"name": name, **({} if value is None else {"value": value})} for name, value in config.options]
    return {"nameservers": list(config.nameservers), "searches": list(config.searches), "options": options}


def _container_port(port: ContainerPort) -> Document:
    return _without_empty(
        {
            "name": port.name,
            "containerPort": port.port,
            "protocol": port.protocol.value,
            "hostPort": port.host_port or None,
            "hostIP": port.host_ip,
        }
    )


def service_document(service: Service) -> Document:
    """v1 Service."""
    ports = [_service_port(port) for port in service.ports]
    cluster_ips = ["None"] if service.headless else list(service.cluster_ips)
    affinity = {"clientIP": {"timeoutSeconds": service.affinity_timeout_seconds}}
    outside = service.type in ("NodePort", "LoadBalancer") or service.external_ips
    spec = {
        "type": service.type,
        "clusterIP": cluster_ips[0] if cluster_ips else "",
        "clusterIPs": cluster_ips,
        "ipFamilies": list(service.ip_families),
        "ports": ports,
        "selector": dict(service.selector),
        "externalIPs": list(service.external_ips),
        "loadBalancerSourceRanges": list(service.load_balancer_source_ranges),
        "externalTrafficPolicy": service.external_traffic_policy if outside else "",
        "internalTrafficPolicy": service.internal_traffic_policy if service.external_name is None else "",
        "healthCheckNodePort": service.health_check_node_port or None,
        "sessionAffinity": service.session_affinity,
        "sessionAffinityConfig": affinity if service.session_affinity == "ClientIP" else {},
        "publishNotReadyAddresses": service.publish_not_ready_addresses or None,
        "trafficDistribution": service.traffic_distribution,
        "externalName": service.external_name,
    }
    ingress = [{"ip": one.ip, "ipMode": one.ip_mode} for one in service.load_balancer_ingress]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(service.name, service.namespace, service.labels, service.annotations),
        "spec": _without_empty(spec),
        "status": {"loadBalancer": _without_empty({"ingress": ingress})},
    }


def _service_port(port: ServicePort) -> Document:
    return _without_empty(
        {
            "name": port.name,
            "protocol": port.protocol.value,
            "port": port.port,
            "targetPort": port.target_port,
            "nodePort": port.node_port or None,
        }
    )


def slice_document(slice_: EndpointSlice) -> Document:
    """discovery.k8s.io/v1 EndpointSlice."""
    labels = dict(slice_.labels)
    if slice_.service_name:
        labels[SERVICE_NAME_LABEL] = slice_.service_name
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": _metadata(slice_.name, slice_.namespace, labels),
        "addressType": slice_.address_type,
        "endpoints": [_endpoint(one) for one in slice_.endpoints],
        "ports": [_without_empty({"name": p.name, "protocol": p.protocol.value, "port": p.port}) for p in slice_.ports],
    }


def _endpoint(one: SliceEndpoint) -> Document:
    hints = {
        "forZones": [{"name": name} for name in sorted(one.zone_hints)],
        "forNodes": [{"name": name} for name in sorted(one.node_hints)],
    }
    target: Document = {}
    if one.pod is not None:
        namespace, _, name = one.pod.partition("/")
        target = {"kind": "Pod", "namespace": namespace, "name": name}
    return _without_empty(
        {
            "addresses": list(one.addresses),
            "conditions": {"ready": one.ready, "serving": one.serving, "terminating": one.terminating},
            "hostname": one.hostname,
            "nodeName": one.node_name,
            "zone": one.zone,
            "hints": _without_empty(hints),
            "targetRef": target,
        }
    )


def policy_document(policy: NetworkPolicy) -> Document:
    """networking.k8s.io/v1 NetworkPolicy."""
    spec: Document = {"podSelector": selector_document(policy.pod_selector)}
    if policy.ingress:
        spec["ingress"] = [_rule(rule, "from") for rule in policy.ingress]
    if policy.egress:
        spec["egress"] = [_rule(rule, "to") for rule in policy.egress]
    spec["policyTypes"] = [kind.value for kind in policy.policy_types]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": _metadata(policy.name, policy.namespace),
        "spec": spec,
    }


def _rule(rule: NetworkPolicyRule, peers: str) -> Document:
    ports = [
        _without_empty({"protocol": port.protocol.value, "port": port.port, "endPort": port.end_port})
        for port in rule.ports
    ]
    return _without_empty({"ports": ports, peers: [_peer(peer) for peer in rule.peers]})


def _peer(peer: NetworkPolicyPeer) -> Document:
    # An empty selector is not the same as none: it is kept.
    found: Document = {}
    if peer.ip_block is not None:
        found["ipBlock"] = _without_empty({"cidr": peer.ip_block.cidr, "except": list(peer.ip_block.excepted)})
    if peer.namespace_selector is not None:
        found["namespaceSelector"] = selector_document(peer.namespace_selector)
    if peer.pod_selector is not None:
        found["podSelector"] = selector_document(peer.pod_selector)
    return found


def selector_document(selector: LabelSelector) -> Document:
    """meta/v1 LabelSelector."""
    expressions = [
        _without_empty({"key": one.key, "operator": one.operator, "values": list(one.values)})
        for one in selector.match_expressions
    ]
    return _without_empty({"matchLabels": dict(selector.match_labels), "matchExpressions": expressions})


def proxy_document(proxy: ProxyConfig) -> Document:
    """kubeproxy.config.k8s.io/v1alpha1 KubeProxyConfiguration."""
    udp, udp_stream = proxy.udp_timeouts
    detect = {"bridgeInterface": proxy.bridge_interface, "interfaceNamePrefix": proxy.interface_name_prefix}
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": str(proxy.mode or ""),
        "clusterCIDR": ",".join(proxy.cluster_cidrs),
        "detectLocalMode": proxy.detect_local_mode,
        "detectLocal": _without_empty(detect),
        "nodePortAddresses": list(proxy.node_port_addresses),
        "iptables": {
            "masqueradeAll": proxy.masquerade_all,
            "masqueradeBit": proxy.masquerade_bit,
            "localhostNodePorts": proxy.localhost_node_ports,
        },
        "ipvs": {"scheduler": proxy.ipvs_scheduler, "strictARP": proxy.ipvs_strict_arp},
        "nftables": {"masqueradeAll": proxy.masquerade_all, "masqueradeBit": proxy.masquerade_bit},
        "conntrack": {
            "maxPerCore": proxy.conntrack_max_per_core,
            "tcpBeLiberal": proxy.tcp_be_liberal,
            "udpTimeout": f"{udp}s",
            "udpStreamTimeout": f"{udp_stream}s",
        },
    }


def yaml_text(document: Document) -> str:
    """As kubectl prints an object: keys in order (numbers in them as numbers), lists not indented, strings that would be read as
    something else in double quotes, text of several lines as it is (sigs.k8s.io/yaml)."""
    return yaml.dump(
        _ordered(document),
        Dumper=_Dumper,
        sort_keys=False,
        default_flow_style=False,
        allow_unicode=True,
        width=10_000_000,
    )


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value, key=_key_order)}
    return [_ordered(item) for item in value] if isinstance(value, list | tuple) else value


def _key_order(key: str) -> list[tuple[int, int, str]]:
    """Digits count as one number, and stand before all else; letters behind what is no letter (goyaml's keyList)."""
    pieces = re.findall(r"[0-9]+|.", str(key), re.DOTALL)
    return [(0, int(one), "") if one.isdigit() else (2 if one.isalpha() else 1, 0, one) for one in pieces]


class _Dumper(yaml.SafeDumper):
    """Without anchors: what stands twice is written twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text_node(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    tag = "tag:yaml.org,2002:str"
    read_as: str = dumper.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    style = "|" if "\n" in text else '"' if read_as != tag or text.lower() in ("y", "n") else None
    return dumper.represent_scalar(tag, text, style=style)


_Dumper.add_representer(str, _text_node)
