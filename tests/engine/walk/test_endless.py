"""No walk goes on for ever: circles end by their TTL, tunnels never carry themselves, and too many ways are refused."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from fractions import Fraction

import pytest

from engine import EngineError, Request, RuleError, UnsupportedFeature, load_cluster
from engine.cluster import Cluster, CNIConfig, Pod
from engine.limits import INITIAL_TTL, MOST_CHAINS_ENTERED, MOST_WAYS
from engine.netfilter import nft_parse
from engine.netfilter.choose import every_path
from engine.netfilter.ipt_parse import parse
from engine.netfilter.ruleset import Ruleset
from engine.packet import L4, Family, FiveTuple
from engine.trace import Outcome, Verdict
from engine.walk.circle import Forward, find_circle
from engine.walk.outcomes import outcomes
from tests.engine.clusters import NODE1, B, cluster

_HALF = Fraction(1, 2)

_CLUSTER = """
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clusterCIDR: {pods}/{wide}
---
{{apiVersion: v1, kind: Node, metadata: {{name: node1}}, spec: {{podCIDR: "{pods1}/{block}"}},
  status: {{addresses: [{{type: InternalIP, address: "{node}10"}}]}}}}
---
{{apiVersion: v1, kind: Node, metadata: {{name: node2}}, spec: {{podCIDR: "{pods2}/{block}"}},
  status: {{addresses: [{{type: InternalIP, address: "{node}11"}}]}}}}
---
{{apiVersion: v1, kind: Service, metadata: {{name: web}}, spec: {{clusterIP: "{vip}", ipFamilies: [{family}],
  ports: [{{port: 80, targetPort: 8080}}]}}}}
---
{{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {{name: web-1,
  labels: {{kubernetes.io/service-name: web}}}}, addressType: {family}, ports: [{{port: 8080}}],
  endpoints: [{{addresses: ["{endpoint}"], nodeName: node2}}]}}
---
{{apiVersion: k8squiz.dev/v1, kind: Network,
  spec: {{without: [kube-ipvs0, cluster-ips-check], serviceCIDRVia: node1}}}}
"""
_IPV4 = {"pods": "10.244.0.0", "wide": 16, "pods1": "10.244.1.0", "pods2": "10.244.2.0", "block": 24,
         "node": "192.168.1.", "vip": "10.96.0.12", "family": "IPv4", "endpoint": "10.244.2.5"}  # fmt: skip
_IPV6 = {"pods": "fd00:244::", "wide": 48, "pods1": "fd00:244:0:1::", "pods2": "fd00:244:0:2::", "block": 64,
         "node": "fd00:168::", "vip": "fd00:96::12", "family": "IPv6", "endpoint": "fd00:244:0:2::5"}  # fmt: skip


def circling(family: str) -> Cluster:
    """The router sends the ClusterIPs to node1, and node1, where nothing takes them, back to the router."""
    return load_cluster(text=_CLUSTER.format(**(_IPV4 if family == "IPv4" else _IPV6)))


def lost(ways: tuple[Outcome, ...]) -> tuple[str, str]:
    (way,) = ways
    assert way.verdict is Verdict.LOST and way.where is not None
    return way.where.code, way.where.reason.en


@pytest.mark.parametrize(
    ("mode", "family", "port", "anew"),
    [
        *((mode, family, 81, False) for mode in ("iptables", "nftables", "ipvs") for family in ("IPv4", "IPv6")),
        # Masqueraded to the node's own address: IPv4's source check drops it on its return, IPv6 has no such check.
        ("ipvs", "IPv6", 80, True),
    ],
)
def test_a_circle_ends_by_its_ttl_and_is_named(mode: str, family: str, port: int, anew: bool) -> None:
    request = Request("client", f"svc/web:{port}", node="node1")
    # Since v1.36 nftables mode marks whatever goes to a ClusterIP from outside, so its second round begins as a martian.
    ways = outcomes(circling(family), request, mode, release="1.30")
    code, reason = lost(ways)
    assert code == "routing-loop"
    assert reason.startswith("the packet goes round router -> node1 -> router until its TTL is used up")
    assert reason.endswith("each round rewrites it anew") is anew
    # One round is told, up to where the second begins.
    assert [hop.host for hop in ways[0].hops].count("client") == 1
    assert sum(hop.host == "router" for hop in ways[0].hops) == 2 - (ways[0].hops[-1].host != "router")


def test_a_circle_pays_for_every_round() -> None:
    """The client's 64 are used up by 32 rounds of two hosts, and every round evaluates rules."""
    way = outcomes(circling("IPv4"), Request("client", "svc/web:81", node="node1"))[0]
    assert way.cost.rules_evaluated > INITIAL_TTL // 2


@pytest.mark.parametrize(
    ("names", "hosts", "begins"),
    [
        ("abab", ("a", "b"), 2),
        ("xabab", ("a", "b"), 3),
        ("aaa", ("a",), 1),
        ("xyabcabc", ("a", "b", "c"), 5),
        ("abcd", None, None),
    ],
)
def test_the_shortest_circle_is_found(names: str, hosts: tuple[str, ...] | None, begins: int | None) -> None:
    flow = FiveTuple(L4.TCP, "1.2.3.4", 5, "10.96.0.10", 80)
    found = find_circle([Forward(name, flow, at) for at, name in enumerate(names)])
    assert (found.hosts, found.hops) == (hosts, begins) if found is not None else hosts is None


@pytest.mark.parametrize(
    ("plugin", "backend", "device"),
    [("flannel", "vxlan", "flannel.1"), ("calico", "ipip", "tunl0"), ("calico", "vxlan", "vxlan.calico")],
)
@pytest.mark.parametrize("source", ["pod/pod-a", "node/node1"])
def test_a_tunnel_whose_peer_lies_behind_it_drops(plugin: str, backend: str, device: str, source: str) -> None:
    """node2's pods live in the nodes' own network, and node2 itself lies in that block."""
    made = cluster(B, cni=CNIConfig(plugin, backend, False))
    node1, node2 = made.nodes
    made = dataclasses.replace(
        made,
        nodes=(node1, dataclasses.replace(node2, pod_cidrs=("192.168.1.8/29",))),
        pods=(made.pods[0], Pod("default", "pod-b", "node2", ("192.168.1.12",))),
        slices=(),
    )
    code, reason = lost(outcomes(made, Request(source, "192.168.1.12:8080")))
    assert code == "tunnel-loop"
    assert f"by {device} again" in reason


_NAT = "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"


def doubling(depth: int) -> str:
    """Chains that each lead twice to the next: the kernel would evaluate 2 ** depth of them."""
    names = [f"C{n}" for n in range(depth)]
    lines = [f":{name} - [0:0]" for name in names] + ["-A PREROUTING -j C0"]
    lines += [f"-A {a} -j {b}" for a, b in itertools.pairwise(names) for _ in range(2)]
    return _NAT + "\n".join(lines) + "\nCOMMIT\n"


def deep(depth: int) -> str:
    names = [f"C{n}" for n in range(depth)]
    lines = [f":{name} - [0:0]" for name in names] + ["-A PREROUTING -j C0"]
    lines += [f"-A {a} -j {b}" for a, b in itertools.pairwise(names)]
    return _NAT + "\n".join(lines) + "\nCOMMIT\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [(doubling(40), f"more than {MOST_CHAINS_ENTERED} chains"), (deep(2000), "more than 256 chains in depth")],
    ids=["doubling", "deep"],
)
def test_rules_that_take_too_long_are_refused(text: str, message: str) -> None:
    with pytest.raises(UnsupportedFeature, match=message):
        outcomes(cluster(B), Request("client", f"{NODE1}:30080"), rulesets={"node1": parse(text)})


def test_more_ways_than_can_be_followed_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each round masquerades anew, so each is a new connection whose chance is drawn again: two ways, four, eight ..."""
    rules = (
        _NAT + "-A PREROUTING -m statistic --mode random --probability 0.5 -j ACCEPT\n-A POSTROUTING -j MASQUERADE\n"
    )
    made, given = circling("IPv6"), {"node1": parse(rules + "COMMIT\n", Family.IPV6)}
    request = Request("client", "svc/web:81", node="node1")
    monkeypatch.setattr("engine.walk.outcomes.MOST_STEPS_OF_ALL_WAYS", 3000)
    with pytest.raises(EngineError, match=r"every way that the packet can go .* by a seed"):
        outcomes(made, request, rulesets=given)
    assert lost(outcomes(made, request, rulesets=given, seed=1))[0] == "routing-loop"
    with pytest.raises(EngineError, match=f"more than {MOST_WAYS} ways"):
        list(every_path(lambda choose: [choose((_HALF, _HALF)) for _ in range(20)]))


@pytest.mark.parametrize(
    ("read", "text", "line"),
    [
        (lambda text: parse(text, file="f"), _NAT + ":A - [0:0]\n:B - [0:0]\n-A A -j B\n-A B -j A\nCOMMIT\n", 9),
        (
            lambda text: nft_parse.parse(text, whole=True),
            "table ip t {\n\tchain a {\n\t\tjump b\n\t}\n\tchain b {\n\t\tgoto a\n\t}\n}\n",
            6,
        ),
        (lambda text: nft_parse.parse(text, whole=True), "table ip t {\n\tchain a {\n\t\tjump a\n\t}\n}\n", 3),
        (lambda text: nft_parse.parse(text, whole=True), "table ip t {\n\tchain a {\n\t\tjump c\n\t}\n}\n", 3),
    ],
    ids=["iptables", "nft", "nft itself", "nft nowhere"],
)
def test_chains_that_lead_in_a_circle_are_refused_with_their_line(
    read: Callable[[str], Ruleset], text: str, line: int
) -> None:
    with pytest.raises(RuleError) as raised:
        read(text)
    assert raised.value.line == line
