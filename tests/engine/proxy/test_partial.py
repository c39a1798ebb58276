"""How much a sync writes: the sizes measured with kube-proxy v1.30.5 (ClusterIP Services with 10 endpoints each)."""

from __future__ import annotations

import dataclasses

import pytest

from engine.cluster import Cluster
from engine.cost.sizes import MOST_SERVICES, synthetic_cluster
from engine.errors import EngineError
from engine.packet import Family
from engine.proxy.partial import full_transaction, partial_transaction

from .builders import NODE1, WEB, at, cluster, load_balancer

MEASURED = [
    # Services, full sync: rules, chains; after one endpoint was replaced: rules, chains
    (100, (3209, 1110), (141, 22)),
    (1000, (32009, 11010), (1040, 21)),
    (5000, (160009, 55010), (5040, 21)),
]


def with_one_endpoint_replaced(before: Cluster) -> Cluster:
    slices = list(before.slices)
    members = list(slices[7].endpoints)
    members[3] = dataclasses.replace(members[3], addresses=("10.255.255.1",))
    slices[7] = dataclasses.replace(slices[7], endpoints=tuple(members))
    return dataclasses.replace(before, slices=tuple(slices))


@pytest.mark.parametrize(("services", "full", "partial"), MEASURED)
def test_sizes_are_the_measured_ones(services: int, full: tuple[int, int], partial: tuple[int, int]) -> None:
    before = synthetic_cluster(services, 10)
    first = full_transaction(before, "node1")
    assert (first.rule_lines, first.chain_lines) == full
    # Two runs of iptables for each of the 14 jumps.
    assert first.commands == 28
    then = partial_transaction(before, with_one_endpoint_replaced(before), "node1")
    assert (then.rule_lines, then.chain_lines) == partial
    assert then.commands == 0


def test_the_transaction_of_the_smaller_cluster_deletes_the_endpoint_that_is_gone() -> None:
    """Above 1000 endpoints kube-proxy saves itself the iptables-save that tells it what to delete."""
    before = synthetic_cluster(100, 10)
    after = with_one_endpoint_replaced(before)
    then = partial_transaction(before, after, "node1")
    assert len(then.deleted) == 1
    assert then.deleted[0] in then.chains["nat"]
    assert partial_transaction(before, after, "node1", cleanup=False).deleted == ()
    large = synthetic_cluster(101, 10)
    assert partial_transaction(large, with_one_endpoint_replaced(large), "node1").deleted == ()


BASE = cluster(load_balancer(), at("10.244.1.5"), at("10.244.2.8", "node2"))


def test_no_change_writes_the_frame_and_the_dispatch_rules_alone() -> None:
    then = partial_transaction(BASE, BASE, "node1")
    assert then.chains == {
        "filter": (
            "KUBE-SERVICES",
            "KUBE-EXTERNAL-SERVICES",
            "KUBE-FORWARD",
            "KUBE-NODEPORTS",
            "KUBE-PROXY-FIREWALL",
            "KUBE-FIREWALL",
        ),
        "nat": ("KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-POSTROUTING", "KUBE-MARK-MASQ"),
    }
    # ClusterIP, load balancer, NodePort; 3 + 1 + 1 of the frame.
    assert then.rules == {"filter": 4, "nat": 8}


def test_a_service_that_comes_or_goes() -> None:
    without = dataclasses.replace(BASE, services=())
    comes = partial_transaction(without, BASE, "node1")
    assert sum(name.startswith("KUBE-SEP-") for name in comes.chains["nat"]) == 2
    goes = partial_transaction(BASE, without, "node1")
    # KUBE-SVC, KUBE-EXT and two KUBE-SEP, each declared to empty it and then deleted.
    assert len(goes.deleted) == 4
    assert goes.rules == {"filter": 4, "nat": 5}
    assert goes.rule_lines == 13


def test_a_change_that_no_rule_knows_of_is_none() -> None:
    relabelled = dataclasses.replace(BASE, services=(dataclasses.replace(BASE.services[0], labels={"a": "b"}),))
    assert partial_transaction(BASE, relabelled, "node1") == partial_transaction(BASE, BASE, "node1")


def test_ipv6_has_no_localnet_rule() -> None:
    assert "KUBE-FIREWALL" not in full_transaction(cluster(WEB), NODE1.name, Family.IPV6).chains["filter"]


@pytest.mark.parametrize(("services", "endpoints"), [(-1, 1), (1, -1), (MOST_SERVICES + 1, 0), (10_000, 10_000)])
def test_impossible_sizes_are_refused(services: int, endpoints: int) -> None:
    with pytest.raises(EngineError):
        synthetic_cluster(services, endpoints)
