"""The compact `cluster:` of a question file, with roles resolved to drawn names and addresses."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from k8squiz.bank.identity import Identity
from k8squiz.bank.limits import MOST_ADDRESSES, MOST_NODES, MOST_PODS, MOST_SERVICES
from k8squiz.errors import QuizError, unknown

# Fields of `services.ROLE` that are ours; all others are a Service's spec as Kubernetes spells it.
OURS = frozenset(
    {
        "endpoints",
        "port",
        "targetPort",
        "nodePort",
        "protocol",
        "name",
        "namespace",
        "loadBalancerIP",
        "portName",
        "labels",
    }
)
_MOST_PODS = 150  # a node's /24 holds no more that are drawn apart


@dataclasses.dataclass
class NodeSpec:
    role: str
    name: str
    ip: str
    subnet: str
    zone: str = ""
    extra: tuple[str, ...] = ()
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def pod_cidr(self) -> str:
        return f"{self.subnet}.0/24"

    @property
    def bridge(self) -> str:
        return f"{self.subnet}.1"

    @property
    def tunnel(self) -> str:
        return f"{self.subnet}.0"


@dataclasses.dataclass
class PodSpec:
    role: str
    name: str
    node: NodeSpec
    ip: str
    port: int
    namespace: str
    service: str | None = None
    ready: bool = True
    serving: bool = True
    terminating: bool = False
    host_network: bool = False
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class ServiceSpec:
    role: str
    name: str
    namespace: str
    type: str
    cluster_ip: str
    port: int
    target_port: int
    protocol: str
    node_port: int
    pods: list[PodSpec]
    spec: dict[str, Any]
    port_name: str = ""
    load_balancer: str = ""
    external_ips: tuple[str, ...] = ()
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def health_check_node_port(self) -> int:
        return int(self.spec.get("healthCheckNodePort", 0))


@dataclasses.dataclass
class ClusterSpec:
    nodes: dict[str, NodeSpec]
    pods: dict[str, PodSpec]
    services: dict[str, ServiceSpec]
    plugin: str
    backend: str
    proxy: dict[str, Any]
    network: dict[str, Any]
    background: Mapping[str, Any] | None
    extra: str
    client: str


def read_spec(raw: Mapping[str, Any], identity: Identity, where: str) -> ClusterSpec:
    """Resolve the roles of a substituted `cluster:` mapping. `where` is file:line for messages."""
    try:
        return _read(raw, identity, where)
    except (TypeError, ValueError, AttributeError) as error:
        raise QuizError(f"{where}: cluster: {error}", f"{where}：集群 cluster：{error}") from error


def _read(raw: Mapping[str, Any], identity: Identity, where: str) -> ClusterSpec:
    raw_services = raw.get("services") or {}
    for name, given, most in (
        ("nodes", raw.get("nodes"), MOST_NODES), ("services", raw_services, MOST_SERVICES), ("pods", raw.get("pods"), MOST_PODS),
    ):  # fmt: skip
        if isinstance(given, dict) and len(given) > most:
            raise QuizError(f"{where}: cluster.{name}: at most {most}", f"{where}：cluster.{name}：最多 {most} 个")
    nodes = _nodes(raw.get("nodes", 1), identity, where)
    owner = _owners(raw_services, raw.get("pods") or {}, where)
    for role in raw_services:
        identity.service_name(role)
    pods = {
        role: _pod(role, value, owner.get(role), nodes, identity, raw_services, where)
        for role, value in (raw.get("pods") or {}).items()
    }
    services = {role: _service(role, value, pods, nodes, identity, where) for role, value in raw_services.items()}
    plugin, _, backend = str(raw.get("cni", "flannel/vxlan")).partition("/")
    return ClusterSpec(
        nodes, pods, services, plugin, backend, dict(raw.get("proxy") or {}), _network(raw.get("network") or {}, nodes),
        raw.get("background"), str(raw.get("manifests") or ""), identity.client,
    )  # fmt: skip


def _network(raw: Mapping[str, Any], nodes: Mapping[str, NodeSpec]) -> dict[str, Any]:
    """The network's facts, with the roles of nodes as their drawn names."""

    def named(value: Any) -> Any:
        return nodes[value].name if isinstance(value, str) and value in nodes else value

    result = dict(raw)
    if "serviceCIDRVia" in result:
        result["serviceCIDRVia"] = named(result["serviceCIDRVia"])
    if "missingRoutes" in result:
        result["missingRoutes"] = [
            {key: named(value) for key, value in route.items()} for route in result["missingRoutes"]
        ]
    return result


def _nodes(raw: Any, identity: Identity, where: str) -> dict[str, NodeSpec]:
    if isinstance(raw, bool) or not isinstance(raw, (int, dict)):
        raise QuizError(
            f"{where}: cluster.nodes is a number or a mapping of roles", f"{where}：cluster.nodes 须为数字或角色的映射"
        )
    if isinstance(raw, int):
        if not 1 <= raw <= MOST_NODES:
            raise QuizError(
                f"{where}: cluster.nodes must be between 1 and {MOST_NODES}, not {raw}",
                f"{where}：cluster.nodes 必须在 1 到 {MOST_NODES} 之间，而不是 {raw}",
            )
        raw = {f"node{index}": {} for index in range(1, raw + 1)}
    result = {}
    for role, given in raw.items():
        value = given or {}
        extra = tuple(
            identity.extra_ip(role, index)
            for index in range(_few(value.get("addresses", 0), f"nodes.{role}.addresses", where))
        )
        name = value.get("name") or identity.node_name(role)
        result[role] = NodeSpec(
            role, name, value.get("ip") or identity.node_ip(role), identity.pod_subnet(role), str(value.get("zone", "")),
            extra, value.get("labels") or {},
        )  # fmt: skip
    return result


def _few(raw: Any, what: str, where: str) -> int:
    number = int(raw)
    if not 0 <= number <= MOST_ADDRESSES:
        raise QuizError(
            f"{where}: {what}: between 0 and {MOST_ADDRESSES} addresses",
            f"{where}：{what}：地址数须在 0 到 {MOST_ADDRESSES} 之间",
        )
    return number


def _owners(services: Mapping[str, Any], pods: Mapping[str, Any], where: str) -> dict[str, str]:
    """Which Service a pod is named after: the first that has it as an endpoint."""
    owner: dict[str, str] = {}
    for service, value in services.items():
        endpoints = (value or {}).get("endpoints", [])
        if isinstance(endpoints, list):
            for role in endpoints:
                if role not in pods:
                    raise unknown("pod", str(role), pods, f"{where}: services.{service}.endpoints: ")
                owner.setdefault(role, service)
    return owner


def _pod(
    role: str, raw: Any, owner: str | None, nodes: Mapping[str, NodeSpec], identity: Identity,
    services: Mapping[str, Any], where: str,
) -> PodSpec:  # fmt: skip
    value = dict(raw) if isinstance(raw, dict) else {"node": raw}
    node = _node(value.get("node"), nodes, f"pods.{role}", where)
    service = (services[owner] or {}) if owner is not None else {}
    shown = (service.get("name") or identity.service_name(owner)) if owner is not None else None
    port = service.get("targetPort") or (
        identity.target_port(owner, "") if owner is not None else identity.pod_port(role)
    )
    host_network = bool(value.get("hostNetwork", False))
    ready = bool(value.get("ready", not value.get("terminating", False)))
    return PodSpec(
        role, value.get("name") or identity.pod_name(role, shown), node,
        node.ip if host_network else value.get("ip") or identity.pod_ip(role, node.role),
        int(port), value.get("namespace") or service.get("namespace") or identity.namespace, shown, ready,
        bool(value.get("serving", True)), bool(value.get("terminating", False)), host_network, value.get("labels") or {},
    )  # fmt: skip


def _node(role: Any, nodes: Mapping[str, NodeSpec], what: str, where: str) -> NodeSpec:
    if role not in nodes:
        raise unknown("node", str(role), nodes, f"{where}: {what}: ")
    return nodes[role]


def _service(
    role: str, raw: Any, pods: dict[str, PodSpec], nodes: Mapping[str, NodeSpec], identity: Identity, where: str
) -> ServiceSpec:
    value = dict(raw or {})
    kind = str(value.get("type", "ClusterIP"))
    spec = {
        key: item for key, item in value.items() if key not in OURS and key not in ("type", "clusterIP", "externalIPs")
    }
    external = value.get("externalIPs", ())
    if isinstance(external, int):
        several = range(_few(external, f"services.{role}.externalIPs", where))
        external = tuple(identity.outside_ip(f"external/{role}/{index}") for index in several)
    balancer = value.get("loadBalancerIP", kind == "LoadBalancer")
    lb = identity.outside_ip(f"lb/{role}") if balancer is True else str(balancer or "")
    has_node_port = kind in ("NodePort", "LoadBalancer") and spec.get("allocateLoadBalancerNodePorts", True)
    node_port = int(value.get("nodePort") or identity.node_port(role)) if has_node_port else 0
    if kind == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local":
        spec.setdefault("healthCheckNodePort", identity.node_port(f"health/{role}"))
    name = value.get("name") or identity.service_name(role)
    service = ServiceSpec(
        role, name, value.get("namespace") or identity.namespace, kind, str(value.get("clusterIP") or identity.cluster_ip(role)),
        int(value.get("port") or identity.port(role, "")), int(value.get("targetPort") or identity.target_port(role, "")),
        str(value.get("protocol", "TCP")), node_port, [], spec, str(value.get("portName", "")), lb, tuple(external),
        value.get("labels") or {},
    )  # fmt: skip
    service.pods = _endpoints(service, value.get("endpoints", []), pods, nodes, identity, where)
    return service


def _endpoints(
    service: ServiceSpec,
    raw: Any,
    pods: dict[str, PodSpec],
    nodes: Mapping[str, NodeSpec],
    identity: Identity,
    where: str,
) -> list[PodSpec]:
    if isinstance(raw, list):
        return [pods[role] for role in raw]
    result: list[PodSpec] = []
    if not isinstance(raw, dict):
        raise QuizError(
            f"{where}: services.{service.role}.endpoints is a list of pods or a mapping node: number",
            f"{where}：services.{service.role}.endpoints 须为 Pod 列表，或“节点: 数量”的映射",
        )
    for node_role, count in raw.items():
        node = _node(node_role, nodes, f"services.{service.role}.endpoints", where)
        if not 0 <= int(count) <= _MOST_PODS:
            raise QuizError(
                f"{where}: services.{service.role}.endpoints: {count} pods on {node_role}; at most {_MOST_PODS}",
                f"{where}：services.{service.role}.endpoints：{node_role} 上有 {count} 个 Pod；最多 {_MOST_PODS} 个",
            )
        if len(pods) + int(count) > MOST_PODS:
            raise QuizError(
                f"{where}: services.{service.role}.endpoints: more than {MOST_PODS} pods in all",
                f"{where}：services.{service.role}.endpoints：Pod 总数超过 {MOST_PODS} 个",
            )
        for _ in range(int(count)):
            role = f"{service.role}-{len(result) + 1}"
            pod = PodSpec(
                role, identity.pod_name(role, service.name), node, identity.pod_ip(role, node_role), service.target_port,
                service.namespace, service.name,
            )  # fmt: skip
            pods[role] = pod
            result.append(pod)
    return result
