"""Manifests that disagree with themselves, as dumps do that are taken while pods come and go."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from engine import ManifestError, Request, load_cluster, outcomes
from engine.cluster import EndpointPort, EndpointSlice, SliceEndpoint
from engine.packet import L4
from tests.engine.clusters import VIP, A, B, C, cluster

HOSTILE = Path(__file__).parents[2] / "hostile"
_EXAMPLE = (Path(__file__).parents[3] / "docs" / "examples" / "cluster.yaml").read_text(encoding="utf-8")
MODES = ("iptables", "ipvs", "nftables")


def changed(*swaps: tuple[str, str]) -> str:
    text = _EXAMPLE
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new)
    return text


# What the example says otherwise, what becomes of pod-c -> svc/web (endpoint -> verdict and why), what is said of it.
STALE = ("- addresses: [10.244.1.5]", "- addresses: [10.244.1.122]")
CASES: dict[str, tuple[tuple[tuple[str, str], ...], dict[str, tuple[str, str | None]], str]] = {
    "the slice is behind its pod": (
        (STALE,),
        {"10.244.1.122:8080": ("LOST", "no-neighbour")},
        "lists 10.244.1.122 for Pod default/pod-a, which has 10.244.1.5: kube-proxy sends to 10.244.1.122, which nobody has",
    ),
    "the pod moved to the other node": (
        (STALE, ("  nodeName: node1\n  containers:\n  - name: web\n    ports:\n    - containerPort: 8080\nstatus:\n  podIP: 10.244.1.5", "  nodeName: node2\n  containers:\n  - name: web\n    ports:\n    - containerPort: 8080\nstatus:\n  podIP: 10.244.2.9")),
        {"10.244.1.122:8080": ("LOST", "no-neighbour")},
        "puts Pod default/pod-a on node1, but the Pod is on node2",
    ),
    "the address is another pod's by now": (
        (("- addresses: [10.244.1.5]", "- addresses: [10.244.1.7]"), ("podIP: 10.244.1.6", "podIP: 10.244.1.7"), ("- addresses: [10.244.1.6]", "- addresses: [10.244.1.6]")),
        {"10.244.1.7:8080": ("DELIVERED", None), "10.244.1.6:8080": ("LOST", "no-neighbour")},
        "lists 10.244.1.7 for Pod default/pod-a, which has 10.244.1.5: kube-proxy sends to 10.244.1.7, which Pod default/pod-c has",
    ),
    "the pod has ended": (
        (("status:\n  podIP: 10.244.1.5", "status:\n  phase: Succeeded\n  podIP: 10.244.1.5"),),
        {"10.244.1.5:8080": ("LOST", "no-neighbour")},
        "lists 10.244.1.5 for Pod default/pod-a, which has ended",
    ),
    "the slice says another node": (
        (("- addresses: [10.244.1.5]\n  nodeName: node1", "- addresses: [10.244.1.5]\n  nodeName: node2"),),
        {"10.244.1.5:8080": ("DELIVERED", None)},
        "puts Pod default/pod-a on node2, but the Pod is on node1: kube-proxy goes by the slice, the network by the Pod",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("swaps", "expected", "note"), CASES.values(), ids=CASES)
def test_walked_as_kube_proxy_and_the_network_would(
    swaps: tuple[tuple[str, str], ...], expected: dict[str, tuple[str, str | None]], note: str, mode: str
) -> None:
    made = load_cluster(text=changed(*swaps), strict=True)
    ways = outcomes(made, Request("pod/pod-b", "svc/web"), mode)
    found = {way.destination: (way.verdict.value, way.where.code if way.where else None) for way in ways}
    assert found.items() >= expected.items()
    assert [english for english, chinese in made.notices if note in english and "EndpointSlice" in chinese]
    assert all(line.startswith("<text>:") for line, _ in made.notices)


@pytest.mark.parametrize("who", ["pod/pod-a", "10.244.1.5", "pod/pod-b", "client", "node/node1"])
def test_a_pod_whose_slice_is_behind_still_sends(who: str) -> None:
    made = load_cluster([HOSTILE / "stale-endpointslice.yaml"], strict=True)
    assert len(outcomes(made, Request(who, "svc/web", node="node1"))) == 3


def test_an_endpoint_that_agrees_says_nothing() -> None:
    assert load_cluster(text=_EXAMPLE).notices == ()


def test_many_disagreements_are_counted() -> None:
    endpoint = (
        "- addresses: [10.244.1.{}]\n  nodeName: node1\n  targetRef: {{kind: Pod, name: pod-a, namespace: default}}\n"
    )
    text = _EXAMPLE.replace("endpoints:\n", "endpoints:\n" + "".join(endpoint.format(n) for n in range(100, 120)))
    notices = load_cluster(text=text).notices
    assert len(notices) == 6
    assert notices[-1][0] == "15 more endpoints of EndpointSlices do not agree with their Pods."


def test_a_dual_stack_pod_without_a_pod_object_is_one_host() -> None:
    made = cluster(B)
    port = EndpointPort("", L4.TCP, 8080)
    six = EndpointSlice("default", "web-6", "web", "IPv6", (port,), (SliceEndpoint(("fd01::8",), node_name="node2", pod="default/pod-b"),))  # fmt: skip
    made = dataclasses.replace(made, pods=made.pods[:1], slices=(*made.slices, six))
    ways = outcomes(made, Request("pod/pod-b", f"{A}:8080"))
    assert ways[0].hops[0].src.startswith(B)
    assert outcomes(made, Request("pod/pod-a", f"{VIP}:80"))[0].hops[-1].host == "pod-b"


def test_two_addresses_for_a_pod_that_no_object_describes() -> None:
    made = dataclasses.replace(cluster(B), pods=())
    both = tuple(SliceEndpoint((a,), node_name="node1", pod="default/pod-a") for a in (A, C))
    made = dataclasses.replace(made, slices=(dataclasses.replace(made.slices[0], endpoints=both),))
    for source in (A, C, "pod/pod-a"):
        assert {way.destination for way in outcomes(made, Request(source, f"{VIP}:80"))} == {f"{A}:8080", f"{C}:8080"}


def test_two_pods_with_one_address_are_refused_with_their_places() -> None:
    made = load_cluster(text=changed(("podIP: 10.244.1.6", "podIP: 10.244.1.5")))
    for walk in (lambda: outcomes(made, Request("pod/pod-c", "svc/web")), lambda: load_cluster(text=changed(("podIP: 10.244.1.6", "podIP: 10.244.1.5")), strict=True)):  # fmt: skip
        with pytest.raises(
            ManifestError, match=r"Pod default/pod-a \(<text>:29\) and Pod default/pod-c both have"
        ) as caught:
            walk()
        assert (caught.value.file, caught.value.line) == ("<text>", 57)
