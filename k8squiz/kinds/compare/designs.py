"""A design's requests, and what a requirement means of one design."""

from __future__ import annotations

from k8squiz.bank.yaml_values import Yaml
from k8squiz.errors import QuizError
from k8squiz.kinds.compare.ask import CompareAsk, Requirement
from k8squiz.world.predicates import Predicate

_OTHER = "other"


def request_of(design: str, on: str) -> str:
    """The name of the request that a requirement is about."""
    return f"{design}-{on}" if on else design


def of_design(data: Yaml, design: str, ask: CompareAsk) -> Yaml:
    """A predicate or a value with each `for` as the request of `design`, or of another design, that it means."""
    if isinstance(data, dict):
        return {
            key: _named(value, design, ask)
            if key == "for" and isinstance(value, str)
            else of_design(value, design, ask)
            for key, value in data.items()
        }
    return [of_design(item, design, ask) for item in data] if isinstance(data, list) else data


def _named(word: str, design: str, ask: CompareAsk) -> str:
    first, _, rest = word.partition("-")
    if first != _OTHER:
        return request_of(design, word)
    return request_of(next(name for name in ask.designs if name != design), rest)


def predicate_of(ask: CompareAsk, design: str, requirement: Requirement) -> Predicate:
    """What the requirement wants of that design."""
    found = of_design(dict(requirement.when), design, ask)
    if not isinstance(found, dict):
        raise QuizError("a requirement is a mapping", "要求必须是映射")
    return found
