"""Placeholders in authors' texts: `{name}` and `{name.field}` are looked up in a dict, and that is all they can do.

Not str.format: its attribute and index access would let a question file reach into the program.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from engine.values import pattern
from k8squiz.bank.limits import MOST_FILLED_TEXT
from k8squiz.bank.shapes import Place
from k8squiz.bank.yaml_values import Yaml
from k8squiz.errors import QuizError, unknown

# What every text may name without having drawn it: the release that is spoken of (k8squiz.world.texts).
COMPUTED = ("release",)
PLACEHOLDER = pattern(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_.-]*)\}|[{}]")
_WHOLE = pattern(r"\{([A-Za-z_][A-Za-z0-9_.-]*)\}\Z")


def fill(text: str, names: Mapping[str, Yaml], lang: str = "en", where: str = "") -> str:
    """`text` with every placeholder replaced; raises QuizError (with `where`) for an unknown name or a stray brace."""

    length = len(text)

    def replace(match: re.Match[str]) -> str:
        nonlocal length
        if match.group() in ("{{", "}}"):
            return match.group()[0]
        if match.group(1) is None:
            raise _stray(match.group(), text, where)
        shown = show(look_up(match.group(1), names, where), lang)
        length += len(shown)
        if length > MOST_FILLED_TEXT:
            raise QuizError(
                f"{_prefix(where)}with its placeholders filled in a text is longer than {MOST_FILLED_TEXT} characters",
                f"{_prefix(where)}填入占位符后文本超过 {MOST_FILLED_TEXT} 个字符",
            )
        return shown

    return PLACEHOLDER.sub(replace, text)


def substitute(value: Yaml, names: Mapping[str, Yaml], where: str = "") -> Yaml:
    """Any YAML value with placeholders replaced in its strings; a string that is one placeholder keeps the type."""
    if isinstance(value, str):
        whole = _WHOLE.match(value)
        if whole is not None:
            return look_up(whole.group(1), names, where)
        return fill(value, names, where=where)
    if isinstance(value, (list, tuple)):
        return [substitute(item, names, where) for item in value]
    if isinstance(value, Mapping):
        # A text in both languages is filled when it is shown: it may speak of what only the engine knows.
        if set(value) == {"en", "zh"}:
            return value
        return {key: substitute(item, names, where) for key, item in value.items()}
    return value


def filled(value: Mapping[str, Yaml], names: Mapping[str, Yaml], where: str = "") -> dict[str, Yaml]:
    """As substitute, for a mapping, which stays one."""
    return {key: substitute(item, names, where) for key, item in value.items()}


def look_up(name: str, names: Mapping[str, Yaml], where: str = "") -> Yaml:
    """The value of `name`; raises QuizError naming the nearest that exist."""
    if name in names:
        return names[name]
    raise unknown("placeholder", name, names, _prefix(where))


def show(value: Yaml, lang: str) -> str:
    """A value as prose shows it: a bilingual one in `lang`, True and False as YAML writes them."""
    if isinstance(value, Mapping) and set(value) == {"en", "zh"}:
        return str(value[lang])
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {show(item, lang)}" for name, item in value.items())
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ", ".join(show(item, lang) for item in value)
    return str(value)


def placeholders(text: str) -> list[str]:
    """The names `text` refers to, in order."""
    return [match.group(1) for match in PLACEHOLDER.finditer(text) if match.group(1)]


def spans(text: str, names: Mapping[str, Yaml], lang: str, on_literal: Callable[[str], None]) -> None:
    """Call `on_literal` with each stretch of `text` that no placeholder filled."""
    position = 0
    for match in PLACEHOLDER.finditer(text):
        on_literal(text[position : match.start()])
        position = match.end()
    on_literal(text[position:])


def _prefix(where: str) -> str:
    return f"{where}: " if where else ""


def check(value: Yaml, names: Collection[str], place: Place) -> None:
    """Raise QuizError, with the line, for a placeholder in any text of `value` that is none of `names`, shown or not in
    this draw, and for a stray brace."""
    if isinstance(value, str):
        for match in PLACEHOLDER.finditer(value):
            if match.group(1) is not None and match.group(1) not in names:
                raise unknown("placeholder", match.group(1), names, _prefix(place.where))
            if match.group() in ("{", "}"):
                raise _stray(match.group(), value, place.where)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            check(item, names, place.at(index))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            check(item, names, place.at(key))


def _stray(brace: str, text: str, where: str) -> QuizError:
    return QuizError(
        f"{_prefix(where)}stray {brace!r} in {text[:60]!r}; double it to mean the character",
        f"{_prefix(where)}{text[:60]!r} 中有多余的 {brace!r}；若表示该字符本身，请写两遍",
    )
