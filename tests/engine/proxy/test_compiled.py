"""What was made of a cluster object is made once: how often kube-proxy's compilers run, what callers may do, the bounds."""

from __future__ import annotations

import dataclasses
import importlib
import threading
from collections.abc import Callable
from typing import Any

import pytest

from engine import Request, compile_node, compile_rules, outcomes, resolve
from engine.cluster import Cluster
from engine.cost.sizes import synthetic_cluster
from engine.netfilter.ipset import IpSet
from engine.netfilter.ipvs import IpvsRuleset
from engine.netfilter.nft_sets import NamedSet
from engine.netfilter.rules import Rule, Ruleset
from engine.proxy.compiled import ClusterCache, copied, rules_in
from engine.proxy.interface import MODES, fresh_rules, shared_rules

NODE = "node1"


@pytest.fixture
def cluster() -> Cluster:
    """An object of its own for each test: nothing was compiled for it."""
    return synthetic_cluster(3, 2)


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The node and mode of each compile, as they happen."""
    runs: list[tuple[str, str]] = []

    def counting(mode: str, compiler: Callable[..., Ruleset]) -> Callable[..., Ruleset]:
        def count(cluster: Cluster, node: Any, *rest: Any) -> Ruleset:
            runs.append((node.name, mode))
            return compiler(cluster, node, *rest)

        return count

    for mode, row in MODES.items():
        module = importlib.import_module(row.module)
        monkeypatch.setattr(module, row.function, counting(mode, getattr(module, row.function)))
    return runs


def request(cluster: Cluster) -> Request:
    return Request(f"node/{NODE}", f"{cluster.services[0].cluster_ips[0]}:{cluster.services[0].ports[0].port}")


CALLS: dict[str, Callable[[Cluster, str], object]] = {
    "compile_rules": lambda cluster, mode: compile_rules(cluster, NODE, mode),
    "compile_node": lambda cluster, mode: compile_node(cluster, NODE, mode),
    "resolve": lambda cluster, mode: resolve(cluster, NODE, request(cluster), mode),
    "outcomes": lambda cluster, mode: outcomes(cluster, request(cluster), mode, seed=1),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("again", CALLS.values(), ids=CALLS)
def test_a_second_call_compiles_nothing(
    again: Callable[[Cluster, str], object], mode: str, cluster: Cluster, compiled: list[tuple[str, str]]
) -> None:
    again(cluster, mode)
    once = list(compiled)
    assert len(once) == len(set(once)) >= 1
    again(cluster, mode)
    assert compiled == once


@pytest.mark.parametrize("mode", MODES)
def test_all_of_the_api_shares_what_was_compiled(mode: str, cluster: Cluster, compiled: list[tuple[str, str]]) -> None:
    for name in (NODE, "node2"):
        compile_rules(cluster, name, mode)
    assert len(compiled) == 2
    resolve(cluster, NODE, request(cluster), mode)
    outcomes(cluster, request(cluster), mode)
    compile_node(cluster, NODE, mode)
    assert len(compiled) == 2


def test_what_differs_is_compiled(cluster: Cluster, compiled: list[tuple[str, str]]) -> None:
    compile_rules(cluster, NODE)
    compile_rules(cluster, "node2")
    compile_rules(cluster, NODE, "ipvs")
    compile_rules(cluster, NODE, release="1.30")
    compile_rules(dataclasses.replace(cluster), NODE)
    assert len(compiled) == 5


@pytest.mark.parametrize("mode", MODES)
def test_a_caller_s_rules_are_his_own(mode: str, cluster: Cluster) -> None:
    before = str(fresh_rules(cluster, NODE, mode))
    mine = compile_rules(cluster, NODE, mode)
    assert str(mine) == before
    for table in mine.tables.values():
        for chain in table.chains.values():
            chain.rules.append(Rule())
            chain.comment = "mine"
        for one in table.sets.values():
            if isinstance(one, NamedSet):
                one.elements.clear()
            if isinstance(one, IpSet):
                one.entries.clear()
    if isinstance(mine, IpvsRuleset):
        for one in mine.ipsets:
            one.entries.clear()
    mine.tables.clear()
    assert str(compile_rules(cluster, NODE, mode)) == str(shared_rules(cluster, NODE, mode, "ipv4")) == before


@pytest.mark.parametrize("mode", MODES)
def test_a_copy_is_equal(mode: str, cluster: Cluster) -> None:
    shared = shared_rules(cluster, NODE, mode, "ipv4")
    again = copied(shared)
    assert again == shared
    assert rules_in(again) == rules_in(shared) > 0


def test_the_last_ones_are_kept_by_number_and_by_weight(cluster: Cluster) -> None:
    cache: ClusterCache[int] = ClusterCache(most=3, heaviest=10, weigh=lambda made: made)
    made: list[int] = []

    def ask(weight: int) -> None:
        def make() -> int:
            made.append(weight)
            return weight

        assert cache.get(cluster, weight, make) == weight

    for weight in (1, 2, 3, 1, 4, 1, 3, 2, 99, 99, 1):
        ask(weight)
    #       the fourth 1 is there; 4 sends 2 away; 1 and 3 are there; 2 sends 4 away; 99 sends all away, and goes for 1.
    assert made == [1, 2, 3, 4, 2, 99, 1]
    cache.clear()
    ask(1)
    assert made[-2:] == [1, 1]


def test_threads_that_ask_at_once_get_the_same_object(cluster: Cluster) -> None:
    count = 8
    together, found = threading.Barrier(count), []

    def ask() -> None:
        together.wait()
        found.append(shared_rules(cluster, NODE, "iptables", "ipv4"))

    threads = [threading.Thread(target=ask) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == count
    assert len({id(one) for one in found}) == 1


def test_an_error_is_not_kept(cluster: Cluster) -> None:
    cache: ClusterCache[int] = ClusterCache(most=2)
    with pytest.raises(ZeroDivisionError):
        cache.get(cluster, "a", lambda: 1 // 0)
    assert cache.get(cluster, "a", lambda: 1) == 1


def test_nodes_share_the_chains_of_endpoints(cluster: Cluster) -> None:
    first, second = (shared_rules(cluster, name, "iptables", "ipv4").tables["nat"].chains for name in (NODE, "node2"))
    endpoints = [name for name in first if name.startswith("KUBE-SEP-")]
    assert len(endpoints) == 6
    assert all(first[name] is second[name] for name in endpoints)


def test_what_is_compiled_afresh_shares_nothing(cluster: Cluster) -> None:
    first, second = (fresh_rules(cluster, NODE, "iptables").tables["nat"].chains for _ in range(2))
    assert first == second
    assert not any(first[name] is second[name] for name in first)


@pytest.mark.parametrize("mode", MODES)
def test_shared_or_not_the_rules_are_the_same(mode: str, cluster: Cluster) -> None:
    for name in (NODE, "node2"):
        assert str(shared_rules(cluster, name, mode, "ipv4")) == str(fresh_rules(cluster, name, mode))
