"""Typical wrong turns of one drawn question, and what each reveals: its fields know them."""

from __future__ import annotations

from k8squiz.kinds.fields import Turn
from k8squiz.kinds.interface import Task

_MOST = 6


def turns(task: Task) -> tuple[Turn, ...]:
    """The wrong turns worth listening for, at most six."""
    # One of each sort: two that reveal the same say nothing new.
    found: dict[str, Turn] = {}
    for field in task.fields:
        for turn in field.turns():
            found.setdefault(turn.reveals.en, turn)
    return tuple(found.values())[:_MOST]
