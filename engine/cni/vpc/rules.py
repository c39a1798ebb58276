"""What the AWS VPC CNI writes so that pods reach beyond their VPC: SNAT to the node's primary address; and the marks of
connections by which an `ip rule` keeps them on the primary card. IPv6 has neither.

Source: aws/amazon-vpc-cni-k8s pkg/networkutils/network.go (buildIptablesSNATRules, buildIptablesConnmarkRules).
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.cluster import CNIConfig
from engine.cni.interface import NodePlan, WrittenRules
from engine.cni.vpc.chains import CONNMARK, PORT_PREFIX, SNAT
from engine.hooks import Hook
from engine.netfilter.built_in import built_in_chains
from engine.netfilter.parts.address_type import AddressType
from engine.netfilter.parts.addresses import Destination
from engine.netfilter.parts.comment import Comment
from engine.netfilter.parts.connection_mark import RestoreConnectionMark, SetConnectionMark
from engine.netfilter.parts.devices import InInterface, OutInterface
from engine.netfilter.parts.nat import SourceNat
from engine.netfilter.parts.verdicts import Jump, Return
from engine.netfilter.ruleset import Backend, Chain, Rule, Ruleset, Table
from engine.packet import Family, is_ipv6

_CHAIN, _RULE = Comment("AWS SNAT CHAIN"), Comment("AWS, SNAT")
_OUTBOUND, _CONNMARK = Comment("AWS, outbound connections"), Comment("AWS, CONNMARK")
_PRIMARY_CARD = Comment("AWS, primary ENI")
# AWS_VPC_K8S_CNI_CONNMARK.
_PRIMARY = 0x80


def written_rules(config: CNIConfig, node: NodePlan, family: Family) -> Iterator[WrittenRules]:
    """For IPv4, where the plugin is AWS's and does the SNAT itself. `config.networks` are the VPC's."""
    own = node.address(4)
    if family is Family.IPV6 or config.backend != "aws" or not config.ip_masq or own is None:
        return
    nets = [net for net in config.networks if not is_ipv6(net.partition("/")[0])]
    chains = built_in_chains("nat")
    before = chains[Hook.PREROUTING.value].rules
    before.append(Rule((InInterface(f"{PORT_PREFIX}+"), _OUTBOUND), Jump(CONNMARK)))
    before.append(Rule((_CONNMARK,), RestoreConnectionMark(_PRIMARY, _PRIMARY)))
    chains[Hook.POSTROUTING.value].rules.append(Rule((_CHAIN,), Jump(SNAT)))
    outbound = [Rule((Destination(net), Comment("AWS CONNMARK CHAIN")), Return()) for net in nets]
    chains[CONNMARK] = Chain(CONNMARK, [*outbound, Rule((_CONNMARK,), SetConnectionMark(_PRIMARY, _PRIMARY))])
    rules = [Rule((Destination(net), _CHAIN), Return()) for net in nets]
    beyond = (OutInterface("vlan+", negate=True), _RULE, AddressType("dst", negate=True))
    rules.append(Rule(beyond, SourceNat(own, random_fully=config.random_fully)))
    chains[SNAT] = Chain(SNAT, rules)
    tables = {"mangle": Table("mangle", _primary_marks(node)), "nat": Table("nat", chains)}
    yield WrittenRules(Ruleset(Backend.IPTABLES, family, tables))


def _primary_marks(node: NodePlan) -> dict[str, Chain]:
    """What comes in by the primary card marks its connection, and what a pod answers in it takes the mark: by an `ip rule`
    it leaves by the same card."""
    chains = built_in_chains("mangle")
    to_node = (InInterface(node.underlay), _PRIMARY_CARD, AddressType("dst", limit="in"))
    chains[Hook.PREROUTING.value].rules += [
        Rule(to_node, SetConnectionMark(_PRIMARY, _PRIMARY)),
        *(
            Rule((InInterface(name), _PRIMARY_CARD), RestoreConnectionMark(_PRIMARY, _PRIMARY))
            for name in (f"{PORT_PREFIX}+", "vlan+")
        ),
    ]
    return chains
