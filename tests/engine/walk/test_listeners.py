"""Who listens, and who answers for an address: what pods declare, what EndpointSlices name, what facts say otherwise."""

from __future__ import annotations

import dataclasses

import pytest

from engine import EngineError, ManifestError, Outcome, Request, load_cluster, outcomes, resolve
from engine.cluster import Cluster, ContainerPort, Mode, NetworkFacts, ProxyConfig
from engine.fabric.fabric import build_fabric
from engine.packet import L4
from engine.walk.jsonform import trace_to_dict
from tests.engine.clusters import VIP, A, B, C, cluster


def declared(made: Cluster, *ports: ContainerPort) -> Cluster:
    """pod-b with these container ports."""
    pods = tuple(dataclasses.replace(pod, ports=ports) if pod.name == "pod-b" else pod for pod in made.pods)
    return dataclasses.replace(made, pods=pods)


def walk(made: Cluster, source: str = "pod/pod-a", destination: str = f"{VIP}:80") -> Outcome:
    (way,) = outcomes(made, Request(source, destination))
    return way


TCP = frozenset({(L4.TCP, 8080)})
# pod-b's declared ports, what a fact says -> the fate of svc/web, whose targetPort is 8080; whether it is said as assumed
LISTENERS = {
    "declared": ((ContainerPort("http", 8080),), {}, "DELIVERED", False),
    "another declared": ((ContainerPort("http", 80),), {}, "REFUSED", True),
    "the other protocol declared": ((ContainerPort("dns", 8080, L4.UDP),), {}, "REFUSED", True),
    "nothing declared": ((), {}, "DELIVERED", False),
    "a fact: it does listen": ((ContainerPort("http", 80),), {"default/pod-b": TCP}, "DELIVERED", False),
    "a fact: the process is gone": ((ContainerPort("http", 8080),), {"default/pod-b": frozenset()}, "REFUSED", False),
    "a fact, nothing declared": ((), {"default/pod-b": frozenset()}, "REFUSED", False),
}


@pytest.mark.parametrize(("ports", "told", "verdict", "said"), LISTENERS.values(), ids=LISTENERS)
def test_who_listens(ports: tuple[ContainerPort, ...], told: dict[str, frozenset[tuple[L4, int]]], verdict: str, said: bool) -> None:  # fmt: skip
    way = walk(declared(cluster(B, network=NetworkFacts(listeners=told)), *ports))
    assert way.verdict == verdict
    assert bool([one for one in way.assumed if "declares ports" in one.en and "声明了端口" in one.zh]) == said


def test_an_endpoint_that_no_pod_describes_listens_where_its_slice_says() -> None:
    made = cluster(B)
    made = dataclasses.replace(made, pods=tuple(pod for pod in made.pods if pod.name != "pod-b"))
    assert walk(made).verdict == "DELIVERED"


def shared(winner: str) -> Cluster:
    """pod-c has pod-a's address."""
    made = cluster(A, network=NetworkFacts(shared_addresses={A: f"default/{winner}"}))
    pods = tuple(dataclasses.replace(pod, ips=(A,)) if pod.name == "pod-c" else pod for pod in made.pods)
    return dataclasses.replace(made, pods=pods)


@pytest.mark.parametrize("winner", ["pod-a", "pod-c"])
def test_two_pods_with_one_address(winner: str) -> None:
    loser = {"pod-a": "pod-c", "pod-c": "pod-a"}[winner]
    made = shared(winner)
    assert walk(made, "pod/pod-b").hops[-1].host == winner
    assert walk(made, f"pod/{winner}", f"{B}:8080").verdict == "DELIVERED"
    lost = walk(made, f"pod/{loser}", f"{B}:8080")
    assert lost.where is not None
    assert (lost.verdict, lost.where.code, lost.where.direction) == ("LOST", "reply-elsewhere", "reply")


def test_without_the_fact_two_pods_with_one_address_are_refused() -> None:
    with pytest.raises(ManifestError, match="both have the address"):
        walk(dataclasses.replace(shared("pod-a"), network=NetworkFacts()))


FACTS = "apiVersion: k8squiz.dev/v1\nkind: Network\nspec:\n  "


def test_the_facts_are_read() -> None:
    text = (
        FACTS
        + "listeners: [{pod: a, ports: [8080, 53/udp]}, {pod: ns/b, ports: []}]\n  sharedAddresses: {10.244.1.5: a}"
    )
    facts = load_cluster(text=text).network
    assert facts.listeners == {"default/a": {(L4.TCP, 8080), (L4.UDP, 53)}, "ns/b": frozenset()}
    assert facts.shared_addresses == {"10.244.1.5": "default/a"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("listeners: [{pod: a}]", "must be a list of ports"),
        ("listeners: [{pod: a, ports: [99999]}]", "holds 99999, no port"),
        ("listeners: [{pod: a, ports: [53/GRE]}]", "holds '53/GRE', no port"),
        ("listeners: [{pod: a, ports: []}, {pod: default/a, ports: []}]", "is there twice"),
        ("sharedAddresses: {x: a}", "must be an IP address"),
    ],
)
def test_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ManifestError, match=message) as caught:
        load_cluster(text=FACTS + text)
    assert caught.value.line
    assert caught.value.zh != caught.value.en


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (NetworkFacts(listeners={"default/x": frozenset()}), "listeners of the Network document names pod 'default/x'"),
        (NetworkFacts(shared_addresses={A: "default/x"}), "sharedAddresses of the Network document names pod"),
        (NetworkFacts(shared_addresses={C: "default/pod-a"}), "must be an address of default/pod-a"),
    ],
)
def test_facts_about_pods_that_are_not_there(facts: NetworkFacts, message: str) -> None:
    with pytest.raises(EngineError, match=message):
        walk(cluster(B, network=facts))


@pytest.mark.parametrize(("mode", "stage"), [(Mode.IPVS, True), (Mode.NFTABLES, False), (None, False)])
def test_the_clusters_own_mode(mode: Mode | None, stage: bool) -> None:
    made = dataclasses.replace(cluster(B), proxy=ProxyConfig(mode=mode, cluster_cidrs=("10.244.0.0/16",)))
    request = Request("pod/pod-a", f"{VIP}:80")
    ways = outcomes(made, request)
    assert ways == outcomes(made, request, mode or "iptables")
    assert any(hop.stage == "ipvs" for hop in ways[0].hops) == stage
    assert resolve(made, "node1", request) == resolve(made, "node1", request, mode or "iptables")
    assert trace_to_dict(made, request, ways)["request"]["mode"] == mode or "iptables"
    # A fabric at hand knows its mode.
    assert outcomes(made, request, fabric=build_fabric(made, "iptables")) == outcomes(made, request, "iptables")
