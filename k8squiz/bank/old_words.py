"""Words of question files that have a better name now: the old ones are read for one release, and lint says so.

Question files are written by others too, so a word that is renamed stays readable until format_version changes.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.values import dataclass
from k8squiz.bank.yaml_values import Yaml

# Under `ask` of a repair, of the question or of one of its follow-ups: what stood there -> what stands there now.
REPAIR = {"sound": "fixed_request", "lost": "missing_rule", "keep": "must_hold"}

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class OldWord:
    """A word at `place` (file:line) that has been renamed."""

    place: str
    old: str
    new: str


def renamed(
    data: Mapping[str, Yaml], lines: Mapping[Path, int], path: str
) -> tuple[dict[str, Yaml], dict[Path, int], tuple[OldWord, ...]]:
    """`data` and `lines` of a question file with today's words in place of old ones, and which old ones there were."""
    found: list[OldWord] = []
    moved: dict[Path, Path] = {}

    def ask_of(question: Mapping[str, Yaml], at: Path) -> dict[str, Yaml]:
        ask = question.get("ask")
        if question.get("kind") != "repair" or not isinstance(ask, Mapping):
            return dict(question)
        for old, new in REPAIR.items():
            if old in ask and new not in ask:
                where = (*at, "ask", old)
                moved[where] = (*at, "ask", new)
                found.append(OldWord(f"{path}:{lines.get(where, 1)}", old, new))
        return {**question, "ask": {REPAIR.get(key, key): value for key, value in ask.items()}}

    result = ask_of(data, ())
    then = result.get("then")
    if isinstance(then, list):
        result["then"] = [
            ask_of(each, ("then", index)) if isinstance(each, Mapping) else each for index, each in enumerate(then)
        ]
    if not moved:
        return dict(data), dict(lines), ()
    deepest = max(len(where) for where in moved)
    return result, {_at(where, moved, deepest): line for where, line in lines.items()}, tuple(found)


def _at(where: Path, moved: Mapping[Path, Path], deepest: int) -> Path:
    for end in range(1, min(len(where), deepest) + 1):
        if where[:end] in moved:
            return (*moved[where[:end]], *where[end:])
    return where
