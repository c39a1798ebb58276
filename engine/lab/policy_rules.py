"""NetworkPolicies as nftables rules: what their enforcer has the kernel do, said without engine.networkpolicy's decisions,
so that those can be held against it. Pure.

Sources: NetworkPolicySpec in k8s.io/api/networking/v1/types.go; where packets meet the rules: engine.cni.enforcement.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from engine.cluster import Mode, Pod
from engine.cluster.policies import NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicyRule, PolicyType
from engine.cni.enforcement import PolicyEnforcement
from engine.fabric.fabric import Fabric
from engine.hooks import Hook
from engine.lab.errors import NotInThisLab
from engine.network.host import Host
from engine.network.routes import contains, number
from engine.networkpolicy.selectors import selects

TABLE = "k8squiz_policies"
# Before iptables' filter table (0), and before NAT in POSTROUTING (100).
_PRIORITY = {Hook.INPUT: -1, Hook.FORWARD: -1, Hook.OUTPUT: -1, Hook.POSTROUTING: 99}
# kube-proxy's nftables chains have iptables' priority and are hooked later, which is before them (nf_hook_entries_grow).
_BEHIND_NFTABLES = 1
# In ipvs mode behind IPVS, which takes what it sends on out of INPUT (98 and 99): the rest is for the node itself.
_BEHIND_IPVS = 100


def policy_rules(fabric: Fabric, node: str, version: int) -> str | None:
    """An nft script for `node`; None where nobody enforces policies, or where there are none and nothing else is dropped.

    Raises NotInThisLab for policies that are no NetworkPolicies.
    """
    enforcer, cluster = fabric.enforcement, fabric.cluster
    if enforcer is None or not (fabric.has_policies or fabric.drops_invalid(node)):
        return None
    if cluster.cluster_network_policies or cluster.other_policies:
        raise NotInThisLab(
            "the lab enforces NetworkPolicies, and no policies of other kinds",
            zh="实验环境只执行 NetworkPolicy，不支持其他类型的策略",
        )
    doors = _Doors(fabric, enforcer, version)
    pods = [(pod, address) for pod, address in doors.pods.items() if cluster.pods[pod].node_name == node]
    lines = [f"table {doors.family} {TABLE} {{"]
    for pod, _ in pods:
        lines += doors.chains(pod)
    for hook in sorted({*enforcer.hooks, Hook.INPUT}):
        lines += _base_chain(hook, version, fabric.mode)
        devices = [_device(fabric.host(node), cluster.pods[pod].name) for pod, _ in pods]
        lines += [f"    {rule}" for rule in doors.jumps(hook, pods, devices)] + ["  }"]
    return "\n".join([*lines, "}", ""])


def _base_chain(hook: Hook, version: int, mode: Mode) -> Iterator[str]:
    name, priority = hook.value.lower(), _PRIORITY[hook]
    if mode is Mode.IPVS and hook is Hook.INPUT:
        priority = _BEHIND_IPVS
    elif mode is Mode.NFTABLES and hook is not Hook.POSTROUTING:
        priority = _BEHIND_NFTABLES
    yield f"  chain {name} {{"
    yield f"    type filter hook {name} priority {priority};"
    if version == 6:
        # No enforcer stops neighbours from finding each other.
        yield "    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } return"
    if hook in (Hook.OUTPUT, Hook.POSTROUTING):
        # What the node itself sends its pods passes, whatever the policies say.
        yield "    fib saddr type local return"


def _device(host: Host, pod: str) -> str:
    """The device by which a node's pod comes in: its bridge, or its own."""
    own = next(device for device in host.devices.values() if device.peer is not None and device.peer[0] == pod)
    return own.master or own.name


class _Doors:
    """The chains at the doors of pods, for one IP version. `pods`: position in the cluster's list -> address."""

    def __init__(self, fabric: Fabric, enforcer: PolicyEnforcement, version: int) -> None:
        self.cluster, self.enforcer, self.version = fabric.cluster, enforcer, version
        self.family = "ip" if version == 4 else "ip6"
        self.pods = {
            index: address
            for index, pod in enumerate(self.cluster.pods)
            for address in pod.ips
            if not pod.host_network and number(address)[0] == version
        }
        self._end = "reject" if enforcer.rejects else "drop"

    def chains(self, pod: int) -> Iterator[str]:
        """A pod's chains: `own-` for what it sends to its own node."""
        for name, direction in (("from", PolicyType.EGRESS), ("to", PolicyType.INGRESS), ("own", PolicyType.EGRESS)):
            isolated, rules = self._isolated(self.cluster.pods[pod], direction)
            yield f"  chain {name}-{pod} {{"
            yield "    ct state established,related return"
            if self.enforcer.drops_invalid or (name != "own" and isolated):
                yield "    ct state invalid drop"
            if isolated and self.enforcer.lets_ping:
                yield f"    {'icmp' if self.version == 4 else 'icmpv6'} type echo-request return"
            if isolated:
                for namespace, rule in rules:
                    for match in self._matches(namespace, rule, pod, direction):
                        yield f"    {match} return"
                yield f"    {self._end}"
            yield "  }"

    def jumps(self, hook: Hook, pods: list[tuple[int, str]], devices: list[str]) -> Iterator[str]:
        """To the sender's chain, then to the receiver's."""
        for (pod, address), device in zip(pods, devices, strict=True):
            by = f'iifname "{device}" ' if hook in (Hook.INPUT, Hook.FORWARD) else ""
            if hook is not Hook.INPUT:
                yield f"{by}{self.family} saddr {address} jump from-{pod}"
            elif self.enforcer.judges_own_node:
                yield f"{by}{self.family} saddr {address} jump own-{pod}"
        if hook is not Hook.INPUT:
            for pod, address in pods:
                yield f"{self.family} daddr {address} jump to-{pod}"

    def _isolated(self, pod: Pod, direction: PolicyType) -> tuple[bool, list[tuple[str, NetworkPolicyRule]]]:
        """Whether any policy isolates the pod, and what lets something pass."""
        found = [
            policy
            for policy in self.cluster.network_policies
            if policy.namespace == pod.namespace
            and direction in policy.policy_types
            and selects(policy.pod_selector, pod.labels)
        ]
        return bool(found), [(policy.namespace, rule) for policy in found for rule in policy.rules(direction)]

    def _matches(self, namespace: str, rule: NetworkPolicyRule, own: int, direction: PolicyType) -> Iterator[str]:
        """What nft asks of a packet: one of the rule's peers and one of its ports."""
        for peer in rule.peers or (None,):
            for port in rule.ports or (None,):
                if port is not None and isinstance(port.port, str):
                    yield from self._named(namespace, peer, port, own, direction)
                    continue
                end = self._peer(namespace, peer, "saddr" if direction is PolicyType.INGRESS else "daddr")
                if end is not None:
                    yield f"{end} {_port(port)}".strip()

    def _peer(self, namespace: str, peer: NetworkPolicyPeer | None, field: str) -> str | None:
        """None where nobody of this IP version is meant."""
        if peer is None:
            return ""
        block = peer.ip_block
        if block is None:
            meant = [address for pod, address in self.pods.items() if self._means(namespace, peer, pod)]
            return f"{self.family} {field} {{ {', '.join(meant)} }}" if meant else None
        if number(block.cidr.partition("/")[0])[0] != self.version:
            return None
        told = f"{self.family} {field} {block.cidr}"
        return told + (f" {self.family} {field} != {{ {', '.join(block.excepted)} }}" if block.excepted else "")

    def _named(
        self,
        namespace: str,
        peer: NetworkPolicyPeer | None,
        port: NetworkPolicyPort,
        own: int,
        direction: PolicyType,
    ) -> Iterator[str]:
        """A port by its name is a number at each destination."""
        if direction is PolicyType.INGRESS:
            end = self._peer(namespace, peer, "saddr")
            destinations = {own: end} if end is not None else {}
        else:
            destinations = {
                pod: f"{self.family} daddr {address}"
                for pod, address in self.pods.items()
                if peer is None or self._means(namespace, peer, pod)
            }
        for pod, end in destinations.items():
            for one in self.cluster.pods[pod].ports:
                if one.name == port.port and one.protocol is port.protocol:
                    yield f"{end} {_port(dataclasses.replace(port, port=one.port))}".strip()

    def _means(self, namespace: str, peer: NetworkPolicyPeer, pod: int) -> bool:
        if peer.ip_block is not None:
            address, block = self.pods[pod], peer.ip_block
            return contains(block.cidr, address) and not any(contains(one, address) for one in block.excepted)
        of = self.cluster.pods[pod]
        if peer.namespace_selector is None:
            there = of.namespace == namespace
        else:
            labels = self.cluster.namespaces.get(of.namespace, {"kubernetes.io/metadata.name": of.namespace})
            there = selects(peer.namespace_selector, labels)
        return there and (peer.pod_selector is None or selects(peer.pod_selector, of.labels))


def _port(port: NetworkPolicyPort | None) -> str:
    if port is None:
        return ""
    protocol = port.protocol.value.lower()
    if port.port is None:
        return f"meta l4proto {protocol}"
    return f"{protocol} dport {port.port}" + (f"-{port.end_port}" if port.end_port else "")
