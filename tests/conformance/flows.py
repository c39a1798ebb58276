"""Runs the packet-flow facts of one proxy mode (flows/MODE) against engine.resolve."""

from __future__ import annotations

import dataclasses
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from engine.manifests import load_cluster
from engine.packet import canonical, join_host_port
from engine.trace import Request
from engine.walk.one_node import resolve

from .locate import folder


@dataclasses.dataclass(frozen=True)
class Flow:
    """One flow of a flows.json, with what the file says about its cluster."""

    case: Path
    node: str
    fact: dict[str, Any]


def flows(mode: str) -> list[Any]:
    """All recorded flows of a mode as pytest parameters."""
    home = folder("flows") / mode
    found = []
    for path in sorted(home.rglob("flows.json")):
        recorded = json.loads(path.read_text())
        case = path.parent.relative_to(home)
        for fact in recorded["flows"]:
            flow = Flow(path.parent, recorded["node"], fact)
            found.append(pytest.param(flow, id=f"{case} {fact['name']}"))
    return found


def check(flow: Flow, mode: str, release: str | None = None) -> None:
    """The flow's outcomes are the recorded ones: verdict, every endpoint, masquerade; all endpoints equally likely."""
    cluster = load_cluster([str(flow.case / "cluster.yaml")])
    fact = flow.fact
    destination = join_host_port(canonical(fact["destIP"]), fact["destPort"])
    resolutions = resolve(cluster, flow.node, Request(fact["sourceIP"], destination, fact["protocol"]), mode, release)
    assert sum(r.probability for r in resolutions) == 1
    if fact["output"] in ("REJECT", "DROP"):
        expected = {(fact["output"], destination, False)}
    elif fact["output"] in ("", "ACCEPT"):
        expected = {("ACCEPT", destination, False)}
    else:
        expected = {("ACCEPT", endpoint.strip(), fact["masq"]) for endpoint in fact["output"].split(",")}
    assert {(r.verdict, r.destination, r.masqueraded) for r in resolutions} == expected
    assert {r.probability for r in resolutions} == {Fraction(1, len(expected))}
