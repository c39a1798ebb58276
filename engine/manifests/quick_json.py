"""JSON -> the same plain values as source.py's, five times as fast and without the lines of what is inside an object.

For texts that nothing is wrong with. Whoever meets anything else, or needs a line that is not there, has the text read
again as the YAML that it is: `ReadAgain`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from engine.manifests.source import MAX_DEPTH, MAX_VALUES, Map, Piece, check_text

_BLANK = re.compile(r"[ \t\r\n]*")


class ReadAgain(Exception):
    """This way of reading cannot tell; a slower one can."""


class Unlined(Map):
    """A mapping that knows no lines but its own, and that only where it is a document or an item of a List."""

    __slots__ = ()
    # Of all of them: nobody writes to these.
    traps: list[str] = []  # noqa: RUF012
    lines: dict[str, int] = {}  # noqa: RUF012
    # C's own: a hundred thousand of these are made.
    __init__ = dict.__init__

    def __getattr__(self, name: str) -> int:
        if name == "line":
            return 0
        raise AttributeError(name)


def looks_like_json(text: str) -> bool:
    """Whether it is worth trying."""
    return text.startswith("{", _BLANK.match(text).end())  # type: ignore[union-attr]


def json_pieces(text: str, file: str) -> Iterator[Piece]:
    """As source.pieces, of one JSON document. Raises ReadAgain for anything that is not plainly JSON, or beyond source's
    limits, at the latest when it is met; what was handed out until then is void."""
    check_text(text, file)
    # No more values than there are commas, and one in each collection.
    if text.count(",") > MAX_VALUES:
        raise ReadAgain
    try:
        yield from _Text(text).pieces()
    except (ValueError, IndexError, RecursionError):
        raise ReadAgain from None


class _Text:
    """A text and where its reading stands. IndexError and ValueError (json's own) say that it is no JSON."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.read = json.JSONDecoder(object_pairs_hook=_mapping, parse_constant=_refuse).raw_decode
        self.line = 1
        self.counted = 0

    def pieces(self) -> Iterator[Piece]:
        self.skip("")
        begins = self.line_here()
        root: dict[str, Any] = {}
        of_list = False
        self.skip("{")
        while self.text[self.position] != "}":
            key = self.value()
            self.skip(":")
            if not isinstance(key, str) or key in root:
                raise ReadAgain
            root[key] = []
            if key == "items" and self.text[self.position] == "[":
                for item in self.items():
                    of_list = True
                    yield item
            else:
                root[key] = self.value()
            self.skip_comma("}")
        self.skip("}")
        if self.position != len(self.text):
            raise ReadAgain
        yield Piece(_with_line(_mapping(list(root.items())), begins), begins, of_list=of_list)

    def items(self) -> Iterator[Piece]:
        self.skip("[")
        index = 0
        while self.text[self.position] != "]":
            line = self.line_here()
            item = self.value()
            yield Piece(_with_line(item, line), line, index)
            index += 1
            self.skip_comma("]")
        self.skip("]")

    def value(self) -> Any:
        found, self.position = self.read(self.text, self.position)
        _check_depth(found)
        self.skip("")
        return found

    def skip(self, sign: str) -> None:
        """Go over `sign` and what is blank behind it."""
        if not self.text.startswith(sign, self.position):
            raise ReadAgain
        self.position = _BLANK.match(self.text, self.position + len(sign)).end()  # type: ignore[union-attr]

    def skip_comma(self, last: str) -> None:
        """Over the comma between two values; none stands before `last`."""
        if self.text[self.position] != last:
            self.skip(",")
            if self.text[self.position] == last:
                raise ReadAgain

    def line_here(self) -> int:
        self.line += self.text.count("\n", self.counted, self.position)
        self.counted = self.position
        return self.line


def _mapping(pairs: list[tuple[str, Any]]) -> Unlined:
    found: Unlined = Unlined(pairs)
    # The same key twice is an error, and << a merge, to whoever reads it as YAML.
    if len(found) != len(pairs) or "<<" in found:
        raise ReadAgain
    return found


def _with_line(value: object, line: int) -> object:
    if isinstance(value, Unlined):
        value.line = line
    return value


def _refuse(constant: str) -> NoReturn:
    raise ReadAgain


def _check_depth(value: Any) -> None:
    level: list[Any] = [value] if isinstance(value, (Unlined, list)) else []
    # Two levels are the document and its list.
    for _ in range(MAX_DEPTH - 2):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if outer.__class__ is Unlined else outer)
            if inner.__class__ is Unlined or inner.__class__ is list
        ]
        if not level:
            return
    raise ReadAgain
