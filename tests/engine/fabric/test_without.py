"""What goes with each part that can be taken away: the rules, or what ipvs mode set up beside them."""

from __future__ import annotations

import dataclasses

import pytest

from engine.cluster import NetworkFacts
from engine.errors import NoSuchObject
from engine.fabric.without import PARTS, check_parts, cut
from engine.netfilter.ipvs import IpvsRuleset
from engine.netfilter.rules import Ruleset
from engine.netfilter.text import dump
from engine.proxy.interface import compile_rules
from tests.engine.clusters import A, B, cluster

# Part, mode, release; what the only rules that go say (a piece of each).
GONE = [
    ("masquerade", "iptables", "1.36", ["-j MASQUERADE"]),
    ("masquerade", "nftables", "1.35", ["masquerade fully-random"]),
    ("hairpin-masquerade", "iptables", "1.36", [f"-s {A}/32", f"-s {B}/32"]),
    ("hairpin-masquerade", "ipvs", "1.36", ["--match-set KUBE-LOOP-BACK dst,dst,src"]),
    ("hairpin-masquerade", "nftables", "1.35", [f"ip saddr {A} jump", f"ip saddr {B} jump"]),
    ("hairpin-masquerade", "nftables", "1.36", ["@hairpin-connections"]),
    ("cluster-ips-check", "nftables", "1.36", ["reject"]),
    ("cluster-ips-check", "iptables", "1.36", []),
    ("cni-rules", "iptables", "1.36", []),
    ("hairpin-mode", "iptables", "1.36", []),
    ("br_netfilter", "iptables", "1.36", []),
    ("route", "iptables", "1.36", []),
    ("route_localnet", "iptables", "1.36", []),
    ("ip_forward", "iptables", "1.36", []),
    ("kube-ipvs0", "iptables", "1.36", []),
    ("vs-conntrack", "iptables", "1.36", []),
]


def _cut(part: str, mode: str, release: str | None = None) -> tuple[Ruleset, Ruleset]:
    whole = compile_rules(cluster(A, B), "node1", mode, release=release)
    without = dataclasses.replace(cluster(A, B), network=NetworkFacts(without=frozenset({part})))
    return whole, cut(without, whole)


@pytest.mark.parametrize(("part", "mode", "release", "pieces"), GONE)
def test_the_rules_that_go(part: str, mode: str, release: str, pieces: list[str]) -> None:
    whole, left = _cut(part, mode, release)
    kept = dump(left).splitlines()
    gone = [line for line in dump(whole).splitlines() if line not in kept]
    assert len(gone) == len(pieces), gone
    assert all(any(piece in line for line in gone) for piece in pieces), gone


@pytest.mark.parametrize(
    ("part", "addresses", "conntrack"), [("kube-ipvs0", (), True), ("vs-conntrack", ("10.96.0.10",), False)]
)
def test_what_ipvs_mode_loses(part: str, addresses: tuple[str, ...], conntrack: bool) -> None:
    whole, left = _cut(part, "ipvs")
    assert isinstance(whole, IpvsRuleset)
    assert isinstance(left, IpvsRuleset)
    assert (whole.dummy_addresses, whole.conntrack) == (("10.96.0.10",), True)
    assert (left.dummy_addresses, left.conntrack) == (addresses, conntrack)


def test_every_part_is_known_by_its_name() -> None:
    check_parts(PARTS)
    assert set(PARTS) == {part for part, *_ in GONE}
    with pytest.raises(NoSuchObject, match="there is no part 'gateway'"):
        check_parts(["gateway"])
