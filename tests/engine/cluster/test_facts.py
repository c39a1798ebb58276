"""A Network document says its facts and is written as it is read; docs/manifests.md has what each is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine import ManifestError, load_cluster
from engine.cluster import CardFacts, NetworkFacts, NodeFacts, StaleEndpoint, UnderlayDrop
from engine.cluster.facts import Shape, facts_of
from engine.manifests.config import network_document
from engine.manifests.fact_shapes import SHAPES
from engine.packet import L4
from tests.rows import named

# As a document spells it, the field, its value.
ROWS: dict[str, tuple[Any, str, Any]] = {
    "ipForward": (False, "ip_forward", False),
    "bridgeNfCallIptables": (False, "bridge_nf_call_iptables", False),
    "rpFilter": (2, "rp_filter", 2),
    "routeLocalnet": (False, "route_localnet", False),
    "hairpinMode": (False, "hairpin_mode", False),
    "mtu": (9000, "mtu", 9000),
    "podMTU": (1400, "pod_mtu", 1400),
    "tunnelMTU": (1450, "tunnel_mtu", 1450),
    "without": (["masquerade", "route"], "without", frozenset({"route", "masquerade"})),
    "forwardPolicy": ("DROP", "forward_policy", "DROP"),
    "inputPolicy": ("DROP", "input_policy", "DROP"),
    "policyEnforcement": ("kindnet", "policy_enforcement", "kindnet"),
    "clientAddress": ("5.6.7.8", "client_address", "5.6.7.8"),
    "clientAddressV6": ("2001:db8::8", "client_address_v6", "2001:db8::8"),
    "externalHosts": ({"db": "203.0.113.9"}, "external_hosts", {"db": "203.0.113.9"}),
    "serviceCIDRVia": ("node1", "service_cidr_via", "node1"),
    "loadBalancerHealthChecks": (False, "load_balancer_health_checks", False),
    "missingRoutes": ([{"node": "node1", "to": "10.244.2.0/24"}], "missing_routes", (("node1", "10.244.2.0/24"),)),
    "staleEndpoints": (
        [{"service": "default/web", "address": "10.244.2.9"}],
        "stale_endpoints",
        (StaleEndpoint("default/web", "10.244.2.9"),),
    ),
    "listeners": (
        [{"pod": "default/a", "ports": ["80/TCP", "53/UDP"]}, {"pod": "default/b", "ports": []}],
        "listeners",
        {"default/a": frozenset({(L4.TCP, 80), (L4.UDP, 53)}), "default/b": frozenset()},
    ),
    "sharedAddresses": ({"10.244.1.5": "default/a"}, "shared_addresses", {"10.244.1.5": "default/a"}),
    "underlayDrops": (
        [{"protocol": "UDP", "port": 8472, "from": "node1"}, {"protocol": "IPIP"}],
        "underlay_drops",
        (UnderlayDrop(L4.UDP, 8472, "node1"), UnderlayDrop(L4.IPIP)),
    ),
    "underlayMTU": (1400, "underlay_mtu", 1400),
    "underlayDropsFragments": (True, "underlay_drops_fragments", True),
    "tunnelDF": (True, "tunnel_df", True),
    "ipForwardUsePMTU": (True, "ip_forward_use_pmtu", True),
    "tcpMTUProbing": (1, "tcp_mtu_probing", 1),
    "nodes": (
        [
            {"name": "node1", "rpFilter": 0, "without": ["route"], "bridge": "Br_0", "defaultRoute": "ens3"},
            {"name": "node2", "cards": [{"name": "ens3", "address": "192.168.1.11", "rpFilter": 0}, {"name": "ens4", "mtu": 9000}]},
            {"name": "node3", "conntrack": "udp 17 29 src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 src=2.2.2.2 dst=1.1.1.1 sport=2 dport=1"},
            {"name": "node4", "ipRules": "100: from all fwmark 0x1 lookup 9", "ipRoutes": "default via 192.168.1.1 dev eth0 table 9"},
        ],
        "nodes",
        {
            "node1": NodeFacts({"rp_filter": 0, "without": frozenset({"route"})}, bridge="Br_0", default_route="ens3"),
            "node2": NodeFacts(cards=(CardFacts("ens3", "192.168.1.11", rp_filter=0), CardFacts("ens4", mtu=9000))),
            "node3": NodeFacts(conntrack="udp 17 29 src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 src=2.2.2.2 dst=1.1.1.1 sport=2 dport=1"),
            "node4": NodeFacts(ip_rules="100: from all fwmark 0x1 lookup 9", ip_routes="default via 192.168.1.1 dev eth0 table 9"),
        },
    ),
}  # fmt: skip


# What is so where nothing is said.
DEFAULTS: dict[str, Any] = {
    "ip_forward": True, "bridge_nf_call_iptables": True, "rp_filter": 0, "route_localnet": True, "hairpin_mode": None,
    "mtu": None, "pod_mtu": None, "tunnel_mtu": None, "forward_policy": "", "input_policy": "",
    "policy_enforcement": None, "client_address": "1.2.3.4", "client_address_v6": "2001:db8:ffff::4",
    "service_cidr_via": None, "load_balancer_health_checks": True, "underlay_mtu": 0, "underlay_drops_fragments": False, "tcp_mtu_probing": 0,
    "tunnel_df": False, "ip_forward_use_pmtu": False,
    "without": frozenset(), "missing_routes": (), "stale_endpoints": (), "underlay_drops": (),
    "external_hosts": {}, "listeners": {}, "shared_addresses": {}, "nodes": {},
}  # fmt: skip


def network(spec: dict[str, Any]) -> NetworkFacts:
    return load_cluster(text=json.dumps({"apiVersion": "k8squiz.dev/v1", "kind": "Network", "spec": spec})).network


@pytest.mark.parametrize(("name", "said", "field", "value"), named({n: (n, *row) for n, row in ROWS.items()}))
def test_a_fact_is_read_and_written(name: str, said: Any, field: str, value: Any) -> None:
    assert getattr(NetworkFacts(), field) != value
    assert network({name: said}) == NetworkFacts(**{field: value})
    assert network_document(NetworkFacts(**{field: value}))["spec"] == {name: said}


def test_all_facts_are_told_above_and_all_shapes_are_spelt() -> None:
    assert {name: field for name, (_, field, _) in ROWS.items()} == {
        fact.name: field for field, fact in facts_of(NetworkFacts).items()
    }
    assert set(SHAPES) == set(Shape)
    plain = NetworkFacts()
    assert {field: getattr(plain, field) for field in facts_of(NetworkFacts)} == DEFAULTS
    assert NodeFacts() == NodeFacts({}, None, (), None, "")
    assert network({}) == NetworkFacts()


# What a node may have otherwise, with what an empty word leaves as it is for all.
ON_NODE = {
    "ip_forward", "bridge_nf_call_iptables", "rp_filter", "hairpin_mode", "mtu", "pod_mtu", "without", "forward_policy",
    "input_policy", "stale_endpoints", "ip_forward_use_pmtu",
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_a_node_may_have_some_of_them_otherwise(name: str) -> None:
    said, field, value = ROWS[name]
    spec = {"nodes": [{"name": "node1", name: said}]}
    if field in ON_NODE:
        assert network(spec).nodes == {"node1": NodeFacts({field: value})}
    else:
        with pytest.raises(ManifestError, match="is no field of spec.nodes"):
            network(spec)


def test_an_empty_policy_of_a_node_says_nothing() -> None:
    assert network({"nodes": [{"name": "node1", "forwardPolicy": ""}]}).nodes == {"node1": NodeFacts()}
