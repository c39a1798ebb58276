"""Why a part of an answer is wrong: one computed line, and the hop of the walk where the answer parts from it."""

from __future__ import annotations

from engine.trace import Direction, Text
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class WalkPlace:
    """A hop: of which request, in which direction, its number there."""

    request: str
    direction: Direction
    hop: int


@dataclass(frozen=True, slots=True)
class Cause:
    """`field` is the field's id, `part` the key of one of its options (None: the field as a whole). `rule` is the rule of
    thumb that was broken, where there is one."""

    field: str
    text: Text
    part: str | None = None
    rule: Text | None = None
    place: WalkPlace | None = None
