"""The whole walk in nftables mode, on the cluster that a real kernel was measured on.

Every measured row of test_kernel_paths.py holds here as well, save the two that were measured to differ: a wrong port
of a ClusterIP is refused at once, and 127.0.0.1 has no NodePorts.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from engine.cluster import CNIConfig, NetworkFacts, Service
from engine.hooks import Hook
from engine.trace import Hop, Request, Verdict
from engine.walk.outcomes import outcomes
from tests.engine.clusters import NODE1, VIP, A, B, cluster, web
from tests.engine.walk.test_kernel_paths import (
    HAIRPIN,
    HOST_GW,
    INTERNAL_LOCAL,
    LOCAL,
    MASQUERADE,
    POLICIES,
    VXLAN,
    only,
    says,
)
from tests.rows import named

MODE = "nftables"
REFUSED = ("REFUSED", "nobody-listens")
UNKNOWN_PORT = ("REJECT", "unknown-cluster-ip-port")


@pytest.mark.parametrize(("source", "to", "node", "endpoint", "vxlan", "host_gw"), MASQUERADE)
@pytest.mark.parametrize("cni", [VXLAN, HOST_GW], ids=["vxlan", "host-gw"])
def test_which_address_masquerade_chooses(
    source: str, to: str, node: str | None, endpoint: str, vxlan: str, host_gw: str, cni: CNIConfig
) -> None:
    outcome = only(outcomes(cluster(endpoint, cni=cni), Request(source, to, node=node), MODE))
    if to.startswith("127."):
        assert says(outcome) == REFUSED
    else:
        assert says(outcome) == (vxlan if cni is VXLAN else host_gw)
        assert outcome.destination == f"{endpoint}:8080"
        assert outcome.reply[-1].src == to


@pytest.mark.parametrize(("service", "endpoint", "source", "to", "expected"), POLICIES)
def test_traffic_policies(service: Service, endpoint: str | None, source: str, to: str, expected: Any) -> None:
    backends = (endpoint,) if endpoint else ()
    wanted = UNKNOWN_PORT if to == f"{VIP}:81" else expected
    assert says(only(outcomes(cluster(*backends, service=service), Request(source, to), MODE))) == wanted


@pytest.mark.parametrize(("hairpin", "masquerade", "br_netfilter", "expected"), named(HAIRPIN))
def test_hairpin(hairpin: bool, masquerade: bool, br_netfilter: bool, expected: Any) -> None:
    without = frozenset[str]() if masquerade else frozenset({"hairpin-masquerade"})
    facts = NetworkFacts(hairpin_mode=hairpin, bridge_nf_call_iptables=br_netfilter, without=without)
    assert says(only(outcomes(cluster(A, network=facts), Request("pod/pod-a", f"{VIP}:80"), MODE))) == expected


@pytest.mark.parametrize(
    ("service", "endpoint", "source", "to", "hook", "chain"),
    [
        (LOCAL, B, "client", f"{NODE1}:30080", Hook.INPUT, "nodeport-endpoints-check"),
        (INTERNAL_LOCAL, B, "pod/pod-a", f"{VIP}:80", Hook.FORWARD, "service-endpoints-check"),
        (web(), None, "client", f"{NODE1}:30080", Hook.INPUT, "reject-chain"),
        (web(), None, "node/node1", f"{VIP}:80", Hook.OUTPUT, "reject-chain"),
        (web(), B, "pod/pod-a", f"{VIP}:81", Hook.FORWARD, "cluster-ips-check"),
        (web(), B, "node/node1", f"{VIP}:81", Hook.OUTPUT, "cluster-ips-check"),
    ],
)
def test_where_it_is_refused(
    service: Service, endpoint: str | None, source: str, to: str, hook: Hook, chain: str
) -> None:
    backends = (endpoint,) if endpoint else ()
    where = only(outcomes(cluster(*backends, service=service), Request(source, to), MODE)).where
    assert where is not None
    assert (where.hook, where.table, where.chain) == (hook, "kube-proxy", chain)


def chains(hops: tuple[Hop, ...]) -> list[str]:
    """The chains whose rules are shown, without the hashes, each once."""
    named = [hop.chain.split("-")[0] if "/" in hop.chain else hop.chain for hop in hops if hop.chain]
    return list(dict.fromkeys(named))


BEFORE_SERVICE, AFTER_DNAT = ("nat-prerouting", "services", "external"), ("nat-postrouting", "masquerading")


@pytest.mark.parametrize(
    ("release", "between"),
    [
        ("1.30", ("mark-for-masquerade", "service", "endpoint")),
        ("1.35", ("mark-for-masquerade", "service", "endpoint")),
        ("1.36", ("service",)),
        ("1.37", ("service",)),
    ],
)
def test_the_way_through_the_maps(release: str, between: tuple[str, ...]) -> None:
    request = Request("client", f"{NODE1}:30080")
    outcome = only(outcomes(cluster(B, cni=VXLAN), request, MODE, release=release))
    assert chains(outcome.hops) == [*BEFORE_SERVICE, *between, *AFTER_DNAT]
    assert outcome.masqueraded


def costs(number: int) -> tuple[int, int]:
    """Rules and look-ups of a packet to the measured Service among `number` others."""
    others = tuple(web(name=f"other-{i}", cluster_ips=(f"10.97.{i >> 8}.{i & 255}",), ports=()) for i in range(number))
    ports = web().ports[0]
    others = tuple(dataclasses.replace(s, ports=(dataclasses.replace(ports, node_port=0),)) for s in others)
    many = cluster(B)
    many = dataclasses.replace(many, services=(*many.services, *others))
    cost = only(outcomes(many, Request("pod/pod-a", f"{VIP}:80"), MODE)).cost
    return cost.rules_evaluated, cost.hash_lookups


def test_the_number_of_services_costs_nothing() -> None:
    assert costs(0) == costs(300)


# v1.30's filter-output judges the node's own traffic by the external traffic policy, because it comes before DNAT
# (kubernetes issue 131765).
@pytest.mark.parametrize(
    ("release", "expected"),
    [("1.30", ("DROP", "no-local-endpoints")), ("1.33", "10.244.1.0"), ("1.34", "10.244.1.0"), (None, "10.244.1.0")],
)
def test_the_node_itself_to_an_external_ip_under_policy_local(release: str | None, expected: Any) -> None:
    service = web(external_traffic_policy="Local", external_ips=("198.51.100.5",))
    request = Request("node/node1", "198.51.100.5:80")
    assert says(only(outcomes(cluster(B, service=service), request, MODE, release=release))) == expected


def test_an_address_of_the_service_cidr_that_no_service_has_is_dropped() -> None:
    request = Request("pod/pod-a", "10.96.0.99:80")
    newer = only(outcomes(cluster(B, service_cidrs=("10.96.0.0/12",)), request, MODE))
    assert newer.verdict is Verdict.DROP
    assert newer.where is not None
    assert newer.where.chain == "cluster-ips-check"
    assert only(outcomes(cluster(B), request, MODE)).verdict is Verdict.LOST


@pytest.mark.parametrize(
    ("source", "to", "release", "said"),
    [
        ("pod/pod-a", f"{VIP}:80", None, f"(map service-ips, {VIP} . tcp . 80)"),
        ("client", f"{NODE1}:30080", None, "(map service-nodeports, tcp . 30080)"),
        ("pod/pod-a", f"{VIP}:80", "1.30", "(numgen random mod 1)"),
        ("pod/pod-a", f"{VIP}:80", "1.36", "does the DNAT (numgen random mod 1)"),
    ],
)
def test_a_look_up_is_told_with_its_map_and_key(source: str, to: str, release: str | None, said: str) -> None:
    found = outcomes(cluster(B), Request(source, to), MODE, release=release)
    notes = [hop.note.en for hop in only(found).hops]
    assert any(said in note for note in notes), notes
