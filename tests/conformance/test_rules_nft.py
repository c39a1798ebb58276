"""What kube-proxy v1.30.5 left in the kernel, as `nft list ruleset` prints it, against what the engine compiles."""

from __future__ import annotations

import dataclasses
import functools
import json
from pathlib import Path
from typing import Any

import pytest

from engine.cluster import Cluster
from engine.manifests import load_cluster
from engine.netfilter.nft_parse import parse, parse_all
from engine.netfilter.nft_text import dump
from engine.proxy.interface import compile_rules

from .canonical_nft import canonical
from .locate import folder


def recordings() -> list[Any]:
    """Every NODE.nft as a pytest parameter."""
    found = [path for path in sorted(folder("rules").glob("*/*.nft")) if not path.name.endswith(".alt.nft")]
    return [pytest.param(path, id=f"{path.parent.name}/{path.stem}") for path in found]


@functools.lru_cache(maxsize=4)
def recorded_cluster(case: Path) -> Cluster:
    """The case's cluster; its nodes have the addresses that case.json says they had."""
    cluster = load_cluster([str(case / "cluster.yaml")])
    addresses = json.loads((case / "case.json").read_text())["nodes"]
    nodes = tuple(
        dataclasses.replace(node, addresses=tuple(addresses.get(node.name, node.addresses))) for node in cluster.nodes
    )
    return dataclasses.replace(cluster, nodes=nodes)


@pytest.mark.parametrize("recording", recordings())
def test_rules(recording: Path) -> None:
    text = recording.read_text()
    cluster = recorded_cluster(recording.parent)
    compiled = "".join(
        str(compile_rules(cluster, recording.stem, "nftables", family, release="1.30")) for family in parse_all(text)
    )
    alternative = recording.with_suffix(".alt.nft")
    if alternative.exists() and canonical(compiled) == canonical(alternative.read_text()):
        return
    assert canonical(compiled) == canonical(text)


@pytest.mark.parametrize("recording", recordings())
def test_what_is_compiled_is_read_back(recording: Path) -> None:
    for family in parse_all(recording.read_text()):
        compiled = compile_rules(recorded_cluster(recording.parent), recording.stem, "nftables", family, release="1.30")
        assert parse(str(compiled)) == compiled


@pytest.mark.parametrize("recording", recordings())
def test_a_recording_is_printed_as_it_was_read(recording: Path) -> None:
    text = recording.read_text()
    assert "".join(dump(ruleset) for ruleset in parse_all(text).values()) == text
