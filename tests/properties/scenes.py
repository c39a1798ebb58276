"""Valid clusters and saved rules, most of them recordings, and who may ask whom there: what fuzz targets damage."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from engine import EngineError, Request, compile_node, load_cluster
from engine.cluster import Cluster
from engine.netfilter.saved import SavedText, read_saved
from engine.packet import Family, join_host_port
from tests.conformance.locate import cluster_folder, folder
from tests.properties.mutations import LOADER

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "cluster.yaml"
HOSTILE = ROOT / "tests" / "hostile"

# The smaller recorded clusters: what decides is in each of them, and the larger only repeat it.
SMALL = 4000
#: What marks each proxy mode's rules among the recorded files.
SAVED = {"iptables": "tables-save", "nftables": ".nft", "ipvs": ".ipvs"}


@dataclass(frozen=True)
class Scene:
    """A valid cluster: its documents, and who may ask whom there."""

    documents: list[Any]
    text: str
    nodes: tuple[str, ...]
    who: tuple[str, ...]
    where: tuple[str, ...]


@dataclass(frozen=True)
class Saved:
    """What was saved on a node of a valid cluster, and the mode that wrote it."""

    scene: Scene
    cluster: Cluster
    node: str
    mode: str
    family: Family
    text: str


@lru_cache
def scenes() -> tuple[Scene, ...]:
    """Half of them the documented example, with and without everything else that a manifest may hold; half recorded."""
    example = _scene(EXAMPLE)
    full = _scene(EXAMPLE, (ROOT / "tests" / "properties" / "everything.yaml").read_text(encoding="utf-8"))
    recorded = [path for name in ("rules", "field", "flows") for path in sorted(folder(name).rglob("cluster.yaml"))]
    others = []
    for path in (*sorted(HOSTILE.glob("*cluster*.yaml")), *recorded):
        if path.stat().st_size < SMALL:
            with suppress(EngineError):
                others.append(_scene(path))
    return (example, full) * (len(others) // 2) + tuple(others)


def asked(rng: random.Random, scene: Scene) -> Request:
    """A request of somebody there to something there."""
    protocol, size = rng.choice(["TCP", "TCP", "UDP", "SCTP"]), rng.choice([None, None, None, 1400, 9000])
    return Request(
        rng.choice(scene.who), rng.choice(scene.where), protocol, rng.choice([*scene.nodes, None]), size=size
    )


@lru_cache
def saved(mode: str) -> tuple[Saved, ...]:
    """Rules of every kind that are read without complaint: recorded ones of kube-proxy and of others, and our own."""
    found = []
    for path in sorted(folder("ipvs-rules" if mode == "ipvs" else "rules-new").rglob(f"*{SAVED[mode]}")):
        parts = [path, *(path.with_suffix(suffix) for suffix in (".ipset", ".iptables-save") if mode == "ipvs")]
        described = cluster_folder(path.parent) / "cluster.yaml"
        if described.stat().st_size < SMALL and all(each.exists() for each in parts):
            text = "".join(each.read_text(encoding="utf-8") for each in parts)
            family = Family.IPV6 if ".ip6" in path.suffix or "ip6 daddr" in text else Family.IPV4
            found += _saved(described, path.name.split(".")[0], mode, family, text)
    own = str(compile_node(load_cluster([EXAMPLE]), "node1", mode))
    found += _saved(EXAMPLE, "node1", mode, Family.IPV4, own) * (len(found) // 10)
    for path in sorted(folder("dumps").rglob(f"*{SAVED[mode]}")):
        found += _saved(EXAMPLE, "node1", mode, Family.IPV4, path.read_text(encoding="utf-8"))
    if mode == "iptables":
        circling = (HOSTILE / "missing-dnat.ip6tables-save").read_text(encoding="utf-8")
        found += _saved(HOSTILE / "missing-dnat.cluster.yaml", "node1", mode, Family.IPV6, circling)
    return tuple(found)


@lru_cache
def _scene(path: Path, extra: str = "") -> Scene:
    text = path.read_text(encoding="utf-8") + extra
    made = load_cluster(text=text, strict=False)
    nodes = tuple(node.name for node in made.nodes)
    pods = [f"pod/{pod.namespace}/{pod.name}" for pod in made.pods]
    where = [f"{pod}:8080" for pod in pods] + ["10.96.0.10:80", "127.0.0.1:30080"]
    for service in made.services:
        for port in service.ports:
            where += [
                f"svc/{service.namespace}/{service.name}:{port.port}",
                f"node/{nodes[0]}:{port.node_port or 30080}",
            ]
            where += [join_host_port(ip, port.port) for ip in service.cluster_ips]
    documents = [each for each in yaml.load_all(text, LOADER) if each]
    who = ("client", *(f"node/{name}" for name in nodes), *pods, "1.2.3.4:5", "10.244.1.5")
    return Scene(documents, text, nodes, who, tuple(where))


def _saved(described: Path, node: str, mode: str, family: Family, text: str) -> list[Saved]:
    try:
        scene = _scene(described)
        read_saved([SavedText("f", text)], family)
        return [Saved(scene, load_cluster(text=scene.text, strict=False), node, mode, family, text)]
    except EngineError:
        return []
