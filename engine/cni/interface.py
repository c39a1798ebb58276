"""What a CNI plugin is told about a cluster's nodes, and what it answers: devices, routes, addresses, and how it is told
from manifests."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from engine.cluster import CNIConfig, ContainerPort, Node
from engine.cni.enforcement import PolicyEnforcement
from engine.netfilter.chain_meaning import ChainWriter
from engine.netfilter.ruleset import Ruleset
from engine.network.devices import Device
from engine.network.routes import Route, number
from engine.packet import Family
from engine.values import dataclass

# The backend of a plugin that enforces policies alone: the pods hang on another's devices.
NO_WIRING = "none"


@dataclass(frozen=True, slots=True)
class PodPlan:
    """A pod with a network namespace of its own. `host` is its host name in the fabric, `key` namespace/name;
    `host_ports` are those of its ports that have one, `container_id` its sandbox's id ("": not known)."""

    host: str
    key: str
    ips: tuple[str, ...]
    host_ports: tuple[ContainerPort, ...] = ()
    container_id: str = ""


@dataclass(frozen=True, slots=True)
class NodePlan:
    """What a plugin knows of one node: its underlay addresses (the primary of each family), its pod networks."""

    name: str
    addresses: tuple[str, ...]
    pod_cidrs: tuple[str, ...]
    pods: tuple[PodPlan, ...] = ()
    annotations: Mapping[str, str] = dataclasses.field(default_factory=dict)
    underlay: str = "eth0"

    def address(self, version: int) -> str | None:
        """The node's underlay address of that IP version."""
        return next((a for a in self.addresses if number(a)[0] == version), None)


@dataclass(frozen=True, slots=True)
class WrittenRules:
    """What one program beside kube-proxy writes on a node: its own chains, and its rules in built-in ones. Those stand
    behind what is there already, but in the chains of `inserted` (table, chain), where they stand before it."""

    ruleset: Ruleset
    inserted: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Wiring:
    """Devices (in the order they are made) and routes that a plugin adds to a host."""

    devices: tuple[Device, ...]
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class DaemonSet:
    """apps/v1 DaemonSet, as far as it tells of a plugin: the `arguments` of all its containers (command and args), and their
    `environment` where it is given as values. `where` is its FILE:LINE, `host_network` whether its pods are in the node's own
    network."""

    namespace: str
    name: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    where: str = ""
    host_network: bool = False


@dataclass(frozen=True, slots=True)
class LabNetwork:
    """A network of the plugin as the lab builds it (engine.lab). `options` are the fields of CNIConfig that a cluster may
    have set otherwise than is usual, `needs` the kind of device that not every kernel can make ("": none)."""

    backend: str
    options: tuple[str, ...] = ()
    ipv4_only: bool = False
    needs: str = ""


class ManifestFields(Protocol):
    """A mapping of a manifest, as engine.manifests.fields.Fields reads it: what is there and wrong is an error with file
    and line."""

    def __contains__(self, key: str) -> bool: ...

    def text(self, key: str, default: str = "") -> str: ...

    def integer(self, key: str, default: int, low: int, high: int) -> int: ...

    def boolean(self, key: str, default: bool = False) -> bool: ...

    def address_of(self, key: str, default: str, six: bool) -> str: ...

    def mapping(self, key: str) -> ManifestFields: ...

    def items(self, key: str) -> Iterator[ManifestFields]: ...

    def inside(self, key: str) -> AbstractContextManager[Iterator[ManifestFields]]: ...

    def strings(self, key: str) -> Iterator[tuple[str, Any]]: ...

    def where(self, key: str) -> str: ...


class Plugin(Protocol):
    """A CNI plugin, whole. Pure: the same plans give the same wiring.

    `bridge` is the device that a node's pods hang on, None where each is routed; `port_prefix` begins the name of a pod's
    port on the node. A node's pod network is one block of `block_lengths` (by IP version) where its podCIDRs do not say;
    `usual` is what is taken of it where it is named and nothing else is told; with `has_more_blocks` pods outside of them make further blocks. `on_underlay`: the nodes' own network knows on which node
    each pod's address is. `masquerading` is what its shipped manifests call that it masquerades what leaves the pods' networks,
    "" where it does not. `chains` says what its own rules' chains mean. `in_lab` are the networks that the lab draws, one as
    often as it stands there. `pod_annotation` begins the keys that it
    writes on each Pod ("": none). `route_protocol` is what `ip route` calls who put its routes there, "" where they name nobody.
    """

    name: str
    backends: tuple[str, ...]
    usual_backend: str
    usual: CNIConfig
    bridge: str | None
    port_prefix: str
    block_lengths: Mapping[int, int]
    has_more_blocks: bool
    on_underlay: bool
    route_protocol: str
    pod_annotation: str
    masquerading: str
    chains: ChainWriter | None
    in_lab: tuple[LabNetwork, ...]

    def from_node(self, node: Node, annotations: ManifestFields, configured: CNIConfig | None) -> CNIConfig | None:
        """What the node's annotations tell; None where they are not this plugin's. `configured` is what a ConfigMap
        said."""
        ...

    def from_config_map(self, config_map: ManifestFields) -> CNIConfig | None:
        """What a ConfigMap of this plugin tells; None where it is another's."""
        ...

    def from_daemon_set(self, daemon_set: DaemonSet, configured: CNIConfig | None) -> CNIConfig | None:
        """What a DaemonSet of this plugin tells, over what was `configured` otherwise; None where it is another's."""
        ...

    def from_object(self, kind: str, fields: ManifestFields, configured: CNIConfig | None) -> CNIConfig | None:
        """What an object of the plugin's own API tells (`kind` is GROUP/KIND); None where it is another's."""
        ...

    def unsaid(self, config: CNIConfig) -> Iterable[tuple[str, str]]:
        """What is taken of it because its manifests do not say it (English and Chinese)."""
        ...

    def node_annotations(self, backend: str, address: str, tunnel_address: str) -> dict[str, str]:
        """A node's annotations, as from_node reads them; backend "" is the usual one."""
        ...

    def objects(self, config: CNIConfig) -> Iterable[Mapping[str, object]]:
        """The plugin's own objects, from which it is told as `config` where that is not as usual."""
        ...

    def addresses(self, config: CNIConfig, node: Node) -> tuple[str, ...]:
        """What the plugin's own devices hold on the node: a bridge's address, the end of a tunnel."""
        ...

    def underlay_addresses(self, config: CNIConfig, node: Node) -> tuple[str, ...]:
        """Addresses of the node's network cards that only the plugin's annotations tell of."""
        ...

    def tunnel_device(self, backend: str) -> str | None:
        """The name of the tunnel device for IPv4, None where there is none."""
        ...

    def rules(self, config: CNIConfig, node: NodePlan, family: Family) -> Iterable[WrittenRules]:
        """The rules that the plugin itself writes on the node for one family, in the order in which they are written;
        what plugins chained behind it write is not among them (engine.cni.chained)."""
        ...

    def enforcement(self, nodes: Iterable[Node]) -> PolicyEnforcement | None:
        """Who enforces network policies in a cluster of these nodes; None where nobody does."""
        ...

    def wire_node(self, config: CNIConfig, node: NodePlan, others: Iterable[NodePlan]) -> Wiring:
        """What `node` gets. `others` are the nodes whose pods it can reach."""
        ...

    def wire_pod(self, config: CNIConfig, node: NodePlan, pod: PodPlan) -> Wiring:
        """What `pod` on `node` gets; the other end of its veth pair is among wire_node's devices."""
        ...

    def port_name(self, pod: PodPlan) -> str:
        """The name of the node's end of the pod's veth pair."""
        ...


# Who put a route there beside the plugin, as /etc/iproute2/rt_protos calls them.
_PROTOCOLS = {"kernel": "kernel", "dhcp": "dhcp", "static": "static"}


def protocol_of(plugin: Plugin, origin: str) -> str:
    """What `ip route` calls who put a route of that origin there, "" where they name nobody."""
    return plugin.route_protocol if origin == plugin.name else _PROTOCOLS.get(origin, "")
