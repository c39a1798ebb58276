"""Walks to draw: `laid_out("nodeport")` and others of docs/examples/cluster.yaml, laid out; hostile names among them."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

from engine import Request, load_cluster, outcomes
from engine.cluster import Cluster
from engine.fabric.fabric import build_fabric
from engine.trace import Outcome
from k8squiz.story.picture.layout import WalkLayout, lay_out

CLUSTER = Path(__file__).parents[4] / "docs" / "examples" / "cluster.yaml"

# name -> (mode, from, to, endpoint that is picked, parts taken away)
WALKS: dict[str, tuple[str, str, str, str, frozenset[str]]] = {
    "nodeport": ("iptables", "client", "node/node1:30080", "10.244.2.8:8080", frozenset()),
    "nftables": ("nftables", "client", "node/node1:30080", "10.244.2.8:8080", frozenset()),
    "ipvs": ("ipvs", "pod/pod-a", "svc/web", "10.244.2.8:8080", frozenset()),
    "hairpin": ("iptables", "pod/pod-a", "svc/web", "10.244.1.5:8080", frozenset()),
    "martian": ("iptables", "pod/pod-a", "svc/web", "10.244.1.5:8080", frozenset({"masquerade"})),
    "refused by the bridge": ("iptables", "pod/pod-a", "svc/web", "10.244.1.5:8080", frozenset({"hairpin-mode"})),
    "rejected": ("nftables", "pod/pod-a", "10.96.0.10:81", "10.96.0.10:81", frozenset()),
    "no route": ("iptables", "pod/pod-a", "svc/web", "10.244.2.8:8080", frozenset({"route"})),
}


@functools.cache
def example() -> Cluster:
    return load_cluster([str(CLUSTER)])


@functools.cache
def walked(name: str) -> tuple[Outcome, WalkLayout]:
    """The outcome of a walk, and its layout."""
    mode, source, destination, endpoint, without = WALKS[name]
    cluster = dataclasses.replace(example(), network=dataclasses.replace(example().network, without=without))
    fabric = build_fabric(cluster, mode)
    ways = outcomes(cluster, Request(source, destination), mode, fabric=fabric)
    outcome = next(way for way in ways if way.destination == endpoint)
    return outcome, lay_out(outcome, fabric)


def laid_out(name: str) -> WalkLayout:
    return walked(name)[1]


def hostile(name: str) -> WalkLayout:
    """The "nodeport" walk with a host, a chain and a rule of another's choosing."""
    layout = laid_out("nodeport")
    lanes = (*layout.lanes[:-1], dataclasses.replace(layout.lanes[-1], host=name))
    visits = tuple(
        dataclasses.replace(
            visit, steps=tuple(dataclasses.replace(step, chain=name, rule=name, device=name) for step in visit.steps)
        )
        for visit in layout.visits
    )
    return dataclasses.replace(layout, lanes=lanes, visits=visits)
