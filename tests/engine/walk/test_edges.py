"""The rarer ends of a walk: other people's rules, addresses nobody has, manifests that leave things out."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from engine.cluster import CNIConfig, EndpointPort, EndpointSlice, NetworkFacts, Node, Pod, SliceEndpoint
from engine.errors import EngineError, ManifestError, NoSuchObject
from engine.fabric.fabric import build_fabric
from engine.netfilter.ipt_parse import parse
from engine.packet import L4
from engine.trace import Request, Stage, Verdict
from engine.walk.outcomes import outcomes
from tests.engine.clusters import NODE1, VIP, A, B, C, cluster, web
from tests.engine.walk.test_kernel_paths import only, says

HEAD = "*filter\n:INPUT {} [0:0]\n:FORWARD {} [0:0]\n:OUTPUT {} [0:0]\n"

# rules of node1, from, to, code, verdict
OTHER_RULES = [
    (HEAD.format("DROP", "ACCEPT", "ACCEPT"), "client", f"{NODE1}:10250", "policy-drop", Verdict.DROP),
    (HEAD.format("ACCEPT", "DROP", "ACCEPT"), "pod/pod-a", f"{B}:8080", "policy-drop", Verdict.DROP),
    (HEAD.format("ACCEPT", "DROP", "ACCEPT"), "pod/pod-a", f"{C}:8080", "policy-drop", Verdict.DROP),
    (HEAD.format("ACCEPT", "ACCEPT", "DROP"), "node/node1", f"{B}:8080", "policy-drop", Verdict.DROP),
    (HEAD.format(*["ACCEPT"] * 3) + "-A INPUT -p tcp -j DROP\n", "client", f"{NODE1}:10250", "rule-drop", Verdict.DROP),
    (
        HEAD.format(*["ACCEPT"] * 3) + "-A FORWARD -p tcp -j REJECT --reject-with tcp-reset\n",
        "pod/pod-a",
        f"{B}:8080",
        "rule-reject",
        Verdict.REJECT,
    ),
    ("*raw\n:PREROUTING DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n", "pod/pod-a", f"{B}:8080", "policy-drop", Verdict.DROP),
]


@pytest.mark.parametrize(("text", "source", "to", "code", "verdict"), OTHER_RULES)
def test_other_peoples_rules(text: str, source: str, to: str, code: str, verdict: Verdict) -> None:
    rules = parse(text + "COMMIT\n")
    (way,) = outcomes(cluster(B), Request(source, to), rulesets={"node1": rules})
    assert way.where is not None
    assert (way.verdict, way.where.code, way.where.host) == (verdict, code, "node1")
    assert way.where.rule
    if verdict is Verdict.REJECT:
        assert way.reply[-1].host == "pod-a"
        assert way.reply[-1].note.en.endswith("connection refused.")


def test_rules_that_block_the_tunnel() -> None:
    text = HEAD.format(*["ACCEPT"] * 3) + "-A INPUT -p udp -m udp --dport 8472 -j DROP\nCOMMIT\n"
    (way,) = outcomes(cluster(B), Request("pod/pod-a", f"{B}:8080"), rulesets={"node2": parse(text)})
    assert way.where is not None
    assert (way.where.host, way.where.code, way.destination) == ("node2", "outer-drop", f"{B}:8080")


def test_rules_that_drop_the_answer() -> None:
    text = HEAD.format(*["ACCEPT"] * 3) + "-A FORWARD -s 10.244.2.0/24 -j DROP\nCOMMIT\n"
    (way,) = outcomes(cluster(B), Request("pod/pod-a", f"{B}:8080"), rulesets={"node2": parse(text)})
    assert way.where is not None
    assert (way.where.direction, way.source_seen, way.verdict) == ("reply", A, Verdict.DROP)


def test_rules_that_translate_to_nowhere() -> None:
    """DNAT to an address of the bridge's network that no pod has, and to the node itself."""
    head = "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
    for to, expected in (
        ("10.244.1.99:80", ("LOST", "no-neighbour")),
        (f"{NODE1}:9", ("REFUSED", "nobody-listens")),
        ("127.0.0.1:80", ("LOST", "martian-destination")),
    ):
        text = f"{head}-A PREROUTING -d 10.96.0.10/32 -p tcp -j DNAT --to-destination {to}\nCOMMIT\n"
        facts = NetworkFacts(route_localnet=False)
        ways = outcomes(cluster(B, network=facts), Request("pod/pod-a", f"{VIP}:80"), rulesets={"node1": parse(text)})
        assert says(only(ways)) == expected


def test_kube_firewall_guards_127() -> None:
    """With route_localnet on, a neighbour could reach 127.0.0.1 if KUBE-FIREWALL did not stand there."""
    from engine.proxy.interface import compile_rules

    text = str(compile_rules(cluster(B), "node1"))
    line = "-A PREROUTING -s 192.168.1.11/32 -d 192.168.1.10/32 -p tcp -m tcp --dport 99 -j DNAT --to-destination 127.0.0.1:10250"
    text = text.replace("*nat\n", "*nat\n", 1).replace("-A PREROUTING", f"{line}\n-A PREROUTING", 1)
    (way,) = outcomes(cluster(B), Request("node/node2", f"{NODE1}:99"), rulesets={"node1": parse(text)})
    assert way.verdict is Verdict.DELIVERED  # the rule lets what was DNATed pass


@pytest.mark.parametrize(
    ("plugin", "backend", "off_the_node", "to_its_own_node"),
    [
        # cni0 has the gateway's address itself, as each veth of kindnet has.
        ("flannel", "vxlan", "ip-forward-off", "10.244.1.1"),
        ("kindnet", "ptp", "ip-forward-off", "10.244.1.1"),
        # proxy_arp answers for the gateway only where the node forwards.
        ("calico", "bgp", "no-neighbour", ("LOST", "no-neighbour")),
        ("canal", "vxlan", "no-neighbour", ("LOST", "no-neighbour")),
        # The plugin writes the gateway's MAC address into the pod.
        ("vpc-native", "routed", "ip-forward-off", NODE1),
    ],
)
def test_who_answers_for_the_pods_gateway_where_a_node_does_not_forward(
    plugin: str, backend: str, off_the_node: str, to_its_own_node: object
) -> None:
    """Measured: tests/engine/lab/test_kernel.py."""
    made = cluster(B, cni=CNIConfig(plugin, backend, False), network=NetworkFacts(ip_forward=False))
    assert says(only(outcomes(made, Request("pod/pod-a", f"{B}:8080")))) == ("LOST", off_the_node)
    assert says(only(outcomes(made, Request("node/node1", f"{A}:8080")))) == to_its_own_node


@pytest.mark.parametrize("backend", ["bgp", "ipip"])
def test_calicos_blackhole(backend: str) -> None:
    made = cluster(B, cni=CNIConfig("calico", backend, False))
    assert says(only(outcomes(made, Request("pod/pod-b", "10.244.2.99:80")))) == ("LOST", "blackhole")
    assert says(only(outcomes(made, Request("node/node2", "10.244.2.99:80")))) == ("LOST", "no-route")


def test_pods_outside_their_nodes_network() -> None:
    """Calico's own address management hands out blocks that spec.podCIDR knows nothing of."""
    made = cluster(B, cni=CNIConfig("calico", "bgp", False))
    strays = tuple(Pod("default", f"stray-{n}", n, (ip,)) for n, ip in (("node1", "10.99.0.5"), ("node2", "10.99.9.7")))
    shared = tuple(
        Pod("default", f"shared-{n}", n, (ip,)) for n, ip in (("node1", "10.98.0.5"), ("node2", "10.98.0.7"))
    )
    made = dataclasses.replace(made, pods=(*made.pods, *strays, *shared))
    table = build_fabric(made).host("node1").table
    assert str(table.lookup("10.99.9.9")) == "10.99.9.0/26 via 192.168.1.11 dev eth0"
    assert str(table.lookup("10.98.0.7")) == "10.98.0.7/32 via 192.168.1.11 dev eth0"
    assert says(only(outcomes(made, Request("pod/stray-node1", f"{VIP}:80")))) == NODE1


def test_nodes_without_pod_networks_have_those_of_their_pods() -> None:
    made = cluster(B)
    made = dataclasses.replace(made, nodes=tuple(dataclasses.replace(n, pod_cidrs=()) for n in made.nodes))
    assert says(only(outcomes(made, Request("pod/pod-a", f"{VIP}:80")))) == A


def test_endpoints_on_nodes_that_are_not_there() -> None:
    port = EndpointPort("", L4.TCP, 8080)
    stray = SliceEndpoint(("10.50.0.1",), node_name="node7", pod="default/stray")
    made = dataclasses.replace(cluster(), slices=(EndpointSlice("default", "web-1", "web", "IPv4", (port,), (stray,)),))
    with pytest.raises(NoSuchObject, match="node 'node7', which the manifests do not hold"):
        outcomes(made, Request("pod/pod-a", f"{VIP}:80"))
    with pytest.raises(NoSuchObject, match="node 'node7', which the manifests do not hold"):
        outcomes(made, Request("10.50.0.1", f"{VIP}:80"))


@pytest.mark.parametrize("facts", [{"missing_routes": (("node7", "node2"),)}, {"service_cidr_via": "node7"}], ids=str)
def test_facts_about_a_node_that_is_not_there(facts: dict[str, Any]) -> None:
    made = cluster(B)
    made = dataclasses.replace(made, network=dataclasses.replace(made.network, **facts))
    with pytest.raises(ManifestError, match="names node 'node7'"):
        outcomes(made, Request("pod/pod-a", f"{VIP}:80"))


def test_endpoints_without_pods_have_names_all_the_same() -> None:
    made = dataclasses.replace(cluster(B), pods=())
    outcome = only(outcomes(made, Request("client", f"{NODE1}:30080")))
    assert (outcome.hops[-1].host, says(outcome)) == ("pod-b", "10.244.1.0")
    assert says(only(outcomes(made, Request("pod/pod-b", f"{VIP}:80")))) == "10.244.2.1"
    port = EndpointPort("", L4.TCP, 8080)
    nameless = EndpointSlice("default", "web-1", "web", "IPv4", (port,), (SliceEndpoint((B,)),))
    made = dataclasses.replace(made, slices=(nameless,))
    assert only(outcomes(made, Request("client", f"{NODE1}:30080"))).hops[-1].host == B


@pytest.mark.parametrize(
    ("pod", "message"),
    [
        (Pod("default", "x", None, ()), "runs on no node yet"),
        (Pod("default", "x", "node1", ()), "has no address yet"),
        (Pod("default", "x", "node9", ("10.1.1.1",)), "there is no node 'node9'"),
    ],
)
def test_pods_that_cannot_send(pod: Pod, message: str) -> None:
    made = cluster(B)
    with pytest.raises(NoSuchObject, match=message):
        outcomes(dataclasses.replace(made, pods=(*made.pods, pod)), Request("pod/x", f"{VIP}:80"))


def test_services_that_cannot_be_spoken_to() -> None:
    headless = dataclasses.replace(cluster(B, service=web(cluster_ips=(), headless=True)))
    with pytest.raises(NoSuchObject, match="has no ClusterIP"):
        outcomes(headless, Request("pod/pod-a", "svc/web"))
    made = cluster(B)
    twin = dataclasses.replace(web(), namespace="other", cluster_ips=("10.96.0.11",))
    made = dataclasses.replace(made, services=(*made.services, twin))
    with pytest.raises(NoSuchObject, match="could be any of svc/default/web, svc/other/web"):
        outcomes(made, Request("pod/pod-a", "svc/web"))
    assert says(only(outcomes(cluster(B), Request("pod/pod-a", "svc/web:81")))) == ("LOST", "no-such-host")


def test_nodes_without_addresses() -> None:
    made = dataclasses.replace(cluster(B), nodes=(Node("node1"), Node("node2")), pods=(), slices=())
    with pytest.raises(NoSuchObject, match="has no InternalIP"):
        outcomes(made, Request("client", "node/node1:30080"))
    with pytest.raises(EngineError, match="has no IPv6 address to send from"):
        outcomes(cluster(B), Request("node/node1", "[fd00::1]:80"))


def test_a_wrong_address_is_told_at_the_client() -> None:
    facts = NetworkFacts(without=frozenset({"masquerade"}))
    outcome = only(outcomes(cluster(B, network=facts), Request("client", f"{NODE1}:30080")))
    last = outcome.reply[-1]
    assert (last.host, last.stage) == ("client", Stage.SOCKET)
    assert last.src == f"{B}:8080"


def test_calicos_tunnel_is_not_for_ipv6() -> None:
    made = cluster(B, cni=CNIConfig("calico", "ipip", False))
    nodes = tuple(
        dataclasses.replace(n, internal_ips=(*n.internal_ips, f"fd00::{i}"), pod_cidrs=(*n.pod_cidrs, f"fd01:{i}::/64"))
        for i, n in enumerate(made.nodes, 1)
    )
    pods = tuple(dataclasses.replace(p, ips=(*p.ips, f"fd01:{p.node_name[-1]}::{i}")) for i, p in enumerate(made.pods, 5) if p.node_name)  # fmt: skip
    made = dataclasses.replace(made, nodes=nodes, pods=pods)
    route = build_fabric(made).host("node1").table.lookup("fd01:2::1")
    assert str(route) == "fd01:2::/64 via fd00::2 dev eth0"
    assert says(only(outcomes(made, Request("pod/pod-a", "[fd01:2::6]:8080")))) == "fd01:1::5"


def test_a_rejection_has_to_find_its_way_back() -> None:
    """Without a route back the ICMP error leaves by the default route, and the client waits."""
    facts = NetworkFacts(without=frozenset({"route"}))
    outcome = only(outcomes(cluster(network=facts), Request("pod/pod-b", f"{NODE1}:30080")))
    assert says(outcome) == ("LOST", "no-such-host")
    assert outcome.where is not None
    assert outcome.where.direction == "reply"
    assert any(hop.rule and "REJECT" in hop.rule for hop in outcome.hops)
