"""The engine against this machine's kernel: the fixed paths in full, and some drawn clusters.

More: `k8squiz lab verify --cases 1000 --seed 1`.
"""

from __future__ import annotations

import dataclasses

import pytest

from engine.cluster import Mode
from engine.cluster.policies import NetworkPolicy, PolicyType
from engine.fabric.fabric import build_fabric
from engine.lab.cases import scenes
from engine.lab.compare import compare
from engine.lab.known import NODE1, VIP, A, B, known
from engine.lab.live import Lab
from engine.lab.requirements import features, why_not
from engine.lab.scene import Scene
from engine.lab.verify import VerifiedCase, enough, measure, run_all, run_scene
from engine.trace import Request
from engine.walk.outcomes import outcomes
from tests.breadth import breadth

_REASON = why_not()
pytestmark = pytest.mark.skipif(_REASON is not None, reason=f"the lab cannot run here: {_REASON}")


def disagreements(results: list[VerifiedCase]) -> list[str]:
    return [
        f"{r.scene.name}, {r.scene.mode}, {r.request.source} -> {r.request.destination}: {', '.join(map(str, r.differences))}"
        for r in results
        if r.differences
    ]


@pytest.mark.parametrize(
    "mode",
    [
        *(Mode.IPTABLES, Mode.NFTABLES),
        pytest.param(
            Mode.IPVS, marks=pytest.mark.skipif(_REASON is None and not features().ipvs, reason="no IPVS here")
        ),
    ],
)
def test_the_known_paths(mode: Mode) -> None:
    results = run_all(known((mode,)), workers=4)
    assert disagreements(results) == []
    assert len(results) > 100 and all(r.outcome is not None for r in results)


@pytest.mark.parametrize("seed", [11, 12])
def test_drawn_clusters(seed: int) -> None:
    """In parts that can run beside each other."""
    count = breadth(30)
    results = run_all(enough(scenes(seed), count), workers=4)
    assert disagreements(results) == []
    assert sum(r.outcome is not None for r in results) == count


def _regressions() -> list[Scene]:
    """What the kernel taught: docs/what-the-kernel-taught-us.md."""
    first = next(scene for scene in known() if scene.name.startswith("vxlan"))
    network = dataclasses.replace(first.cluster.network, without=frozenset({"ip_forward"}))
    requests = (Request("pod/pod-a", f"{B}:8080"), Request("node/node1", f"{A}:8080"))

    def no_forwarding(plugin: str, backend: str) -> Scene:
        cni = dataclasses.replace(first.cluster.cni, plugin=plugin, backend=backend)
        cluster = dataclasses.replace(first.cluster, network=network, cni=cni)
        return Scene(f"{plugin} without ip_forward", cluster, Mode.IPTABLES, requests)

    cni = dataclasses.replace(first.cluster.cni, plugin="calico", backend="bgp")
    shut = NetworkPolicy("default", "shut", policy_types=(PolicyType.EGRESS,))
    isolated = dataclasses.replace(first.cluster, cni=cni, network_policies=(shut,))
    own_node = (Request("pod/pod-a", f"{NODE1}:10250"),)
    apart = dataclasses.replace(first.cluster.network, missing_routes=(("node2", "node1"),))
    pings = tuple(
        Request(source, f"{to}:0", "ICMP")
        for source, to in (("pod/pod-a", B), ("pod/pod-a", VIP), ("node/node1", VIP), ("client", NODE1), ("client", "10.96.0.99"))
    )  # fmt: skip
    # The router's own way to a pod is there again after a request that came in by another node.
    routed = dataclasses.replace(first.cluster.cni, plugin="vpc-native", backend="routed")
    by_a_node = (Request("client", f"{A}:8080", node="node2"), Request("pod/pod-b", f"{A}:8080"))
    return [
        Scene(
            "the way to a pod comes back",
            dataclasses.replace(first.cluster, cni=routed, network=apart),
            Mode.IPTABLES,
            by_a_node,
        ),
        *(Scene(f"ping, {mode}", first.cluster, mode, pings) for mode in (Mode.IPTABLES, Mode.NFTABLES)),
        *(no_forwarding("calico", "bgp"), no_forwarding("vpc-native", "routed")),
        Scene("a policy at INPUT", isolated, Mode.NFTABLES, own_node),
    ]


@pytest.mark.parametrize("scene", _regressions(), ids=lambda scene: scene.name)
def test_what_the_kernel_taught(scene: Scene) -> None:
    assert disagreements(run_scene(scene)) == []


def test_a_wrong_engine_is_found_out() -> None:
    """The comparison itself: a kernel with another cluster's rules does not pass for this one's."""
    one = next(scene for scene in known() if scene.name == f"vxlan, endpoint {B}" and scene.mode == "iptables")
    other = next(scene for scene in known() if scene.name.startswith("external policy Local") and B in scene.name)
    request = Request("client", one.requests[1].destination)
    with Lab(build_fabric(one.cluster, one.mode)) as lab:
        expected, seen = measure(lab, one, request, 40001, 1.0)
        assert compare(lab.fabric, seen, expected) == ()
        wrong = outcomes(other.cluster, dataclasses.replace(request, sport=40001), one.mode)
        found = {point.what for point in compare(lab.fabric, seen, wrong)}
    assert {"source seen", "conntrack", "POSTROUTING on node2"} <= found
