"""Every recorded cluster, node and family: the rules are those that kube-proxy left in the kernel, line for line."""

from __future__ import annotations

import dataclasses
import functools
import json
from pathlib import Path

import pytest

from engine.cluster import Cluster
from engine.manifests import load_cluster
from engine.netfilter.ipt_parse import parse
from engine.packet import Family
from engine.proxy.interface import compile_rules

from .canonical import iptables_lines
from .locate import folder

SUFFIXES = {"iptables-save": Family.IPV4, "ip6tables-save": Family.IPV6}


@dataclasses.dataclass(frozen=True)
class Dump:
    case: Path
    node: str
    suffix: str

    @property
    def right(self) -> list[str]:
        """The recorded text, and the second one where kube-proxy has two ways to be right."""
        files = [self.case / f"{self.node}.{self.suffix}", self.case / f"{self.node}.alt.{self.suffix}"]
        return [file.read_text() for file in files if file.exists()]

    @property
    def family(self) -> Family:
        return SUFFIXES[self.suffix]


def dumps() -> list[object]:
    found: list[object] = []
    for case in sorted(folder("rules").glob("*")):
        for suffix in SUFFIXES:
            for file in sorted(case.glob(f"*.{suffix}")):
                node = file.name.removesuffix(f".{suffix}")
                if not node.endswith(".alt"):
                    found.append(pytest.param(Dump(case, node, suffix), id=f"{case.name}-{node}-{suffix}"))
    return found


@functools.lru_cache(maxsize=4)
def cluster_of(case: Path) -> Cluster:
    """The cluster, its nodes with the further addresses that case.json names."""
    cluster = load_cluster([str(case / "cluster.yaml")])
    addresses = json.loads((case / "case.json").read_text())["nodes"]
    nodes = tuple(
        dataclasses.replace(
            node, addresses=tuple(dict.fromkeys((*node.internal_ips, *node.addresses, *addresses[node.name])))
        )
        for node in cluster.nodes
    )
    return dataclasses.replace(cluster, nodes=nodes)


@pytest.mark.parametrize("dump", dumps())
def test_rules_are_kube_proxys(dump: Dump) -> None:
    text = str(compile_rules(cluster_of(dump.case), dump.node, "iptables", dump.family, release="1.30"))
    mine, right = iptables_lines(text), [iptables_lines(text) for text in dump.right]
    if mine not in right:
        assert mine == right[0]


@pytest.mark.parametrize("dump", dumps())
def test_what_kube_proxy_left_is_read_and_printed_back(dump: Dump) -> None:
    for text in dump.right:
        assert str(parse(text, dump.family)) == text
    ruleset = compile_rules(cluster_of(dump.case), dump.node, "iptables", dump.family, release="1.30")
    assert parse(str(ruleset), dump.family) == ruleset
