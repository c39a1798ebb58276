"""One node's rules alone: which hooks a packet meets, what comes of it, which requests are refused."""

from __future__ import annotations

from fractions import Fraction

import pytest

from engine.cluster import Cluster, CNIConfig, Node, Pod, ProxyConfig
from engine.errors import EngineError, NoSuchObject
from engine.netfilter.ipvs import IpvsRuleset
from engine.netfilter.rules import (
    Backend,
    Destination,
    DestinationNat,
    Drop,
    InInterface,
    Jump,
    MarkMatch,
    Masquerade,
    Reject,
    Ruleset,
    SetMark,
    SourceNat,
    StatisticRandom,
    Target,
)
from engine.netfilter.virtual_service import VirtualService
from engine.packet import L4, Family, FiveTuple
from engine.trace import Request
from engine.walk.one_node import _flow, in_device, local_addresses, resolve, resolve_flow

from ..netfilter.builders import CLIENT, NODE, POD, VIP, iptables, rule, tcp

NODE1 = Node("node1", internal_ips=(NODE, "2001:db8::1"), addresses=("192.168.99.1",), pod_cidrs=("10.244.1.0/24",))
CLUSTER = Cluster(nodes=(NODE1,), pods=(Pod("default", "a", "node1", ("172.16.0.7",)),))

SERVICE = [
    rule(Destination(f"{VIP}/32"), StatisticRandom(Fraction(1, 3)), DestinationNat(POD, 8080)),
    rule(Destination(f"{VIP}/32"), SetMark(0x4000, 0x4000)),
    rule(Destination(f"{VIP}/32"), DestinationNat("10.244.2.8", 8080)),
]


def told(flow: FiveTuple, ruleset: Ruleset, cluster: Cluster = CLUSTER) -> list[tuple[str, str, str, bool]]:
    return [
        (str(r.probability), r.verdict, r.destination, r.masqueraded)
        for r in resolve_flow(cluster, NODE1, flow, ruleset)
    ]


@pytest.mark.parametrize(("source", "hook"), [(CLIENT, "PREROUTING"), (NODE, "OUTPUT"), ("127.0.0.1", "OUTPUT")])
def test_every_way_with_its_probability(source: str, hook: str) -> None:
    assert told(tcp(source, VIP), iptables(nat={hook: SERVICE})) == [
        ("1/3", "ACCEPT", "10.244.1.5:8080", False),
        ("2/3", "ACCEPT", "10.244.2.8:8080", True),
    ]


def test_ways_that_end_alike_are_one() -> None:
    same = [rule(StatisticRandom(Fraction(1, 4)), Jump("A")), rule(Jump("A"))]
    assert told(tcp(CLIENT, VIP), iptables(nat={"PREROUTING": same, "A": [rule(DestinationNat(POD, 8080))]})) == [
        ("1", "ACCEPT", "10.244.1.5:8080", False)
    ]


@pytest.mark.parametrize(
    ("source", "destination", "hook"),
    [
        (CLIENT, NODE, "INPUT"),
        (CLIENT, "192.168.99.1", "INPUT"),
        (CLIENT, POD, "FORWARD"),
        (NODE, POD, "OUTPUT"),
        (NODE, NODE, "INPUT"),
        (NODE, "127.0.0.1", "OUTPUT"),
    ],
)
@pytest.mark.parametrize(("target", "verdict"), [(Drop(), "DROP"), (Reject(), "REJECT")])
def test_the_filter_chain_a_packet_meets_depends_on_where_it_goes(
    source: str, destination: str, hook: str, target: Target, verdict: str
) -> None:
    ruleset = iptables(nat={}, filter={hook: [rule(target)]})
    assert told(tcp(source, destination), ruleset) == [("1", verdict, f"{destination}:80", False)]


def test_an_endpoint_on_the_node_itself_is_reached_by_input() -> None:
    nat = {"PREROUTING": [rule(Destination(f"{VIP}/32"), DestinationNat(NODE, 6443))]}
    ruleset = iptables(nat=nat, filter={"FORWARD": [rule(Drop())]})
    assert told(tcp(CLIENT, VIP), ruleset) == [("1", "ACCEPT", "192.168.1.10:6443", False)]


@pytest.mark.parametrize("target", [Masquerade(), SourceNat(NODE)])
def test_source_nat_without_a_mark_counts_as_masquerade(target: Target) -> None:
    ruleset = iptables(nat={"POSTROUTING": [rule(target)]})
    assert told(tcp(CLIENT, POD), ruleset) == [("1", "ACCEPT", "10.244.1.5:80", True)]


def test_a_packet_marked_and_then_dropped_is_not_masqueraded() -> None:
    ruleset = iptables(
        nat={"PREROUTING": [rule(SetMark(0x4000, 0x4000))]},
        filter={"FORWARD": [rule(MarkMatch(0x4000, 0x4000), Drop())]},
    )
    assert told(tcp(CLIENT, POD), ruleset) == [("1", "DROP", "10.244.1.5:80", False)]


@pytest.mark.parametrize(
    ("plugin", "source", "device"),
    [
        ("flannel", "10.244.1.9", "cni0"),
        ("flannel", "172.16.0.7", "cni0"),
        ("flannel", "10.244.2.9", "eth0"),
        ("flannel", CLIENT, "eth0"),
        ("calico", "10.244.1.9", "cali0"),
    ],
)
def test_pods_of_the_node_come_in_by_their_own_device(plugin: str, source: str, device: str) -> None:
    cluster = Cluster(nodes=(NODE1,), pods=CLUSTER.pods, cni=CNIConfig(plugin=plugin))
    assert in_device(cluster, NODE1, source) == device
    ruleset = iptables(filter={"FORWARD": [rule(InInterface(device[:3] + "+"), Drop())]})
    assert told(tcp(source, POD), ruleset, cluster) == [("1", "DROP", "10.244.1.5:80", False)]


@pytest.mark.parametrize(
    ("proxy", "assumed", "device"),
    [
        (ProxyConfig(detect_local_mode="BridgeInterface", bridge_interface="cbr0"), True, "cbr0"),
        (ProxyConfig(detect_local_mode="BridgeInterface", bridge_interface="cbr0"), False, "cni0"),
        (ProxyConfig(detect_local_mode="InterfaceNamePrefix", interface_name_prefix="veth"), True, "veth0"),
        (ProxyConfig(detect_local_mode="InterfaceNamePrefix", interface_name_prefix="veth"), False, "cni0"),
    ],
)
def test_an_unknown_cni_is_what_kube_proxys_configuration_says(proxy: ProxyConfig, assumed: bool, device: str) -> None:
    cluster = Cluster(nodes=(NODE1,), proxy=proxy, cni=CNIConfig(assumed=assumed))
    assert in_device(cluster, NODE1, "10.244.1.9") == device


@pytest.mark.parametrize(
    ("address", "local"),
    [(NODE, True), ("192.168.99.1", True), ("127.3.2.1", True), ("::1", True), ("10.9.9.9", True), (CLIENT, False)],
)
def test_what_is_local(address: str, local: bool) -> None:
    assert local_addresses(NODE1, ["10.9.9.9"])(address) is local


@pytest.mark.parametrize("source", [CLIENT, NODE])
def test_ipvs_takes_the_packet_and_sends_it_on(source: str) -> None:
    ruleset = IpvsRuleset(
        Backend.IPTABLES,
        Family.IPV4,
        iptables(nat={"POSTROUTING": [rule(Masquerade())]}).tables,
        services=(VirtualService(L4.TCP, VIP, 80, "rr", servers=((POD, 8080), ("10.244.2.8", 8080))),),
        dummy_addresses=(VIP,),
    )
    assert told(FiveTuple(L4.TCP, source, 40000, VIP, 80), ruleset) == [
        ("1/2", "ACCEPT", "10.244.1.5:8080", True),
        ("1/2", "ACCEPT", "10.244.2.8:8080", True),
    ]


@pytest.mark.parametrize(
    ("node", "source", "destination", "error"),
    [
        ("gone", CLIENT, f"{VIP}:80", NoSuchObject),
        ("node1", CLIENT, VIP, EngineError),
        ("node1", "nobody", f"{VIP}:80", EngineError),
        ("node1", CLIENT, f"{VIP}:99999", EngineError),
        ("node1", CLIENT, "[fd00::1]:80", EngineError),
        ("node1", CLIENT, "fd00::1:80", EngineError),
    ],
)
def test_requests_that_cannot_be(node: str, source: str, destination: str, error: type[EngineError]) -> None:
    with pytest.raises(error):
        resolve(CLUSTER, node, Request(source, destination))


@pytest.mark.parametrize("request_", [Request(CLIENT, f"{VIP}:80", "icmp"), Request(CLIENT, f"{VIP}:80", sport=70000)])
def test_protocols_and_ports_that_cannot_be(request_: Request) -> None:
    with pytest.raises(EngineError):
        resolve(CLUSTER, "node1", request_)


@pytest.mark.parametrize(
    ("source", "destination", "told"),
    [
        ("client", f"{NODE}:80", "1.2.3.4:54321 -> 192.168.1.10:80"),
        ("pod/a", f"{NODE}:80", "172.16.0.7:54321 -> 192.168.1.10:80"),
        ("node/node1", f"{POD}:80", "192.168.1.10:54321 -> 10.244.1.5:80"),
        ("1.2.3.4:5", "node/node1:30080", "1.2.3.4:5 -> 192.168.1.10:30080"),
        ("10.250.0.1", "pod/a:8080", "10.250.0.1:54321 -> 172.16.0.7:8080"),
        ("[2001:db8::5]:7", "[2001:db8::1]:80", "[2001:db8::5]:7 -> [2001:db8::1]:80"),
        ("node/node1", "[2001:db8::9]:80", "[2001:db8::1]:54321 -> [2001:db8::9]:80"),
    ],
)
def test_names_are_looked_up_and_addresses_taken_as_they_are(source: str, destination: str, told: str) -> None:
    assert str(_flow(CLUSTER, Request(source, destination))) == told


def test_a_node_without_an_address_of_the_family_cannot_send() -> None:
    cluster = Cluster(nodes=(Node("node1", internal_ips=(NODE,)),))
    with pytest.raises(EngineError):
        _flow(cluster, Request("node/node1", "[2001:db8::9]:80"))
