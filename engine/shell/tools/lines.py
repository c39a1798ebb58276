"""What the tools that read lines share: their input, a pattern that cannot run away.

No TOOL stands here. Source: POSIX.1-2017, XCU 12.2 (options), XBD 9 (regular expressions).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.shell.files import FileRefused, read_file
from engine.shell.interface import Call

_LONGEST_PATTERN = 500
# A repetition of what repeats itself, or of alternatives, may take exponential time in a backtracking matcher.
_RUNS_AWAY = re.compile(r"\([^()]*[*+}|][^()]*\)\s*(?:[*+]|\{[0-9]*,)")
_ESCAPED = re.compile(r"\\([?+|(){}])|([?+|(){}])")


class Unusable(Exception):
    """What a tool says of its words, without its name."""


def text_of(call: Call, files: Sequence[str]) -> tuple[str, str]:
    """(the files one after the other, or what the pipe gives; what is said of those that cannot be read)."""
    out, err = "", ""
    for file in files or ("-",):
        try:
            out += (call.stdin or "") if file == "-" else read_file(call.live, call.host, file)
        except FileRefused as error:
            err += f"{call.argv[0]}: {error}\n"
    return out, err


def split_options(words: Sequence[str], with_value: str = "", repeated: str = "") -> tuple[dict[str, str], list[str]]:
    """Short options, alone or together (`-ni`), those in `with_value` with a value; and the other words. Of an option that
    stands there twice the last value counts, of those in `repeated` each, a line each."""
    found: dict[str, str] = {}
    rest: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word == "--":
            rest += words[at:]
            break
        if not word.startswith("-") or word == "-":
            rest.append(word)
            continue
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter not in with_value:
                found[letter] = ""
                continue
            if not letters:
                if at == len(words):
                    raise Unusable(f"option requires an argument -- '{letter}'")
                letters, at = words[at], at + 1
            found[letter] = f"{found[letter]}\n{letters}" if letter in repeated and letter in found else letters
            letters = ""
    return found, rest


def pattern(text: str, *, extended: bool = False, fixed: bool = False, ignore_case: bool = False) -> re.Pattern[str]:
    """A regular expression as grep has it: basic unless `extended`. Raises Unusable."""
    if len(text) > _LONGEST_PATTERN:
        raise Unusable("pattern too long")
    if fixed:
        text = re.escape(text)
    elif not extended:
        # In a basic expression these are plain unless escaped: the other way round than in an extended one.
        text = _ESCAPED.sub(lambda found: found[1] or "\\" + found[2], text)
    for name, members in (("space", r"\s"), ("digit", "0-9"), ("alnum", "A-Za-z0-9"), ("alpha", "A-Za-z")):
        text = text.replace(f"[:{name}:]", members)
    if _RUNS_AWAY.search(text):
        raise Unusable("a repetition inside a repetition is not available here")
    try:
        return re.compile(text, re.IGNORECASE if ignore_case else 0)
    except (re.error, OverflowError, RecursionError):
        raise Unusable("Invalid regular expression") from None
