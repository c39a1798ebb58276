"""Rules of other programs as a node lists them: every listing is read, and a packet's fate under each is what was measured
with that program's rules, or what its sources say."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import pytest

from engine import compile_rules, outcomes
from engine.cluster import Cluster, CNIConfig, NetworkFacts
from engine.errors import EngineError
from engine.netfilter.rules import Ruleset
from engine.netfilter.saved import SavedText, read_saved
from engine.packet import Family
from engine.trace import Outcome, Request
from tests.conformance.locate import folder
from tests.engine.clusters import NODE1, NODE2, A, B, C, cluster

DUMPS = folder("dumps")
LISTINGS = sorted(path.name for path in DUMPS.iterdir() if path.suffix in (".iptables-save", ".nft"))
WORLD = "203.0.113.9"

ROUTED = CNIConfig("flannel", "host-gw", assumed=False)
VXLAN = CNIConfig("flannel", "vxlan", assumed=False)
CALICO = CNIConfig("calico", "vxlan", assumed=False)
VETHS = CNIConfig("calico", "bgp", assumed=False)


class Fate(NamedTuple):
    """What becomes of a request. `ends` is the verdict, `seen` the source that the far end sees, `at` a part of where it
    dies (host, chain, rule), `to` where it arrives."""

    listing: str
    source: str
    destination: str
    ends: str
    seen: str = ""
    at: str = ""
    to: str = ""
    cni: CNIConfig = ROUTED
    on: str = "node1"
    with_kube_proxy: bool = False
    protocol: str = "TCP"
    node: str | None = None
    refused: str = ""


# Nobody listens in the world, and on a node only what a Pod declares: REFUSED has been there and back.
POD, NODE_PROCESS, OUT = "pod/pod-a", f"{NODE2}:9100", f"{WORLD}:443"
FATES = [
    # Whom does the other end see?
    Fate("kind-node-dns.iptables-save", POD, f"{B}:8080", "DELIVERED", A),
    Fate("kind-node-dns.iptables-save", POD, NODE_PROCESS, "REFUSED", NODE1),
    Fate("kind-node-dns.iptables-save", POD, OUT, "REFUSED", NODE1),
    Fate("kind-node-dns.iptables-save", POD, f"{NODE1}:9100", "REFUSED", A),
    Fate("aws-vpc-cni.iptables-save", POD, NODE_PROCESS, "REFUSED", A, cni=VETHS),
    Fate("aws-vpc-cni.iptables-save", POD, OUT, "REFUSED", NODE1, cni=VETHS),
    Fate("aws-vpc-cni.iptables-save", POD, f"{NODE1}:9100", "REFUSED", A, cni=VETHS),
    Fate("aws-vpc-cni-connmark.nft", POD, f"{B}:8080", "DELIVERED", A, cni=VETHS),
    Fate("aws-vpc-cni-connmark.nft", "client", f"{NODE1}:30080", "DELIVERED", with_kube_proxy=True),
    Fate("gke-netd.iptables-save", POD, f"{B}:8080", "DELIVERED", A),
    Fate("gke-netd.iptables-save", POD, NODE_PROCESS, "REFUSED", A),
    # Calico: a pod that felix does not know is cut off, its answers too; what the node itself sends is not judged.
    Fate("calico-vxlan.iptables-save", POD, f"{B}:8080", "DROP", at="cali-from-wl-dispatch Unknown interface", cni=CALICO),
    Fate("calico-vxlan.iptables-save", "node/node2", f"{A}:8080", "DROP", at="cali-to-wl-dispatch Unknown interface", cni=CALICO),
    Fate("calico-vxlan.iptables-save", "node/node1", f"{A}:8080", "DROP", at="cali-from-wl-dispatch reply", cni=CALICO),
    Fate("calico-vxlan.iptables-save", "node/node1", f"{B}:8080", "DELIVERED", cni=CALICO),
    # Docker and ufw: pod traffic matches none of their rules, only the policies count.
    Fate("docker.iptables-save", POD, f"{B}:8080", "DROP", at="node1 FORWARD -P FORWARD DROP"),
    Fate("docker.iptables-save", POD, f"{NODE1}:9100", "REFUSED", A),
    Fate("docker-bridges.nft", POD, f"{B}:8080", "DELIVERED", A),
    Fate("docker-bridges.nft", "client", f"{NODE1}:8080", "LOST", to="192.168.0.2:80"),
    Fate("ufw.iptables-save", POD, f"{B}:8080", "DROP", at="node1 FORWARD -P FORWARD DROP"),
    Fate("ufw.iptables-save", "client", f"{NODE1}:22", "REFUSED", "1.2.3.4"),
    Fate("ufw.iptables-save", "client", f"{NODE1}:10250", "DROP", at="node1 INPUT -P INPUT DROP"),
    Fate("ufw.iptables-save", "pod/pod-b", f"{A}:8080", "DROP", at="node1 INPUT -P INPUT DROP", cni=VXLAN),
    # firewalld, eth0 in public and the pods' devices trusted (measured).
    Fate("firewalld-trusted.nft", POD, f"{B}:8080", "DELIVERED", A),
    Fate("firewalld-trusted.nft", POD, "svc/web", "DELIVERED", A, with_kube_proxy=True),
    # ... and out into the world, where nobody can answer a pod, for firewalld alone does not masquerade here.
    Fate("firewalld-trusted.nft", POD, OUT, "LOST", A, at="router reply"),
    Fate("firewalld-trusted.nft", POD, f"{NODE1}:9100", "REFUSED", A),
    Fate("firewalld-trusted.nft", "client", f"{NODE1}:30080", "DELIVERED", with_kube_proxy=True),
    Fate("firewalld-trusted.nft", "client", f"{A}:8080", "REJECT", at="filter_FWD_public_to_trusted admin-prohibited", node="node1"),
    Fate("firewalld-trusted.nft", "client", f"{NODE1}:9100", "REJECT", at="filter_IN_public_to_HOST admin-prohibited"),
    # kubelet's guard of 127.0.0.0/8 lets everything else through.
    Fate("kubelet.iptables-save", POD, f"{B}:8080", "DELIVERED", A),
    Fate("kubelet-1.24.iptables-save", POD, f"{B}:8080", "DELIVERED", A),
    # NodeLocal DNSCache: untracked, so that kube-proxy's nat is not consulted.
    Fate("nodelocaldns.iptables-save", POD, "10.96.0.10:53", "LOST", to="10.96.0.10:53", protocol="UDP"),
    Fate("nodelocaldns.iptables-save", POD, f"{B}:8080", "DELIVERED", A),
    # klipper-lb forwards to the ClusterIP, and masquerades.
    Fate("klipper-lb-pod.iptables-save", "client", f"{NODE1}:80", "LOST", to="10.43.10.20:80"),
    # Meshes, inside the pod: in by the proxy's inbound port, out by its outbound one; kubelet's probe has an address of its
    # own, by a set that the listing does not hold.
    Fate("istio-sidecar.iptables-save", POD, f"{B}:8080", "DELIVERED", A, to=f"{B}:15006", on="pod/pod-b"),
    Fate("istio-sidecar.iptables-save", POD, f"{B}:15021", "REFUSED", A, to=f"{B}:15021", on="pod/pod-b"),
    Fate("istio-sidecar.iptables-save", POD, f"{B}:8080", "DELIVERED", to="127.0.0.1:15001", on="pod/pod-a"),
    Fate("istio-ambient-pod.iptables-save", POD, f"{B}:8080", "DELIVERED", A, to=f"{B}:15006", on="pod/pod-b"),
    Fate("istio-ambient-pod.iptables-save", POD, f"{B}:15008", "REFUSED", A, to=f"{B}:15008", on="pod/pod-b"),
    Fate("istio-ambient-pod.iptables-save", POD, f"{B}:8080", "DELIVERED", to="127.0.0.1:15001", on="pod/pod-a"),
    Fate("istio-ambient-host.iptables-save", POD, f"{C}:8080", "DELIVERED", A),
    Fate("istio-ambient-host.iptables-save", "node/node1", f"{A}:8080", "", refused="ipset istio-inpod-probes-v4"),
]  # fmt: skip


def made(fate: Fate) -> Cluster:
    facts = NetworkFacts(external_hosts={"world": WORLD})
    return cluster(B, cni=fate.cni, network=facts)


def rules(fate: Fate, whole: Cluster) -> Ruleset:
    """The listing, with its sets where they lie beside it, and kube-proxy's own rules in legacy tables."""
    path = DUMPS / fate.listing
    texts = [SavedText(path.name, path.read_text())]
    sets = path.with_suffix(".ipset")
    if sets.exists():
        texts.append(SavedText(sets.name, sets.read_text()))
    if fate.with_kube_proxy:
        proxy = f"# Generated by iptables-save v1.8.9 on Mon\n{compile_rules(whole, 'node1', 'iptables')}"
        texts.append(SavedText("kube-proxy", proxy))
    return read_saved(texts, Family.IPV4)


def walked(fate: Fate) -> Outcome:
    whole = made(fate)
    request = Request(fate.source, fate.destination, fate.protocol, fate.node)
    return outcomes(whole, request, "iptables", rulesets={fate.on: rules(fate, whole)}, seed=1)[0]


def arrived_as(outcome: Outcome) -> str:
    """The source that the last host of the request saw."""
    return outcome.source_seen or outcome.hops[-1].src.rpartition(":")[0]


@pytest.mark.parametrize("name", LISTINGS)
def test_every_listing_is_read_and_has_a_fate(name: str) -> None:
    path = DUMPS / name
    ruleset = read_saved([SavedText(name, path.read_text())], Family.IPV4)
    assert ruleset.tables
    assert any(fate.listing == name for fate in FATES)


@pytest.mark.parametrize(
    "fate", FATES, ids=lambda fate: f"{fate.listing} {fate.source} to {fate.destination} on {fate.on}"
)
def test_a_packet_meets_the_fate_that_is_known(fate: Fate) -> None:
    if fate.refused:
        with pytest.raises(EngineError, match=fate.refused) as caught:
            walked(fate)
        assert f"{fate.listing}:" in caught.value.en and f"{fate.listing}:" in caught.value.zh
        return
    outcome = walked(fate)
    assert outcome.verdict == fate.ends, outcome.where
    if fate.seen:
        assert arrived_as(outcome) == fate.seen
    if fate.to:
        assert outcome.destination == fate.to
    if fate.at:
        where = outcome.where
        assert where is not None
        told = " ".join(str(part) for part in dataclasses.astuple(where))
        assert [word for word in fate.at.split() if word not in told] == []
