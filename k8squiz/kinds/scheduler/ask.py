"""What a scheduler question asks."""

from __future__ import annotations

from engine.values import dataclass
from k8squiz.bank.shapes import WORD, integer, key, list_of
from k8squiz.world.subjects import WORKLOAD


@dataclass(frozen=True, slots=True)
class SchedulerAsk:
    """`show` of the schedulers `among` which one chooses (None: all) are offered."""

    scenario: object = key(WORKLOAD)
    among: tuple[str, ...] | None = key(list_of(WORD, least=2, last=True), None)
    show: int = key(integer(2), 6)
