"""ip-masq-agent, and the chain of the same shape that GKE's nodes write where it does not run.

Sources: kubernetes-sigs/ip-masq-agent cmd/ip-masq-agent/ip-masq-agent.go (syncMasqRules); kubernetes/kubernetes
cluster/gce/gci/configure-helper.sh (chain IP-MASQ).
"""

from __future__ import annotations

from engine.cluster import MasqueradeAgent
from engine.cni.interface import WrittenRules
from engine.cni.masquerade import GKE, RESERVED
from engine.hooks import Hook
from engine.netfilter.built_in import built_in_chains
from engine.netfilter.chain_meaning import ChainMeaning, ChainWriter
from engine.netfilter.parts.address_type import AddressType
from engine.netfilter.parts.addresses import Destination
from engine.netfilter.parts.comment import Comment
from engine.netfilter.parts.masquerade import Masquerade
from engine.netfilter.parts.verdicts import Jump, Return
from engine.netfilter.ruleset import Backend, Chain, Match, Rule, Ruleset, Table
from engine.packet import Family, is_ipv6
from engine.trace import Text

_LINK_LOCAL = {Family.IPV4: "169.254.0.0/16", Family.IPV6: "fe80::/10"}
_LEAD = Text("source NAT for what leaves the networks inside.", "对离开内部网段的流量做的 SNAT。")
_CARD = "{host}: CHAIN masquerades what leaves the networks inside"
_CARD_ZH = "{host}：CHAIN 对离开内部网段的数据包做 MASQUERADE"

WRITER = ChainWriter(
    "ip-masq-agent",
    tuple(
        ChainMeaning(chain, _LEAD, Text(_CARD.replace("CHAIN", chain), _CARD_ZH.replace("CHAIN", chain)))
        for chain in ("IP-MASQ-AGENT", "IP-MASQ")
    ),
    prefix="IP-MASQ",
    table="nat",
)


def written_rules(agent: MasqueradeAgent, family: Family, pods: tuple[str, ...] = ()) -> WrittenRules:
    """The agent's chain and the jump to it. `pods` are the pods' networks."""
    chains = built_in_chains("nat")
    jump = f"{agent.program}: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom {agent.chain} chain"
    chains[Hook.POSTROUTING.value].rules.append(
        Rule((Comment(jump), AddressType("dst", negate=True)), Jump(agent.chain))
    )
    nets: tuple[str, ...] = () if agent.link_local else (_LINK_LOCAL[family],)
    inside = (*pods, *agent.inside) if agent.pods_inside else agent.inside
    nets += tuple(net for net in inside if is_ipv6(net.partition("/")[0]) is (family is Family.IPV6))
    rules = [Rule((Destination(net), _not_masqueraded(agent, net)), Return()) for net in nets]
    said = Comment(f"{agent.program}: outbound traffic is subject to MASQUERADE (must be last in chain)")
    chains[agent.chain] = Chain(agent.chain, [*rules, Rule((said,), Masquerade(random_fully=agent.random_fully))])
    return WrittenRules(Ruleset(Backend.IPTABLES, family, {"nat": Table("nat", chains)}))


def _not_masqueraded(agent: MasqueradeAgent, net: str) -> Match:
    reserved = RESERVED.get(net) if agent.program == GKE.program else None
    what = "local traffic" if reserved is None else f"{reserved} reserved range"
    return Comment(f"{agent.program}: {what} is not subject to MASQUERADE")
