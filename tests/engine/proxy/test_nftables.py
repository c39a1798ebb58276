"""kube-proxy's nftables table: names, frame, the rules that depend on configuration, what differs between releases."""

from __future__ import annotations

import dataclasses

import pytest

from engine.cluster import Cluster, LoadBalancerIngress, Node, ProxyConfig, Service, ServicePort
from engine.errors import UnsupportedFeature
from engine.manifests import load_cluster
from engine.netfilter.nft_parse import parse
from engine.packet import L4, Family
from engine.proxy.interface import compile_rules
from engine.proxy.nftables import nodeport_addresses
from engine.proxy.nftables_names import endpoint_base, service_base, service_of
from engine.proxy.releases import behaviour_of

# The first three are names that kube-proxy's own tests expect.
NAMES = [
    (service_base("ns1", "svc1", L4.TCP, "p80"), "ULMVA6XW-ns1/svc1/tcp/p80"),
    (endpoint_base("ns1", "svc1", L4.TCP, "p80", "10.180.0.1", 80), "5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80"),
    (
        endpoint_base("ns1", "svc1", L4.TCP, "p80", "fd00:10:180::2:1", 80),
        "2CRNCTTE-ns1/svc1/tcp/p80__fd00.10.180..2.1/80",
    ),
    (service_base("default", "web", L4.SCTP, ""), "{hash}-default/web/sctp/"),
]


@pytest.mark.parametrize(("made", "name"), NAMES)
def test_name(made: str, name: str) -> None:
    assert made == name.format(hash=made[:8])


def test_a_long_name_is_cut_behind_its_hash() -> None:
    longest = "x" * 63
    base = endpoint_base(longest, longest, L4.SCTP, longest, "fd00:1111:2222:3333:4444:5555:6666:7777", 65535)
    assert len(base) == 240
    assert base.endswith("...")


@pytest.mark.parametrize(
    ("chain", "service"),
    [
        ("service-ULMVA6XW-ns1/svc1/tcp/p80", "ns1/svc1"),
        ("endpoint-5OJB2KTY-my-ns/my-svc/tcp/p80__10.180.0.1/80", "my-ns/my-svc"),
        ("mark-for-masquerade", None),
    ],
)
def test_service_of(chain: str, service: str | None) -> None:
    assert service_of(chain) == service


NODE = Node("node1", ("192.168.1.10", "fd00::10"), ("192.168.1.10", "192.168.1.2", "10.0.0.7", "127.0.0.1"))


@pytest.mark.parametrize(
    ("configured", "ipv4", "ipv6"),
    [
        ((), ("192.168.1.10",), ("fd00::10",)),
        (("primary",), ("192.168.1.10",), ("fd00::10",)),
        (("192.168.1.0/24",), ("192.168.1.10", "192.168.1.2"), None),
        (("192.168.1.0/24", "fd00::/8"), ("192.168.1.10", "192.168.1.2"), ("fd00::10",)),
        (("0.0.0.0/0",), None, None),
        (("0.0.0.0/0", "::/0"), None, None),
        (("172.31.0.0/16",), (), None),
        (("127.0.0.0/8",), (), None),
    ],
)
def test_nodeport_addresses(
    configured: tuple[str, ...], ipv4: tuple[str, ...] | None, ipv6: tuple[str, ...] | None
) -> None:
    cluster = Cluster(proxy=ProxyConfig(node_port_addresses=configured))
    assert nodeport_addresses(cluster, NODE, Family.IPV4, behaviour_of("1.30")) == ipv4
    assert nodeport_addresses(cluster, NODE, Family.IPV6, behaviour_of("1.30")) == ipv6


MANIFESTS = """
apiVersion: v1
kind: Node
metadata: {name: node1}
spec: {podCIDR: 10.244.1.0/24, podCIDRs: [10.244.1.0/24]}
status: {addresses: [{type: InternalIP, address: 192.168.1.10}], nodeInfo: {kubeletVersion: v1.30.5}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  type: LoadBalancer
  clusterIP: 10.96.0.20
  clusterIPs: [10.96.0.20]
  externalTrafficPolicy: Local
  loadBalancerSourceRanges: [198.51.100.0/24]
  ports: [{name: http, port: 80, protocol: TCP, targetPort: 8080, nodePort: 30080}]
status: {loadBalancer: {ingress: [{ip: 203.0.113.10}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints: [{addresses: [10.244.1.5], nodeName: node1, conditions: {ready: true}}]
ports: [{name: http, port: 8080, protocol: TCP}]
"""


def rules_of(cluster: Cluster, chain: str, release: str | None = None) -> list[str]:
    """The lines of the one chain whose name begins so; of v1.30 where nothing is said."""
    text = str(compile_rules(cluster, "node1", "nftables", release=release))
    block = next(part for part in text.split("\n\n") if f"\tchain {chain}" in part)
    return [line.strip() for line in block.splitlines()[1:] if line.strip() != "}"]


def web(**proxy: object) -> Cluster:
    cluster = load_cluster(text=MANIFESTS)
    return dataclasses.replace(cluster, proxy=ProxyConfig(**proxy))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("proxy", "rule"),
    [
        ({"cluster_cidrs": ("10.244.0.0/16",)}, "ip daddr 10.96.0.20 tcp dport 80 ip saddr != 10.244.0.0/16 jump {}"),
        ({"detect_local_mode": "NodeCIDR"}, "ip daddr 10.96.0.20 tcp dport 80 ip saddr != 10.244.1.0/24 jump {}"),
        (
            {"detect_local_mode": "BridgeInterface", "bridge_interface": "cbr0"},
            'ip daddr 10.96.0.20 tcp dport 80 iif != "cbr0" jump {}',
        ),
        (
            {"detect_local_mode": "InterfaceNamePrefix", "interface_name_prefix": "cali"},
            'ip daddr 10.96.0.20 tcp dport 80 iifname != "cali*" jump {}',
        ),
        (
            {"masquerade_all": True, "cluster_cidrs": ("10.244.0.0/16",)},
            "ip daddr 10.96.0.20 tcp dport 80 jump {}",
        ),
    ],
)
def test_masquerade_rule(proxy: dict[str, object], rule: str) -> None:
    assert rules_of(web(**proxy), "service-SUSTUHLJ")[0] == rule.format("mark-for-masquerade")


def test_without_a_local_detector_nothing_is_masqueraded_or_short_circuited() -> None:
    assert len(rules_of(web(), "service-SUSTUHLJ")) == 1
    assert [rule.split(" ")[0] for rule in rules_of(web(), "external-SUSTUHLJ")] == ["fib", "fib", "goto"]


def test_the_masquerade_bit() -> None:
    assert rules_of(web(masquerade_bit=3), "mark-for-masquerade") == ["meta mark set meta mark | 0x00000008"]


def test_names_too_long_for_an_element_s_comment_are_refused_as_nft_refuses_them() -> None:
    port = ServicePort("p" * 10, L4.TCP, 80, 8080)
    long, longer = (Service("n" * length, "s" * 60, cluster_ips=("10.96.0.9",), ports=(port,)) for length in (56, 57))
    node = (Node("node1", ("192.168.1.10",), proxy_version="v1.36.3"),)
    assert f"{long.key}:{port.name}" in str(compile_rules(Cluster(nodes=node, services=(long,)), "node1", "nftables"))
    with pytest.raises(UnsupportedFeature, match="comments of at most 128 characters"):
        compile_rules(Cluster(nodes=node, services=(longer,)), "node1", "nftables")


def test_unallocated_cluster_ips_are_dropped_where_service_cidrs_are_known() -> None:
    cluster = dataclasses.replace(web(cluster_cidrs=("10.244.0.0/16",)), service_cidrs=("10.96.0.0/12", "fd00::/112"))
    assert rules_of(cluster, "cluster-ips-check") == [
        'ip daddr @cluster-ips reject comment "Reject traffic to invalid ports of ClusterIPs"',
        'ip daddr 10.96.0.0/12 drop comment "Drop traffic to unallocated ClusterIPs"',
    ]


def test_services_are_sorted_and_the_text_is_read_back() -> None:
    cluster = web(cluster_cidrs=("10.244.0.0/16",))
    more = tuple(
        Service(
            "default",
            name,
            type="LoadBalancer",
            cluster_ips=(address,),
            ports=(ServicePort("http", L4.TCP, 80, 8080),),
            load_balancer_ingress=(LoadBalancerIngress("203.0.113.77"),),
        )
        for name, address in (("zebra", "10.96.0.3"), ("ant", "10.96.0.4"))
    )
    forwards = dataclasses.replace(cluster, services=(*cluster.services, *more))
    backwards = dataclasses.replace(cluster, services=(*more[::-1], *cluster.services))
    text = str(compile_rules(forwards, "node1", "nftables"))
    assert text == str(compile_rules(backwards, "node1", "nftables"))
    assert str(parse(text)) == text
