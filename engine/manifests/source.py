"""What a text of manifests is read into: plain values that know their lines; and what no text may be.

Values that YAML 1.1 reads as something else than they look like (`no`, `12:30`) become Trap, which whoever wanted a string
can report. composer.py makes them of YAML; JSON is YAML too, and quick_json.py reads it five times as fast, where nothing is
wrong with it: without PyYAML, whose import alone is a starting command's twelfth.
"""

from __future__ import annotations

from typing import Any

from engine.errors import ManifestError
from engine.values import dataclass, pattern

MAX_BYTES = 128 * 1024 * 1024
# Held at once: of a document, or of an item of its list.
MAX_VALUES = 8_000_000
MAX_DEPTH = 100

_UNPRINTABLE = pattern("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_PRINTABLE_ASCII = b"\t\n\r" + bytes(range(0x20, 0x7F))


@dataclass(frozen=True, slots=True)
class Trap:
    """A plain word that YAML 1.1 does not take for the string it looks like. `taken_for` says for what."""

    text: str
    taken_for: str
    value: bool | int | None = None


class Map(dict[str, Any]):
    """A mapping: `line` where it begins, `lines` of its keys; `traps` are keys that YAML takes for booleans."""

    __slots__ = ("line", "lines", "traps")

    def __init__(self, line: int) -> None:
        self.line = line
        self.lines: dict[str, int] = {}
        self.traps: list[str] = []

    def line_of(self, key: str) -> int:
        """The line of that key; where there is none, that of the mapping."""
        return self.lines.get(key, self.line)


class Seq(list[Any]):
    """A sequence: `line` where it begins, `lines` of its items."""

    __slots__ = ("line", "lines")

    def __init__(self, line: int) -> None:
        self.line = line
        self.lines: list[int] = []

    def line_of(self, index: int) -> int:
        return self.lines[index]


@dataclass(frozen=True, slots=True)
class Piece:
    """A document, with the line it begins on; an item of the list `items` of one, with its `index`; or, `of_list`, the rest
    of a document whose items were handed out before."""

    value: Any
    line: int
    index: int | None = None
    of_list: bool = False


def check_text(text: str, file: str) -> None:
    """Refuse a text that is too large, or that holds what YAML forbids."""
    check_size(len(text), file)
    # To look through a text with a pattern takes ten times as long.
    if text.isascii() and not text.encode().translate(None, _PRINTABLE_ASCII):
        return
    bad = _UNPRINTABLE.search(text)
    if bad:
        line = text.count("\n", 0, bad.start()) + 1
        raise ManifestError(
            f"the text holds the character {bad.group()!r}, which YAML forbids; remove it",
            file,
            line,
            zh=f"文本含有 YAML 禁止的字符 {bad.group()!r}；请删除",
        )


def check_size(size: int, file: str) -> None:
    """Refuse texts that no cluster's dump needs, before they are read."""
    if size > MAX_BYTES:
        mebibytes = -(-size // (1024 * 1024))
        raise ManifestError(
            f"{mebibytes} MiB are more than the {MAX_BYTES // (1024 * 1024)} MiB that are read at most;"
            " leave out what is not needed (managedFields, other kinds), or split it",
            file,
            zh=f"{mebibytes} MiB 超过了最多读取的 {MAX_BYTES // (1024 * 1024)} MiB；请去掉不需要的内容（managedFields、其他类型），或拆分文件",
        )
