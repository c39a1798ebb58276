"""ipvs mode, section by section: what kube-proxy v1.30.5 left on every recorded node, and what is printed for it.

Four kinds of text a node: IPVS's table (`ipvsadm-save -n`), the ipsets (`ipset save`), the iptables rules of each
family, and the addresses on kube-ipvs0. Free is only what the recordings' README frees: the order of sets and of their
entries, a hash's random `initval` and the `bucketsize` that newer ipsets print, the order of the tables, and the order
of different Services' rules in KUBE-IPVS-OUT-FILTER.
"""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
import json
import re
from pathlib import Path

import pytest

from engine.cluster import Cluster
from engine.fabric.fabric import build_fabric
from engine.manifests import load_cluster
from engine.netfilter.ipvs import IpvsRuleset
from engine.netfilter.saved import SavedText, read_saved
from engine.netfilter.text import dump
from engine.packet import Family
from engine.proxy.interface import compile_rules

from .locate import cluster_folder, folder

RECORDED = folder("ipvs-rules")
# How the rules begin that stand in no fixed order: those of different Services in this chain.
UNORDERED = ("-A KUBE-IPVS-OUT-FILTER ",)
# Which of kube-proxy's two proxiers ran: an IPv6 cluster's was the dual-stack one, with the IPv4 sets there and empty.
FAMILIES = {"ipv4": (Family.IPV4,), "ipv6": tuple(Family), "dual": tuple(Family)}
PROGRAMS = {"iptables-save": Family.IPV4, "ip6tables-save": Family.IPV6}


@dataclasses.dataclass(frozen=True)
class Recording:
    """One node of one case. `facts` is the folder that holds cluster.yaml and case.json."""

    folder: Path
    facts: Path
    node: str

    def text(self, kind: str) -> str:
        return (self.folder / f"{self.node}.{kind}").read_text()

    def has(self, kind: str) -> bool:
        return (self.folder / f"{self.node}.{kind}").exists()


def recordings() -> list[Recording]:
    found = []
    for place in sorted((*RECORDED.glob("*"), *RECORDED.glob("extra/*"))):
        found += [
            Recording(place, cluster_folder(place), file.name.removesuffix(".ipvs"))
            for file in sorted(place.glob("*.ipvs"))
        ]
    return found


def of_kind(*kinds: str) -> list[object]:
    return [
        pytest.param(one, kind, id=f"{one.folder.name}-{one.node}-{kind}")
        for one in recordings()
        for kind in kinds
        if one.has(kind)
    ]


@functools.lru_cache(maxsize=4)
def recorded(facts: Path) -> tuple[Cluster, tuple[Family, ...]]:
    """The cluster, its nodes with the further addresses that case.json names, and the families kube-proxy ran for."""
    case = json.loads((facts / "case.json").read_text())
    cluster = load_cluster([str(facts / "cluster.yaml")])
    nodes = tuple(
        dataclasses.replace(
            node,
            addresses=tuple(dict.fromkeys((*node.internal_ips, *node.addresses, *case["nodes"].get(node.name, ())))),
        )
        for node in cluster.nodes
    )
    return dataclasses.replace(cluster, nodes=nodes), FAMILIES[case["family"]]


@functools.lru_cache(maxsize=4)
def printed(facts: Path, node: str, family: Family) -> tuple[str, ...]:
    """The lines of `k8squiz rules --mode ipvs` for one family."""
    return tuple(str(compile_rules(recorded(facts)[0], node, "ipvs", family, release="1.30")).splitlines())


def ipset_lines(lines: list[str]) -> list[str]:
    """Sets and entries in alphabetical order, without what a hash's seed and the version of ipset decide."""
    return sorted(re.sub(r" (bucketsize|initval) \S+", "", line) for line in lines)


def iptables_tables(lines: list[str]) -> dict[str, list[str]]:
    """Table -> its lines, in their order but for the rules of UNORDERED, which stand sorted behind the others."""
    tables: dict[str, list[str]] = {}
    table: list[str] = []
    for line in lines:
        if line.startswith("*"):
            table = tables.setdefault(line, [])
        table.append(line)
    return {
        name: sorted(table, key=lambda line: line if line.startswith(UNORDERED) else "")
        for name, table in tables.items()
    }


def sections(recording: Recording, family: Family) -> tuple[list[str], list[str], list[str]]:
    """What is printed, cut where the parts meet: IPVS's table, the ipsets, the iptables rules."""
    lines = list(printed(recording.facts, recording.node, family))
    first_set = next((i for i, line in enumerate(lines) if line.startswith("create ")), len(lines))
    first_table = next((i for i, line in enumerate(lines) if line.startswith("*")), len(lines))
    return lines[:first_set], lines[first_set:first_table], lines[first_table:]


@pytest.mark.parametrize(("recording", "kind"), of_kind("ipvs"))
def test_the_virtual_servers_are_kube_proxys(recording: Recording, kind: str) -> None:
    families = recorded(recording.facts)[1]
    mine = [line for family in families for line in sections(recording, family)[0]]
    assert mine == recording.text(kind).splitlines()


@pytest.mark.parametrize(("recording", "kind"), of_kind("ipset"))
def test_the_ipsets_are_kube_proxys(recording: Recording, kind: str) -> None:
    families = recorded(recording.facts)[1]
    mine = [line for family in families for line in sections(recording, family)[1]]
    assert ipset_lines(mine) == ipset_lines(recording.text(kind).splitlines())


@pytest.mark.parametrize(("recording", "kind"), of_kind(*PROGRAMS))
def test_the_iptables_rules_are_kube_proxys(recording: Recording, kind: str) -> None:
    mine = sections(recording, PROGRAMS[kind])[2]
    assert iptables_tables(mine) == iptables_tables(recording.text(kind).splitlines())


@pytest.mark.parametrize(("recording", "kind"), of_kind(*PROGRAMS))
def test_what_kube_proxy_left_is_read_and_printed_back(recording: Recording, kind: str) -> None:
    """From three files as from one; the rules that come of them are those that are compiled."""
    family = PROGRAMS[kind]
    parts = [SavedText(name, recording.text(name)) for name in ("ipvs", "ipset", kind)]
    read = read_saved(parts, family)
    assert str(read) == str(read_saved([SavedText("all", "".join(part.text for part in parts))], family))
    assert iptables_tables(dump(read).splitlines()) == iptables_tables(recording.text(kind).splitlines())
    compiled = compile_rules(recorded(recording.facts)[0], recording.node, "ipvs", family, release="1.30")
    assert isinstance(read, IpvsRuleset)
    assert isinstance(compiled, IpvsRuleset)
    assert {*read.dummy_addresses} == {*compiled.dummy_addresses}
    by_name = {ipset.name: ipset for ipset in read.ipsets}
    assert tuple(by_name[ipset.name] for ipset in compiled.ipsets) == compiled.ipsets
    back = read_saved([SavedText("printed", str(compiled))], family)
    assert str(back) == str(compiled)
    assert back.tables == compiled.tables


@pytest.mark.parametrize(("recording", "kind"), of_kind("kube-ipvs0"))
def test_kube_ipvs0_holds_the_addresses(recording: Recording, kind: str) -> None:
    cluster, _ = recorded(recording.facts)
    right = {ipaddress.ip_interface(found) for found in re.findall(r"inet6? (\S+)", recording.text(kind))}
    device = build_fabric(cluster, "ipvs").host(recording.node).devices["kube-ipvs0"]
    mine = {ipaddress.ip_interface(f"{own.address}/{own.length}") for own in device.addresses}
    assert mine == right
