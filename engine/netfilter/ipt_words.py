"""One `-A` line of iptables-save cut into options: what belongs to the header, to each -m and to the target; and the
forms that options share.

Source: iptables 1.8.9 iptables/xshared.c (add_param_to_argv, do_parse), libxtables/xtoptions.c.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias, TypeVar

from engine.netfilter.part import BadRule
from engine.packet import Family
from engine.values import dataclass, pattern

# Blanks, the unquoted and the quoted parts of words (a backslash escapes inside quotes only), a quote left open.
_PIECE = r'(\s+)|[^\s"]+|"(?:[^"\\]|\\.)*"|(")'
_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_ESCAPE = r"\\(.)"

HEADER = {
    "-s": "-s",
    "--source": "-s",
    "--src": "-s",
    "-d": "-d",
    "--destination": "-d",
    "--dst": "-d",
    "-i": "-i",
    "--in-interface": "-i",
    "-o": "-o",
    "--out-interface": "-o",
    "-p": "-p",
    "--protocol": "-p",
    "-f": "-f",
    "--fragment": "-f",
    "-c": "-c",
    "--set-counters": "-c",
    "-m": "-m",
    "--match": "-m",
    "-j": "-j",
    "--jump": "-j",
    "-g": "-g",
    "--goto": "-g",
}
_TAKES = {"-f": 0, "-c": 2}
# Free text follows, which may look like an option: getopt takes the next word whatever it is.
_TEXT_FOLLOWS = frozenset({"--comment", "--log-prefix", "--nflog-prefix", "--name"})

Options: TypeAlias = dict[str, tuple[bool, str | None]]
Read = TypeVar("Read")

ALL_BITS = 0xFFFFFFFF
_NUMBER = pattern(r"(0[xX][0-9A-Fa-f]{1,30})|(0[0-7]{0,30})|[1-9][0-9]{0,30}")


def number(text: str | None, largest: int = ALL_BITS) -> int:
    """A number as iptables reads it: decimal, hexadecimal with 0x, octal with 0 (libxtables/xtables.c, xtables_strtoul)."""
    read = _NUMBER.fullmatch(text or "")
    if read is None:
        raise BadRule(f"{text!r} is not a number", zh=f"{text!r} 不是数字")
    value = int(read[0], 16 if read[1] else 8 if read[2] else 10)
    if not 0 <= value <= largest:
        raise BadRule(f"{text!r} is not between 0 and {largest}", zh=f"{text!r} 不在 0 与 {largest} 之间")
    return value


def negation(negate: bool) -> str:
    """The ` !` before an option that is turned round."""
    return " !" if negate else ""


def split(line: str) -> list[str]:
    """The words of a line, quotes kept."""
    if '"' not in line:
        return line.split()
    words: list[list[str]] = [[]]
    for piece in re.finditer(_PIECE, line):
        blank, left_open = piece.groups()
        if left_open:
            raise BadRule("a double quote is not closed", zh="双引号没有闭合")
        if blank:
            words.append([])
        else:
            words[-1].append(piece.group())
    return ["".join(pieces) for pieces in words if pieces]


def unquote(word: str) -> str:
    """A word without its quotes and escapes."""
    if '"' not in word:
        return word
    return re.sub(_QUOTED, lambda found: re.sub(_ESCAPE, r"\1", found.group(1)), word)


@dataclass(slots=True)
class Option:
    """One header option with its words; `rest` are the words that follow a -m or -j and belong to it."""

    name: str
    negate: bool
    values: list[str]
    rest: list[str]


def options(words: list[str]) -> list[Option]:
    """The line's options in order. Words before any -m (`-p tcp --dport 80`) come as an Option named ""."""
    found: list[Option] = []
    position = 0
    while position < len(words):
        negate = words[position] == "!" and position + 1 < len(words) and words[position + 1] in HEADER
        name = HEADER.get(words[position + negate])
        if name is None:
            end = _end_of_rest(words, position)
            found.append(Option("", False, [], words[position:end]))
            position = end
            continue
        start = position + negate + 1
        end = start + _TAKES.get(name, 1)
        if end > len(words):
            raise BadRule(f"{words[start - 1]} needs a value", zh=f"{words[start - 1]} 需要一个值")
        rest_end = _end_of_rest(words, end) if name in ("-m", "-j") else end
        found.append(Option(name, negate, words[start:end], words[end:rest_end]))
        position = rest_end
    return found


def _end_of_rest(words: list[str], start: int) -> int:
    position = start
    while position < len(words):
        word = words[position]
        if word in HEADER or (word == "!" and position + 1 < len(words) and words[position + 1] in HEADER):
            return position
        position += 2 if word in _TEXT_FOLLOWS else 1
    return len(words)


def by_options(
    read: Callable[[str, Options, Family], Read | None],
) -> Callable[[str, list[str], Family], Read | None]:
    """A reader of words that cuts them into options; what cannot be cut is not modelled."""

    def read_words(name: str, words: list[str], family: Family) -> Read | None:
        options = pairs(words)
        return None if options is None else read(name, options, family)

    return read_words


def pairs(words: list[str]) -> Options | None:
    """`! --dport 80 --reap` as {"--dport": (True, "80"), "--reap": (False, None)}; None where an option takes more
    than one word, or stands twice, which no modelled extension does."""
    found: Options = {}
    position = 0
    while position < len(words):
        negate = words[position] == "!"
        position += negate
        if position == len(words) or not words[position].startswith("--") or words[position] in found:
            return None
        name = words[position]
        position += 1
        value = None
        text = name in _TEXT_FOLLOWS
        if position < len(words) and (text or (words[position] != "!" and not words[position].startswith("--"))):
            value = unquote(words[position])
            position += 1
        found[name] = (negate, value)
    return found
