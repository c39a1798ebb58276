"""kindnetd's masquerading: everything that does not go to a pod, or to an address of the node itself.

Source: kubernetes-sigs/kind images/kindnetd/cmd/kindnetd/masq.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.cluster import CNIConfig
from engine.cni.interface import WrittenRules
from engine.cni.kindnet.chains import MASQUERADE
from engine.hooks import Hook
from engine.netfilter.built_in import built_in_chains
from engine.netfilter.parts.address_type import AddressType
from engine.netfilter.parts.addresses import Destination
from engine.netfilter.parts.comment import Comment
from engine.netfilter.parts.masquerade import Masquerade
from engine.netfilter.parts.verdicts import Jump, Return
from engine.netfilter.ruleset import Backend, Chain, Rule, Ruleset, Table
from engine.packet import Family, family_of

_JUMP = "ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom KIND-MASQ-AGENT chain"
_INSIDE = "local traffic is not subject to MASQUERADE"
_OUTSIDE = "outbound traffic is subject to MASQUERADE (must be last in chain)"


def written_rules(config: CNIConfig, family: Family) -> Iterator[WrittenRules]:
    """The chain of one family; none where the pods have no network of it."""
    nets = [net for net in config.networks if family_of(net.partition("/")[0]) is family]
    if not nets:
        return
    chains = built_in_chains("nat")
    jump = Rule((AddressType("dst", negate=True), _said(_JUMP)), Jump(MASQUERADE))
    chains[Hook.POSTROUTING.value].rules.append(jump)
    rules = [Rule((Destination(net), _said(_INSIDE)), Return()) for net in nets]
    chains[MASQUERADE] = Chain(MASQUERADE, [*rules, Rule((_said(_OUTSIDE),), Masquerade())])
    yield WrittenRules(Ruleset(Backend.IPTABLES, family, {"nat": Table("nat", chains)}))


def _said(text: str) -> Comment:
    return Comment(f"kind-masq-agent: {text}")
