"""Connections that live on while the cluster changes: events at points of time in, what becomes of each connection out.

Times are whole milliseconds since the timeline's start. Where a connection goes is walked (engine.walk) through the cluster
as it is at that moment: the pods that are there, and on every node the rules of its kube-proxy's last sync. What the kernel
keeps from then on (conntrack, ports) is this room's.
"""

from engine.timeline.balancer import HealthChecks
from engine.timeline.connections import Attempt, Chance, Connection, Fate
from engine.timeline.pods import Lifecycle, PodLife, PodTimes, SigtermAnswer
from engine.timeline.rollout import Strategy, planned
from engine.timeline.run import Timeline, expected_failures, run

__all__ = [
    "Attempt",
    "Chance",
    "Connection",
    "Fate",
    "HealthChecks",
    "Lifecycle",
    "PodLife",
    "PodTimes",
    "SigtermAnswer",
    "Strategy",
    "Timeline",
    "expected_failures",
    "planned",
    "run",
]
