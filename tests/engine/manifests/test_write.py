"""What is written is read again as the same cluster: over the recorded clusters and the drawn ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given

from engine import load_cluster
from engine.cluster import Cluster
from engine.manifests.write import documents_of
from tests.conformance.locate import folder
from tests.strategies import clusters

FILES = [path for name in ("rules", "field") for path in sorted(folder(name).glob("*/cluster.yaml"))]
KEPT = ("nodes", "pods", "services", "slices", "service_cidrs", "network_policies")


def again(cluster: Cluster) -> Cluster:
    return load_cluster(text=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(documents_of(cluster))}))


def same(cluster: Cluster) -> None:
    read = again(cluster)
    for name in KEPT:
        assert getattr(read, name) == getattr(cluster, name), name
    for name, labels in cluster.namespaces.items():
        assert read.namespaces[name] == labels


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_recorded(path: Path) -> None:
    same(load_cluster([path]))


@given(clusters())
def test_drawn(cluster: Cluster) -> None:
    same(cluster)
