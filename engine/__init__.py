"""A dataplane engine for Kubernetes: what kube-proxy writes, what netfilter does, where a packet goes.

Every name is loaded when it is first used, so that importing engine costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str
    from engine.cluster import Cluster
    from engine.errors import EngineError, ManifestError, NoSuchObject, RuleError, UnsupportedFeature
    from engine.fabric.node_rules import compile_node
    from engine.manifests import check_cluster, load_cluster
    from engine.netfilter.rules import Ruleset
    from engine.proxy.interface import compile_rules
    from engine.trace import Hop, Outcome, Request, Resolution, Stage, Verdict
    from engine.walk.one_node import resolve
    from engine.walk.outcomes import outcomes

__all__ = [
    "Cluster",
    "EngineError",
    "Hop",
    "ManifestError",
    "NoSuchObject",
    "Outcome",
    "Request",
    "Resolution",
    "RuleError",
    "Ruleset",
    "Stage",
    "UnsupportedFeature",
    "Verdict",
    "check_cluster",
    "compile_node",
    "compile_rules",
    "load_cluster",
    "outcomes",
    "resolve",
]

_HOMES = {
    "Cluster": "engine.cluster",
    "EngineError": "engine.errors",
    "Hop": "engine.trace",
    "ManifestError": "engine.errors",
    "NoSuchObject": "engine.errors",
    "Outcome": "engine.trace",
    "Request": "engine.trace",
    "Resolution": "engine.trace",
    "RuleError": "engine.errors",
    "Ruleset": "engine.netfilter.rules",
    "Stage": "engine.trace",
    "UnsupportedFeature": "engine.errors",
    "Verdict": "engine.trace",
    "check_cluster": "engine.manifests",
    "compile_node": "engine.fabric.node_rules",
    "compile_rules": "engine.proxy.interface",
    "load_cluster": "engine.manifests",
    "outcomes": "engine.walk.outcomes",
    "resolve": "engine.walk.one_node",
}


def _version() -> str:
    """The release that engine came with; "unknown" in a checkout that is not installed."""
    from importlib import metadata

    try:
        return metadata.version("k8squiz")
    except metadata.PackageNotFoundError:
        return "unknown"


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
