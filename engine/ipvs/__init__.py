"""IPVS: which real server the kernel picks for a connection, given everything that happened before.

Rules, hooks and the network are not known here: engine.netfilter.ipvs asks for a server, and gets one. Every name is
loaded when it is first used: kube-proxy's ipvs mode needs the servers, and none of the workloads.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.ipvs.connection import Connection
    from engine.ipvs.graceful import GracefulTermination
    from engine.ipvs.registry import SCHEDULERS
    from engine.ipvs.scenario import (
        Requirement,
        Scenario,
        candidates,
        indistinguishable,
        kube_proxy_twins,
        parse_requirements,
    )
    from engine.ipvs.scenario_reading import ScenarioError, load_scenario
    from engine.ipvs.scenarios import SCENARIOS
    from engine.ipvs.server import ServerView
    from engine.ipvs.service import VirtualServer
    from engine.ipvs.simulate import METRICS, Measured, measure
    from engine.ipvs.workload import Action, Change, Workload, WorkServer

__all__ = [
    "METRICS",
    "SCENARIOS",
    "SCHEDULERS",
    "Action",
    "Change",
    "Connection",
    "GracefulTermination",
    "Measured",
    "Requirement",
    "Scenario",
    "ScenarioError",
    "ServerView",
    "VirtualServer",
    "WorkServer",
    "Workload",
    "candidates",
    "indistinguishable",
    "kube_proxy_twins",
    "load_scenario",
    "measure",
    "parse_requirements",
]

_NAMES = {
    "connection": ["Connection"],
    "graceful": ["GracefulTermination"],
    "registry": ["SCHEDULERS"],
    "scenario": [
        "Requirement", "Scenario", "candidates", "indistinguishable", "kube_proxy_twins", "parse_requirements",
    ],
    "scenario_reading": ["ScenarioError", "load_scenario"],
    "scenarios": ["SCENARIOS"],
    "server": ["ServerView"],
    "service": ["VirtualServer"],
    "simulate": ["METRICS", "Measured", "measure"],
    "workload": ["Action", "Change", "WorkServer", "Workload"],
}  # fmt: skip
_HOMES = {name: f"engine.ipvs.{module}" for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'engine.ipvs' has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value
