"""What differs by release: the table itself, and each of its rows seen in what is written."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from engine.cluster import Cluster, Mode, Node, ProxyConfig, Service
from engine.errors import UnsupportedFeature
from engine.fabric.fabric import build_fabric
from engine.netfilter.ipt_parse import parse
from engine.packet import Family
from engine.proxy.assumptions import assumed_of_proxy
from engine.proxy.endpoints import EndpointRules
from engine.proxy.interface import compile_rules
from engine.proxy.releases import (
    BY_NAME,
    DIFFERENCES,
    NEWEST,
    RELEASES,
    Behaviour,
    behaviour_of,
    behaviour_on,
    reported,
)
from engine.trace import Request
from engine.walk.one_node import resolve
from engine.walk.outcomes import outcomes

from .builders import NODE1, VIP, WEB, at, cluster, load_balancer, node_port
from .release_page import page
from .test_nftables import rules_of

LOCAL, LOCAL2, REMOTE = at("10.244.1.5"), at("10.244.1.6"), at("10.244.2.8", "node2")
HERE = Path(__file__).parents[3]
DIFFERENCE_ROWS = sorted(BY_NAME)


def test_every_field_has_its_row() -> None:
    fields = {field.name for kind in (Behaviour, EndpointRules) for field in dataclasses.fields(kind)}
    assert fields - {"release", "endpoints"} == set(BY_NAME)
    assert len(BY_NAME) == len(DIFFERENCES)


@pytest.mark.parametrize("name", DIFFERENCE_ROWS)
def test_a_row_changes_once_within_what_is_known(name: str) -> None:
    row = BY_NAME[name]
    held = [row.holds(release) for release in RELEASES]
    assert sorted(set(held)) == [False, True]
    assert (held == sorted(held)) == (row.until is None)
    assert row.source and row.what.en and row.what.zh


@pytest.mark.parametrize(
    ("said", "release"),
    [
        ("1.30", "1.30"),
        ("v1.30", "1.30"),
        ("1.30.5", "1.30"),
        ("v1.30.5", "1.30"),
        ("v1.30.5+k3s1", "1.30"),
        ("v1.31.1-eks-1de2ab1", "1.31"),
        ("v1.33.4-gke.1172000", "1.33"),
        ("v1.37.0-rc.0", "1.37"),
    ],
)
def test_how_a_release_may_be_written(said: str, release: str) -> None:
    assert behaviour_of(said).release == release


@pytest.mark.parametrize(
    "said", ["", "1", "1.2", "1.27", "v1.38.0", "2.30", "1.30.x", "1.30.5.6", "latest", " 1.30", "1.٣٠", "9" * 99]
)
def test_others_are_refused_by_name(said: str) -> None:
    with pytest.raises(UnsupportedFeature, match="there is no kube-proxy release") as error:
        behaviour_of(said)
    assert "没有 kube-proxy 版本" in error.value.zh
    assert len(str(error.value)) < 140


@pytest.mark.parametrize(
    ("version", "after_dnat", "by_index"),
    [
        ("1.32.9", False, True),
        ("v1.33.5", False, True),
        ("v1.33.5+k3s1", False, True),
        ("v1.33.6", True, False),
        ("1.33", True, False),
        ("1.34.0", True, True),
        ("v1.34.01", True, True),
        ("1.34.2", True, False),
        ("1.35.0", True, False),
    ],
)
def test_patch_releases_that_changed_something(version: str, after_dnat: bool, by_index: bool) -> None:
    behaviour = behaviour_of(version)
    assert (behaviour.filters_after_dnat, behaviour.bridge_by_index) == (after_dnat, by_index)


def test_whose_release_counts() -> None:
    old, silent = Node("a", proxy_version="v1.31.2"), Node("b")
    assert behaviour_on(old).release == "1.31"
    assert behaviour_on(old, "1.36").release == "1.36"
    assert behaviour_on(silent).release == NEWEST
    with pytest.raises(UnsupportedFeature, match="node c reports kube-proxy 'v1.11.0'"):
        behaviour_on(Node("c", proxy_version="v1.11.0"))


def test_each_node_of_a_cluster_has_its_own() -> None:
    made = cluster(WEB, LOCAL)
    mixed = dataclasses.replace(
        made, nodes=(made.nodes[0], dataclasses.replace(made.nodes[1], proxy_version="v1.36.0"))
    )
    counted = ["nfacct" in str(compile_rules(mixed, name)) for name in ("node1", "node2")]
    assert counted == [False, True]


def test_a_cluster_is_walked_by_the_release_that_is_asked_for() -> None:
    made = cluster(
        WEB, at("10.244.1.5", zone_hints=frozenset("a")), at("10.244.2.8", "node2", zone_hints=frozenset("b"))
    )
    nodes = tuple(dataclasses.replace(node, labels={"topology.kubernetes.io/zone": "b"}) for node in made.nodes)
    made = dataclasses.replace(made, nodes=nodes)
    request = Request("1.2.3.4", "10.96.0.10:80", node="node1")
    # Not asked for by the Service: only later releases follow the hints. The second round finds what the first has made.
    for release, ways in (("1.30", 2), ("1.31", 1), ("1.30", 2), ("1.31", 1)):
        assert len(resolve(made, "node1", request, release=release)) == ways
        assert len(outcomes(made, request, release=release)) == ways
    assert build_fabric(made, release="1.31") is build_fabric(made, release="1.31")
    assert build_fabric(made, release="1.31") is not build_fabric(made)


SHARED = '-A KUBE-NODEPORTS -d 127.0.0.0/8 -p tcp -m comment --comment "default/web:http" -m tcp --dport 30080'


def iptables(of: Cluster, release: str, family: str = "ipv4") -> str:
    return str(compile_rules(of, "node1", "iptables", family, release))


@pytest.mark.parametrize("release", RELEASES)
def test_nfacct(release: str) -> None:
    text = iptables(cluster(node_port(), LOCAL), release)
    counted = release not in ("1.28", "1.29", "1.30")
    # iptables prints two blanks before the counter's name.
    dropped = (
        "-A KUBE-FORWARD -m conntrack --ctstate INVALID -m nfacct --nfacct-name  ct_state_invalid_dropped_pkts -j DROP"
    )
    assert (dropped in text) == counted
    assert (f"{SHARED} -m nfacct --nfacct-name  localhost_nps_accepted_pkts -j KUBE-EXT-" in text) == counted
    assert str(parse(text, Family.IPV4)) == text


def test_nfacct_counts_node_ports_only_where_127_0_0_1_has_them() -> None:
    for made in (
        cluster(node_port(), LOCAL, localhost_node_ports=False),
        cluster(node_port(), LOCAL, node_port_addresses=("192.168.1.0/24",)),
    ):
        assert "localhost_nps_accepted_pkts" not in iptables(made, "1.36")
    six = cluster(dataclasses.replace(node_port(), cluster_ips=("fd00:96::1",)), at("fd00:1::5"))
    assert "localhost_nps_accepted_pkts" not in iptables(six, "1.36", "ipv6")


@pytest.mark.parametrize(("release", "dropped"), [("1.28", True), ("1.29", False), ("1.37", False)])
def test_tcp_be_liberal(release: str, dropped: bool) -> None:
    assert ("--ctstate INVALID" in iptables(cluster(WEB, LOCAL, tcp_be_liberal=True), release)) == dropped


@pytest.mark.parametrize(
    ("listed", "since"),
    [(("primary",), "1.30"), (("localhost",), "1.37"), (("all",), "1.37"), (("primary", "10.0.0.0/8"), "1.37")],
)
@pytest.mark.parametrize("mode", ["iptables", "ipvs", "nftables"])
def test_words_in_node_port_addresses(listed: tuple[str, ...], since: str, mode: str) -> None:
    made = cluster(node_port(), LOCAL, node_port_addresses=listed)
    for release in RELEASES[2:]:
        if RELEASES.index(release) >= RELEASES.index(since):
            compile_rules(made, "node1", mode, release=release)
        else:
            with pytest.raises(UnsupportedFeature, match=f"since v{since}; v{release} does not") as error:
                compile_rules(made, "node1", mode, release=release)
            assert f"自 v{since} 起" in error.value.zh


@pytest.mark.parametrize(
    ("listed", "jumps"),
    [
        (("all",), ["-m addrtype --dst-type LOCAL -j KUBE-NODEPORTS"]),
        (("primary", "localhost"), ["-d 127.0.0.1/32", "-d 192.168.1.10/32"]),
        (("localhost",), ["-d 127.0.0.1/32"]),
    ],
)
def test_what_the_words_stand_for(listed: tuple[str, ...], jumps: list[str]) -> None:
    lines = iptables(cluster(node_port(), LOCAL, node_port_addresses=listed), "1.37").splitlines()
    found = [line for line in lines if line.endswith("-j KUBE-NODEPORTS") and line.startswith("-A KUBE-SERVICES")]
    assert len(found) == len(jumps)
    assert all(jump in line for jump, line in zip(jumps, found, strict=True))


SERVICE, EXTERNAL, FRAME = "service-SUSTUHLJ", "external-SUSTUHLJ", "masquerading"
ONE, TWO = cluster(WEB, LOCAL), cluster(WEB, LOCAL, REMOTE)
STICKY = cluster(dataclasses.replace(WEB, session_affinity="ClientIP"), LOCAL)
MARK = "meta mark set meta mark | 0x00004000"
TO_WEB = "meta l4proto tcp dnat ip to numgen random mod"
FOREIGN = f"ip daddr @cluster-ips ip saddr != 10.244.0.0/16 {MARK} comment"


# (what, cluster, chain, the releases that the lines are written by, the lines)
NFTABLES = [
    ("to a ClusterIP", ONE, SERVICE, "1.30 1.33", ["ip daddr 10.96.0.10 tcp dport 80 ip saddr != 10.244.0.0/16 jump mark-for-masquerade", "numgen random mod 1 vmap {{ 0 : goto endpoint-{} }}"]),
    ("to a ClusterIP", ONE, SERVICE, "1.34 1.35", ["ip daddr 10.96.0.10 ip saddr != 10.244.0.0/16 jump mark-for-masquerade", "numgen random mod 1 vmap {{ 0 : goto endpoint-{} }}"]),
    ("to a ClusterIP", ONE, SERVICE, "1.36", [f"{TO_WEB} 1 map {{{{ 0 : 10.244.1.5 . 8080 }}}}"]),
    ("to a ClusterIP", ONE, SERVICE, "1.37", ["meta l4proto tcp dnat to 10.244.1.5:8080"]),
    ("two endpoints", TWO, SERVICE, "1.36 1.37", [f"{TO_WEB} 2 map {{{{ 0 : 10.244.1.5 . 8080, 1 : 10.244.2.8 . 8080 }}}}"]),
    ("an endpoint's chain", ONE, "endpoint-", "1.30 1.35", ["ip saddr 10.244.1.5 jump mark-for-masquerade", "meta l4proto tcp dnat to 10.244.1.5:8080"]),
    ("with affinity", STICKY, "endpoint-", "1.36 1.37", ["update @affinity-{} {{ ip saddr }}", "meta l4proto tcp dnat to 10.244.1.5:8080"]),
    ("masquerade", ONE, FRAME, "1.30 1.35", ["meta mark & 0x00004000 == 0x00000000 return", "meta mark set meta mark ^ 0x00004000", "masquerade fully-random"]),
    ("masquerade", ONE, FRAME, "1.36 1.37", ["meta mark & 0x00004000 != 0x00000000 meta mark set meta mark ^ 0x00004000 masquerade fully-random", "ct status dnat ip saddr . ip daddr . meta l4proto . th dport @hairpin-connections masquerade fully-random"]),
    ("from outside", cluster(node_port(), LOCAL), EXTERNAL, "1.30 1.35", ["jump mark-for-masquerade", "goto service-SUSTUHLJ-default/web/tcp/http"]),
    ("from outside", cluster(node_port(), LOCAL), EXTERNAL, "1.36 1.37", [f'{MARK} comment "masquerade"']),
    ("the services chain", ONE, "services", "1.36 1.37", [f'{FOREIGN} "masquerade clusterIP traffic from outside cluster"']),
    ("masqueradeAll", cluster(WEB, LOCAL, masquerade_all=True), "services", "1.36 1.37", [f'ip daddr @cluster-ips {MARK} comment "masquerade all clusterIP traffic"']),
    ("by device", cluster(WEB, LOCAL, detect_local_mode="BridgeInterface", bridge_interface="cni0"), "services", "1.36", [f'ip daddr @cluster-ips iifname != "cni0" {MARK} comment "masquerade clusterIP traffic from outside cluster"']),
    ("by device", cluster(WEB, LOCAL, detect_local_mode="BridgeInterface", bridge_interface="cni0"), SERVICE, "1.32", ['ip daddr 10.96.0.10 tcp dport 80 iif != "cni0" jump mark-for-masquerade']),
    ("by device", cluster(WEB, LOCAL, detect_local_mode="BridgeInterface", bridge_interface="cni0"), SERVICE, "1.33", ['ip daddr 10.96.0.10 tcp dport 80 iifname != "cni0" jump mark-for-masquerade']),
]  # fmt: skip


@pytest.mark.parametrize(
    ("of", "chain", "release", "wanted"),
    [
        pytest.param(of, chain, release, wanted, id=f"{what}-{release}")
        for what, of, chain, releases, wanted in NFTABLES
        for release in releases.split()
    ],
)
def test_nftables_chains(of: Cluster, chain: str, release: str, wanted: list[str]) -> None:
    found = rules_of(of, chain, release)
    for line, expected in zip(found, wanted, strict=False):
        before, _, after = expected.replace("{{", "{").replace("}}", "}").partition("{}")
        assert line.startswith(before) and line.endswith(after)
    assert len(found) >= len(wanted)


@pytest.mark.parametrize(
    ("release", "hooks"),
    [
        ("1.32", ["filter-prerouting", "filter-input", "filter-forward", "filter-output", "filter-output-post-dnat"]),
        ("1.33", ["filter-prerouting-pre-dnat", "filter-output-pre-dnat", "filter-input", "filter-forward", "filter-output"]),
    ],
)  # fmt: skip
def test_filter_chains(release: str, hooks: list[str]) -> None:
    chains = compile_rules(ONE, "node1", "nftables", release=release).tables["kube-proxy"].chains
    assert [name for name, chain in chains.items() if chain.hook and chain.kind == "filter"] == hooks


@pytest.mark.parametrize("release", RELEASES[2:])
def test_a_firewall_s_element_is_told_by_name_in_v1_30_only(release: str) -> None:
    made = cluster(load_balancer(load_balancer_source_ranges=("198.51.100.0/24",)), LOCAL)
    text = str(compile_rules(made, "node1", "nftables", release=release))
    assert f"{VIP.ip} . tcp . 80 : goto firewall-" in text or release == "1.30"
    assert (f'{VIP.ip} . tcp . 80 comment "default/web:http" : goto firewall-' in text) == (release == "1.30")


@pytest.mark.parametrize("release", ["1.35", "1.36", "1.37"])
def test_hairpin_connections_are_those_of_the_node_s_own_endpoints(release: str) -> None:
    sets = (
        compile_rules(cluster(WEB, LOCAL, LOCAL2, REMOTE), "node1", "nftables", release=release)
        .tables["kube-proxy"]
        .sets
    )
    if release == "1.35":
        assert "hairpin-connections" not in sets
        return
    own = {(address, address, "tcp", "8080") for address in ("10.244.1.5", "10.244.1.6")}
    assert set(sets["hairpin-connections"].elements) == own  # type: ignore[attr-defined]


@pytest.mark.parametrize("release", ["1.28", "1.29"])
def test_nftables_mode_before_its_beta_is_refused(release: str) -> None:
    with pytest.raises(UnsupportedFeature, match=f"v{release} has none or an alpha") as error:
        compile_rules(ONE, "node1", "nftables", release=release)
    assert "nftables 模式自 v1.30" in error.value.zh


def test_a_long_comment_is_cut_since_v1_37() -> None:
    service = Service("n" * 63, "s" * 63, cluster_ips=("10.96.0.9",), ports=WEB.ports)
    made = Cluster(nodes=(NODE1,), services=(service,), proxy=ProxyConfig())
    with pytest.raises(UnsupportedFeature, match="kube-proxy v1.36 writes"):
        compile_rules(made, "node1", "nftables", release="1.36")
    text = str(compile_rules(made, "node1", "nftables", release="1.37"))
    assert f'comment "{(service.key + ":http")[:128]}"' in text


def test_the_page_is_the_table() -> None:
    said = (HERE / "docs" / "releases.md").read_text(encoding="utf-8")
    assert said == page(), "write it anew: python -m tests.engine.proxy.release_page > docs/releases.md"


def test_a_cluster_of_one_release() -> None:
    cluster = Cluster(nodes=(Node("node1", proxy_version="v1.31.2"), Node("node2")))
    assert reported(cluster, None) is cluster
    assert {node.proxy_version for node in reported(cluster, "1.30").nodes} == {"1.30"}
    with pytest.raises(UnsupportedFeature, match=r"9\.9"):
        reported(cluster, "9.9")


@pytest.mark.parametrize(
    ("versions", "mode", "release", "cidrs", "said"),
    [
        (("", "1.30"), Mode.IPTABLES, None, (), ["nodeInfo"]),
        (("1.30", "1.30"), Mode.IPTABLES, None, (), []),
        (("", ""), Mode.IPTABLES, "1.30", (), []),
        (("1.33",), Mode.NFTABLES, None, (), ["ServiceCIDR"]),
        (("1.33",), Mode.NFTABLES, None, ("10.96.0.0/12",), []),
        (("1.30",), Mode.NFTABLES, None, (), []),
        (("",), Mode.NFTABLES, None, (), ["nodeInfo", "ServiceCIDR"]),
    ],
)
def test_what_is_assumed_of_kube_proxy(
    versions: tuple[str, ...], mode: Mode, release: str | None, cidrs: tuple[str, ...], said: list[str]
) -> None:
    nodes = tuple(Node(f"node{number}", proxy_version=version) for number, version in enumerate(versions))
    found = list(assumed_of_proxy(Cluster(nodes=nodes, service_cidrs=cidrs), mode, release))
    assert [word for text, word in zip(found, said, strict=True) if word in text.en and word in text.zh] == said
