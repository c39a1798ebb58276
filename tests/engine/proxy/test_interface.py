"""compile_rules: the modes, the nodes, and what it says when there is no such thing."""

from __future__ import annotations

import pytest

from engine.cluster import Mode
from engine.errors import NoSuchObject
from engine.netfilter.rules import Backend
from engine.packet import Family
from engine.proxy.interface import MODES, compile_rules, family_named, mode_named

from .builders import WEB, at, cluster

CLUSTER = cluster(WEB, at("10.244.1.5"))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_every_mode_gives_text_and_always_the_same(mode: str, family: str) -> None:
    ruleset = compile_rules(CLUSTER, "node1", mode, family)
    assert ruleset.family == family
    assert ruleset.backend is (Backend.NFTABLES if mode == "nftables" else Backend.IPTABLES)
    assert str(ruleset)
    assert str(ruleset) == str(compile_rules(CLUSTER, "node1", mode, family))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("node9",), "no node 'node9'; known nodes: node1, node2"),
        (("node1", "userspace"), "no proxy mode 'userspace'; known modes: iptables, ipvs, nftables"),
        (("node1", Mode.KERNELSPACE), "no proxy mode 'kernelspace'; known modes: iptables, ipvs, nftables"),
        (("node1", "iptables", "ipx"), "no address family 'ipx'; known families: ipv4, ipv6"),
    ],
)
def test_what_does_not_exist_is_named(arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(NoSuchObject, match=words):
        compile_rules(CLUSTER, *arguments)


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_may_be_given_by_its_name(mode: Mode) -> None:
    assert mode_named(str(mode)) is mode
    assert mode_named(mode) is mode


@pytest.mark.parametrize("family", Family)
def test_a_family_may_be_given_by_its_name(family: Family) -> None:
    assert family_named(str(family)) is family
    assert family_named(family) is family
