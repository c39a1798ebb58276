"""IPVS: which real server the kernel picks for a connection, given everything that happened before.

Rules, hooks and the network are not known here: engine.netfilter.ipvs asks for a server, and gets one.
"""

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
