"""On every recorded ruleset, packets to every address and port it names: the index decides as trying every rule does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.hooks import Hook
from engine.netfilter.choose import every_path
from engine.netfilter.ipt_parse import parse
from engine.netfilter.rules import Destination, DestinationPort, Ruleset
from engine.netfilter.stack import HostNetfilter, Skb
from engine.packet import L4, Family, FiveTuple

from .locate import folder

FILES = sorted((*folder("rules").glob("*/node1.ip*tables-save"), *folder("rules-new").glob("*/*/node1.ip*tables-save")))
OWN = {"ipv4": "192.168.1.10", "ipv6": "2001:db8::10"}
SOURCES = {"ipv4": ("1.2.3.4", "10.244.1.10"), "ipv6": ("2001:db8:ffff::4", "fd00:10:244:1::5")}


def spoken_to(ruleset: Ruleset) -> list[tuple[str, L4, int]]:
    """Every (address, protocol, port) that a rule names; the node's own address where a rule names a port only."""
    found = set()
    for table in ruleset.tables.values():
        for chain in table.chains.values():
            for rule in chain.rules:
                addresses = [m.net.partition("/")[0] for m in rule.matches if isinstance(m, Destination)]
                ports = [(m.protocol, m.low) for m in rule.matches if isinstance(m, DestinationPort)]
                found |= {(addresses[0] if addresses else OWN[ruleset.family], *port) for port in ports}
    return sorted(found)


def ways(ruleset: Ruleset, flow: FiveTuple, indexed: bool) -> list[Any]:
    own = OWN[ruleset.family]

    def run(choose: Any) -> Any:
        netfilter = HostNetfilter("node1", ruleset, lambda address: address == own, choose, indexed=indexed)
        skb = Skb(flow)
        passages = []
        for hook in (Hook.PREROUTING, Hook.INPUT, Hook.FORWARD, Hook.POSTROUTING):
            if hook is Hook.PREROUTING or (hook is Hook.INPUT) == (skb.flow.dst == own):
                passages.append(netfilter.traverse(hook, skb, in_device="eth0", masquerade_address=lambda: own))
                if passages[-1].verdict != "ACCEPT":
                    break
        return passages, skb.flow, skb.mark

    return list(every_path(run))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parts[-3]}-{path.parts[-2]}-{path.name}")
def test_indexed_and_plain_evaluation_agree(path: Path) -> None:
    ruleset = parse(path.read_text(), Family.IPV6 if "ip6" in path.name else Family.IPV4, str(path))
    for address, protocol, port in spoken_to(ruleset):
        for source in SOURCES[ruleset.family]:
            flow = FiveTuple(protocol, source, 40000, address, port)
            fast = ways(ruleset, flow, indexed=True)
            assert fast == ways(ruleset, flow, indexed=False)
            assert sum(probability for probability, _ in fast) == 1
