"""What a cluster is to the dataplane: nodes, pods, Services, EndpointSlices, kube-proxy's configuration.

Field names are the Kubernetes API's in Python's spelling. All values are frozen; addresses are
canonical strings, networks canonical CIDR strings, durations seconds.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.cluster.facts import NetworkFacts
from engine.packet import L4
from engine.values import dataclass

if TYPE_CHECKING:
    from engine.cluster.policies import ClusterNetworkPolicy, NetworkPolicy

_EMPTY: Mapping[str, str] = MappingProxyType({})

# By these labels kube-proxy's informers leave objects out (which label counts for which kind: engine.proxy.endpoints).
LABEL_PROXY_NAME = "service.kubernetes.io/service-proxy-name"
LABEL_HEADLESS = "service.kubernetes.io/headless"


def _empty() -> Mapping[str, str]:
    return _EMPTY


def _no_namespaces() -> Mapping[str, Mapping[str, str]]:
    return MappingProxyType({})


def _no_places() -> Mapping[tuple[str, str, str], tuple[str, int]]:
    return MappingProxyType({})


def _no_mentions() -> Mapping[str, tuple[str, str, int]]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Node:
    """v1 Node. `internal_ips` are status.addresses of type InternalIP in order (the primary first);
    `addresses` adds every further interface address (annotation k8squiz.dev/addresses), `external_ips` are those of
    type ExternalIP, which no interface need have. `proxy_version` is what status.nodeInfo says of kube-proxy
    (kubeProxyVersion, else kubeletVersion), "" where it says nothing; `provider_id` is spec.providerID."""

    name: str
    internal_ips: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    pod_cidrs: tuple[str, ...] = ()
    labels: Mapping[str, str] = dataclasses.field(default_factory=_empty)
    annotations: Mapping[str, str] = dataclasses.field(default_factory=_empty)
    deleting: bool = False
    external_ips: tuple[str, ...] = ()
    proxy_version: str = ""
    provider_id: str = ""

    @property
    def zone(self) -> str | None:
        return self.labels.get("topology.kubernetes.io/zone")


@dataclass(frozen=True, slots=True)
class ContainerPort:
    """One entry of a container's ports; `host_port` 0 where it has none, `host_ip` "" for every address of the node."""

    name: str
    port: int
    protocol: L4 = L4.TCP
    host_port: int = 0
    host_ip: str = ""


@dataclass(frozen=True, slots=True)
class PodDNSConfig:
    """v1 Pod's spec.dnsConfig. An option is (name, value), with value None where it has none."""

    nameservers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Pod:
    """v1 Pod, as far as it can own an address, back a Service or send a packet. `finished`: phase Succeeded or Failed.

    `hostname` and `subdomain` are spec's, "" where not set: with a headless Service of the subdomain's name, its DNS name.
    `container_id` is the id of the pod's sandbox, which no field of the API holds (annotation k8squiz.dev/container-id); ""
    where it is not given. `run_as_user`, `run_as_group`: the securityContext's of its first container that is no mesh's proxy.
    `dns_policy` and `dns_config` are spec's too.
    """

    namespace: str
    name: str
    node_name: str | None
    ips: tuple[str, ...]
    host_network: bool = False
    labels: Mapping[str, str] = dataclasses.field(default_factory=_empty)
    ports: tuple[ContainerPort, ...] = ()
    ready: bool = True
    terminating: bool = False
    finished: bool = False
    container_id: str = ""
    hostname: str = ""
    subdomain: str = ""
    run_as_user: int | None = None
    run_as_group: int | None = None
    dns_policy: str = "ClusterFirst"
    dns_config: PodDNSConfig | None = None


@dataclass(frozen=True, slots=True)
class ServicePort:
    """One entry of spec.ports. `name` is "" where unnamed; `node_port` 0 where there is none."""

    name: str
    protocol: L4
    port: int
    target_port: int | str
    node_port: int = 0


@dataclass(frozen=True, slots=True)
class LoadBalancerIngress:
    """status.loadBalancer.ingress[]; `ip_mode` is VIP or Proxy (KEP-1860)."""

    ip: str
    ip_mode: str = "VIP"


@dataclass(frozen=True, slots=True)
class Service:
    """v1 Service. `cluster_ips` is empty for headless and ExternalName."""

    namespace: str
    name: str
    type: str = "ClusterIP"
    cluster_ips: tuple[str, ...] = ()
    headless: bool = False
    ports: tuple[ServicePort, ...] = ()
    selector: Mapping[str, str] = dataclasses.field(default_factory=_empty)
    external_ips: tuple[str, ...] = ()
    load_balancer_ingress: tuple[LoadBalancerIngress, ...] = ()
    load_balancer_source_ranges: tuple[str, ...] = ()
    external_traffic_policy: str = "Cluster"
    internal_traffic_policy: str = "Cluster"
    health_check_node_port: int = 0
    session_affinity: str = "None"
    affinity_timeout_seconds: int = 10800
    publish_not_ready_addresses: bool = False
    traffic_distribution: str | None = None
    ip_families: tuple[str, ...] = ()
    external_name: str | None = None
    labels: Mapping[str, str] = dataclasses.field(default_factory=_empty)
    annotations: Mapping[str, str] = dataclasses.field(default_factory=_empty)

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def external_policy_local(self) -> bool:
        """externalTrafficPolicy Local, which counts only for a Service that can be reached from outside at all."""
        outside = self.type in ("NodePort", "LoadBalancer") or (self.type == "ClusterIP" and bool(self.external_ips))
        return outside and self.external_traffic_policy == "Local"


@dataclass(frozen=True, slots=True)
class EndpointPort:
    """EndpointSlice ports[]; `port` None means "all ports" in the API and is skipped by kube-proxy."""

    name: str
    protocol: L4
    port: int | None


@dataclass(frozen=True, slots=True)
class SliceEndpoint:
    """EndpointSlice endpoints[] (KEP-1672 conditions; hints of KEP-2433 and KEP-3015)."""

    addresses: tuple[str, ...]
    ready: bool = True
    serving: bool = True
    terminating: bool = False
    node_name: str | None = None
    zone: str | None = None
    zone_hints: frozenset[str] = frozenset()
    node_hints: frozenset[str] = frozenset()
    pod: str | None = None  # "namespace/name" of targetRef, where it is a Pod
    hostname: str = ""


@dataclass(frozen=True, slots=True)
class EndpointSlice:
    namespace: str
    name: str
    service_name: str
    address_type: str
    ports: tuple[EndpointPort, ...]
    endpoints: tuple[SliceEndpoint, ...]
    labels: Mapping[str, str] = dataclasses.field(default_factory=_empty)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint of one Service port: what kube-proxy balances over."""

    address: str
    port: int
    ready: bool = True
    serving: bool = True
    terminating: bool = False
    node_name: str | None = None
    zone: str | None = None
    zone_hints: frozenset[str] = frozenset()
    node_hints: frozenset[str] = frozenset()
    pod: str | None = None


class Mode(enum.StrEnum):
    """KubeProxyConfiguration's `mode` (ProxyMode in pkg/proxy/apis/config)."""

    IPTABLES = "iptables"
    IPVS = "ipvs"
    NFTABLES = "nftables"
    KERNELSPACE = "kernelspace"  # Windows' own, which is not modelled


@dataclass(frozen=True, slots=True)
class ProxyConfig:
    """KubeProxyConfiguration, the fields that change the dataplane (kubeproxy.config.k8s.io/v1alpha1).

    `cluster_cidrs` is clusterCIDR split at commas. `mode` None: it is left open. `udp_timeouts` are conntrack.udpTimeout and
    udpStreamTimeout in seconds, the kernel's own where they are 0; `conntrack_max_per_core` is conntrack.maxPerCore, 0 where
    nf_conntrack_max is left as it is."""

    mode: Mode | None = None
    cluster_cidrs: tuple[str, ...] = ()
    detect_local_mode: str = ""
    bridge_interface: str = ""
    interface_name_prefix: str = ""
    node_port_addresses: tuple[str, ...] = ()
    masquerade_all: bool = False
    masquerade_bit: int = 14
    localhost_node_ports: bool = True
    ipvs_scheduler: str = ""
    ipvs_strict_arp: bool = False
    tcp_be_liberal: bool = False
    udp_timeouts: tuple[int, int] = (30, 120)
    conntrack_max_per_core: int = 32768

    @property
    def effective_mode(self) -> Mode:
        """The mode it works in: the one that is set, else Linux' default."""
        return self.mode or Mode.IPTABLES

    @property
    def masquerade_mark(self) -> int:
        return 1 << self.masquerade_bit


@dataclass(frozen=True, slots=True)
class IPPool:
    """crd.projectcalico.org/v1 IPPool: addresses for pods; the modes are Never, Always or CrossSubnet."""

    cidr: str
    nat_outgoing: bool = False
    ipip_mode: str = "Never"
    vxlan_mode: str = "Never"


@dataclass(frozen=True, slots=True)
class PortMap:
    """The chained plugin portmap, which makes host ports: its entry in the CNI configuration list. `network` is the list's
    name, `backend` iptables or nftables, `mark_chain` another program's chain that marks what is to be masqueraded ("": its
    own do both), `unmodelled` its options that change its rules and are not known here."""

    network: str = "cbr0"
    snat: bool = True
    backend: str = "iptables"
    mark_bit: int = 13
    mark_chain: str = ""
    unmodelled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MasqueradeAgent:
    """ip-masq-agent, or what a cloud's nodes write in its stead (`program`, with which their rules' comments begin): what goes
    to none of the networks `inside` is masqueraded (nor what goes to the pods' networks, with `pods_inside`); `link_local`:
    link-local addresses too, `ipv6`: IPv6 too."""

    program: str = "ip-masq-agent"
    chain: str = "IP-MASQ-AGENT"
    inside: tuple[str, ...] = ()
    link_local: bool = False
    random_fully: bool = True
    ipv6: bool = False
    pods_inside: bool = False


@dataclass(frozen=True, slots=True)
class NodeLocalDNS:
    """NodeLocal DNSCache, a DaemonSet of the node's network. `addresses` are its -localip, which its `device` holds ("": it
    makes none) and its rules are for (`rules` False: it writes none); `bound` those that it listens on, port `port` of UDP and
    TCP. `nodes` are those that it runs on, None where no Pod tells: then all."""

    addresses: tuple[str, ...]
    bound: tuple[str, ...]
    nodes: frozenset[str] | None = None
    device: str = "nodelocaldns"
    rules: bool = True
    port: int = 53
    health_port: int = 8080

    def runs_on(self, node: str) -> bool:
        return self.nodes is None or node in self.nodes


@dataclass(frozen=True, slots=True)
class CNIConfig:
    """How pods of different nodes reach each other, and what the plugin writes on nodes.

    `plugin` names an entry of engine.cni's registry; `backend` is the plugin's own word
    (flannel: vxlan, host-gw; calico: bgp, ipip, vxlan); `assumed` says nothing in the manifests told.
    `networks` are the pods' networks as the plugin was told them (flannel's Network, kindnet's POD_SUBNET), () where it is
    not known: then kube-proxy's clusterCIDR is taken. `ip_masq` says whether the plugin masquerades what leaves them
    (`random_fully`: from a random port), `forward_rules` whether it accepts what it forwards, `nftables` whether it writes its
    own rules with nft. `bridge_ip_masq` is ipMasq of the plugin `bridge`, None where flannel decides it by `ip_masq`. `pools`
    are Calico's; `port_map` None: no host ports. `masquerade_agent` is who masquerades beside the plugin. `policies_by` is who
    enforces network policies where it is not the plugin (a word of engine.cni.enforcement), "" where that is the plugin's own
    affair. `unmodelled` names what it is told to do that changes a packet's way and is not modelled, each with its file and line.
    """

    plugin: str = "flannel"
    backend: str = "vxlan"
    assumed: bool = True
    hairpin_mode: bool = True
    vni: int = 1
    port: int = 8472
    mtu: int = 1500
    networks: tuple[str, ...] = ()
    ip_masq: bool = True
    random_fully: bool = True
    forward_rules: bool = True
    nftables: bool = False
    bridge_ip_masq: bool | None = None
    pools: tuple[IPPool, ...] = ()
    port_map: PortMap | None = PortMap()
    masquerade_agent: MasqueradeAgent | None = None
    policies_by: str = ""
    unmodelled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cluster:
    """Everything a manifest set says, with what there is to say of it in `notices` (sentences, English and Chinese), among
    them what was `assumed` because nothing says it.

    `service_cidrs` are the networks of the ServiceCIDR objects (networking.k8s.io/v1, v1.33). `node_mentions` says for
    each node that something lies on and no Node object describes where the manifests first say so: (what, file, line). `namespaces` are the
    labels of the v1 Namespace objects by name, kubernetes.io/metadata.name among them. `other_policies` names the policies
    of kinds that are not modelled, which engine.networkpolicy then refuses to pass over.
    `places` is where each object stands: (kind, namespace, name) -> (file, line).
    """

    nodes: tuple[Node, ...] = ()
    pods: tuple[Pod, ...] = ()
    services: tuple[Service, ...] = ()
    slices: tuple[EndpointSlice, ...] = ()
    proxy: ProxyConfig = ProxyConfig()
    cni: CNIConfig = CNIConfig()
    network: NetworkFacts = NetworkFacts()
    notices: tuple[tuple[str, str], ...] = ()
    assumed: tuple[tuple[str, str], ...] = ()
    service_cidrs: tuple[str, ...] = ()
    node_mentions: Mapping[str, tuple[str, str, int]] = dataclasses.field(default_factory=_no_mentions, compare=False)
    namespaces: Mapping[str, Mapping[str, str]] = dataclasses.field(default_factory=_no_namespaces)
    network_policies: tuple[NetworkPolicy, ...] = ()
    cluster_network_policies: tuple[ClusterNetworkPolicy, ...] = ()
    other_policies: tuple[str, ...] = ()
    node_local_dns: NodeLocalDNS | None = None
    places: Mapping[tuple[str, str, str], tuple[str, int]] = dataclasses.field(
        default_factory=_no_places, compare=False
    )
