"""The compact `cluster:` of a question file, with roles resolved to drawn names and addresses."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from engine.cluster import ProxyConfig
from engine.cluster.facts import NetworkFacts, Shape, facts_of
from engine.values import dataclass
from k8squiz.bank.forms import CLUSTER, BackgroundForm, ClusterForm, NodeForm, PodForm, ServiceForm
from k8squiz.bank.identity import Identity
from k8squiz.bank.limits import MOST_ADDRESSES, MOST_NODES, MOST_PODS, MOST_SERVICES
from k8squiz.bank.shapes import DRAWN_INTEGER, MAPPING, Place, list_of
from k8squiz.bank.yaml_values import Yaml
from k8squiz.errors import QuizError, unknown

_MOST_PODS = 150  # a node's /24 holds no more that are drawn apart


@dataclass(slots=True)
class NodeSpec:
    role: str
    name: str
    ip: str
    subnet: str
    zone: str = ""
    extra: tuple[str, ...] = ()
    labels: Mapping[str, Yaml] = dataclasses.field(default_factory=dict)

    @property
    def pod_cidr(self) -> str:
        return f"{self.subnet}.0/24"

    @property
    def bridge(self) -> str:
        return f"{self.subnet}.1"

    @property
    def tunnel(self) -> str:
        return f"{self.subnet}.0"


@dataclass(slots=True)
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
    labels: Mapping[str, Yaml] = dataclasses.field(default_factory=dict)
    port_name: str = ""
    host_port: int = 0
    protocol: str = "TCP"
    # What stands in its spec as it is written there.
    more: Mapping[str, Yaml] = dataclasses.field(default_factory=dict)
    # Its container's, as they are written, where more is said of them than `port`.
    ports: tuple[Mapping[str, Yaml], ...] = ()


@dataclass(slots=True)
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
    spec: dict[str, Yaml]
    port_name: str = ""
    load_balancer: str = ""
    external_ips: tuple[str, ...] = ()
    labels: Mapping[str, Yaml] = dataclasses.field(default_factory=dict)

    @property
    def health_check_node_port(self) -> int:
        port = self.spec.get("healthCheckNodePort", 0)
        return port if isinstance(port, int) else 0


@dataclass(slots=True)
class ClusterSpec:
    nodes: dict[str, NodeSpec]
    pods: dict[str, PodSpec]
    services: dict[str, ServiceSpec]
    plugin: str
    backend: str
    proxy: Mapping[str, Yaml]
    network: dict[str, Yaml]
    background: BackgroundForm | None
    extra: str
    client: str
    release: str = ""

    @property
    def mode(self) -> str:
        """kube-proxy's mode, as it is written or left open."""
        return str(self.proxy.get("mode") or ProxyConfig().effective_mode)

    @property
    def proxy_iptables(self) -> Mapping[str, Yaml]:
        """The fields of KubeProxyConfiguration's `iptables`."""
        found = self.proxy.get("iptables")
        return found if isinstance(found, Mapping) else {}


def read_spec(raw: Mapping[str, Yaml], identity: Identity, place: Place) -> ClusterSpec:
    """Resolve the roles of a `cluster:` whose placeholders are filled. `place` is where it stands, for messages."""
    where = place.where
    for name, most in (("nodes", MOST_NODES), ("services", MOST_SERVICES), ("pods", MOST_PODS)):
        given = raw.get(name)
        if isinstance(given, Mapping) and len(given) > most:
            raise QuizError(f"{where}: cluster.{name}: at most {most}", f"{where}：cluster.{name}：最多 {most} 个")
    form = CLUSTER.read(raw, place)
    nodes = _nodes(form.nodes, identity, where)
    owner = _owners(form, where)
    for role in form.services:
        identity.service_name(role)
    pods = {role: _pod(role, pod, owner.get(role), nodes, identity, form, place) for role, pod in form.pods.items()}
    services = {role: _service(role, one, pods, nodes, identity, where) for role, one in form.services.items()}
    plugin, _, backend = form.cni.partition("/")
    network = _network(form.network, nodes, place.at("network"))
    return ClusterSpec(
        nodes, pods, services, plugin, backend, form.proxy, network, form.background, form.manifests, identity.client,
        form.release,
    )  # fmt: skip


# Where an entry of a network fact names nodes.
_NODES_OF = {Shape.MISSING_ROUTES: ("node", "to"), Shape.UNDERLAY_DROPS: ("from", "to"), Shape.NODES: ("name",)}


def _network(raw: Mapping[str, Yaml], nodes: Mapping[str, NodeSpec], place: Place) -> dict[str, Yaml]:
    """The network's facts, with the roles of nodes as their drawn names."""

    def named(value: Yaml) -> Yaml:
        return nodes[value].name if isinstance(value, str) and value in nodes else value

    result = dict(raw)
    for fact in facts_of(NetworkFacts).values():
        if fact.name in result and fact.shape is Shape.OBJECT_NAME:
            result[fact.name] = named(result[fact.name])
        elif fact.name in result and fact.shape in _NODES_OF:
            entries = list_of(MAPPING).read(result[fact.name], place.at(fact.name))
            result[fact.name] = [
                {key: named(value) if key in _NODES_OF[fact.shape] else value for key, value in entry.items()}
                for entry in entries
            ]
    return result


def _nodes(given: int | Mapping[str, NodeForm], identity: Identity, where: str) -> dict[str, NodeSpec]:
    if isinstance(given, int):
        if not 1 <= given <= MOST_NODES:
            raise QuizError(
                f"{where}: cluster.nodes must be between 1 and {MOST_NODES}, not {given}",
                f"{where}：cluster.nodes 必须在 1 到 {MOST_NODES} 之间，而不是 {given}",
            )
        given = {f"node{index}": NodeForm() for index in range(1, given + 1)}
    result = {}
    for role, form in given.items():
        extra = tuple(
            identity.extra_ip(role, index) for index in range(_few(form.addresses, f"nodes.{role}.addresses", where))
        )
        result[role] = NodeSpec(
            role, form.name or identity.node_name(role), form.ip or identity.node_ip(role), identity.pod_subnet(role),
            form.zone, extra, form.labels or {},
        )  # fmt: skip
    return result


def _few(number: int, what: str, where: str) -> int:
    if not 0 <= number <= MOST_ADDRESSES:
        raise QuizError(
            f"{where}: {what}: between 0 and {MOST_ADDRESSES} addresses",
            f"{where}：{what}：地址数须在 0 到 {MOST_ADDRESSES} 之间",
        )
    return number


def _owners(form: ClusterForm, where: str) -> dict[str, str]:
    """Which Service a pod is named after: the first that has it as an endpoint."""
    owner: dict[str, str] = {}
    for service, one in form.services.items():
        if not isinstance(one.endpoints, (list, tuple)):
            continue
        for role in one.endpoints:
            # A parameter may have drawn anything.
            if not isinstance(role, str) or role not in form.pods:
                raise unknown("pod", str(role), form.pods, f"{where}: services.{service}.endpoints: ")
            owner.setdefault(role, service)
    return owner


def _pod(
    role: str, form: PodForm, owner: str | None, nodes: Mapping[str, NodeSpec], identity: Identity,
    cluster: ClusterForm, place: Place,
) -> PodSpec:  # fmt: skip
    where = place.where
    node = _node(form.node, nodes, f"pods.{role}", where)
    service = cluster.services[owner] if owner is not None else ServiceForm()
    shown = (service.name or identity.service_name(owner)) if owner is not None else None
    port = service.target_port or (identity.target_port(owner, "") if owner is not None else identity.pod_port(role))
    if form.ports:
        port = DRAWN_INTEGER.read(form.ports[0].get("containerPort"), place.at("pods").at(role).at("ports"))
    return PodSpec(
        role, form.name or identity.pod_name(role, shown), node,
        node.ip if form.host_network else form.ip or identity.pod_ip(role, node.role),
        port, form.namespace or service.namespace or identity.namespace, shown,
        not form.terminating if form.ready is None else form.ready, form.serving, form.terminating, form.host_network,
        form.labels or {}, form.port_name, form.host_port, service.protocol, _more(form), form.ports,
    )  # fmt: skip


def _more(form: PodForm) -> dict[str, Yaml]:
    written: dict[str, Yaml] = {
        "hostname": form.hostname, "subdomain": form.subdomain, "dnsPolicy": form.dns_policy, "dnsConfig": form.dns_config,
    }  # fmt: skip
    return {name: value for name, value in written.items() if value}


def _node(role: str, nodes: Mapping[str, NodeSpec], what: str, where: str) -> NodeSpec:
    if role not in nodes:
        raise unknown("node", role, nodes, f"{where}: {what}: ")
    return nodes[role]


def _service(
    role: str,
    form: ServiceForm,
    pods: dict[str, PodSpec],
    nodes: Mapping[str, NodeSpec],
    identity: Identity,
    where: str,
) -> ServiceSpec:
    kind, spec = form.type, {key: item for key, item in form.spec.items() if key != "clusterIP"}
    external = form.external
    if isinstance(external, int):
        external = tuple(
            identity.outside_ip(f"external/{role}/{index}")
            for index in range(_few(external, f"services.{role}.externalIPs", where))
        )
    if not isinstance(external, (list, tuple)):
        raise QuizError(
            f"{where}: services.{role}.externalIPs is a number or a list of addresses",
            f"{where}：services.{role}.externalIPs 须为数字或地址列表",
        )
    balancer = kind == "LoadBalancer" if form.balancer is None else form.balancer
    lb = identity.outside_ip(f"lb/{role}") if balancer is True else str(balancer or "")
    has_node_port = kind in ("NodePort", "LoadBalancer") and spec.get("allocateLoadBalancerNodePorts", True)
    node_port = (form.node_port or identity.node_port(role)) if has_node_port else 0
    if kind == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local":
        spec.setdefault("healthCheckNodePort", identity.node_port(f"health/{role}"))
    service = ServiceSpec(
        role, form.name or identity.service_name(role), form.namespace or identity.namespace, kind,
        str(form.spec.get("clusterIP") or identity.cluster_ip(role)), form.port or identity.port(role, ""),
        form.target_port or identity.target_port(role, ""), form.protocol, node_port, [], spec, form.port_name, lb,
        tuple(map(str, external)), form.labels or {},
    )  # fmt: skip
    service.pods = _endpoints(service, form.endpoints, pods, nodes, identity, where)
    return service


def _endpoints(
    service: ServiceSpec,
    raw: Yaml,
    pods: dict[str, PodSpec],
    nodes: Mapping[str, NodeSpec],
    identity: Identity,
    where: str,
) -> list[PodSpec]:
    if isinstance(raw, (list, tuple)):
        return [pods[str(role)] for role in raw]
    result: list[PodSpec] = []
    if not isinstance(raw, Mapping) or not all(isinstance(count, int) for count in raw.values()):
        raise QuizError(
            f"{where}: services.{service.role}.endpoints is a list of pods or a mapping node: number",
            f"{where}：services.{service.role}.endpoints 须为 Pod 列表，或“节点: 数量”的映射",
        )
    for node_role, given in raw.items():
        count = given if isinstance(given, int) else 0
        node = _node(node_role, nodes, f"services.{service.role}.endpoints", where)
        if not 0 <= count <= _MOST_PODS:
            raise QuizError(
                f"{where}: services.{service.role}.endpoints: {count} pods on {node_role}; at most {_MOST_PODS}",
                f"{where}：services.{service.role}.endpoints：{node_role} 上有 {count} 个 Pod；最多 {_MOST_PODS} 个",
            )
        if len(pods) + count > MOST_PODS:
            raise QuizError(
                f"{where}: services.{service.role}.endpoints: more than {MOST_PODS} pods in all",
                f"{where}：services.{service.role}.endpoints：Pod 总数超过 {MOST_PODS} 个",
            )
        for _ in range(count):
            role = f"{service.role}-{len(result) + 1}"
            pod = PodSpec(
                role, identity.pod_name(role, service.name), node, identity.pod_ip(role, node_role), service.target_port,
                service.namespace, service.name, protocol=service.protocol,
            )  # fmt: skip
            pods[role] = pod
            result.append(pod)
    return result
