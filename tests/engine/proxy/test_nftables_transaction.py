"""The lines of a sync: as many as measured on kube-proxy, and accepted by the real nft where there is one."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess

import pytest

from engine.cluster import Cluster, Node, ProxyConfig
from engine.cost.sizes import synthetic_cluster
from engine.errors import RuleError
from engine.netfilter.nft_parse import parse
from engine.netfilter.nft_text import dump
from engine.netfilter.rules import Backend, Ruleset
from engine.packet import Family
from engine.proxy.interface import compile_rules
from engine.proxy.nftables_transaction import full_sync, full_sync_lines, partial_sync, partial_sync_lines

from ...conformance.canonical_nft import canonical
from .test_nftables import web


def rules(cluster: Cluster, release: str = "1.30") -> Ruleset:
    return compile_rules(cluster, "node1", "nftables", release=release)


def replace_endpoint(cluster: Cluster, service: int) -> Cluster:
    """The same cluster with the first endpoint of one Service at another address."""
    slices = list(cluster.slices)
    old = slices[service].endpoints[0]
    slices[service] = dataclasses.replace(
        slices[service],
        endpoints=(dataclasses.replace(old, addresses=("10.250.0.1",)), *slices[service].endpoints[1:]),
    )
    return dataclasses.replace(cluster, slices=tuple(slices))


# Measured on kube-proxy v1.30.5: nft transaction lines for one changed endpoint, Services x 10 endpoints.
@pytest.mark.parametrize(("services", "lines"), [(100, 4_671), (1000, 46_071)])
def test_everything_is_rewritten_for_one_endpoint(services: int, lines: int) -> None:
    before = synthetic_cluster(services, 10)
    assert full_sync_lines(rules(replace_endpoint(before, services // 2)), rules(before)) == lines


@pytest.mark.parametrize("release", ["1.31", "1.34", "1.37"])
def test_lines_are_counted_as_they_are_written(release: str) -> None:
    before = synthetic_cluster(5, 3)
    sticky = dataclasses.replace(before.services[0], session_affinity="ClientIP")
    before = dataclasses.replace(before, services=(sticky, *before.services[1:]))
    old, new = (
        compile_rules(one, "node1", "nftables", release=release) for one in (before, replace_endpoint(before, 0))
    )
    assert full_sync_lines(new, old) == len(list(full_sync(new, old)))
    assert full_sync_lines(new) == len(list(full_sync(new)))


def test_lines_grow_by_46_for_a_service_with_ten_endpoints() -> None:
    # add and flush of 11 chains, 2 elements, 2 rules of the Service, 2 of each endpoint
    assert full_sync_lines(rules(synthetic_cluster(8, 10))) - full_sync_lines(rules(synthetic_cluster(7, 10))) == 46


def test_since_v1_36_a_service_is_one_rule() -> None:
    # Measured on kube-proxy v1.36.3, on a node that runs no endpoint: 577 lines for 100 Services, 5,077 for 1000, and
    # 3 for one endpoint replaced. Of the frame 8 lines are not modelled: they take away what older releases left.
    here = Node("node3", ("192.168.1.99",))
    few, many = (
        dataclasses.replace(made, nodes=(*made.nodes, here))
        for made in (synthetic_cluster(100, 10), synthetic_cluster(1000, 10))
    )
    before, after, larger = (
        compile_rules(made, "node3", "nftables", release="1.36") for made in (few, replace_endpoint(few, 50), many)
    )
    assert (full_sync_lines(before), full_sync_lines(larger)) == (577 - 8, 5_077 - 8)
    assert partial_sync_lines(after, before) == 3


def test_a_partial_sync_rewrites_one_service() -> None:
    before = synthetic_cluster(100, 10)
    after = replace_endpoint(before, 50)
    # as above without the elements, which stay; and the flush of the chain that nobody uses any more
    assert partial_sync_lines(rules(after), rules(before)) == 44 + 1
    assert partial_sync_lines(rules(before), rules(before)) == 0


def test_a_service_without_endpoints_moves_between_maps() -> None:
    before = synthetic_cluster(3, 1)
    after = dataclasses.replace(before, slices=before.slices[:2])
    said = list(partial_sync(rules(after), rules(before)))
    assert [line.split(" ")[0] + " " + line.split(" ")[1] for line in said] == [
        "add element",
        "delete element",
        "flush chain",
        "flush chain",
    ]


def test_a_ruleset_of_another_mode() -> None:
    with pytest.raises(RuleError, match="no table kube-proxy"):
        full_sync_lines(Ruleset(Backend.NFTABLES, Family.IPV4))


CONFIGS = [
    {},
    {"cluster_cidrs": ("10.244.0.0/16",)},
    {"node_port_addresses": ("0.0.0.0/0",), "masquerade_all": True},
    {"detect_local_mode": "InterfaceNamePrefix", "interface_name_prefix": "cali"},
    {"detect_local_mode": "BridgeInterface", "bridge_interface": "lo"},
]


def listed_by_nft(transactions: list[str]) -> str:
    """What the real nft lists after these transactions, in a network namespace of its own."""
    if shutil.which("nft") is None or shutil.which("unshare") is None:
        pytest.skip("needs nft and unshare")
    commands = "".join(f"nft -f - <<'EOT' || exit 3\n{text}\nEOT\n" for text in transactions)
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--net", "sh", "-c", f"{commands}nft list ruleset"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if done.returncode not in (0, 3) or "Operation not permitted" in done.stderr:
        pytest.skip(f"no network namespace or nftables here: {done.stderr.strip()[:200]}")
    assert not done.stderr
    return done.stdout


@pytest.mark.parametrize("release", ["1.30", "1.34", "1.36", "1.37"])
@pytest.mark.parametrize("affinity", ["None", "ClientIP"])
@pytest.mark.parametrize("proxy", CONFIGS)
def test_the_real_nft_takes_it_and_lists_the_same(proxy: dict[str, object], affinity: str, release: str) -> None:
    cidrs = ("10.96.0.0/12",) if release != "1.30" else ()
    cluster = dataclasses.replace(web(), proxy=ProxyConfig(**proxy), service_cidrs=cidrs)  # type: ignore[arg-type]
    services = tuple(dataclasses.replace(s, session_affinity=affinity) for s in cluster.services)
    ruleset = rules(dataclasses.replace(cluster, services=services), release)
    assert listed_by_nft(["\n".join(full_sync(ruleset))]) == str(ruleset)


def test_the_real_nft_follows_a_partial_sync() -> None:
    before = rules(synthetic_cluster(3, 2))
    after = rules(replace_endpoint(synthetic_cluster(3, 2), 1))
    listing = parse(listed_by_nft(["\n".join(full_sync(before)), "\n".join(partial_sync(after, before))]))
    chains = listing.tables["kube-proxy"].chains
    stale = [name for name in chains if name not in after.tables["kube-proxy"].chains]
    # kube-proxy empties a chain that is not needed and deletes it a second later (old kernels still count references).
    assert [chains.pop(name).rules for name in stale] == [[]]
    assert canonical(dump(listing)) == canonical(dump(after))
