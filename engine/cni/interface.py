"""What a CNI plugin is told about a cluster's nodes, and what it answers: devices and routes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Protocol

from engine.cluster import CNIConfig
from engine.network.devices import Device
from engine.network.routes import Route, number
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class PodPlan:
    """A pod with a network namespace of its own. `host` is its host name in the fabric, `key` namespace/name."""

    host: str
    key: str
    ips: tuple[str, ...]


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
class Wiring:
    """Devices (in the order they are made) and routes that a plugin adds to a host."""

    devices: tuple[Device, ...]
    routes: tuple[Route, ...]


class Plugin(Protocol):
    """A CNI plugin. Pure: the same plans give the same wiring."""

    name: str
    backends: tuple[str, ...]

    def wire_node(self, config: CNIConfig, node: NodePlan, others: Iterable[NodePlan]) -> Wiring:
        """What `node` gets. `others` are the nodes whose pods it can reach."""
        ...

    def wire_pod(self, config: CNIConfig, node: NodePlan, pod: PodPlan) -> Wiring:
        """What `pod` on `node` gets; the other end of its veth pair is among wire_node's devices."""
        ...

    def port_name(self, pod: PodPlan) -> str:
        """The name of the node's end of the pod's veth pair."""
        ...
