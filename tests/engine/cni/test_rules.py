"""The text of what each plugin writes, against what the programs themselves printed or, for flannel, its source."""

from __future__ import annotations

import dataclasses

import pytest

from engine import compile_node
from engine.cluster import Cluster, CNIConfig, ContainerPort, IPPool, NetworkFacts, PortMap
from engine.cni import PLUGINS
from engine.errors import UnsupportedFeature
from engine.fabric.fabric import build_fabric
from engine.netfilter.ipt_parse import parse
from engine.netfilter.text import listings
from engine.trace import Request
from engine.walk.outcomes import outcomes
from tests.conformance.locate import folder
from tests.engine.clusters import NODE1, A, B, C, cluster

NETWORKS = ("10.244.0.0/16",)
FLANNEL = CNIConfig(assumed=False, networks=NETWORKS)
CALICO = CNIConfig(
    "calico", "vxlan", False, vni=4096, port=4789, pools=(IPPool("10.244.0.0/16", True, "Never", "Always"),)
)  # fmt: skip


def whole(cni: CNIConfig, mode: str = "iptables", **more: object) -> str:
    return str(compile_node(cluster(B, cni=cni, cni_rules=True, **more), "node1", mode))  # type: ignore[arg-type]


def table(text: str, name: str) -> list[str]:
    """The lines of an iptables table that are no program's but the CNI's: its chains and rules."""
    lines = text.splitlines()
    start = lines.index(f"*{name}")
    body = lines[start : lines.index("COMMIT", start)]
    return [
        line.removesuffix(" [0:0]") for line in body if line[0] in ":-" and "KUBE" not in line and "ACCEPT" not in line
    ]


def saved(name: str) -> str:
    return (folder("dumps") / name).read_text(encoding="utf-8")


def test_felix_prints_the_same_nat_table() -> None:
    assert table(whole(CALICO), "nat") == table(saved("calico-vxlan.iptables-save"), "nat")


def test_felix_sets_are_listed_first() -> None:
    assert whole(CALICO).splitlines()[:4] == [
        "create cali40masq-ipam-pools hash:net family inet hashsize 1024 maxelem 1048576",
        "add cali40masq-ipam-pools 10.244.0.0/16",
        "create cali40network-ip-pools hash:net family inet hashsize 1024 maxelem 1048576",
        "add cali40network-ip-pools 10.244.0.0/16",
    ]


def test_felix_inserts_before_kube_proxy_and_appends_behind_it() -> None:
    lines = whole(CALICO).splitlines()
    jumps = [
        line.rpartition(" ")[2] for line in lines if line.startswith(("-A PREROUTING", "-A OUTPUT", "-A POSTROUTING"))
    ]
    assert jumps[:6] == [
        "cali-PREROUTING",
        "KUBE-SERVICES",
        "cali-OUTPUT",
        "KUBE-SERVICES",
        "KUBE-POSTROUTING",
        "cali-POSTROUTING",
    ]


def test_a_pool_without_nat_outgoing_is_left_alone() -> None:
    pools = (IPPool("10.244.0.0/16", False, "Never", "Always"),)
    lines = table(whole(dataclasses.replace(CALICO, pools=pools)), "nat")
    assert not [line for line in lines if line.startswith("-A cali-nat-outgoing")]


def test_kindnet_prints_the_same_chain() -> None:
    kindnet = CNIConfig("kindnet", "ptp", False, networks=NETWORKS)
    printed = [line for line in table(saved("kind-node-dns.iptables-save"), "nat") if "DOCKER" not in line]
    assert table(whole(kindnet), "nat") == printed


def test_flannel_with_nftables() -> None:
    lines = whole(dataclasses.replace(FLANNEL, nftables=True), "nftables")
    assert lines[lines.index("table ip flannel-ipv4") :] == (
        "table ip flannel-ipv4 {\n"
        '\tcomment "rules for flannel-ipv4"\n'
        "\tchain forward {\n"
        '\t\tcomment "chain to accept flannel traffic"\n'
        "\t\ttype filter hook forward priority filter; policy accept;\n"
        "\t\tip saddr 10.244.0.0/16 accept\n"
        "\t\tip daddr 10.244.0.0/16 accept\n"
        "\t}\n\n"
        "\tchain postrtg {\n"
        '\t\tcomment "chain to manage traffic masquerading by flannel"\n'
        "\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
        "\t\tmeta mark 0x00004000 return\n"
        "\t\tip saddr 10.244.1.0/24 ip daddr 10.244.0.0/16 return\n"
        "\t\tip saddr 10.244.0.0/16 ip daddr 10.244.1.0/24 return\n"
        "\t\tip saddr != 10.244.1.0/24 ip daddr 10.244.0.0/16 return\n"
        "\t\tip saddr 10.244.0.0/16 ip daddr != 224.0.0.0/4 masquerade fully-random\n"
        "\t\tip saddr != 10.244.0.0/16 ip daddr 10.244.0.0/16 masquerade fully-random\n"
        "\t}\n"
        "}\n"
    )


def test_without_ip_masq_the_bridge_masquerades_each_pod() -> None:
    lines = table(whole(dataclasses.replace(FLANNEL, ip_masq=False)), "nat")
    assert [line.split()[1] for line in lines if line.startswith("-A POSTROUTING")] == ["POSTROUTING"] * 2
    assert not [line for line in lines if "FLANNEL" in line]


def test_what_is_printed_is_read_back() -> None:
    for cni in (FLANNEL, CNIConfig("kindnet", "ptp", False, networks=NETWORKS)):
        assert str(parse(whole(cni))) == whole(cni)


def with_host_port(cni: CNIConfig, **port: object) -> Cluster:
    made = cluster(B, cni=cni, cni_rules=True)
    ports = (ContainerPort("http", 8080, host_port=8088, **port),)  # type: ignore[arg-type]
    first, *others = made.pods
    return dataclasses.replace(made, pods=(dataclasses.replace(first, ports=ports), *others))


@pytest.mark.parametrize(
    "cni", [FLANNEL, dataclasses.replace(FLANNEL, port_map=PortMap(backend="nftables"))], ids=["iptables", "nftables"]
)
@pytest.mark.parametrize("mode", ["iptables", "nftables"])
@pytest.mark.parametrize(
    ("source", "to", "seen"),
    [
        ("client", f"{NODE1}:8088", "1.2.3.4"),
        ("node/node1", f"{NODE1}:8088", NODE1),
        ("node/node1", "127.0.0.1:8088", "10.244.1.1"),
        ("pod/pod-b", f"{NODE1}:8088", "192.168.1.11"),
        # Through the host port to itself: masqueraded, or the answer would not come back by the bridge.
        ("pod/pod-a", f"{NODE1}:8088", "10.244.1.1"),
    ],
)  # fmt: skip
def test_whom_a_host_port_shows(cni: CNIConfig, mode: str, source: str, to: str, seen: str) -> None:
    (outcome,) = outcomes(with_host_port(cni), Request(source, to), mode)
    assert (outcome.destination, outcome.source_seen) == (f"{A}:8080", seen)


def test_a_neighbours_host_port_is_masqueraded_by_the_mark_alone() -> None:
    """The iptables backend marks all of the node's pod network, the nftables backend a pod that reaches itself."""
    for backend, seen in (("iptables", "10.244.1.1"), ("nftables", C)):
        cni = dataclasses.replace(FLANNEL, port_map=PortMap(backend=backend))
        (outcome,) = outcomes(with_host_port(cni), Request("pod/pod-c", f"{NODE1}:8088"))
        assert outcome.source_seen == seen


def test_portmap_marks_by_another_programs_chain() -> None:
    made = with_host_port(PLUGINS["kubenet"].usual)
    lines = [line for line in str(compile_node(made, "node1")).splitlines() if line.startswith("-A CNI-")]
    assert [line.rpartition("-j ")[2] for line in lines if " --dport 8088 " in line] == [
        "KUBE-MARK-MASQ", "KUBE-MARK-MASQ", f"DNAT --to-destination {A}:8080"
    ]  # fmt: skip
    assert not [line for line in lines if "HOSTPORT-SETMARK" in line or "HOSTPORT-MASQ" in line]
    for source, seen in (("pod/pod-a", "10.244.1.1"), ("client", "1.2.3.4"), ("pod/pod-b", "192.168.1.11")):
        (outcome,) = outcomes(made, Request(source, f"{NODE1}:8088"))
        assert (outcome.destination, outcome.source_seen) == (f"{A}:8080", seen)


def test_an_option_of_portmap_that_is_not_modelled_is_refused() -> None:
    cni = dataclasses.replace(FLANNEL, port_map=PortMap(unmodelled=("masqAll",)))
    with pytest.raises(UnsupportedFeature, match="portmap's masqAll"):
        compile_node(with_host_port(cni), "node1")
    # Without host ports portmap writes nothing.
    assert compile_node(cluster(B, cni=cni, cni_rules=True), "node1")


# Where a pod's packet goes; whom the other end sees, by plugin. Measured with that program's rules alone, but AWS's, which is
# read off its rules.
SEEN = {
    "flannel": (FLANNEL, NODE1),
    "calico": (CALICO, NODE1),
    "kindnet": (CNIConfig("kindnet", "ptp", False, networks=NETWORKS), NODE1),
    "kubenet": (PLUGINS["kubenet"].usual, NODE1),
    "canal": (CNIConfig("canal", "vxlan", False, networks=NETWORKS), NODE1),
}


@pytest.mark.parametrize("name", SEEN)
@pytest.mark.parametrize("mode", ["iptables", "nftables"])
def test_whom_the_world_and_other_nodes_see(name: str, mode: str) -> None:
    cni, masqueraded = SEEN[name]
    made = cluster(B, cni=cni, cni_rules=True)
    for to, seen in (
        ("1.2.3.4:443", masqueraded),
        ("192.168.1.11:10250", masqueraded),
        (f"{B}:8080", A),
        (f"{NODE1}:10250", A),
    ):
        (outcome,) = outcomes(made, Request("pod/pod-a", to), mode)
        assert outcome.hops[-1].src.rpartition(":")[0] == seen, to


def test_a_part_taken_away_leaves_each_table_to_its_tool() -> None:
    made = cluster(B, cni=FLANNEL, cni_rules=True, network=NetworkFacts(without=frozenset({"masquerade"})))
    listed = [listing.program for listing in listings(build_fabric(made, "nftables").ruleset("node1", 4))]
    assert listed == ["nft", "iptables"]
