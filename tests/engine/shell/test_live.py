"""What a change does to walks: an untouched cluster is walked as its manifests are, every change counts at once."""

from __future__ import annotations

import pytest

from engine import Request, outcomes
from engine.netfilter.rules import Drop, Rule, Source
from engine.network.routes import Route
from engine.packet import Family
from engine.shell.edits import AddressDeleted, Edit, LinkSet, RouteAdded, RouteDeleted, TunnelPeerSet
from engine.shell.live import LiveCluster

from .clusters import opened, two_nodes

ACROSS = Request("pod/c", "pod/b:8080")
BESIDE = Request("pod/c", "pod/a:8080")
REQUESTS = (ACROSS, BESIDE, Request("client", "node/node1:30080"), Request("pod/c", "svc/web"))


@pytest.mark.parametrize("mode", ["iptables", "nftables", "ipvs"])
@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: f"{request.source} to {request.destination}")
def test_untouched(mode: str, request_: Request) -> None:
    fabric = opened(mode).live.fabric
    assert outcomes(two_nodes(), request_, fabric=fabric) == outcomes(two_nodes(), request_, mode)


def ends(live: LiveCluster, request: Request) -> str:
    outcome, _ = live.walk(request)
    return outcome.where.code if outcome.where else outcome.verdict


def route_to(live: LiveCluster, node: str, prefix: str) -> Route:
    return next(route for route in live.fabric.host(node).table.routes if route.prefix == prefix)


LIVE = opened().live
EDITS: dict[str, tuple[Edit, Request, str]] = {
    "the pods' bridge is down": (LinkSet("cni0", up=False), BESIDE, "no-neighbour"),
    "the tunnel is down": (LinkSet("flannel.1", up=False), ACROSS, "no-such-host"),
    "the card is down": (LinkSet("eth0", up=False), ACROSS, "no-route"),
    "the tunnel has no such peer": (TunnelPeerSet("flannel.1", "10.244.2.0", None), ACROSS, "no-tunnel-peer"),
    "the tunnel has another peer": (TunnelPeerSet("flannel.1", "10.244.2.0", "192.168.1.99"), ACROSS, "no-neighbour"),
    "the route is gone": (RouteDeleted(route_to(LIVE, "node1", "10.244.2.0/24")), ACROSS, "no-such-host"),
    "a longer prefix": (RouteAdded(Route("10.244.2.8/32", "cni0")), ACROSS, "no-neighbour"),
    "the tunnel's address is gone": (AddressDeleted("eth0", LIVE.fabric.host("node1").devices["eth0"].addresses[0]), ACROSS, "no-route"),
}  # fmt: skip


@pytest.mark.parametrize(("edit", "request_", "end"), EDITS.values(), ids=EDITS)
def test_an_edit(edit: Edit, request_: Request, end: str) -> None:
    assert ends(LIVE, request_) == "DELIVERED"
    assert ends(LIVE.edited("node1", edit), request_) == end


def test_up_again_brings_back_connected_routes_alone() -> None:
    live = LIVE.edited("node1", LinkSet("cni0", up=False)).edited("node1", LinkSet("cni0", up=True))
    assert ends(live, BESIDE) == "DELIVERED"
    live = LIVE.edited("node1", LinkSet("flannel.1", up=False)).edited("node1", LinkSet("flannel.1", up=True))
    assert ends(live, ACROSS) == "no-such-host"


def test_a_card_that_is_down_answers_nobody() -> None:
    assert ends(LIVE.edited("node2", LinkSet("eth0", up=False)), ACROSS) == "no-neighbour"


def _without_pod_b(live: LiveCluster) -> LiveCluster:
    import dataclasses

    slices = tuple(
        dataclasses.replace(s, endpoints=tuple(e for e in s.endpoints if e.pod != "default/b"))
        for s in live.cluster.slices
    )
    return live.with_cluster(dataclasses.replace(live.cluster, slices=slices))


@pytest.mark.parametrize("mode", ["iptables", "nftables", "ipvs"])
def test_a_kube_proxy_that_is_stopped_stays_behind(mode: str) -> None:
    live = opened(mode).live
    before = str(live.rules("node1", Family.IPV4))
    stopped = _without_pod_b(live.with_proxy("node1", running=False))
    assert str(stopped.rules("node1", Family.IPV4)) == before
    assert str(stopped.rules("node2", Family.IPV4)) == str(_without_pod_b(live).rules("node2", Family.IPV4))
    assert str(stopped.with_proxy("node1", running=True).rules("node1", Family.IPV4)) == str(
        _without_pod_b(live).rules("node1", Family.IPV4)
    )


def test_a_sync_writes_kube_proxys_chains_and_leaves_others() -> None:
    import copy

    live = LIVE
    rules = copy.deepcopy(live.rules("node1", Family.IPV4))
    whole = str(rules)
    nat, filter_ = rules.tables["nat"], rules.tables["filter"]
    del nat.chains["PREROUTING"].rules[0]
    nat.chains["KUBE-SERVICES"].rules.clear()
    filter_.chains["FORWARD"].rules.insert(0, Rule((Source("10.244.1.7/32"),), Drop()))
    changed = live.with_rules("node1", Family.IPV4, rules)
    assert ends(changed, BESIDE) == "rule-drop"
    synced = changed.synced(("node1",))
    assert ends(synced, BESIDE) == "rule-drop", "a rule that somebody else put there stays"
    filter_.chains["FORWARD"].rules.pop(0)
    assert str(live.with_rules("node1", Family.IPV4, rules).synced(("node1",)).rules("node1", Family.IPV4)) == whole


def test_connections_are_remembered() -> None:
    outcome, live = LIVE.walk(Request("pod/c", "svc/web", sport=40000))
    assert [held.view for held in live.state("node1").connections] == [
        v for v in outcome.conntrack if v.host == "node1"
    ]
    again, _ = live.walk(Request("pod/c", "svc/web", sport=40000))
    assert again.destination == outcome.destination, "conntrack keeps the endpoint that was drawn"
