"""What flanneld writes on a node: what leaves the pods' networks is masqueraded, what belongs to them may be forwarded.

Sources: flannel v0.28.9 pkg/trafficmngr/iptables/iptables.go (masqRules, forwardRules), pkg/trafficmngr/nftables/nftables.go,
main.go (--ip-masq, --iptables-forward-rules), Documentation/kube-flannel.yml (which sets the first).
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.cluster import CNIConfig
from engine.cni.flannel.chains import FORWARD, POSTROUTING
from engine.cni.interface import NodePlan, WrittenRules
from engine.hooks import PRIORITY_FILTER, PRIORITY_NAT_SRC, Hook
from engine.netfilter.built_in import built_in_chains
from engine.netfilter.parts.addresses import Destination, Source
from engine.netfilter.parts.comment import Comment
from engine.netfilter.parts.mark import MarkMatch
from engine.netfilter.parts.masquerade import Masquerade
from engine.netfilter.parts.verdicts import Accept, Jump, Return
from engine.netfilter.ruleset import Backend, Chain, Match, Rule, Ruleset, Table
from engine.packet import Family, family_of

# trafficmngr.KubeProxyMark: the bit is kube-proxy's by default; flannel does not ask which one it was given.
KUBE_PROXY_MARK = 0x4000
_MULTICAST = {Family.IPV4: "224.0.0.0/4", Family.IPV6: "ff00::/8"}
_MASQ, _FORWARD = Comment("flanneld masq"), Comment("flanneld forward")


def written_rules(config: CNIConfig, node: NodePlan, family: Family) -> Iterator[WrittenRules]:
    """flanneld's rules for one family; none where the cluster has no pod network of it, or the node no part of that."""
    network, lease = (_of(family, nets) for nets in (config.networks, node.pod_cidrs))
    if network is None or lease is None or not (config.ip_masq or config.forward_rules):
        return
    if config.nftables:
        yield WrittenRules(_nftables(config, network, lease, family))
    else:
        yield WrittenRules(_iptables(config, network, lease, family))


def _of(family: Family, nets: tuple[str, ...]) -> str | None:
    return next((net for net in nets if family_of(net.partition("/")[0]) is family), None)


def _iptables(config: CNIConfig, network: str, lease: str, family: Family) -> Ruleset:
    tables = {}
    if config.ip_masq:
        masquerade = Masquerade(random_fully=config.random_fully)
        away = Destination(_MULTICAST[family], negate=True)
        rules = (
            # What kube-proxy has marked it masquerades itself: some kernels went wrong where both did.
            Rule((MarkMatch(KUBE_PROXY_MARK, KUBE_PROXY_MARK), _MASQ), Return()),
            Rule((Source(lease), Destination(network), _MASQ), Return()),
            Rule((Source(network), Destination(lease), _MASQ), Return()),
            # What comes in from outside for a pod of this node keeps its source.
            Rule((Source(network, negate=True), Destination(lease), _MASQ), Return()),
            Rule((Source(network), away, _MASQ), masquerade),
            # A node's own process, and who is routed in for another node's pod: the answer has to come back this way.
            Rule((Source(network, negate=True), Destination(network), _MASQ), masquerade),
        )
        tables["nat"] = _hooked(
            "nat", Hook.POSTROUTING, Rule((_MASQ,), Jump(POSTROUTING)), Chain(POSTROUTING, [*rules])
        )
    if config.forward_rules:
        accepted = [Rule((net, _FORWARD), Accept()) for net in (Source(network), Destination(network))]
        tables["filter"] = _hooked("filter", Hook.FORWARD, Rule((_FORWARD,), Jump(FORWARD)), Chain(FORWARD, accepted))
    return Ruleset(Backend.IPTABLES, family, tables)


def _hooked(name: str, hook: Hook, jump: Rule, chain: Chain) -> Table:
    chains = built_in_chains(name)
    chains[hook.value].rules.append(jump)
    return Table(name, {**chains, chain.name: chain})


def _nftables(config: CNIConfig, network: str, lease: str, family: Family) -> Ruleset:
    """EnableNFTables: a table of flannel's own. It is not iptables' rules in other words: what no pod of this node sends to
    the pods' network keeps its source, a node's own process and who is routed in from outside too."""
    name = "flannel-" + family
    chains = {}
    if config.forward_rules:
        accepted = [Rule((net,), Accept()) for net in (Source(network), Destination(network))]
        chains["forward"] = Chain(
            "forward", accepted, Hook.FORWARD, PRIORITY_FILTER, "ACCEPT", "filter", "chain to accept flannel traffic"
        )
    if config.ip_masq:
        masquerade = Masquerade(random_fully=config.random_fully)
        from_lease, to_network = Source(lease), Destination(network)
        returned: tuple[tuple[Match, ...], ...] = (
            (MarkMatch(KUBE_PROXY_MARK, 0xFFFFFFFF),),
            (from_lease, to_network),
            (Source(network), Destination(lease)),
            (Source(lease, negate=True), to_network),
        )
        rules = [Rule(matches, Return()) for matches in returned]
        rules.append(Rule((Source(network), Destination(_MULTICAST[family], negate=True)), masquerade))
        rules.append(Rule((Source(network, negate=True), to_network), masquerade))
        comment = "chain to manage traffic masquerading by flannel"
        chains["postrtg"] = Chain("postrtg", rules, Hook.POSTROUTING, PRIORITY_NAT_SRC, "ACCEPT", "nat", comment)
    return Ruleset(Backend.NFTABLES, family, {name: Table(name, chains, comment=f"rules for {name}")})
