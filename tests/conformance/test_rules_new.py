"""What newer kube-proxies left in the kernel (rules-new), line for line, with the freedom of order that they have."""

from __future__ import annotations

import dataclasses
import functools
import json
from pathlib import Path

import pytest

from engine.cluster import Cluster
from engine.errors import UnsupportedFeature
from engine.manifests import load_cluster
from engine.netfilter.ipt_parse import parse
from engine.netfilter.nft_parse import parse_all
from engine.netfilter.nft_text import dump as dump_nft
from engine.packet import Family
from engine.proxy.interface import compile_rules, find_node
from engine.proxy.nftables import compile_nftables
from engine.proxy.releases import behaviour_of

from .canonical import iptables_lines
from .canonical_nft import canonical
from .locate import cluster_folder, folder

HOME = folder("rules-new")
RELEASES = ("1.34", "1.36", "1.37")
FAMILY = {"iptables-save": Family.IPV4, "ip6tables-save": Family.IPV6}


@dataclasses.dataclass(frozen=True)
class Dump:
    release: str
    case: str
    node: str
    suffix: str

    @property
    def file(self) -> Path:
        return HOME / self.release / self.case / f"{self.node}.{self.suffix}"


def dumps(*suffixes: str) -> list[object]:
    """The recorded files with these endings as pytest parameters."""
    found: list[object] = []
    for release in RELEASES:
        for file in sorted(HOME.glob(f"{release}/*/*")):
            node, _, suffix = file.name.partition(".")
            if suffix in suffixes:
                case = file.parent.name
                found.append(pytest.param(Dump(release, case, node, suffix), id=f"{release}-{case}-{file.name}"))
    return found


@functools.lru_cache(maxsize=4)
def cluster_of(release: str, case: str) -> Cluster:
    """The cluster of a case, its nodes with the addresses that case.json says they had."""
    place = cluster_folder(HOME / release / case)
    cluster = load_cluster([str(place / "cluster.yaml")])
    addresses = json.loads((place / "case.json").read_text())["nodes"]
    nodes = tuple(
        dataclasses.replace(
            node, addresses=tuple(dict.fromkeys((*node.internal_ips, *node.addresses, *addresses[node.name])))
        )
        for node in cluster.nodes
    )
    return dataclasses.replace(cluster, nodes=nodes)


def nftables(dump: Dump, family: Family) -> str:
    cluster = cluster_of(dump.release, dump.case)
    if dump.release != "1.34":
        return str(compile_rules(cluster, dump.node, "nftables", family, dump.release))
    # The recorder chose what each proxier sees, for v1.34's too, by the label selectors that kube-proxy has since v1.36
    # (pull request 134623).
    behaviour = behaviour_of(dump.release)
    seen = dataclasses.replace(behaviour.endpoints, labels_hide_alike=False)
    as_recorded = dataclasses.replace(behaviour, endpoints=seen)
    return str(compile_nftables(cluster, find_node(cluster, dump.node), family, as_recorded))


@pytest.mark.parametrize("dump", dumps("nft"))
def test_nftables(dump: Dump) -> None:
    text = dump.file.read_text()
    if not text:
        # nft refused the whole transaction: the node has no rules, and that is said instead of printing any.
        assert "comment too long" in dump.file.with_suffix(".nftables-error").read_text()
        with pytest.raises(UnsupportedFeature, match="nft takes comments of at most 128 characters"):
            nftables(dump, Family.IPV4)
        return
    assert canonical("".join(nftables(dump, family) for family in parse_all(text))) == canonical(text)


@pytest.mark.parametrize("dump", dumps(*FAMILY))
def test_iptables(dump: Dump) -> None:
    text = str(
        compile_rules(cluster_of(dump.release, dump.case), dump.node, "iptables", FAMILY[dump.suffix], dump.release)
    )
    assert iptables_lines(text) == iptables_lines(dump.file.read_text())


@pytest.mark.parametrize("dump", dumps("nft", *FAMILY))
def test_what_kube_proxy_left_is_read_and_printed_back(dump: Dump) -> None:
    text = dump.file.read_text()
    if dump.suffix == "nft":
        assert "".join(map(dump_nft, parse_all(text).values())) == text
    else:
        assert str(parse(text, FAMILY[dump.suffix])) == text
