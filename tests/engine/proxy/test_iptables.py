"""kube-proxy's iptables mode, setting by setting: what stands in which chain.

Whole dumps are compared in tests/conformance; here stands why a rule is there.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cluster import Cluster, LoadBalancerIngress, Node, Service, ServicePort
from engine.netfilter.index import check_chains
from engine.netfilter.ipt_parse import parse
from engine.packet import L4
from engine.proxy.interface import compile_rules
from engine.proxy.naming import is_service_chain

from .builders import NODE1, WEB, at, cluster, lines, load_balancer, node_port

LOCAL = at("10.244.1.5")
REMOTE = at("10.244.2.8", "node2")
TO_WEB = '-d 10.96.0.10/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80'
SVC, EXT, SVL = "KUBE-SVC-CDGGSHYLG3RE2FKL", "KUBE-EXT-CDGGSHYLG3RE2FKL", "KUBE-SVL-CDGGSHYLG3RE2FKL"
MASQ = "-j KUBE-MARK-MASQ"


def chain(of: Cluster, table: str, name: str, family: str = "ipv4") -> list[str]:
    return lines(compile_rules(of, "node1", "iptables", family), table, name)


@pytest.mark.parametrize(
    ("proxy", "expected"),
    [
        ({}, [f"! -s 10.244.0.0/16 {TO_WEB} {MASQ}"]),
        ({"cluster_cidrs": ("fd00:1::/48", "10.0.0.0/8", "11.0.0.0/8")}, [f"! -s 10.0.0.0/8 {TO_WEB} {MASQ}"]),
        ({"cluster_cidrs": ()}, []),
        ({"masquerade_all": True}, [f"{TO_WEB} {MASQ}"]),
        ({"masquerade_all": True, "cluster_cidrs": ()}, [f"{TO_WEB} {MASQ}"]),
        ({"detect_local_mode": "ClusterCIDR"}, [f"! -s 10.244.0.0/16 {TO_WEB} {MASQ}"]),
        ({"detect_local_mode": "NodeCIDR"}, [f"! -s 10.244.1.0/24 {TO_WEB} {MASQ}"]),
        (
            {"detect_local_mode": "BridgeInterface", "bridge_interface": "cni0"},
            [f"{TO_WEB} {MASQ}".replace(" -p tcp", " ! -i cni0 -p tcp")],
        ),
        (
            {"detect_local_mode": "InterfaceNamePrefix", "interface_name_prefix": "cali"},
            [f"{TO_WEB} {MASQ}".replace(" -p tcp", " ! -i cali+ -p tcp")],
        ),
    ],
)
def test_what_counts_as_coming_from_elsewhere(proxy: dict[str, Any], expected: list[str]) -> None:
    assert chain(cluster(WEB, LOCAL, **proxy), "nat", "KUBE-SVC")[:-1] == expected


@pytest.mark.parametrize(
    ("proxy", "first"),
    [
        ({}, "-s 10.244.0.0/16"),
        ({"cluster_cidrs": ("0.0.0.0/0",)}, None),
        ({"detect_local_mode": "BridgeInterface", "bridge_interface": "cni0"}, "-i cni0"),
    ],
)
def test_external_policy_local_lets_pods_and_the_node_take_the_short_way(
    proxy: dict[str, Any], first: str | None
) -> None:
    service = node_port(external_traffic_policy="Local")
    where = "for default/web:http external destinations"
    pod = f'-m comment --comment "pod traffic {where}" -j {SVC}'
    assert chain(cluster(service, LOCAL, REMOTE, **proxy), "nat", "KUBE-EXT") == [
        f"{first} {pod}" if first else pod,
        f'-m comment --comment "masquerade LOCAL traffic {where}" -m addrtype --src-type LOCAL {MASQ}',
        f'-m comment --comment "route LOCAL traffic {where}" -m addrtype --src-type LOCAL -j {SVC}',
        f"-j {SVL}",
    ]


def test_external_policy_cluster_masquerades_all() -> None:
    assert chain(cluster(node_port(), LOCAL, REMOTE), "nat", "KUBE-EXT") == [
        f'-m comment --comment "masquerade traffic for default/web:http external destinations" {MASQ}',
        f"-j {SVC}",
    ]


def test_without_endpoints_traffic_is_rejected_and_no_chain_is_written() -> None:
    rules = compile_rules(cluster(load_balancer(external_ips=("198.51.100.5",))), "node1")
    reject = '-m comment --comment "default/web:http has no endpoints" -m tcp --dport 80 -j REJECT'
    reject += " --reject-with icmp-port-unreachable"
    assert lines(rules, "filter", "KUBE-SERVICES") == [f"-d 10.96.0.10/32 -p tcp {reject}"]
    assert lines(rules, "filter", "KUBE-EXTERNAL-SERVICES") == [
        f"-d 198.51.100.5/32 -p tcp {reject}",
        f"-d 203.0.113.10/32 -p tcp {reject}",
        f"-p tcp {reject}".replace("-m tcp --dport 80", "-m addrtype --dst-type LOCAL -m tcp --dport 30080"),
    ]
    assert not any(map(is_service_chain, rules.tables["nat"].chains))


def test_without_a_local_endpoint_external_traffic_is_dropped_but_the_short_way_stays() -> None:
    rules = compile_rules(cluster(node_port(external_traffic_policy="Local"), REMOTE), "node1")
    assert lines(rules, "filter", "KUBE-EXTERNAL-SERVICES") == [
        (
            '-p tcp -m comment --comment "default/web:http has no local endpoints" -m addrtype --dst-type LOCAL'
            " -m tcp --dport 30080 -j DROP"
        )
    ]
    assert len(lines(rules, "nat", "KUBE-EXT")) == 3
    assert SVL not in rules.tables["nat"].chains


def test_internal_policy_local() -> None:
    service = dataclasses.replace(WEB, internal_traffic_policy="Local")
    rules = compile_rules(cluster(service, LOCAL, REMOTE), "node1")
    assert lines(rules, "nat", "KUBE-SERVICES")[0] == f"{TO_WEB} -j {SVL}"
    assert SVC not in rules.tables["nat"].chains
    assert lines(rules, "nat", "KUBE-SVL")[0] == f"! -s 10.244.0.0/16 {TO_WEB} {MASQ}"
    dropped = compile_rules(cluster(service, REMOTE), "node1")
    assert lines(dropped, "filter", "KUBE-SERVICES")[0].endswith("-j DROP")


def test_endpoints_share_evenly_in_the_order_of_their_text() -> None:
    web = cluster(WEB, at("10.244.1.10"), at("10.244.1.9"), at("10.244.1.100"))
    rules = [line.partition(" -m statistic --mode random ")[::2] for line in chain(web, "nat", "KUBE-SVC")[1:]]
    assert [(head.split("-> ")[1].split('"')[0], tail.split(" -j ")[0]) for head, tail in rules] == [
        ("10.244.1.100:8080", "--probability 0.33333333349"),
        ("10.244.1.10:8080", "--probability 0.50000000000"),
        ("10.244.1.9:8080", ""),
    ]


def test_session_affinity_asks_before_it_chooses() -> None:
    service = dataclasses.replace(WEB, session_affinity="ClientIP", affinity_timeout_seconds=300)
    rules = compile_rules(cluster(service, LOCAL), "node1")
    sep = next(name for name in rules.tables["nat"].chains if name.startswith("KUBE-SEP-"))
    comment = '-m comment --comment "default/web:http -> 10.244.1.5:8080"'
    assert lines(rules, "nat", "KUBE-SVC")[1:] == [
        f"{comment} -m recent --rcheck --seconds 300 --reap --name {sep} --mask 255.255.255.255 --rsource -j {sep}",
        f"{comment} -j {sep}",
    ]
    assert lines(rules, "nat", "KUBE-SEP")[1] == (
        f'-p tcp -m comment --comment "default/web:http" -m recent --set --name {sep} --mask 255.255.255.255 --rsource'
        " -m tcp -j DNAT --to-destination 10.244.1.5:8080"
    )


@pytest.mark.parametrize(
    ("ranges", "allowed"),
    [
        (("198.51.100.0/24",), ["-s 198.51.100.0/24 "]),
        (("192.168.1.0/24",), ["-s 192.168.1.0/24 ", "-s 203.0.113.10/32 "]),
        (("0.0.0.0/0",), ["", "-s 203.0.113.10/32 "]),
        (("fd00::/8",), None),
    ],
)
def test_source_ranges(ranges: tuple[str, ...], allowed: list[str] | None) -> None:
    rules = compile_rules(cluster(load_balancer(load_balancer_source_ranges=ranges), LOCAL), "node1")
    firewall = lines(rules, "filter", "KUBE-PROXY-FIREWALL")
    if allowed is None:
        assert firewall == []
        return
    assert lines(rules, "nat", "KUBE-FW") == [
        *(f'{source}-m comment --comment "default/web:http loadbalancer IP" -j {EXT}' for source in allowed),
        '-m comment --comment "other traffic to default/web:http will be dropped by KUBE-PROXY-FIREWALL"',
    ]
    assert firewall == [
        (
            '-d 203.0.113.10/32 -p tcp -m comment --comment "default/web:http traffic not accepted by'
            ' KUBE-FW-CDGGSHYLG3RE2FKL" -m tcp --dport 80 -j DROP'
        )
    ]
    # NodePorts do not pass the firewall chain.
    assert lines(rules, "nat", "KUBE-NODEPORTS")[0].endswith(EXT)


def test_a_load_balancer_that_is_a_proxy_gets_no_rules() -> None:
    service = load_balancer(load_balancer_ingress=(LoadBalancerIngress("203.0.113.10", "Proxy"),))
    assert "203.0.113.10" not in str(compile_rules(cluster(service, LOCAL), "node1"))


def test_health_check_node_port_is_let_in() -> None:
    service = load_balancer(external_traffic_policy="Local", health_check_node_port=32003)
    assert chain(cluster(service, REMOTE), "filter", "KUBE-NODEPORTS") == [
        '-p tcp -m comment --comment "default/web:http health check node port" -m tcp --dport 32003 -j ACCEPT'
    ]


LAST = '-m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain"'
TO_NODE = f"{LAST} -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS"


@pytest.mark.parametrize(
    ("proxy", "family", "jumps", "guarded"),
    [
        ({}, "ipv4", [TO_NODE], True),
        ({}, "ipv6", [f"! -d ::1/128 {TO_NODE}"], False),
        ({"localhost_node_ports": False}, "ipv4", [f"! -d 127.0.0.0/8 {TO_NODE}"], False),
        ({"node_port_addresses": ("0.0.0.0/0", "192.168.0.0/16")}, "ipv4", [TO_NODE], True),
        ({"node_port_addresses": ("::/0",)}, "ipv4", [TO_NODE], True),
        ({"node_port_addresses": ("172.16.0.0/12",)}, "ipv4", [], False),
        (
            {"node_port_addresses": ("192.168.0.0/16", "192.168.1.0/24", "fd00::/8")},
            "ipv4",
            [f"-d 192.168.1.10/32 {LAST} -j KUBE-NODEPORTS"],
            False,
        ),
        ({"node_port_addresses": ("primary",)}, "ipv4", [f"-d 192.168.1.10/32 {LAST} -j KUBE-NODEPORTS"], False),
        ({"node_port_addresses": ("primary",)}, "ipv6", [f"-d fd00::10/128 {LAST} -j KUBE-NODEPORTS"], False),
        ({"node_port_addresses": ("::1/128",)}, "ipv6", [], False),
        ({"node_port_addresses": ("127.0.0.0/8",)}, "ipv4", [f"-d 127.0.0.1/32 {LAST} -j KUBE-NODEPORTS"], True),
        ({"node_port_addresses": ("127.0.0.0/8",), "localhost_node_ports": False}, "ipv4", [], False),
    ],
)
def test_where_node_ports_listen(proxy: dict[str, Any], family: str, jumps: list[str], guarded: bool) -> None:
    """`guarded`: KUBE-FIREWALL drops what comes to 127.0.0.0/8 from outside (CVE-2020-8558)."""
    web = cluster(node_port(), LOCAL, **proxy)
    assert [line for line in chain(web, "nat", "KUBE-SERVICES", family) if "must be the last" in line] == jumps
    assert bool(chain(web, "filter", "KUBE-FIREWALL", family)) is guarded


def test_primary_on_a_node_without_an_address_of_the_family_is_every_address() -> None:
    web = cluster(dataclasses.replace(node_port(), cluster_ips=("fd00:96::10",)), node_port_addresses=("primary",))
    rules = compile_rules(web, "node2", "iptables", "ipv6")
    assert f"-A KUBE-SERVICES ! -d ::1/128 {TO_NODE}" in str(rules).splitlines()


def test_the_mark_and_the_conntrack_setting() -> None:
    web = cluster(WEB, LOCAL, masquerade_bit=15, tcp_be_liberal=True)
    assert chain(web, "nat", "KUBE-MARK-MASQ") == ["-j MARK --set-xmark 0x8000/0x8000"]
    assert chain(web, "nat", "KUBE-POSTROUTING")[:2] == [
        "-m mark ! --mark 0x8000/0x8000 -j RETURN",
        "-j MARK --set-xmark 0x8000/0x0",
    ]
    assert [line.rsplit(" ", 1)[1] for line in chain(web, "filter", "KUBE-FORWARD")] == ["ACCEPT", "ACCEPT"]


def test_built_in_chains_stand_in_the_order_of_the_hooks() -> None:
    printed = str(compile_rules(cluster(WEB, LOCAL), "node1")).splitlines()
    built_in = [line for line in printed if line.startswith("*") or line.endswith(" ACCEPT") and line.startswith(":")]
    assert " ".join(built_in).replace(" ACCEPT", "") == (
        "*nat :PREROUTING :INPUT :OUTPUT :POSTROUTING *mangle :PREROUTING :INPUT :FORWARD :OUTPUT :POSTROUTING"
        " *filter :INPUT :FORWARD :OUTPUT"
    )


def test_jumps_stand_in_the_reverse_of_the_order_they_were_made_in() -> None:
    web = cluster(WEB, LOCAL)
    assert [line.rsplit(" ", 1)[1] for line in chain(web, "filter", "INPUT")] == [
        "KUBE-FIREWALL",
        "KUBE-PROXY-FIREWALL",
        "KUBE-NODEPORTS",
        "KUBE-EXTERNAL-SERVICES",
    ]
    assert [line.rsplit(" ", 1)[1] for line in chain(web, "filter", "FORWARD")] == [
        "KUBE-PROXY-FIREWALL",
        "KUBE-FORWARD",
        "KUBE-SERVICES",
        "KUBE-EXTERNAL-SERVICES",
    ]


@pytest.mark.parametrize(("count", "comments"), [(1000, True), (1001, False)])
def test_large_clusters_drop_the_comments_of_endpoints(count: int, comments: bool) -> None:
    members = [at(f"10.244.{number >> 8}.{number & 255}", "node2", ready=number > 0) for number in range(count)]
    rules = compile_rules(cluster(WEB, *members), "node1")
    assert ("->" in lines(rules, "nat", "KUBE-SVC")[-1]) is comments
    assert "cluster IP" in lines(rules, "nat", "KUBE-SVC")[0]


def test_ipv6_has_its_own_words() -> None:
    service = dataclasses.replace(WEB, cluster_ips=("fd00:96::10",), session_affinity="ClientIP")
    rules = compile_rules(cluster(service, at("fd00:1::5"), cluster_cidrs=("fd00::/16",)), "node1", family="ipv6")
    assert "-j DNAT --to-destination [fd00:1::5]:8080" in str(rules)
    assert "--mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" in str(rules)
    rejected = compile_rules(cluster(service), "node1", family="ipv6")
    assert "--reject-with icmp6-port-unreachable" in str(rejected)


def test_a_node_without_an_address_of_the_family_counts_as_loopback() -> None:
    bare = dataclasses.replace(cluster(load_balancer(load_balancer_source_ranges=("127.0.0.0/8",)), LOCAL),
                               nodes=(Node("node1"),))  # fmt: skip
    assert "-s 203.0.113.10/32" in str(compile_rules(bare, "node1"))


# Generated clusters: whatever they hold, the rules are sound and can be read back.

policies = st.sampled_from(["Cluster", "Local"])
members = st.lists(
    st.builds(
        lambda n, node, ready, serving, terminating: at(
            f"10.244.{node}.{n}", f"node{node}", ready=ready, serving=serving, terminating=terminating
        ),
        st.integers(1, 40),
        st.integers(1, 2),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    ),
    max_size=8,
)


@st.composite
def services(draw: st.DrawFn) -> Service:
    ports = tuple(
        ServicePort(f"p{number}", draw(st.sampled_from([L4.TCP, L4.UDP, L4.SCTP])), 80 + number, 8080, number + 30000)
        for number in range(draw(st.integers(1, 3)))
    )
    return dataclasses.replace(
        WEB,
        type="LoadBalancer",
        ports=tuple(dataclasses.replace(port, node_port=port.node_port * draw(st.integers(0, 1))) for port in ports),
        external_ips=draw(st.sampled_from([(), ("198.51.100.5",)])),
        load_balancer_ingress=draw(st.sampled_from([(), (LoadBalancerIngress("203.0.113.10"),)])),
        load_balancer_source_ranges=draw(st.sampled_from([(), ("192.168.0.0/16",), ("0.0.0.0/0", "1.2.3.0/24")])),
        external_traffic_policy=draw(policies),
        internal_traffic_policy=draw(policies),
        session_affinity=draw(st.sampled_from(["None", "ClientIP"])),
        health_check_node_port=32000,
    )


proxies = st.fixed_dictionaries(
    {
        "masquerade_all": st.booleans(),
        "cluster_cidrs": st.sampled_from([(), ("10.244.0.0/16",), ("0.0.0.0/0",)]),
        "detect_local_mode": st.sampled_from(["", "NodeCIDR", "BridgeInterface"]),
        "bridge_interface": st.just("cni0"),
        "localhost_node_ports": st.booleans(),
    }
)


@settings(deadline=None)
@given(services(), members, proxies)
def test_generated_clusters(service: Service, endpoints: list[Any], proxy: dict[str, Any]) -> None:
    web = cluster(service, *endpoints, **proxy)
    for node in (NODE1.name, "node2"):
        ruleset = compile_rules(web, node)
        check_chains(ruleset)
        assert parse(str(ruleset)) == ruleset
        own = {name for name in ruleset.tables["nat"].chains if is_service_chain(name)}
        used = {word for line in str(ruleset).splitlines() for word in line.split(" -j ")[1:]}
        assert own <= used, "every chain is led to"
