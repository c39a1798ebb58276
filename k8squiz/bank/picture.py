"""What is shown of a cluster before the question, and the names by which its addresses may be told."""

from __future__ import annotations

from collections.abc import Mapping

from engine.cni import PLUGINS
from k8squiz.bank.identity import Identity
from k8squiz.bank.question import NodeView, Picture, PodView, ServiceView
from k8squiz.bank.spec import ClusterSpec, NodeSpec, PodSpec, ServiceSpec
from k8squiz.bank.yaml_values import Yaml


def names(spec: ClusterSpec, identity: Identity) -> dict[str, Yaml]:
    """What the placeholders of the texts stand for."""
    result: dict[str, Yaml] = {
        "client": identity.client, "client.ip": identity.client, "client.port": identity.client_port,
    }  # fmt: skip
    for role, node in spec.nodes.items():
        result |= _fields(role, node.name, {
            "ip": node.ip, "cidr": node.pod_cidr, "cni0": node.bridge, "tunnel": node.tunnel, "zone": node.zone,
            **{f"extra{index}": address for index, address in enumerate(node.extra, 1)},
        })  # fmt: skip
    for role, pod in spec.pods.items():
        result |= _fields(
            role, pod.name, {"ip": pod.ip, "node": pod.node.name, "port": pod.port, "namespace": pod.namespace}
        )
    for role, service in spec.services.items():
        result |= _fields(role, service.name, {
            "namespace": service.namespace, "ip": service.cluster_ip, "port": service.port,
            "targetPort": service.target_port, "nodePort": service.node_port, "lb": service.load_balancer,
            "externalIP": service.external_ips[0] if service.external_ips else "",
            "healthCheckNodePort": service.health_check_node_port, "endpoints": len(service.pods),
        })  # fmt: skip
    return result


def _fields(role: str, name: str, fields: dict[str, Yaml]) -> dict[str, Yaml]:
    return {role: name, **{f"{role}.{field}": value for field, value in fields.items()}}


def aliases(spec: ClusterSpec, identity: Identity) -> dict[str, str]:
    """What a candidate may type for an address: `client`, a node (its InternalIP), `node1/cni0`, a pod, a Service."""
    result = {"client": identity.client}
    for node in spec.nodes.values():
        result[node.name] = node.ip
        result |= {f"{node.name}/{device}": address for device, address in _devices(node, spec)}
    result |= {pod.name: pod.ip for pod in spec.pods.values()}
    result |= {service.name: service.cluster_ip for service in spec.services.values() if service.name not in result}
    result |= {f"svc/{service.name}": service.cluster_ip for service in spec.services.values()}
    return result


def picture(spec: ClusterSpec, identity: Identity) -> Picture:
    """The cluster as the candidate sees it."""
    by_node: dict[str, list[PodSpec]] = {role: [] for role in spec.nodes}
    for pod in spec.pods.values():
        by_node[pod.node.role].append(pod)
    several = len({pod.namespace for pod in spec.pods.values()}) > 1
    nodes = tuple(_node(node, by_node[role], spec, several) for role, node in spec.nodes.items())
    return Picture(nodes, tuple(_service(s) for s in spec.services.values()), identity.client, _facts(spec))


def _node(node: NodeSpec, pods: list[PodSpec], spec: ClusterSpec, several: bool) -> NodeView:
    views = tuple(PodView(pod.name, pod.ip, _state(pod, several)) for pod in pods)
    return NodeView(node.name, node.ip, node.pod_cidr, _devices(node, spec), views, node.zone)


def _state(pod: PodSpec, several: bool) -> str:
    """What one is to know of a pod besides its address; its namespace where the pods stand in `several`."""
    words = [f"namespace {pod.namespace}"] if several else []
    words += [f"{name}={value}" for name, value in pod.labels.items()]
    words += [f"hostPort {pod.host_port}"] if pod.host_port else []
    words += [f"{name} {_plain(value)}" for name, value in pod.more.items() if name != "dnsConfig"]
    if pod.terminating:
        words.append("terminating" + (", serving" if pod.serving else ""))
    elif not pod.ready:
        words.append("not ready")
    if pod.host_network:
        words.append("hostNetwork")
    return ", ".join(words)


def _devices(node: NodeSpec, spec: ClusterSpec) -> tuple[tuple[str, str], ...]:
    devices = [("eth0", node.ip)]
    devices += [(f"eth{index}", address) for index, address in enumerate(node.extra, 1)]
    plugin = PLUGINS.get(spec.plugin)
    if plugin is None:
        return tuple(devices)
    if plugin.bridge is not None:
        devices.append((plugin.bridge, node.bridge))
    tunnel = plugin.tunnel_device(spec.backend)
    if tunnel is not None:
        devices.append((tunnel, node.tunnel))
    return tuple(devices)


def _service(service: ServiceSpec) -> ServiceView:
    lines = []
    if not service.spec.get("headless"):
        lines.append(f"clusterIP {service.cluster_ip}:{service.port}")
    else:
        lines.append("clusterIP None")
    if service.node_port:
        lines.append(f"nodePort {service.node_port}")
    if service.load_balancer:
        lines.append(f"loadBalancer {service.load_balancer}")
    if service.external_ips:
        lines.append(f"externalIPs {', '.join(service.external_ips)}")
    lines.append(f"targetPort {service.target_port}/{service.protocol}")
    for key, value in service.spec.items():
        if key != "headless":
            lines.append(f"{key} {_plain(value)}")
    return ServiceView(service.name, service.type, tuple(lines), tuple(pod.name for pod in service.pods))


def _plain(value: Yaml) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(_plain(item) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={_plain(item)}" for key, item in value.items())
    return str(value).lower() if isinstance(value, bool) else str(value)


def _cni(spec: ClusterSpec) -> str:
    """Which CNI, and what it calls that it masquerades what leaves the pods' networks: it does as its manifests have it."""
    words = [f"CNI {spec.plugin}", *([spec.backend] if spec.backend else [])]
    plugin = PLUGINS.get(spec.plugin)
    return " ".join([*words, *([f"({plugin.masquerading})"] if plugin is not None and plugin.masquerading else [])])


def _facts(spec: ClusterSpec) -> tuple[str, ...]:
    facts = [f"kube-proxy {spec.mode}", _cni(spec)]
    # An empty list is kube-proxy's way of writing that the field is not set.
    facts += [
        f"{key} {_plain(value)}"
        for key, value in spec.proxy.items()
        if key not in ("mode", "iptables", "clusterCIDR") and value != []
    ]
    facts += [f"{key} {_plain(value)}" for key, value in spec.proxy_iptables.items()]
    facts += [f"{key} {_plain(value)}" for key, value in spec.network.items()]
    if spec.background is not None:
        facts.append(f"+{spec.background.services} Services x {spec.background.endpoints}")
    return tuple(facts)
