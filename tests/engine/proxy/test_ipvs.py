"""kube-proxy's ipvs mode on one node: virtual servers, sets, addresses, the rules around them."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from engine.cluster import (
    Cluster,
    CNIConfig,
    EndpointPort,
    EndpointSlice,
    LoadBalancerIngress,
    Node,
    ProxyConfig,
    Service,
    ServicePort,
    SliceEndpoint,
)
from engine.errors import EngineError, UnsupportedFeature
from engine.netfilter import text
from engine.netfilter.ipvs import IpvsRuleset
from engine.packet import L4, Family
from engine.proxy.ipvs import compile_ipvs
from engine.trace import Request
from engine.walk.one_node import resolve

NODE = Node("node1", ("192.168.1.10",), pod_cidrs=("10.244.1.0/24",), proxy_version="v1.30.5")
OTHER = Node("node2", ("192.168.1.11",), pod_cidrs=("10.244.2.0/24",))
CIDR = ProxyConfig(cluster_cidrs=("10.244.0.0/16",))
HERE, THERE = SliceEndpoint(("10.244.1.5",), node_name="node1"), SliceEndpoint(("10.244.2.8",), node_name="node2")


def cluster(
    *endpoints: SliceEndpoint,
    proxy: ProxyConfig = CIDR,
    protocol: L4 = L4.TCP,
    node_port: int = 0,
    node: Node = NODE,
    **service: Any,
) -> Cluster:
    """One Service "web" with port 80 on 10.96.0.10 and these endpoints on port 8080."""
    web = Service(
        "default",
        "web",
        cluster_ips=("10.96.0.10",),
        ports=(ServicePort("", protocol, 80, 8080, node_port),),
        **service,
    )
    slices = EndpointSlice("default", "web-1", "web", "IPv4", (EndpointPort("", protocol, 8080),), endpoints)
    return Cluster(nodes=(node, OTHER), services=(web,), slices=(slices,), proxy=proxy)


def compiled(*endpoints: SliceEndpoint, **options: Any) -> IpvsRuleset:
    made = cluster(*endpoints, **options)
    return compile_ipvs(made, made.nodes[0], Family.IPV4)


def servers(ruleset: IpvsRuleset) -> dict[str, list[str]]:
    return {
        f"{s.address}:{s.port}": sorted(f"{address}:{port}" for address, port in s.servers) for s in ruleset.services
    }


def entries(ruleset: IpvsRuleset) -> dict[str, set[str]]:
    return {ipset.name: ipset.entries for ipset in ruleset.ipsets if ipset.entries}


def rules(ruleset: IpvsRuleset, table: str, chain: str) -> list[str]:
    return [text.dump_rule(chain, rule) for rule in ruleset.tables[table].chains[chain].rules]


BOTH, LOCAL, REMOTE = ["10.244.1.5:8080", "10.244.2.8:8080"], ["10.244.1.5:8080"], ["10.244.2.8:8080"]
LB = {"type": "LoadBalancer", "load_balancer_ingress": (LoadBalancerIngress("203.0.113.10"),)}

SERVED: list[tuple[str, tuple[SliceEndpoint, ...], dict[str, Any], dict[str, list[str]]]] = [
    ("clusterip", (HERE, THERE), {}, {"10.96.0.10:80": BOTH}),
    ("no endpoints", (), {}, {"10.96.0.10:80": []}),
    ("nodeport", (HERE, THERE), {"node_port": 30080}, {"10.96.0.10:80": BOTH, "192.168.1.10:30080": BOTH}),
    (
        "nodeport, Local",
        (HERE, THERE),
        {"node_port": 30080, "external_traffic_policy": "Local", "type": "NodePort"},
        {"10.96.0.10:80": BOTH, "192.168.1.10:30080": LOCAL},
    ),
    (
        "nodeport, Local, none here: all of them, where iptables mode drops",
        (THERE,),
        {"node_port": 30080, "external_traffic_policy": "Local", "type": "NodePort"},
        {"10.96.0.10:80": REMOTE, "192.168.1.10:30080": REMOTE},
    ),
    ("internal Local", (HERE, THERE), {"internal_traffic_policy": "Local"}, {"10.96.0.10:80": LOCAL}),
    ("internal Local, none here: nothing", (THERE,), {"internal_traffic_policy": "Local"}, {"10.96.0.10:80": []}),
    (
        "external IPs",
        (HERE,),
        {"external_ips": ("198.51.100.7", "192.168.1.10")},
        {"10.96.0.10:80": LOCAL, "198.51.100.7:80": LOCAL, "192.168.1.10:80": LOCAL},
    ),
    ("load balancer", (HERE,), LB, {"10.96.0.10:80": LOCAL, "203.0.113.10:80": LOCAL}),
    (
        "further node addresses",
        (HERE,),
        {"node_port": 30080, "node": dataclasses.replace(NODE, addresses=("192.168.99.5", "127.0.0.9"))},
        {"10.96.0.10:80": LOCAL, "192.168.1.10:30080": LOCAL, "192.168.99.5:30080": LOCAL},
    ),
    (
        "nodePortAddresses",
        (HERE,),
        {
            "node_port": 30080,
            "node": dataclasses.replace(NODE, addresses=("192.168.99.5",)),
            "proxy": dataclasses.replace(CIDR, node_port_addresses=("192.168.99.0/24",)),
        },
        {"10.96.0.10:80": LOCAL, "192.168.99.5:30080": LOCAL},
    ),
    (
        "nodePortAddresses primary: the first address alone",
        (HERE,),
        {
            "node_port": 30080,
            "node": dataclasses.replace(NODE, addresses=("192.168.99.5",)),
            "proxy": dataclasses.replace(CIDR, node_port_addresses=("primary",)),
        },
        {"10.96.0.10:80": LOCAL, "192.168.1.10:30080": LOCAL},
    ),
]


@pytest.mark.parametrize(("endpoints", "options", "expected"), [c[1:] for c in SERVED], ids=[c[0] for c in SERVED])
def test_virtual_servers(
    endpoints: tuple[SliceEndpoint, ...], options: dict[str, Any], expected: dict[str, list[str]]
) -> None:
    assert servers(compiled(*endpoints, **options)) == expected


ENTRIES: list[tuple[str, dict[str, Any], dict[str, set[str]]]] = [
    ("clusterip", {}, {}),
    ("nodeport", {"node_port": 30080}, {"KUBE-NODE-PORT-TCP": {"30080"}}),
    (
        "nodeport, Local",
        {"node_port": 30080, "external_traffic_policy": "Local", "type": "NodePort"},
        {"KUBE-NODE-PORT-TCP": {"30080"}, "KUBE-NODE-PORT-LOCAL-TCP": {"30080"}},
    ),
    (
        "external IP, and one of the node's own, which is not bound",
        {"external_ips": ("198.51.100.7", "192.168.1.10")},
        {
            "KUBE-EXTERNAL-IP": {"198.51.100.7,tcp:80", "192.168.1.10,tcp:80"},
            "KUBE-IPVS-IPS": {"10.96.0.10", "198.51.100.7"},
        },
    ),
    (
        "external IP, Local",
        {"external_ips": ("198.51.100.7",), "external_traffic_policy": "Local", "type": "NodePort"},
        {"KUBE-EXTERNAL-IP-LOCAL": {"198.51.100.7,tcp:80"}, "KUBE-IPVS-IPS": {"10.96.0.10", "198.51.100.7"}},
    ),
    (
        "load balancer, Local, health check",
        {**LB, "external_traffic_policy": "Local", "health_check_node_port": 32000},
        {
            "KUBE-LOAD-BALANCER": {"203.0.113.10,tcp:80"},
            "KUBE-LOAD-BALANCER-LOCAL": {"203.0.113.10,tcp:80"},
            "KUBE-HEALTH-CHECK-NODE-PORT": {"32000"},
            "KUBE-IPVS-IPS": {"10.96.0.10", "203.0.113.10"},
        },
    ),
    (
        "source ranges: the network of everything cannot be held, a range with the node in it lets the address itself in",
        {**LB, "load_balancer_source_ranges": ("0.0.0.0/0", "192.168.0.0/16", "1.2.3.4/32")},
        {
            "KUBE-LOAD-BALANCER": {"203.0.113.10,tcp:80"},
            "KUBE-LOAD-BALANCER-FW": {"203.0.113.10,tcp:80"},
            "KUBE-LOAD-BALANCER-SOURCE-CIDR": {
                "203.0.113.10,tcp:80,192.168.0.0/16",
                "203.0.113.10,tcp:80,1.2.3.4",
            },
            "KUBE-LOAD-BALANCER-SOURCE-IP": {"203.0.113.10,tcp:80,203.0.113.10"},
            "KUBE-IPVS-IPS": {"10.96.0.10", "203.0.113.10"},
        },
    ),
]


@pytest.mark.parametrize(("options", "expected"), [c[1:] for c in ENTRIES], ids=[c[0] for c in ENTRIES])
def test_set_entries(options: dict[str, Any], expected: dict[str, set[str]]) -> None:
    always = {
        "KUBE-LOOP-BACK": {"10.244.1.5,tcp:8080,10.244.1.5"},
        "KUBE-CLUSTER-IP": {"10.96.0.10,tcp:80"},
        "KUBE-IPVS-IPS": {"10.96.0.10"},
    }
    assert entries(compiled(HERE, THERE, **options)) == {**always, **expected}


@pytest.mark.parametrize(
    ("cni", "further"),
    [
        (CNIConfig(), []),
        (CNIConfig("flannel", "vxlan", assumed=False), ["10.244.1.0", "10.244.1.1"]),
        (CNIConfig("flannel", "host-gw", assumed=False), ["10.244.1.1"]),
        (CNIConfig("calico", "ipip", assumed=False), ["10.244.1.0"]),
        (CNIConfig("calico", "bgp", assumed=False), []),
    ],
)
def test_node_ports_listen_on_the_addresses_of_the_cni_s_devices_too(cni: CNIConfig, further: list[str]) -> None:
    """GetAllLocalAddressesExcept(kube-ipvs0): cni0 and flannel.1 are interfaces like any other."""
    made = dataclasses.replace(cluster(HERE, node_port=30080), cni=cni)
    found = [s.address for s in compile_ipvs(made, NODE, Family.IPV4).services if s.port == 30080]
    assert sorted(found) == [*further, "192.168.1.10"]
    listed = dataclasses.replace(made.proxy, node_port_addresses=("10.0.0.0/8",))
    found = [s.address for s in compile_ipvs(dataclasses.replace(made, proxy=listed), NODE).services if s.port == 30080]
    assert sorted(found) == further


def test_sctp_nodeports_are_held_with_their_addresses() -> None:
    ruleset = compiled(HERE, protocol=L4.SCTP, node_port=30080)
    assert entries(ruleset)["KUBE-NODE-PORT-SCTP-HASH"] == {"192.168.1.10,sctp:30080"}


MASQUERADED = [
    (CIDR, '! -s 10.244.0.0/16 -m comment --comment "{}" -m set --match-set KUBE-CLUSTER-IP dst,dst'),
    (ProxyConfig(masquerade_all=True), '-m comment --comment "{}" -m set --match-set KUBE-CLUSTER-IP dst,dst'),
    (ProxyConfig(), '-m comment --comment "{}" -m set --match-set KUBE-CLUSTER-IP src,dst'),
    (
        ProxyConfig(detect_local_mode="NodeCIDR"),
        '! -s 10.244.1.0/24 -m comment --comment "{}" -m set --match-set KUBE-CLUSTER-IP dst,dst',
    ),
    (
        ProxyConfig(detect_local_mode="BridgeInterface", bridge_interface="cbr0"),
        '! -i cbr0 -m comment --comment "{}" -m set --match-set KUBE-CLUSTER-IP dst,dst',
    ),
    (
        ProxyConfig(detect_local_mode="InterfaceNamePrefix", interface_name_prefix="cali"),
        '! -i cali+ -m comment --comment "{}" -m set --match-set KUBE-CLUSTER-IP dst,dst',
    ),
]


@pytest.mark.parametrize(("proxy", "matches"), MASQUERADED)
def test_when_traffic_to_a_clusterip_is_masqueraded(proxy: ProxyConfig, matches: str) -> None:
    comment = "Kubernetes service cluster ip + port for masquerade purpose"
    expected = f"-A KUBE-SERVICES {matches.format(comment)} -j KUBE-MARK-MASQ"
    assert rules(compiled(HERE, proxy=proxy), "nat", "KUBE-SERVICES")[1] == expected


def test_an_empty_cluster_has_the_frame_alone() -> None:
    ruleset = compile_ipvs(Cluster(nodes=(NODE,), proxy=CIDR), NODE, Family.IPV4)
    assert rules(ruleset, "nat", "KUBE-SERVICES") == [
        "-A KUBE-SERVICES -s 127.0.0.0/8 -j RETURN",
        "-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODE-PORT",
    ]
    assert rules(ruleset, "filter", "INPUT") == [
        '-A INPUT -m comment --comment "kubernetes ipvs access filter" -j KUBE-IPVS-FILTER',
        '-A INPUT -m comment --comment "kube-proxy firewall rules" -j KUBE-PROXY-FIREWALL',
        '-A INPUT -m comment --comment "kubernetes health check rules" -j KUBE-NODE-PORT',
    ]
    assert str(ruleset).startswith("create KUBE-LOOP-BACK hash:ip,port,ip family inet hashsize 1024 maxelem 65536\n")


def test_rules_do_not_grow_with_services() -> None:
    one = compiled(HERE, node_port=30080)
    many = cluster(HERE, node_port=30080)
    services = tuple(
        dataclasses.replace(many.services[0], name=f"web{i}", cluster_ips=(f"10.96.1.{i}",)) for i in range(1, 100)
    )
    other = compile_ipvs(dataclasses.replace(many, services=(*many.services, *services)), NODE, Family.IPV4)
    counts = [
        sum(len(chain.rules) for table in ruleset.tables.values() for chain in table.chains.values())
        for ruleset in (one, other)
    ]
    assert counts[0] == counts[1]


def test_a_load_balancer_address_is_closed_to_the_node_that_no_range_holds() -> None:
    ruleset = compiled(HERE, load_balancer_source_ranges=("10.0.0.0/8",), **LB)
    assert rules(ruleset, "filter", "KUBE-IPVS-OUT-FILTER") == [
        "-A KUBE-IPVS-OUT-FILTER -s 203.0.113.10/32 -m ipvs --vproto 6 --vaddr 203.0.113.10 --vport 80 -j DROP"
    ]


SAVED = [
    (ProxyConfig(), {}, "-A -t 10.96.0.10:80 -s rr"),
    (ProxyConfig(ipvs_scheduler="lc"), {}, "-A -t 10.96.0.10:80 -s lc"),
    (ProxyConfig(ipvs_scheduler="mh"), {}, "-A -t 10.96.0.10:80 -s mh -b mh-port"),
    (
        ProxyConfig(),
        {"session_affinity": "ClientIP", "affinity_timeout_seconds": 600},
        "-A -t 10.96.0.10:80 -s rr -p 600",
    ),
]


@pytest.mark.parametrize(("proxy", "options", "line"), SAVED)
def test_scheduler_and_affinity(proxy: ProxyConfig, options: dict[str, Any], line: str) -> None:
    assert str(compiled(HERE, proxy=proxy, **options)).splitlines()[0] == line


def test_an_unknown_scheduler_is_refused() -> None:
    with pytest.raises(EngineError, match="ipvs.scheduler 'random' is unknown"):
        compiled(HERE, proxy=ProxyConfig(ipvs_scheduler="random"))


def test_ipv6_has_sets_and_servers_of_its_own() -> None:
    v6 = Cluster(
        nodes=(Node("node1", ("fd00::1",)),),
        services=(Service("default", "web", cluster_ips=("fd00:10::10",), ports=(ServicePort("", L4.TCP, 80, 80),)),),
        proxy=ProxyConfig(cluster_cidrs=("fd00:244::/48",)),
    )
    saved = str(compile_ipvs(v6, v6.nodes[0], Family.IPV6))
    assert "-A -t [fd00:10::10]:80 -s rr\n" in saved
    assert "add KUBE-6-CLUSTER-IP fd00:10::10,tcp:80\n" in saved
    assert "-A KUBE-SERVICES -s ::1/128 -j RETURN\n" in saved
    assert "-j REJECT --reject-with icmp6-port-unreachable" in saved


def test_maglev_chances_follow_the_table_whatever_the_order() -> None:
    made = cluster(HERE, THERE, proxy=ProxyConfig(ipvs_scheduler="mh"))
    shares: dict[str, int] = {}
    for port in range(30000, 30040):
        found = resolve(made, "node1", Request(f"1.2.3.4:{port}", "10.96.0.10:80"), mode="ipvs")
        assert sum(r.probability for r in found) == 1
        for resolution in found:
            shares[resolution.destination] = shares.get(resolution.destination, 0) + (resolution.probability == 1)
    # The client's port is hashed too, so one client reaches both; nearly always the table leaves no doubt.
    assert sum(shares.values()) >= 38 and min(shares.values()) > 5
    many = [SliceEndpoint((f"10.244.2.{i}",), node_name="node2") for i in range(1, 8)]
    with pytest.raises(UnsupportedFeature, match="mh with 7 endpoints"):
        resolve(
            cluster(*many, proxy=ProxyConfig(ipvs_scheduler="mh")), "node1", Request("1.2.3.4", "10.96.0.10:80"), "ipvs"
        )
