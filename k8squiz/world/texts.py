"""A question's texts with their placeholders filled: drawn names, and figures the engine computes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from engine.trace import Text
from k8squiz.bank.placeholders import fill
from k8squiz.errors import well_formed
from k8squiz.world.predicates import holds, value_of
from k8squiz.world.world import World

_BLANKS = re.compile(" +")
_STOPS = frozenset("，。；：！？、（）")


class Names(Mapping[str, Any]):
    """The drawn names, and the question's `values`, computed when a text asks for them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._values: Mapping[str, Any] = world.question.template.data.get("values") or {}

    def __getitem__(self, name: str) -> Any:
        if name in self._values:
            from k8squiz.bank.placeholders import substitute

            spec = substitute(self._values[name], self._world.question.names)
            return figure(value_of(spec, self._world))
        return self._world.question.names[name]

    def __iter__(self) -> Iterator[str]:
        yield from self._values
        yield from self._world.question.names

    def __len__(self) -> int:
        return len(self._values) + len(self._world.question.names)


def figure(value: Any) -> Any:
    """A computed value as prose shows it: fractions as `1/3`, long ones as decimals, whole ones as integers."""
    if isinstance(value, Fraction):
        if value.denominator == 1:
            return int(value)
        return str(value) if value.denominator <= 100 else f"{float(value):.4g}"
    return "-" if value is None else value


def bilingual(world: World, raw: Text | Mapping[str, Any], where: str = "") -> Text:
    """A `{en, zh}` of the question file, filled."""
    names = Names(world)
    en, zh = (raw.en, raw.zh) if isinstance(raw, Text) else (raw["en"], raw["zh"])
    return Text(fill(en, names, "en", where).strip(), _joined(fill(zh, names, "zh", where).strip()))


def _joined(text: str) -> str:
    """Chinese text without the blanks that YAML's folding leaves where a line ended between two characters."""

    def blank(match: re.Match[str]) -> str:
        before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
        if before in _STOPS or after in _STOPS or (_is_wide(before) and _is_wide(after)):
            return ""
        return match.group()

    return _BLANKS.sub(blank, text)


def _is_wide(char: str) -> bool:
    return "\u3000" <= char <= "\u303f" or "\u4e00" <= char <= "\u9fff" or "\uff00" <= char <= "\uffef"


def prompt(world: World) -> Text:
    return bilingual(world, world.question.template.data["prompt"], world.question.template.place("prompt"))


def hints(world: World) -> tuple[tuple[float, Text], ...]:
    """The hints with what each costs, cheapest first as written."""
    raw = world.question.template.data.get("hints") or ()
    return tuple((float(hint["cost"]), bilingual(world, hint)) for hint in raw)


def explanation(world: World) -> tuple[Text, ...]:
    """The blocks of the explanation that hold for this draw."""
    from k8squiz.bank.placeholders import substitute

    raw = world.question.template.data["explanation"]
    blocks = [raw] if isinstance(raw, Mapping) else raw
    where = world.question.template.place("explanation")
    with well_formed(where):
        chosen = (
            block for block in blocks
            if "when" not in block or holds(substitute(block["when"], world.question.names, where), world)
        )  # fmt: skip
        return tuple(bilingual(world, block, where) for block in chosen)


def key_points(world: World) -> tuple[Text, ...]:
    return tuple(bilingual(world, raw) for raw in world.question.template.data.get("key_points") or ())


def followups(world: World) -> tuple[Text, ...]:
    return tuple(bilingual(world, raw) for raw in world.question.template.data.get("followups") or ())


def sources(world: World) -> tuple[Text, ...]:
    """The sources, each as one line."""
    return tuple(_source(raw) for raw in world.question.template.data["sources"])


def _source(raw: Mapping[str, Any]) -> Text:
    en, zh = [], []
    if "since" in raw:
        en.append(f"since {raw['since']}")
        zh.append(f"自 {raw['since']} 起")
    if "as_of" in raw:
        en.append(f"checked {raw['as_of']}")
        zh.append(f"核对于 {raw['as_of']}")
    return (
        Text(f"{raw['ref']} ({', '.join(en)})", f"{raw['ref']}（{'，'.join(zh)}）")
        if en
        else Text(raw["ref"], raw["ref"])
    )
