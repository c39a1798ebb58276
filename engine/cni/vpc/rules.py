"""What the AWS VPC CNI writes so that pods reach beyond their VPC: SNAT to the node's primary address.

Its marks of connections (AWS-CONNMARK-CHAIN-0) choose among several network cards of a node; a node has one here, and they
are left out. IPv6 has no SNAT.

Source: aws/amazon-vpc-cni-k8s pkg/networkutils/network.go (buildIptablesSNATRules).
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.cluster import CNIConfig
from engine.cni.interface import NodePlan, WrittenRules
from engine.cni.vpc.chains import SNAT
from engine.hooks import Hook
from engine.netfilter.built_in import built_in_chains
from engine.netfilter.parts.address_type import AddressType
from engine.netfilter.parts.addresses import Destination
from engine.netfilter.parts.comment import Comment
from engine.netfilter.parts.devices import OutInterface
from engine.netfilter.parts.nat import SourceNat
from engine.netfilter.parts.verdicts import Jump, Return
from engine.netfilter.ruleset import Backend, Chain, Rule, Ruleset, Table
from engine.packet import Family, is_ipv6

_CHAIN, _RULE = Comment("AWS SNAT CHAIN"), Comment("AWS, SNAT")


def written_rules(config: CNIConfig, node: NodePlan, family: Family) -> Iterator[WrittenRules]:
    """For IPv4, where the plugin is AWS's and does the SNAT itself. `config.networks` are the VPC's."""
    own = node.address(4)
    if family is Family.IPV6 or config.backend != "aws" or not config.ip_masq or own is None:
        return
    chains = built_in_chains("nat")
    chains[Hook.POSTROUTING.value].rules.append(Rule((_CHAIN,), Jump(SNAT)))
    rules = [
        Rule((Destination(net), _CHAIN), Return()) for net in config.networks if not is_ipv6(net.partition("/")[0])
    ]
    beyond = (OutInterface("vlan+", negate=True), _RULE, AddressType("dst", negate=True))
    rules.append(Rule(beyond, SourceNat(own, random_fully=config.random_fully)))
    chains[SNAT] = Chain(SNAT, rules)
    yield WrittenRules(Ruleset(Backend.IPTABLES, family, {"nat": Table("nat", chains)}))
