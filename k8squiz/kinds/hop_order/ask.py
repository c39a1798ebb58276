"""What a hop-order question asks."""

from __future__ import annotations

from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.shapes import FLAG, WORD, integer, key, list_of, one_of

ABOUT = Text("Put the steps in order", "把步骤排序")


@dataclass(frozen=True, slots=True)
class HopOrderAsk:
    """`on` is the request whose walk it is (None: the first). `only` and `hosts` keep some stages and hosts alone."""

    of: str = key(one_of("request", "reply"), "request")
    on: str | None = key(WORD, None, "for")
    detail: str = key(one_of("stage", "chain"), "stage")
    only: tuple[str, ...] = key(list_of(WORD), ())
    hosts: tuple[str, ...] = key(list_of(WORD), ())
    distractors: int = key(integer(0, 6), 0)
    name: bool = key(FLAG.told("The sender knows a name: it is resolved first."), False)
    table: str = key(WORD.told("With detail chain: the chains of this table alone (nat, filter)."), "")
