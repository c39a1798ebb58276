"""Documents -> objects by kind -> one Cluster, with the rules that hold between objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from engine.cluster import Cluster, EndpointSlice, NetworkFacts, Node, Pod, Service
from engine.errors import ManifestError
from engine.manifests import config, objects
from engine.manifests.cni_evidence import CNIEvidence
from engine.manifests.disagreements import disagreements
from engine.manifests.fields import Fields, shown, shown_zh
from engine.manifests.node_local_dns import is_caches, read_node_local_dns
from engine.manifests.proxy_evidence import ProxyEvidence
from engine.manifests.quick_json import ReadAgain
from engine.manifests.selectors import derived_slices
from engine.manifests.source import Map

if TYPE_CHECKING:
    from engine.cluster.policies import ClusterNetworkPolicy, NetworkPolicy

_MAX_NESTED_LISTS = 16
_OWN = "k8squiz.dev/"
Place = tuple[str, int]


class Collector:
    """Takes documents one by one; `cluster()` puts together what they say."""

    def __init__(self) -> None:
        self._nodes: list[tuple[Node, Fields]] = []
        self._pods: list[Pod] = []
        self._services: list[Service] = []
        self._slices: list[EndpointSlice] = []
        self._mirrors: list[EndpointSlice] = []
        self._cidrs: list[str] = []
        self._namespaces: dict[str, Mapping[str, str]] = {}
        self._policies: list[NetworkPolicy] = []
        self._cluster_policies: list[ClusterNetworkPolicy] = []
        self._other_policies: list[str] = []
        self._proxy = ProxyEvidence()
        self._cni = CNIEvidence()
        self._dns_caches: list[Fields] = []
        self._network: Fields | None = None
        self._seen: dict[tuple[str, str, str], Place] = {}
        self._taken: dict[tuple[str, str], tuple[str, Place]] = {}
        self._mentions: dict[str, tuple[str, Fields]] = {}
        self._ignored: list[str] = []

    def add(self, document: Any, file: str, line: int, in_folder: bool = False) -> None:
        """One document of a file, or an object of a List. In a folder, files of other programs are passed over."""
        if document is None:
            return
        if not isinstance(document, Map):
            raise ManifestError(
                f"a Kubernetes object is a mapping, not {shown(document)}",
                file,
                line,
                zh=f"Kubernetes 对象须为映射，而不是 {shown_zh(document)}",
            )
        if in_folder and "kind" not in document and "apiVersion" not in document:
            self._ignored.append(file)
            return
        self._add_objects(_objects(Fields(document, file), "", "", 0))

    def add_item(self, item: Any, file: str, index: int) -> None:
        """An item of the list `items` at a document's top, of a List in all likelihood: `end_list` tells. Raises ReadAgain
        where the whole document is needed to know what it is."""
        if not isinstance(item, Map) or "kind" not in item or "apiVersion" not in item:
            raise ReadAgain
        self._add_objects(_objects(Fields(item, file, f"items[{index}]"), "", "", 1))

    def end_list(self, document: Any, file: str) -> None:
        """The rest of the document whose items came before. Raises ReadAgain where it was no List."""
        kind = document.get("kind")
        if not isinstance(kind, str) or not kind.endswith("List") or not isinstance(document.get("apiVersion"), str):
            raise ReadAgain
        for _ in _objects(Fields(document, file), "", "", 0):
            pass

    def _add_objects(self, found: Iterator[tuple[Fields, str, str]]) -> None:
        for fields, version, kind in found:
            handler = _HANDLERS.get((version, kind))
            if handler is not None:
                handler(self, fields)
            elif version.startswith(_OWN):
                raise fields.error(
                    "kind",
                    f"{shown(kind)} of {version} is not known; there is k8squiz.dev/v1 Network",
                    zh=f"：{version} 没有 {shown_zh(kind)}；只有 k8squiz.dev/v1 Network",
                )
            else:
                self._cni.other(fields, version, kind)
                if kind.endswith("NetworkPolicy") and not kind.startswith("Staged"):
                    self._other_policy(fields, version, kind)

    def _unique(self, kind: str, namespace: str, name: str, fields: Fields) -> None:
        if not fields.line:
            # An object in a List in a List, read without lines.
            raise ReadAgain
        key = (kind, namespace, name)
        if key in self._seen:
            file, line = self._seen[key]
            called = " ".join(part for part in (kind, f"{namespace}/{name}" if namespace else name) if part)
            raise ManifestError(
                f"{called} was already given at {file}:{line}; keep one of them",
                fields.file,
                fields.line,
                zh=f"{called} 已在 {file}:{line} 给出；请只保留一个",
            )
        self._seen[key] = (fields.file, fields.line)

    def _mention(self, node: str | None, what: str, fields: Fields) -> None:
        if node is not None:
            self._mentions.setdefault(node, (what, fields))

    def _node(self, fields: Fields) -> None:
        node = objects.node(fields)
        self._unique("Node", "", node.name, fields)
        self._nodes.append((node, fields))
        self._proxy.node(fields)

    def _pod(self, fields: Fields) -> None:
        pod = objects.pod(fields)
        self._unique("Pod", pod.namespace, pod.name, fields)
        if not pod.finished:
            self._mention(pod.node_name, f"Pod {pod.namespace}/{pod.name}", fields.mapping("spec"))
        self._pods.append(pod)
        self._proxy.pod(fields.mapping("metadata"), fields.mapping("spec"))
        self._cni.pod(fields)

    def _service(self, fields: Fields) -> None:
        service = objects.service(fields)
        self._unique("Service", service.namespace, service.name, fields)
        spec = fields.mapping("spec")
        for port, entry in zip(service.ports, spec.items("ports"), strict=True):
            if port.node_port:
                place = entry.data.line_of("nodePort")
                self._take("nodePort", f"{port.node_port}/{port.protocol}", service, fields.file, place)
        if service.health_check_node_port:
            place = spec.data.line_of("healthCheckNodePort")
            self._take("nodePort", f"{service.health_check_node_port}/TCP", service, fields.file, place)
        for address in service.cluster_ips:
            self._take("clusterIP", address, service, fields.file, spec.data.line_of("clusterIP"))
        self._services.append(service)

    def _take(self, field: str, value: str, service: Service, file: str, line: int) -> None:
        if (field, value) in self._taken:
            owner, (first, at) = self._taken[field, value]
            message = f"{field} {value} of Service {service.key} overlaps with Service {owner} at {first}:{at}"
            raise ManifestError(
                f"{message}; give one of them another",
                file,
                line,
                zh=f"Service {service.key} 的 {field} {value} 与 {first}:{at} 处 Service {owner} 的冲突；请更换其一",
            )
        self._taken[field, value] = (service.key, (file, line))

    def _endpoints(self, fields: Fields) -> None:
        # EndpointSlices are what most manifests have.
        from engine.manifests.endpoints import mirrored

        metadata = fields.mapping("metadata")
        self._unique("Endpoints", objects.namespace_of(metadata), objects.name_of(metadata), fields)
        self._mirrors += mirrored(fields)

    def _slice(self, fields: Fields) -> None:
        slice_ = objects.endpoint_slice(fields)
        self._unique("EndpointSlice", slice_.namespace, slice_.name, fields)
        for endpoint, entry in zip(slice_.endpoints, fields.items("endpoints"), strict=True):
            if endpoint.node_name is not None and endpoint.node_name not in self._mentions:
                service = f"{slice_.namespace}/{slice_.service_name}"
                what = f"the endpoint {', '.join(endpoint.addresses)} of Service {service}"
                self._mention(endpoint.node_name, what, entry)
        self._slices.append(slice_)

    def _service_cidr(self, fields: Fields) -> None:
        self._unique("ServiceCIDR", "", objects.name_of(fields.mapping("metadata")), fields)
        self._cidrs.extend(objects.service_cidrs(fields))

    # These import their readers when they meet such an object: most clusters that are read have none.

    def _namespace(self, fields: Fields) -> None:
        from engine.manifests.network_policies import namespace_labels

        name, labels = namespace_labels(fields)
        self._unique("Namespace", "", name, fields)
        self._namespaces[name] = labels

    def _network_policy(self, fields: Fields) -> None:
        from engine.manifests.network_policies import network_policy

        policy = network_policy(fields)
        self._unique("NetworkPolicy", policy.namespace, policy.name, fields)
        self._policies.append(policy)

    def _cluster_network_policy(self, fields: Fields) -> None:
        from engine.manifests.cluster_network_policies import cluster_network_policy

        policy = cluster_network_policy(fields)
        self._unique("ClusterNetworkPolicy", "", policy.name, fields)
        self._cluster_policies.append(policy)

    def _other_policy(self, fields: Fields, version: str, kind: str) -> None:
        """A policy that a plugin may enforce and nobody here understands (Calico's, Cilium's, an older API's)."""
        metadata = fields.mapping("metadata")
        namespace = f"{metadata.text('namespace')}/" if "namespace" in metadata else ""
        self._other_policies.append(f"{kind} ({version}) {namespace}{metadata.text('name')}")

    def _config_map(self, fields: Fields) -> None:
        if is_caches(fields):
            self._dns_caches.append(fields)
        elif not self._proxy.config_map(fields):
            self._cni.config_map(fields)

    def _definition(self, fields: Fields) -> None:
        self._cni.definition(fields)

    def _daemon_set(self, fields: Fields) -> None:
        self._proxy.workload(fields)
        self._cni.daemon_set(fields)

    def _proxy_config(self, fields: Fields) -> None:
        self._unique("KubeProxyConfiguration", "", "", fields)
        self._proxy.configuration(fields)

    def _network_facts(self, fields: Fields) -> None:
        self._unique("Network", "", "", fields)
        self._network = fields

    def cluster(self) -> Cluster:
        """The cluster of all documents so far."""
        nodes = tuple(node for node, _ in self._nodes)
        cni, of_cni = self._cni.conclusion(self._nodes, self._pods)
        if any(":0: " in place for place in cni.unmodelled):
            raise ReadAgain
        facts = NetworkFacts()
        if self._network is not None:
            facts = config.network_facts(self._network)
            cni, of_cni = config.network_cni(self._network, facts, cni, of_cni)
        proxy, of_proxy = self._proxy.conclusion(nodes, bool(self._services), (pool.cidr for pool in cni.pools))
        assumed = (*of_proxy, *of_cni)
        derived = derived_slices(self._services, self._slices, self._pods, nodes)
        if self._mirrors:
            from engine.manifests.endpoints import of_services

            derived += of_services(self._mirrors, self._services, self._slices, derived)
        return Cluster(
            nodes=nodes,
            pods=tuple(self._pods),
            services=tuple(self._services),
            slices=(*self._slices, *derived),
            proxy=proxy,
            cni=cni,
            network=facts,
            notices=(*assumed, *self._notices(nodes)),
            assumed=assumed,
            service_cidrs=tuple(dict.fromkeys(self._cidrs or self._proxy.service_cidrs)),
            node_mentions=self._mentions_of_others(nodes),
            namespaces=self._namespaces,
            network_policies=tuple(self._policies),
            cluster_network_policies=tuple(self._cluster_policies),
            other_policies=tuple(self._other_policies),
            node_local_dns=read_node_local_dns(self._cni.daemon_sets(), self._cni.nodes_of, self._dns_caches),
            places=self._seen,
        )

    def _mentions_of_others(self, nodes: tuple[Node, ...]) -> dict[str, tuple[str, str, int]]:
        known = {node.name for node in nodes}
        found = {}
        for name, (what, fields) in self._mentions.items():
            if name not in known:
                line = fields.data.line_of("nodeName")
                if not line:
                    raise ReadAgain
                found[name] = (what, fields.file, line)
        return found

    def _notices(self, nodes: tuple[Node, ...]) -> Iterator[tuple[str, str]]:
        yield from disagreements(self._pods, self._slices, nodes, self._seen)
        if self._ignored:
            files = ", ".join(sorted(set(self._ignored)))
            yield f"Not Kubernetes objects, passed over: {files}.", f"不是 Kubernetes 对象，已跳过：{files}。"
        bare = [s.key for s in self._services if not (s.cluster_ips or s.headless or s.type == "ExternalName")]
        if bare:
            names = ", ".join(bare)
            yield (
                f"Without a clusterIP, which the API server would have allocated, and so not served: {names}.",
                f"没有 clusterIP（本应由 API 服务器分配），因此 kube-proxy 不处理：{names}。",
            )


# Functions, not bound methods: a collector that held its own would be a cycle, and with it all documents of a file would stay
# until Python looks for cycles.
_HANDLERS: dict[tuple[str, str], Callable[[Collector, Fields], None]] = {
    ("v1", "Node"): Collector._node,
    ("v1", "Pod"): Collector._pod,
    ("v1", "Service"): Collector._service,
    ("v1", "ConfigMap"): Collector._config_map,
    ("v1", "Namespace"): Collector._namespace,
    ("apps/v1", "DaemonSet"): Collector._daemon_set,
    ("discovery.k8s.io/v1", "EndpointSlice"): Collector._slice,
    ("v1", "Endpoints"): Collector._endpoints,
    ("networking.k8s.io/v1", "ServiceCIDR"): Collector._service_cidr,
    ("networking.k8s.io/v1beta1", "ServiceCIDR"): Collector._service_cidr,
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"): Collector._definition,
    ("networking.k8s.io/v1", "NetworkPolicy"): Collector._network_policy,
    ("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy"): Collector._cluster_network_policy,
    ("kubeproxy.config.k8s.io/v1alpha1", "KubeProxyConfiguration"): Collector._proxy_config,
    ("k8squiz.dev/v1", "Network"): Collector._network_facts,
}


def _objects(fields: Fields, version: str, kind: str, depth: int) -> Iterator[tuple[Fields, str, str]]:
    """The objects in a document, each with apiVersion and kind. Items of a ServiceList need not repeat theirs."""
    version, kind = fields.text("apiVersion", version), fields.text("kind", kind)
    if not kind or not version:
        missing = "apiVersion" if kind else "kind"
        raise ManifestError(
            f"an object without {missing}; Kubernetes objects name both",
            fields.file,
            fields.line,
            zh=f"对象缺少 {missing}；Kubernetes 对象两者都要写",
        )
    if not kind.endswith("List") or "items" not in fields:
        yield fields, version, kind
        return
    if depth >= _MAX_NESTED_LISTS:
        raise fields.error(
            "items",
            f"holds Lists in Lists, more than {_MAX_NESTED_LISTS} deep",
            zh=f"中 List 嵌套超过 {_MAX_NESTED_LISTS} 层",
        )
    default = ("", "") if kind == "List" else (version, kind.removesuffix("List"))
    for item in fields.items("items"):
        yield from _objects(item, *default, depth + 1)
