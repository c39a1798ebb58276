"""YAML text -> plain values that know their lines (source.py). The only room that imports PyYAML.

Built from parser events, so that neither aliases nor nesting can blow up memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NoReturn

import yaml

from engine.errors import ManifestError
from engine.manifests.complaints import problem
from engine.manifests.source import MAX_DEPTH, MAX_VALUES, Map, Piece, Seq, Trap, check_text
from engine.values import dataclass, pattern

MAX_ALIASED = 1_000_000
# What an alias costs at least, so that a text of nothing but aliases ends soon too.
_ALIAS_COST = 20

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_ODD_BOOLEANS = {
    word: truth
    for base, truth in (("yes", True), ("on", True), ("no", False), ("off", False))
    for word in (base, base.capitalize(), base.upper())
}
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_INT = pattern(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_FLOAT = pattern(r"[-+]?(?:[0-9]+\.[0-9]*(?:[eE][-+]?[0-9]+)?|\.[0-9]+|[0-9]+[eE][-+]?[0-9]+)\Z")
_ODD_INT = pattern(r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[1-9][0-9_]*)\Z")
_SEXAGESIMAL = pattern(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?\Z")
_MAYBE_SPECIAL = frozenset("0123456789+-.~tTfFyYnNoO")
_CORE_TAG = "tag:yaml.org,2002:"
_CORE_TAGS = frozenset(_CORE_TAG + name for name in ("str", "int", "float", "bool", "null", "map", "seq"))


def documents(text: str, file: str) -> Iterator[tuple[Any, int]]:
    """Each document of a YAML (or JSON) text with the line it begins on. Values are Map, Seq, str, int, float, bool,
    None and Trap. `file` is for messages; raises ManifestError."""
    for piece in pieces(text, file, by_item=False):
        yield piece.value, piece.line


def pieces(text: str, file: str, by_item: bool = True) -> Iterator[Piece]:
    """As documents. `by_item`: what a document holds under `items` is handed out an item at a time, as it is read, so that
    what kubectl prints as one List need not be held whole."""
    check_text(text, file)
    try:
        yield from _Builder(text, file).pieces(by_item)
    except yaml.MarkedYAMLError as error:
        found = _json_document(text)
        if found is not None:
            yield Piece(found, 1)
            return
        mark = error.problem_mark or error.context_mark
        en, zh = problem(error.context, error.problem)
        last = text.rstrip().count("\n")
        raise ManifestError(
            f"not valid YAML: {en}", file, min(mark.line, last) + 1 if mark else None, zh=f"YAML 无效：{zh}"
        ) from None
    except yaml.YAMLError as error:
        raise ManifestError(
            f"not valid YAML: {str(error).splitlines()[0]}", file, zh=f"YAML 无效：{str(error).splitlines()[0]}"
        ) from None


def _json_document(text: str) -> Any:
    """The text as JSON where it is that, though no YAML (escaped surrogate pairs); every line is then 1."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        return _lined(json.loads(text))
    except (ValueError, RecursionError):
        return None


def _lined(value: Any) -> Any:
    if isinstance(value, dict):
        mapping = Map(1)
        mapping.update((key, _lined(item)) for key, item in value.items())
        return mapping
    if isinstance(value, list):
        items = Seq(1)
        items.extend(_lined(item) for item in value)
        items.lines.extend([1] * len(items))
        return items
    return value


@dataclass(slots=True)
class _Open:
    value: Map | Seq
    anchor: str | None
    before: int
    key: str | None = None
    given: bool = False


class _Builder:
    """Turns the parser's events into values. `open` holds each collection begun and not ended, with its anchor, the
    count of values before it, for a mapping the key that waits for its value, and whether its items are `given` away one
    by one; `given` counts those of a document."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.count = 0
        self.aliased = 0
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.plain: dict[str, Any] = {}
        self.open: list[_Open] = []
        self.given = 0

    def pieces(self, by_item: bool) -> Iterator[Piece]:
        # One loop, and no call for an ordinary word: a scalar is met a million times.
        event: Any
        here: _Open | None = None
        for event in yaml.parse(self.text, Loader=_LOADER):
            kind = event.__class__
            if kind is yaml.ScalarEvent:
                line = event.start_mark.line + 1
                value = event.value
                if not event.implicit[0] or not value or value[0] in _MAYBE_SPECIAL:
                    value = self._scalar(event)
                if event.anchor:
                    self.anchors[event.anchor] = (value, 1)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                here = self._begin(event, by_item)
                continue
            elif (ended := self._ended(event)) is not None:
                value, line = ended
                here = self.open[-1] if self.open else None
            else:
                continue
            self.count += 1
            if self.count > MAX_VALUES:
                self._fail(
                    f"more than {MAX_VALUES} values; split the text", line, f"超过 {MAX_VALUES} 个值；请拆分文本"
                )
            if here is None:
                yield Piece(value, line, of_list=self.given > 0)
            elif here.given:
                yield Piece(value, line, self.given)
                self.given += 1
                self.count = here.before
            elif isinstance(here.value, Seq):
                here.value.append(value)
                here.value.lines.append(line)
            elif here.key is None:
                here.key = self._key(here.value, event, value, line)
            else:
                self._put(here.value, here.key, value, line)
                here.key = None

    def _begin(self, event: Any, by_item: bool) -> _Open:
        line = event.start_mark.line + 1
        if len(self.open) >= MAX_DEPTH:
            self._fail(f"nested more than {MAX_DEPTH} deep", line, f"嵌套超过 {MAX_DEPTH} 层")
        if self.open and self.open[-1].key is None and isinstance(self.open[-1].value, Map):
            self._fail(
                "a key of a mapping must be a word, not a list or a mapping",
                line,
                "映射的键必须是一个词，而不是列表或映射",
            )
        self._check_tag(event.tag, line)
        mapping = event.__class__ is yaml.MappingStartEvent
        given = by_item and not mapping and len(self.open) == 1 and self.open[0].key == "items" and not event.anchor
        begun = _Open(Map(line) if mapping else Seq(line), event.anchor, self.count, given=given)
        self.open.append(begun)
        if event.anchor:
            self.anchors[event.anchor] = (None, -1)
        return begun

    def _ended(self, event: Any) -> tuple[Any, int] | None:
        """The value that ends with an event that is no scalar's, and its line; None where none does."""
        kind = event.__class__
        if kind is yaml.AliasEvent:
            line = event.start_mark.line + 1
            return self._alias(event.anchor, line), line
        if kind is not yaml.MappingEndEvent and kind is not yaml.SequenceEndEvent:
            if kind is yaml.DocumentStartEvent:
                self.anchors.clear()
                self.count = self.given = 0
            return None
        ended = self.open.pop()
        if ended.anchor:
            self.anchors[ended.anchor] = (ended.value, self.count - ended.before + 1)
        return ended.value, ended.value.line

    def _fail(self, message: str, line: int, zh: str) -> NoReturn:
        raise ManifestError(message, self.file, line, zh=zh)

    def _check_tag(self, tag: str | None, line: int) -> None:
        if tag is not None and tag not in _CORE_TAGS and tag != "!":
            self._fail(
                f"the YAML tag {tag!r} is not understood; write the plain value",
                line,
                f"不支持 YAML 标签 {tag!r}；请直接写值",
            )

    def _alias(self, anchor: str, line: int) -> Any:
        if anchor not in self.anchors:
            self._fail(
                f"the alias {anchor!r} stands for nothing: no such anchor before it",
                line,
                f"别名 {anchor!r} 没有所指：之前没有这个锚点",
            )
        value, weight = self.anchors[anchor]
        if weight < 0:
            self._fail(
                f"the alias {anchor!r} stands inside what it stands for", line, f"别名 {anchor!r} 位于它所指的内容之中"
            )
        self.count += weight
        self.aliased += max(weight, _ALIAS_COST)
        if self.aliased > MAX_ALIASED:
            self._fail(
                f"aliases that stand for more than {MAX_ALIASED} values; write the manifests out",
                line,
                f"别名展开后超过 {MAX_ALIASED} 个值；请直接写出清单",
            )
        return value

    def _key(self, parent: Map, event: Any, value: Any, line: int) -> str:
        if event.__class__ is yaml.AliasEvent:
            key = value
            if not isinstance(key, str):
                self._fail("a key of a mapping must be a word", line, "映射的键必须是一个词")
        else:
            key = event.value
            if value.__class__ is Trap:
                parent.traps.append(key)
        if key in parent.lines:
            self._fail(
                f"duplicate key {key!r} (first on line {parent.lines[key]}); keep one of them",
                line,
                f"重复的键 {key!r}（首次出现在第 {parent.lines[key]} 行）；请只保留一个",
            )
        parent.lines[key] = line
        return str(key)

    def _put(self, parent: Map, key: str, value: Any, line: int) -> None:
        if key != "<<":
            parent[key] = value
            return
        for source in value if isinstance(value, Seq) else (value,):
            if not isinstance(source, Map):
                self._fail(
                    "a merge key (<<) takes a mapping or a list of mappings", line, "合并键（<<）须为映射或映射的列表"
                )
            for name, inherited in source.items():
                parent.setdefault(name, inherited)

    def _scalar(self, event: Any) -> Any:
        text = event.value
        if event.implicit[0]:
            # Plain, without a tag: the only scalars that can be anything but a string.
            if text and text[0] not in _MAYBE_SPECIAL:
                return text
            try:
                return self.plain[text]
            except KeyError:
                return self.plain.setdefault(text, _resolve(text))
        if event.tag is not None and event.tag not in ("!", _CORE_TAG + "str"):
            self._check_tag(event.tag, event.start_mark.line + 1)
            return _resolve(text)
        return text


def _resolve(text: str) -> Any:
    """What YAML 1.1 makes of a plain scalar (yaml.org/type); timestamps stay the strings Kubernetes means."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text in _ODD_BOOLEANS:
        return Trap(text, "a boolean", _ODD_BOOLEANS[text])
    if _INT.match(text):
        return int(text) if len(text) < 40 else text
    if _FLOAT.match(text):
        return float(text)
    if _SEXAGESIMAL.match(text):
        return Trap(text, "a number to the base of 60")
    if _ODD_INT.match(text):
        return _odd_int(text)
    return text


def _odd_int(text: str) -> Any:
    digits = text.replace("_", "").lstrip("+-")
    base = {"0b": 2, "0x": 16, "0o": 8}.get(digits[:2], 8 if digits.startswith("0") else 10)
    try:
        number = int(digits[2:] if digits[:2] in ("0b", "0x", "0o") else digits, base)
    except ValueError:
        return text
    name = {2: "a binary number", 8: "an octal number", 16: "a hexadecimal number", 10: "a number"}[base]
    return Trap(text, name, -number if text.startswith("-") else number)
