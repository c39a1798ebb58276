"""What a compare question asks."""

from __future__ import annotations

from collections.abc import Mapping

from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.forms import PREDICATE, VALUE
from k8squiz.bank.shapes import TEXT, WORD, integer, key, list_of, mapping_of, record
from k8squiz.bank.yaml_values import Yaml
from k8squiz.world.predicates import Predicate


@dataclass(frozen=True, slots=True)
class Requirement:
    """Met where `when` holds of a design's request (`for: far`: of its request DESIGN-far); `shows` is a figure of it that the grade
    tells. In both, `for: far` means the design's own and `for: other-far` the other design's."""

    text: Text = key(TEXT)
    when: Predicate = key(PREDICATE)
    on: str = key(WORD, "", "for")
    shows: Yaml = key(VALUE, None)


@dataclass(frozen=True, slots=True)
class CompareAsk:
    """`designs` are named as their requests are; `show` of the requirements are drawn (None: all)."""

    designs: Mapping[str, Text] = key(mapping_of(TEXT, minProperties=2, maxProperties=3))
    show: int | None = key(integer(2), None)
    requirements: tuple[Requirement, ...] = key(list_of(record(Requirement), least=2, most=8))


COMPARE_ASK = record(CompareAsk)
