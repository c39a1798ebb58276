"""What `lab verify` draws: how often what is rare, and what it takes away in which mode."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from engine.cluster import Mode
from engine.lab.cases import (
    EGRESS,
    HOST_PORT_WAY,
    LOCAL_ELSEWHERE,
    OTHER_PROCESS,
    POLICY,
    drawn_on,
    networks,
    scenes,
    ways_of,
)
from engine.lab.drawn_addresses import Addresses
from engine.lab.drawn_clusters import draw_cluster
from engine.lab.known import known
from engine.lab.requirements import Features
from engine.lab.verify import enough
from engine.trace import Outcome, Request
from engine.walk.outcomes import outcomes
from tests.engine.clusters import NODE1, NODE2, B, cluster, web
from tests.engine.walk.test_policies import DENY_OUT, scene

WAYS = (HOST_PORT_WAY, EGRESS, OTHER_PROCESS, LOCAL_ELSEWHERE, POLICY)


@pytest.mark.parametrize("modes", [(Mode.IPTABLES, Mode.NFTABLES), (Mode.IPVS,)], ids="-".join)
def test_each_way_comes_up_at_least_20_times_in_1000(modes: tuple[Mode, ...]) -> None:
    found: Counter[str] = Counter()
    for one in enough(scenes(1, modes), 150):
        for request in one.requests:
            ways = outcomes(one.cluster, request, one.mode)
            found.update({way for outcome in ways for way in ways_of(one.cluster, request, outcome)})
    assert {way for way in WAYS if found[way] < 3} == set()


@pytest.mark.parametrize(
    ("there", "modes"),
    [
        ({}, (Mode.IPTABLES, Mode.NFTABLES)),
        ({"ipvs": True}, (Mode.IPTABLES, Mode.NFTABLES, Mode.IPVS)),
        ({"ipvs": True, "nf_tables": False}, (Mode.IPTABLES, Mode.IPVS)),
    ],
    ids=["neither", "IPVS", "IPVS alone"],
)
def test_what_is_drawn_follows_the_kernel(there: dict[str, bool], modes: tuple[Mode, ...]) -> None:
    found, networks = drawn_on(Features(frozenset({"bridge", "veth", "ipip"}), br_netfilter=True, **there))
    assert found == modes
    assert "ipip" in {network.backend for _, network in networks}


@pytest.mark.parametrize(
    ("mode", "parts"),
    [(Mode.IPTABLES, set()), (Mode.NFTABLES, {"cluster-ips-check"}), (Mode.IPVS, {"kube-ipvs0", "vs-conntrack"})],
)
def test_the_parts_of_a_mode_are_taken_away_in_it(mode: Mode, parts: set[str]) -> None:
    own = {"cluster-ips-check", "kube-ipvs0", "vs-conntrack"}
    plugin, network = networks()[0]
    clusters = (draw_cluster(random.Random(seed), Addresses(4), mode, plugin, network) for seed in range(200))
    drawn = {part for one in clusters for part in one.network.without}
    assert drawn & own == parts


def test_ipvs_mode_is_fixed_with_and_without_its_own_parts() -> None:
    found = list(known((Mode.IPVS,)))
    assert {one.mode for one in found} == {Mode.IPVS}
    assert {part for one in found for part in one.cluster.network.without} >= {"kube-ipvs0", "vs-conntrack"}
    assert {one.name for one in known()} < {one.name for one in found}


LOCAL = cluster(B, service=web(external_traffic_policy="Local"), cni_rules=True)
REQUESTS = [
    ("pod/pod-a", f"{NODE2}:30080", (LOCAL_ELSEWHERE,)),
    ("pod/pod-a", f"{NODE1}:30080", ()),
    ("pod/pod-a", f"{NODE2}:10250", (OTHER_PROCESS,)),
    ("pod/pod-a", f"{NODE1}:10250", ()),
    ("client", f"{NODE2}:30080", ()),
    ("pod/pod-a", NODE2, ()),
]


@pytest.mark.parametrize(("source", "to", "ways"), REQUESTS)
def test_what_decides_beside_kube_proxy_s_rules(source: str, to: str, ways: tuple[str, ...]) -> None:
    request = Request(source, to) if ":" in to else Request(source, to, protocol="ICMP")
    assert ways_of(LOCAL, request, one_way(request)) == ways


def one_way(request: Request) -> Outcome:
    (outcome,) = outcomes(LOCAL, request)
    return outcome


def test_a_policy_counts_where_it_is_asked() -> None:
    request = Request("pod/pod-a", f"{B}:8080")
    found = {}
    for plugin in ("calico", "flannel"):
        made = scene(plugin, DENY_OUT, B)
        (outcome,) = outcomes(made, request)
        found[plugin] = ways_of(made, request, outcome)
    assert found == {"calico": (POLICY,), "flannel": ()}
