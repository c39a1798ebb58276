"""Which CNI a cluster has: everything in the manifests that tells of one, and what is concluded from it.

What a plugin's own objects say, the plugin reads (engine.cni); here they are only brought together.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from collections.abc import Iterable

from engine.cluster import CNIConfig, Node, Pod, PortMap
from engine.cni import NATIVE, PLUGINS, native_config
from engine.cni.enforcement import AKS_ENFORCERS, AKS_LABEL, ENFORCEMENTS
from engine.cni.interface import NO_WIRING, DaemonSet
from engine.cni.unmodelled import UNMODELLED, UnmodelledPlugin
from engine.errors import quoted
from engine.manifests.fields import Fields
from engine.manifests.masquerade_agent import is_agents, read_agent

_Pair = tuple[str, str]

ASSUMED = (
    "The manifests name no CNI (no node annotations, DaemonSet or ConfigMap of one): flannel vxlan is assumed.",
    "清单中没有说明使用哪种 CNI（没有 CNI 的节点注解、DaemonSet 或 ConfigMap）：假定使用 flannel 的 vxlan 后端。",
)
_NATIVE = (
    "The pods' addresses lie in the nodes' own network: plain routes are assumed, as the AWS VPC CNI and Azure CNI have them.",
    "Pod 的地址位于节点自己的网络中：假定使用普通路由，如 AWS VPC CNI 和 Azure CNI。",
)
_VPC = (
    "The VPC's networks stand in no Kubernetes object: {nets} is assumed, the smallest that holds all nodes and pods.",
    "VPC 的网段不在任何 Kubernetes 对象中：假定为 {nets}，即包含所有节点和 Pod 的最小网段。",
)
# pkg/minikube/cni/bridge.go: its own list of plugins on a single node, where it does not take kindnet, which has a DaemonSet.
_MINIKUBE_LABEL = "minikube.k8s.io/name"
_MINIKUBE = (
    (
        "The node is minikube's, and the manifests name no CNI: minikube's bridge is assumed (ipMasq, hairpin mode, portmap). It is"
        " called cni0 here, and what its plugin firewall accepts in FORWARD is not written."
    ),
    (
        "节点属于 minikube，而清单没有说明 CNI：假定使用 minikube 的 bridge（ipMasq、hairpin 模式、portmap）。"
        "网桥在此称为 cni0，其 firewall 插件在 FORWARD 中的放行规则没有写出。"
    ),
)
_BY_PODS = (
    "Only the pods' annotations ({annotation}...) tell of {plugin}: its usual network without a tunnel between nodes is assumed.",
    "只有 Pod 的注解（{annotation}...）说明使用的是 {plugin}：假定其节点之间为不带隧道的默认网络。",
)
_AWS_PROVIDER, _EKS = "aws://", "eks.amazonaws.com/"
# The plugins' own APIs.
_OWN_GROUPS = ("projectcalico.org", "operator.tigera.io")
_ENFORCERS = ("azure-npm",)


class CNIEvidence:
    """Takes what may tell of a CNI, one by one; `conclusion` says what it comes to."""

    def __init__(self) -> None:
        self._config_maps: list[Fields] = []
        self._daemon_sets: dict[tuple[str, str], DaemonSet] = {}
        self._of_pods: dict[tuple[str, str], DaemonSet] = {}
        self._nodes_of: dict[tuple[str, str], set[str]] = {}
        self._agents: list[Fields] = []
        self._objects: list[tuple[str, Fields]] = []
        self._by_pods: dict[str, str] = {}
        self._foreign: dict[str, UnmodelledPlugin] = {}

    def config_map(self, fields: Fields) -> None:
        name = fields.mapping("metadata").text("name")
        self._notice(one for one in UNMODELLED if one.told_by_config_map(name))
        (self._agents if is_agents(fields) else self._config_maps).append(fields)

    def daemon_set(self, fields: Fields) -> None:
        """apps/v1 DaemonSet."""
        found = read_daemon_set(fields)
        self._daemon_sets[found.namespace, found.name] = found

    def pod(self, fields: Fields) -> None:
        """A Pod: one of a DaemonSet's tells what that would, where the DaemonSet itself is not given."""
        annotations = fields.mapping("metadata").mapping("annotations").data
        self._notice(one for one in UNMODELLED if one.annotations and one.told_by_pod(annotations))
        self._by_pods |= {
            name: plugin.pod_annotation
            for name, plugin in PLUGINS.items()
            if plugin.pod_annotation and any(key.startswith(plugin.pod_annotation) for key in annotations)
        }
        name = _daemon_set_of(fields.data)
        if name:
            key = (fields.mapping("metadata").text("namespace") or "default", name)
            self._nodes_of.setdefault(key, set()).add(fields.mapping("spec").text("nodeName"))
            if key not in self._daemon_sets and key not in self._of_pods:
                self._of_pods[key] = _daemon_set(fields, name, fields.data.get("spec"))

    def definition(self, fields: Fields) -> None:
        """A CustomResourceDefinition: a plugin's API is installed."""
        group = fields.mapping("spec").text("group") or fields.mapping("metadata").text("name").partition(".")[2]
        self._notice(one for one in UNMODELLED if one.told_by_group(group))

    def other(self, fields: Fields, version: str, kind: str) -> None:
        """An object of any kind that nobody else reads: a plugin's own API, or nothing to do with a CNI."""
        group = version.partition("/")[0] if "/" in version else ""
        self._notice(one for one in UNMODELLED if one.told_by_group(group))
        if group.endswith(_OWN_GROUPS):
            self._objects.append((f"{group}/{kind}", fields))

    def _notice(self, found: Iterable[UnmodelledPlugin]) -> None:
        self._foreign.update((one.name, one) for one in found)

    def daemon_sets(self) -> tuple[DaemonSet, ...]:
        """Those that are given, and those that their pods tell of."""
        return tuple({**self._of_pods, **self._daemon_sets}.values())

    def nodes_of(self, daemon_set: DaemonSet) -> frozenset[str] | None:
        """The nodes that pods of it are on; None where no Pod of it is given."""
        found = self._nodes_of.get((daemon_set.namespace, daemon_set.name))
        return None if found is None else frozenset(found - {""})

    def conclusion(
        self, nodes: Iterable[tuple[Node, Fields]], pods: Iterable[Pod]
    ) -> tuple[CNIConfig, tuple[_Pair, ...]]:
        """The CNI, and what was assumed of it (English and Chinese). Raises ManifestError where nodes disagree."""
        nodes, pods = tuple(nodes), tuple(pods)
        daemon_sets = self.daemon_sets()
        for one in daemon_sets:
            self._notice(known for known in UNMODELLED if known.told_by_daemon_set(one))
        for node, _ in nodes:
            self._notice(one for one in UNMODELLED if one.told_by_node(node))
        # Wiring of their own: whatever else is there (Calico for policies, flannel's leftovers), these have the pods.
        strong = next((one for one in self._foreign.values() if not one.native), None)
        if strong is not None:
            return _refused(strong.name), ()
        configured = self._configured(daemon_sets)
        enforcers = [name for name, told in configured.items() if told.backend == NO_WIRING]
        wiring = {name: told for name, told in configured.items() if name not in enforcers}
        found, assumed = self._wired(nodes, pods, wiring, enforcers)
        enforcers += [name for name in configured if name != found.plugin and found.plugin == NATIVE]
        agent = read_agent(daemon_sets, self._agents, found.masquerade_agent)
        others = _enforced_by(enforcers, nodes) or _other_enforcer(daemon_sets, nodes)
        config = dataclasses.replace(found, policies_by=found.policies_by or others, masquerade_agent=agent)
        return config, tuple(PLUGINS[config.plugin].unsaid(config)) if assumed is None else assumed

    def _wired(
        self,
        nodes: tuple[tuple[Node, Fields], ...],
        pods: tuple[Pod, ...],
        configured: dict[str, CNIConfig],
        enforcers: list[str],
    ) -> tuple[CNIConfig, tuple[_Pair, ...] | None]:
        """Who wires the pods, of those that the manifests tell of and that do not only enforce policies; and what is assumed of
        it, None where the plugin says so itself."""
        native = _in_nodes_network([node for node, _ in nodes], pods)
        vpc = configured.pop(NATIVE, None)
        if vpc is not None:
            return _with_vpc(vpc, nodes, pods)
        out = [*enforcers, *(one.rules_out for one in self._foreign.values())]
        told = _told_by_nodes(nodes, configured, out) or next(iter(configured.values()), None)
        if told is not None:
            return told, None
        foreign = next(iter(self._foreign.values()), None)
        if native:
            if any(_of_aws(node) for node, _ in nodes):
                return _with_vpc(native_config(aws=True), nodes, pods, _NATIVE)
            if foreign is None:
                return native_config(aws=False), (_NATIVE,)
            config = dataclasses.replace(native_config(aws=False), masquerade_agent=foreign.masquerade_agent)
            return config, None
        if foreign is not None:
            return _refused(foreign.name), ()
        for name, annotation in self._by_pods.items():
            en, zh = (text.replace("{plugin}", name).replace("{annotation}", annotation) for text in _BY_PODS)
            usual = PLUGINS[name].usual
            return usual, ((en, zh), *PLUGINS[name].unsaid(usual))
        if len(nodes) == 1 and any(_MINIKUBE_LABEL in node.labels for node, _ in nodes):
            bridge = CNIConfig(
                backend="host-gw", ip_masq=False, forward_rules=False, bridge_ip_masq=True, port_map=PortMap("bridge")
            )
            return bridge, (_MINIKUBE,)
        return CNIConfig(), (ASSUMED,)

    def _configured(self, daemon_sets: Iterable[DaemonSet]) -> dict[str, CNIConfig]:
        """Plugin -> what its ConfigMaps, DaemonSets and own objects say together. An object is the first plugin's that
        knows it."""
        found: dict[str, CNIConfig] = {}
        for config_map in self._config_maps:
            for name, plugin in PLUGINS.items():
                told = plugin.from_config_map(config_map)
                if told is not None:
                    found[name] = told
                    break
        for kind, fields in self._objects:
            for name, plugin in PLUGINS.items():
                told = plugin.from_object(kind, fields, found.get(name))
                if told is not None:
                    found[name] = told
                    break
        for daemon_set in daemon_sets:
            for name, plugin in PLUGINS.items():
                told = plugin.from_daemon_set(daemon_set, found.get(name))
                if told is not None:
                    found[name] = told
                    break
        return {name: found[name] for name in PLUGINS if name in found}


def read_daemon_set(fields: Fields) -> DaemonSet:
    """What a plugin may be told by. Most DaemonSets are nothing to do with one, so nothing in them is an error."""
    pod = fields.data.get("spec", {})
    for key in ("template", "spec"):
        pod = pod.get(key, {}) if isinstance(pod, dict) else {}
    return _daemon_set(fields, fields.mapping("metadata").text("name"), pod)


def _daemon_set(fields: Fields, name: str, pod: object) -> DaemonSet:
    containers = pod.get("containers") if isinstance(pod, dict) else None
    arguments: list[str] = []
    environment: dict[str, str] = {}
    for one in containers if isinstance(containers, list) else ():
        if not isinstance(one, dict):
            continue
        arguments += [word for key in ("command", "args") for word in _listed(one.get(key)) if isinstance(word, str)]
        entries = [entry for entry in _listed(one.get("env")) if isinstance(entry, dict)]
        environment.update(
            {entry["name"]: entry["value"] for entry in entries if _words(entry.get("name"), entry.get("value"))}
        )
    namespace = fields.mapping("metadata").text("namespace") or "default"
    host_network = isinstance(pod, dict) and pod.get("hostNetwork") is True
    return DaemonSet(namespace, name, tuple(arguments), environment, fields.where(""), host_network)


def _daemon_set_of(pod: dict[str, object]) -> str:
    """The name of the DaemonSet that made a Pod: its owner, or what stands before the five letters of its own name where
    the owner is left out of a Pod of the node's network."""
    metadata, spec = pod.get("metadata"), pod.get("spec")
    if not isinstance(metadata, dict):
        return ""
    owners = metadata.get("ownerReferences")
    if isinstance(owners, list) and owners:
        found = (one.get("name") for one in owners if isinstance(one, dict) and one.get("kind") == "DaemonSet")
        return next((name for name in found if isinstance(name, str)), "")
    name = metadata.get("name")
    if not (isinstance(spec, dict) and spec.get("hostNetwork") is True and isinstance(name, str)):
        return ""
    made = re.fullmatch(r"(.+)-[bcdfghjklmnpqrstvwxz2456789]{5}", name)
    return "" if made is None else made[1]


def _enforced_by(plugins: Iterable[str], nodes: tuple[tuple[Node, Fields], ...]) -> str:
    """The word (engine.cni.enforcement) of the first of these plugins that enforces policies."""
    asked = [PLUGINS[name].enforcement(node for node, _ in nodes) for name in plugins]
    words = (word for one in asked for word, known in ENFORCEMENTS.items() if one is not None and one is known)
    return next(words, "")


def _other_enforcer(daemon_sets: Iterable[DaemonSet], nodes: tuple[tuple[Node, Fields], ...]) -> str:
    """Who enforces policies by its own DaemonSet, or by what AKS' nodes are labelled; not all of them are modelled."""
    labelled = (AKS_ENFORCERS.get(node.labels.get(AKS_LABEL, ""), "") for node, _ in nodes)
    return next((one.name for one in daemon_sets if one.name in _ENFORCERS), "") or next(filter(None, labelled), "")


def _words(*values: object) -> bool:
    return all(isinstance(value, str) for value in values)


def _told_by_nodes(
    nodes: tuple[tuple[Node, Fields], ...], configured: dict[str, CNIConfig], out: list[str]
) -> CNIConfig | None:
    """The CNI as the nodes' annotations and labels tell it; each node may tell of one only, and all of the same. Those in
    `out` wire nothing here."""
    found: CNIConfig | None = None
    for node, document in nodes:
        annotations = document.mapping("metadata").mapping("annotations")
        asked = (
            plugin.from_node(node, annotations, configured.get(name))
            for name, plugin in PLUGINS.items()
            if name not in out
        )
        written = next((told for told in asked if told is not None), None)
        if written is None:
            continue
        if found is not None and (written.plugin, written.backend) != (found.plugin, found.backend):
            one, other = (quoted(f"{told.plugin} {told.backend}") for told in (found, written))
            raise document.error(
                "metadata",
                f"says {other}, other nodes say {one}: one cluster has one CNI",
                zh=f"表明是 {other}，而其他节点表明是 {one}：一个集群只有一种 CNI",
            )
        found = found or written
    return found


def _refused(name: str) -> CNIConfig:
    """A plugin that the registry does not have: whoever has to send a packet refuses it by its name."""
    return CNIConfig(name, "", assumed=False, port_map=None)


def _of_aws(node: Node) -> bool:
    return node.provider_id.startswith(_AWS_PROVIDER) or any(label.startswith(_EKS) for label in node.labels)


def _in_nodes_network(nodes: list[Node], pods: tuple[Pod, ...]) -> bool:
    """Whether pods have addresses of the nodes' own network: no node has podCIDRs, and every IPv4 address of a pod lies
    within a /16 of a node's."""
    if any(node.pod_cidrs for node in nodes):
        return False
    own = {_sixteen(address) for node in nodes for address in node.internal_ips if ":" not in address}
    theirs = {_sixteen(ip) for pod in pods if not pod.host_network for ip in pod.ips if ":" not in ip}
    return bool(theirs) and theirs <= own


def _sixteen(address: str) -> str:
    return address.rsplit(".", 2)[0]


def _with_vpc(
    config: CNIConfig, nodes: tuple[tuple[Node, Fields], ...], pods: tuple[Pod, ...], said: _Pair | None = None
) -> tuple[CNIConfig, tuple[_Pair, ...]]:
    addresses = [address for node, _ in nodes for address in node.internal_ips if ":" not in address]
    addresses += [ip for pod in pods for ip in pod.ips if ":" not in ip]
    assumed = () if said is None else (said,)
    if not addresses:
        return config, assumed
    values = [ipaddress.IPv4Address(address) for address in addresses]
    span = ipaddress.ip_network(f"{values[0]}/32")
    while not all(value in span for value in values):
        span = span.supernet()
    en, zh = (text.replace("{nets}", str(span)) for text in _VPC)
    return dataclasses.replace(config, networks=(str(span), *config.networks)), (*assumed, (en, zh))


def _listed(value: object) -> list[object]:
    """What a list holds; nothing where it is none: the plugin's own manifest is no affair of the walk's."""
    return value if isinstance(value, list) else []
