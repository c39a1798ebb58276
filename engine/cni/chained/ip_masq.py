"""The plugin `bridge` with ipMasq: what a container sends beyond its node's own pod network is masqueraded.

flannel's CNI plugin switches it on where flanneld does not masquerade itself (flannel-io/cni-plugin flannel.go).
Source: containernetworking/plugins pkg/ip/ipmasq_iptables_linux.go.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.cni.chained.names import ContainerAddress, chain_name, comment
from engine.cni.interface import WrittenRules
from engine.hooks import Hook
from engine.netfilter.built_in import built_in_chains
from engine.netfilter.chain_meaning import ChainMeaning, ChainWriter
from engine.netfilter.parts.addresses import Destination, Source, host_net
from engine.netfilter.parts.comment import Comment
from engine.netfilter.parts.masquerade import Masquerade
from engine.netfilter.parts.verdicts import Accept, Jump
from engine.netfilter.ruleset import Backend, Chain, Rule, Ruleset, Table
from engine.packet import Family
from engine.trace import Text

_MULTICAST = {Family.IPV4: "224.0.0.0/4", Family.IPV6: "ff00::/8"}
WRITER = ChainWriter(
    "bridge",
    (
        ChainMeaning(
            "CNI-",
            Text("the bridge plugin's source NAT for this pod (ipMasq).", "bridge 插件为该 Pod 做的 SNAT（ipMasq）。"),
        ),
    ),
    prefix="CNI-",
    table="nat",
)


def written_rules(network: str, containers: Iterable[ContainerAddress], family: Family) -> WrittenRules:
    """One chain a container, reached by its source address."""
    chains = built_in_chains("nat")
    for container in containers:
        name, said = chain_name(network, container.id), Comment(comment(network, container.id))
        chains[name] = Chain(
            name,
            [
                Rule((Destination(container.net), said), Accept()),
                Rule((Destination(_MULTICAST[family], negate=True), said), Masquerade()),
            ],
        )
        jump = Rule((Source(host_net(container.address)), said), Jump(name))
        chains[Hook.POSTROUTING.value].rules.append(jump)
    return WrittenRules(Ruleset(Backend.IPTABLES, family, {"nat": Table("nat", chains)}))
