"""An echo request: no Service translates it, and what answers it is a kernel.

Sources: net/ipv4/icmp.c icmp_echo(); kube-proxy's rules name a protocol and a port wherever they translate.
"""

from __future__ import annotations

import dataclasses

import pytest

from engine import EngineError, Outcome, Request, load_cluster, outcomes
from engine.cluster import Cluster
from engine.walk.jsonform import trace_to_dict
from tests.engine.clusters import NODE1, VIP, A, B, cluster


def ping(made: Cluster, source: str, destination: str, mode: str = "iptables") -> Outcome:
    (way,) = outcomes(made, Request(source, destination, "ICMP"), mode)
    return way


def end(way: Outcome) -> str:
    return f"{way.verdict} {way.where.code}" if way.where else f"{way.verdict} {way.source_seen}"


# from, to -> what becomes of it, in each mode (one: in all)
ROWS = {
    "pod to pod": ("pod/pod-a", f"{B}", {"": f"DELIVERED {A}"}),
    "a name with a port": ("pod/pod-a", "pod/pod-b:8080", {"": f"DELIVERED {A}"}),
    "node to node": ("node/node2", "node/node1", {"": "DELIVERED 192.168.1.11"}),
    "client to node": ("client", NODE1, {"": "DELIVERED 1.2.3.4"}),
    # It leaves by the default route, where nobody has that address; IPVS binds it to kube-ipvs0, so the node has it.
    "pod to a ClusterIP": (
        "pod/pod-a",
        "svc/web",
        {
            "iptables": "LOST no-such-host",
            "nftables": "REJECT unknown-cluster-ip-port",
            "ipvs": "REJECT unknown-cluster-ip-port",
        },
    ),
}


@pytest.mark.parametrize("mode", ["iptables", "nftables", "ipvs"])
@pytest.mark.parametrize("name", ROWS)
def test_an_echo_request(name: str, mode: str) -> None:
    source, destination, expected = ROWS[name]
    way = ping(cluster(B), source, destination, mode)
    assert end(way) == (expected.get("") or expected[mode])
    assert not [hop for hop in way.hops if hop.dst.endswith(":0")]


def test_in_words_and_json() -> None:
    way = ping(cluster(B), "pod/pod-a", B)
    assert "sends an ICMP echo request: 10.244.1.5 -> 10.244.2.8" in way.hops[0].note.en
    assert way.reply[0].note.en.endswith("sends an echo reply: 10.244.2.8 -> 10.244.1.5.")
    asked = trace_to_dict(cluster(B), Request("pod/pod-a", B, "icmp"), (way,))["request"]
    assert (asked["from"], asked["to"], asked["protocol"]) == (A, B, "ICMP")


def test_a_masquerade_on_the_way_is_undone() -> None:
    made = cluster(B)
    with_flannels_rules = dataclasses.replace(made, network=dataclasses.replace(made.network, without=frozenset()))
    assert end(ping(with_flannels_rules, "pod/pod-a", "192.168.1.11")) == f"DELIVERED {NODE1}"


POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: default}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: [%s]}
"""


@pytest.mark.parametrize(
    ("rule", "enforcer", "verdict"),
    [("{ports: [{port: 8080}]}", "calico", "DROP"), ("{}", "calico", "DELIVERED"), ("", "kube-router", "DELIVERED")],
)
def test_policies(rule: str, enforcer: str, verdict: str) -> None:
    made = cluster(B)
    made = dataclasses.replace(
        made,
        network_policies=load_cluster(text=POLICY % rule).network_policies,
        network=dataclasses.replace(made.network, policy_enforcement=enforcer),
    )
    way = ping(made, "pod/pod-a", B)
    assert way.verdict == verdict
    assert bool([one for one in way.assumed if "ICMP is left open" in one.en]) == (enforcer == "calico")


def test_another_protocol_is_refused_in_words() -> None:
    with pytest.raises(EngineError, match="one of tcp, udp, sctp, icmp"):
        outcomes(cluster(B), Request("pod/pod-a", f"{VIP}:80", "gre"))
