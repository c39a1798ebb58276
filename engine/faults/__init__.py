"""Incidents: what can be broken in a live cluster, which flows then fail, what shows it and what mends it.

A fault is a row of the registry and a function of its family's module; an incident is one of its cases drawn by a seed.
"""

from __future__ import annotations

from engine.faults.incident import Incident, draw_incident
from engine.faults.registry import find_fault, names

__all__ = ["Incident", "draw_incident", "find_fault", "names"]
