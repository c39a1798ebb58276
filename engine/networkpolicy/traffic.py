"""One connection as a policy can see it: who is at each end, by which address, and the destination's port."""

from __future__ import annotations

from engine.cluster import Pod
from engine.cluster.policies import PolicyType
from engine.packet import L4
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class TrafficPeer:
    """One end of a connection.

    `address`: as it stands in the packet where the policy is asked; None for a pod whose address the manifests do not
    tell. `pod`: a pod of the pod network. `node`: the node the pod runs on, or which this end is. `host_pod`: the
    host-network pod at this end, which no selector sees: its traffic is its node's. `described` False: a pod must have
    that address, but no manifest describes it. `address_told` False: a node was named, and its InternalIP taken.
    """

    address: str | None
    pod: Pod | None = None
    node: str | None = None
    host_pod: Pod | None = None
    described: bool = True
    address_told: bool = True

    @property
    def is_node(self) -> bool:
        """Whether it is a node, or a host-network pod, which is the same to a policy."""
        return self.pod is None and self.described and self.node is not None

    @property
    def name(self) -> str:
        """As people call it: pod/NS/NAME, node/NAME or the address."""
        pod = self.pod or self.host_pod
        if pod is not None:
            return f"pod/{pod.namespace}/{pod.name}"
        return f"node/{self.node}" if self.node is not None else str(self.address)


@dataclass(frozen=True, slots=True)
class Traffic:
    """The first packet of a connection, at a pod's door: `port` is the destination's own, after DNAT.

    `through_service`: it was sent to a Service's address, which matters where a pod reaches itself.
    """

    source: TrafficPeer
    destination: TrafficPeer
    protocol: L4
    port: int
    through_service: bool = False

    def own(self, direction: PolicyType) -> TrafficPeer:
        """The end whose policies are asked."""
        return self.destination if direction is PolicyType.INGRESS else self.source

    def other(self, direction: PolicyType) -> TrafficPeer:
        """The end that those policies' peers are about."""
        return self.source if direction is PolicyType.INGRESS else self.destination

    @property
    def to_itself(self) -> bool:
        source, destination = self.source.pod, self.destination.pod
        if source is None or destination is None:
            return False
        return (source.namespace, source.name) == (destination.namespace, destination.name)
