"""What kube-proxy's rules on one node alone do to the first packet of a connection; the network is left aside.

The packet arrives at the node from outside, comes from one of its pods, or is sent by the node itself. It meets the
netfilter hooks in the order its destination after DNAT asks for, and every random decision is followed.
"""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Callable, Collection, Iterable, Iterator
from fractions import Fraction

from engine.cluster import Cluster, CNIConfig, Node
from engine.cni import PLUGINS, Plugin, cni_addresses
from engine.errors import EngineError, NoSuchObject
from engine.fabric.fabric import build_fabric
from engine.hooks import Hook
from engine.netfilter.choose import Choose, every_path
from engine.netfilter.ipvs import IpvsRuleset
from engine.netfilter.rules import Ruleset
from engine.netfilter.skb import NetfilterVerdict, TargetAction
from engine.netfilter.stack import Event, HostNetfilter, MarkEvent, Passage, RuleEvent, Skb
from engine.packet import L4, FiveTuple, canonical, family_of, is_ipv6, split_host_port
from engine.proxy.compiled import ClusterCache
from engine.proxy.interface import find_node, shared_rules
from engine.trace import Request, Resolution
from engine.walk.locate import DEFAULT_SPORT, locate


def resolve(
    cluster: Cluster, node_name: str, request: Request, mode: str | None = None, release: str | None = None
) -> tuple[Resolution, ...]:
    """All that can happen to `request`'s first packet by the rules of node `node_name`, each with its exact probability.

    `mode` None is what kube-proxy is configured for. `destination` of a Resolution is ip:port after DNAT; `masqueraded` whether the packet is marked for source NAT
    (False where it is dropped or rejected). A packet that no rule touches is ACCEPT with its destination unchanged.
    Ways that end alike are one Resolution; they come in the order of first appearance. `release` is kube-proxy's, as in
    compile_rules. Raises NoSuchObject for an unknown node or name, UnsupportedFeature for what is not modelled.
    """
    node = find_node(cluster, node_name)
    flow = _flow(cluster, request, release)
    family = family_of(flow.dst)
    ruleset = shared_rules(cluster, node_name, mode or cluster.proxy.effective_mode, family, release)
    return resolve_flow(cluster, node, flow, ruleset)


def resolve_flow(cluster: Cluster, node: Node, flow: FiveTuple, ruleset: Ruleset) -> tuple[Resolution, ...]:
    """As resolve, for a tuple and a ruleset at hand."""
    bound = ruleset.dummies if isinstance(ruleset, IpvsRuleset) else frozenset[str]()
    is_local = local_addresses(node, cni_addresses(cluster.cni, node), bound)
    device = in_device(cluster, node, flow.src)
    mark = cluster.proxy.masquerade_mark
    bridged = device == _plugin(cluster).bridge and cluster.network.bridge_nf_call_iptables

    def run(choose: Choose) -> tuple[str, str, bool]:
        skb = Skb(flow, physdev_in="veth" if bridged else None)
        netfilter = HostNetfilter(node.name, ruleset, is_local, choose)
        masqueraded = False
        for passage in passages(netfilter, skb, device, is_local, node):
            masqueraded = masqueraded or any(_asks_for_snat(event, mark) for event in passage.events)
            if passage.verdict in (NetfilterVerdict.DROP, NetfilterVerdict.REJECT):
                return passage.verdict.value, skb.flow.destination, False
        # What stays on the node under its own destination meets no POSTROUTING, marked or not.
        stays = skb.flow.destination == flow.destination and is_local(flow.dst)
        return NetfilterVerdict.ACCEPT.value, skb.flow.destination, masqueraded and not stays

    merged: dict[tuple[str, str, bool], Fraction] = {}
    for probability, result in every_path(run):
        merged[result] = merged.get(result, Fraction(0)) + probability
    return tuple(
        Resolution(probability, verdict, destination, masqueraded)
        for (verdict, destination, masqueraded), probability in merged.items()
    )


def _asks_for_snat(event: Event, mark: int) -> bool:
    if isinstance(event, MarkEvent):
        return bool(event.after & mark)
    return isinstance(event, RuleEvent) and event.action in (TargetAction.MASQUERADE, TargetAction.SNAT)


def passages(
    netfilter: HostNetfilter, skb: Skb, device: str, is_local: Callable[[str], bool], node: Node
) -> Iterator[Passage]:
    """Take the packet through the hooks of its path. The caller stops asking once the packet is gone."""
    if is_local(skb.flow.src):
        yield from _send(netfilter, skb, is_local, node)
        if not is_local(skb.flow.dst):
            return
        device = "lo"
    yield netfilter.traverse(Hook.PREROUTING, skb, in_device=device)
    if not is_local(skb.flow.dst):
        yield netfilter.traverse(Hook.FORWARD, skb, in_device=device, out_device="eth0")
        yield netfilter.traverse(Hook.POSTROUTING, skb, out_device="eth0", masquerade_address=_own(node, skb))
        return
    passage = netfilter.traverse(Hook.INPUT, skb, in_device=device)
    yield passage
    if passage.verdict is NetfilterVerdict.STOLEN:
        yield from _send(netfilter, skb, is_local, node)


def _send(netfilter: HostNetfilter, skb: Skb, is_local: Callable[[str], bool], node: Node) -> Iterator[Passage]:
    """OUTPUT and POSTROUTING; OUTPUT once more for a packet that IPVS took there."""

    def device() -> str:
        return "lo" if is_local(skb.flow.dst) else "eth0"

    passage = netfilter.traverse(Hook.OUTPUT, skb, out_device=device())
    yield passage
    if passage.verdict is NetfilterVerdict.STOLEN:
        yield netfilter.traverse(Hook.OUTPUT, skb, out_device=device())
    yield netfilter.traverse(Hook.POSTROUTING, skb, out_device=device(), masquerade_address=_own(node, skb))


def local_addresses(
    node: Node, devices: Iterable[str] = (), bound: Collection[str] = frozenset()
) -> Callable[[str], bool]:
    """Whether an address is the node's own (fib type LOCAL): an interface address, one of the CNI's `devices`, `bound` to
    kube-ipvs0 by ipvs mode, or in a loopback network."""
    own = frozenset(node.internal_ips) | frozenset(node.addresses) | frozenset(devices)
    return lambda address: address in own or address in bound or ipaddress.ip_address(address).is_loopback


def in_device(cluster: Cluster, node: Node, source: str) -> str:
    """The device a packet from `source` comes in by, as far as local detectors look at it (detectLocalMode
    BridgeInterface and InterfaceNamePrefix): the pods' own for a pod of this node, else the node's network card.

    Where the manifests do not tell the CNI, kube-proxy's configuration is believed about the name.
    """
    nodes = _POD_NODES.get(cluster, None, lambda: _pod_nodes(cluster)).get(source, ())
    of_this_node = node.name in nodes or any(
        ipaddress.ip_address(source) in ipaddress.ip_network(cidr) for cidr in node.pod_cidrs
    )
    if not of_this_node:
        return "eth0"
    proxy = cluster.proxy
    if cluster.cni.assumed and proxy.detect_local_mode == "BridgeInterface" and proxy.bridge_interface:
        return proxy.bridge_interface
    if cluster.cni.assumed and proxy.detect_local_mode == "InterfaceNamePrefix" and proxy.interface_name_prefix:
        return proxy.interface_name_prefix + "0"
    plugin = _plugin(cluster)
    return plugin.bridge or plugin.port_prefix + "0"


def _pod_nodes(cluster: Cluster) -> dict[str, tuple[str, ...]]:
    """The nodes of the pods that have an address in the pod network; more than one where pods share it."""
    found: dict[str, tuple[str, ...]] = {}
    for pod in cluster.pods:
        if pod.node_name is not None and not pod.host_network:
            for ip in pod.ips:
                found[ip] = (*found.get(ip, ()), pod.node_name)
    return found


_POD_NODES: ClusterCache[dict[str, tuple[str, ...]]] = ClusterCache(most=4)


def _plugin(cluster: Cluster) -> Plugin:
    """The cluster's; where that is not modelled, the one that is assumed where none is named."""
    return PLUGINS.get(cluster.cni.plugin) or PLUGINS[CNIConfig().plugin]


def _own(node: Node, skb: Skb) -> Callable[[], str | None]:
    """Some address of the node for MASQUERADE; which one it would be is the network's affair."""
    family = is_ipv6(skb.flow.dst)
    return lambda: next((address for address in node.internal_ips if is_ipv6(address) is family), skb.flow.src)


def _flow(cluster: Cluster, request: Request, release: str | None = None) -> FiveTuple:
    """The tuple that `request` means. Addresses are taken as they are; names are looked up in the cluster, and the node
    itself is spoken to or speaks by its InternalIP."""
    protocol = next((l4 for l4 in (L4.TCP, L4.UDP, L4.SCTP) if l4 == request.protocol.upper()), None)
    if protocol is None:
        raise EngineError(
            f"{request.protocol!r} is not a protocol of a Service; one of tcp, udp, sctp",
            zh=f"{request.protocol!r} 不是 Service 的协议；可用 tcp、udp、sctp",
        )
    source, destination = _endpoint(request.source), _endpoint(request.destination)
    if source is None or destination is None:
        # An address need not belong to a host here; only names are looked up.
        named = dataclasses.replace(request, source="client" if source else request.source, node=None)
        resolved = locate(build_fabric(cluster, release=release), named)
        destination = destination or (resolved.dst, resolved.dport)
        source = source or (resolved.src or _own_address(cluster, resolved.host, destination[0]), resolved.sport)
    if destination[1] is None:
        raise EngineError(
            f"{request.destination!r} has no port; write ADDRESS:PORT",
            zh=f"{request.destination!r} 没有端口；请写成 地址:端口",
        )
    if is_ipv6(source[0]) is not is_ipv6(destination[0]):
        raise EngineError(
            f"{request.source} and {request.destination} are of different address families",
            zh=f"{request.source} 与 {request.destination} 的地址族不同",
        )
    sport = source[1] or request.sport or DEFAULT_SPORT
    if not 1 <= sport <= 65535:
        raise EngineError(f"source port {sport} is not between 1 and 65535", zh=f"源端口 {sport} 不在 1 与 65535 之间")
    return FiveTuple(protocol, source[0], sport, destination[0], destination[1])


def _own_address(cluster: Cluster, node_name: str, towards: str) -> str:
    node = find_node(cluster, node_name)
    for address in node.internal_ips:
        if is_ipv6(address) is is_ipv6(towards):
            return address
    raise NoSuchObject(
        f"node {node_name} has no InternalIP of {towards}'s address family",
        zh=f"节点 {node_name} 没有与 {towards} 同地址族的 InternalIP",
    )


def _endpoint(text: str) -> tuple[str, int | None] | None:
    """An ADDRESS or ADDRESS:PORT; None for anything else, which is a name."""
    try:
        return canonical(text[1:-1] if text.startswith("[") and text.endswith("]") else text), None
    except ValueError:
        pass
    try:
        return split_host_port(text)
    except ValueError:
        return None
