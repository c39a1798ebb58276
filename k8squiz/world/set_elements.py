"""What stands in a node's sets beside its rules: ipsets and IPVS's table, nft's sets and maps. One entry each."""

from __future__ import annotations

from collections.abc import Iterator

from engine.netfilter.ipvs import IpvsRuleset
from engine.netfilter.ipvsadm_text import save_service
from engine.netfilter.nft import NamedSet
from engine.netfilter.nft_text import element_text
from engine.netfilter.rules import Ruleset
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class SetElement:
    """`text` as the kernel's tool prints it (ipset save, ipvsadm-save, nft list); `set` is the set's or map's name.

    In ipvs mode three more names: `virtual-servers`, `real-servers` and `kube-ipvs0`, the addresses of that device.
    """

    set: str
    text: str


def entries(ruleset: Ruleset) -> tuple[SetElement, ...]:
    """Every entry of every set of one node; none in iptables mode."""
    if isinstance(ruleset, IpvsRuleset):
        return tuple(_ipvs(ruleset))
    return tuple(
        SetElement(named.name, element_text(key, element))
        for table in ruleset.tables.values()
        for named in table.sets.values()
        if isinstance(named, NamedSet)
        for key, element in named.elements.items()
    )


def _ipvs(ruleset: IpvsRuleset) -> Iterator[SetElement]:
    for service in ruleset.services:
        virtual, *real = save_service(service)
        yield SetElement("virtual-servers", virtual)
        yield from (SetElement("real-servers", line) for line in real)
    for ipset in ruleset.ipsets:
        yield from (SetElement(ipset.name, entry) for entry in sorted(ipset.entries))
    yield from (SetElement("kube-ipvs0", address) for address in ruleset.dummy_addresses)
