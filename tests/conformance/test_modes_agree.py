"""The packet-flow facts of the iptables mode hold in every other mode, save where differences.py says otherwise."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from engine.cluster import Cluster
from engine.manifests import load_cluster
from engine.proxy.interface import find_node
from engine.trace import Request
from engine.walk.one_node import resolve

from .differences import DIFFERENCES, Difference, Outcome, destination
from .flows import Flow, flows

MODES = ("nftables", "ipvs")


@functools.lru_cache(maxsize=8)
def cluster_of(case: Path) -> Cluster:
    return load_cluster([str(case / "cluster.yaml")])


def difference(flow: Flow, mode: str) -> Difference | None:
    cluster = cluster_of(flow.case)
    node = find_node(cluster, flow.node)
    return next((d for d in DIFFERENCES if d.mode == mode and d.applies(cluster, node, flow.fact)), None)


def outcomes(flow: Flow, mode: str) -> set[Outcome]:
    request = Request(flow.fact["sourceIP"], destination(flow.fact), flow.fact["protocol"])
    found = resolve(cluster_of(flow.case), flow.node, request, mode)
    return {(resolution.verdict, resolution.destination, resolution.masqueraded) for resolution in found}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("flow", flows("iptables"))
def test_flow(flow: Flow, mode: str) -> None:
    expected = difference(flow, mode)
    if expected is None:
        wanted = outcomes(flow, "iptables")
    else:
        cluster = cluster_of(flow.case)
        wanted = expected.outcomes(cluster, find_node(cluster, flow.node), flow.fact)
    assert outcomes(flow, mode) == wanted, expected


@pytest.mark.parametrize("entry", DIFFERENCES, ids=lambda entry: f"{entry.mode}: {entry.name}")
def test_every_difference_is_seen_in_some_flow(entry: Difference) -> None:
    recorded = [parameter.values[0] for parameter in flows("iptables")]
    seen = [flow for flow in recorded if difference(flow, entry.mode) is entry]
    assert any(outcomes(flow, "iptables") != outcomes(flow, entry.mode) for flow in seen)
