"""What the words of a command become before it runs: variables, the output of other lines, file names that match.

Source: POSIX.1-2017, XCU 2.6 (parameter expansion, command substitution, arithmetic expansion, field splitting, pathname expansion).
"""

from __future__ import annotations

import dataclasses
import fnmatch
import itertools
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping

from engine.network.host import HostKind
from engine.shell.arithmetic import evaluate
from engine.shell.files import paths
from engine.shell.live import ADMINISTRATOR, LiveCluster
from engine.shell.parameters import UnsetParameter, part_of, stands_in
from engine.shell.tokens import MARK, Expansion, ExpansionKind, quoted_text

HOME = "/root"
_PLACE = re.compile(f"{MARK}([0-9]+){MARK}")
# Words that one word may become, and characters of one.
_MOST_WORDS, _LONGEST = 2000, 100_000
# A character of a pattern that was not quoted; the same one quoted stands for itself. No word holds either before.
_OPEN = {"*": "\ue000", "?": "\ue001", "[": "\ue002"}
_SHUT = {mark: char for char, mark in _OPEN.items()}
_QUOTED_BLANK = {" ": "\ue003", "\t": "\ue004", "\n": "\ue005"}
_BLANK = {mark: char for char, mark in _QUOTED_BLANK.items()}
# Parts the words of "$@".
_NEXT = "\ue006"


@dataclasses.dataclass(frozen=True, slots=True)
class Meaning:
    """What a word's expansions mean on a host: its shell's variables (`$?` among them), how one is assigned, the words that a
    function was called with, and what a line prints there."""

    live: LiveCluster
    host: str
    variables: Mapping[str, str]
    assign: Callable[[str, str], None]
    output: Callable[[str], str]
    given: tuple[str, ...] = ()


def environment(live: LiveCluster, host: str) -> dict[str, str]:
    """The variables that a login shell on the host starts with."""
    name = "admin" if host == ADMINISTRATOR else live.fabric.host(host).name.rpartition("/")[2]
    found = {"HOME": HOME, "HOSTNAME": name, "LANG": "C.UTF-8", "LOGNAME": "root", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
             "PWD": HOME, "SHELL": "/bin/bash", "TERM": "xterm-256color", "USER": "root"}  # fmt: skip
    if host != ADMINISTRATOR and live.has(host, frozenset({HostKind.POD})):
        found.pop("LANG")
    return found


def words_of(
    words: tuple[str, ...], expansions: tuple[tuple[Expansion, ...], ...], meaning: Meaning
) -> tuple[str, ...]:
    """The words of a command after expansion; `expansions` by the number of the word."""
    if not expansions:
        return words
    found: list[str] = []
    for word, parts in zip(words, expansions, strict=True):
        found += fields(word, parts, meaning)
    return tuple(found[:_MOST_WORDS])


def fields(word: str, parts: tuple[Expansion, ...], meaning: Meaning) -> list[str]:
    """The words that one becomes: none where it is an empty variable alone, many where it is split or matches files."""
    if not parts:
        return [word]
    found: list[str] = []
    for alternative in itertools.islice(_alternatives(word, parts), _MOST_WORDS):
        text, kept = _filled(alternative, parts, meaning)
        for piece in text.split(_NEXT):
            split = [piece] if not any(blank in piece for blank in _QUOTED_BLANK) else piece.split()
            for one in split:
                if one or kept:
                    found += _matched(one, meaning)
    return found


def glob_of(word: str, parts: tuple[Expansion, ...], meaning: Meaning) -> str:
    """The pattern that a word is (`case`), what was quoted standing for itself."""
    return _glob(_filled(word, _unsplit(parts), meaning)[0])


def text_of(word: str, parts: tuple[Expansion, ...], meaning: Meaning) -> str:
    """A word that stays one word whatever it becomes: what is assigned, a file's name."""
    if not parts:
        return word
    return _plain(_filled(word, _unsplit(parts), meaning)[0])


def expression_of(text: str, meaning: Meaning) -> int:
    """The value of an arithmetic expression in which no dollar stands any more. Raises BadArithmetic."""
    before = dict(meaning.variables)
    variables = dict(before)
    value = evaluate(text, variables)
    for name, now in variables.items():
        if before.get(name) != now:
            meaning.assign(name, now)
    return value


def _unsplit(parts: tuple[Expansion, ...]) -> tuple[Expansion, ...]:
    return tuple(dataclasses.replace(one, quoted=True) for one in parts)


def _alternatives(word: str, parts: tuple[Expansion, ...]) -> Iterator[str]:
    """The word with each of the alternatives in place of its first braces, and so on."""
    for number, part in enumerate(parts):
        mark = f"{MARK}{number}{MARK}"
        if part.kind is ExpansionKind.BRACES and mark in word:
            for one in part.words:
                yield from _alternatives(word.replace(mark, one, 1), parts)
            return
    yield word


def _filled(word: str, parts: tuple[Expansion, ...], meaning: Meaning) -> tuple[str, bool]:
    """The text, with what is quoted guarded against splitting; whether it is a word though it were empty."""
    kept = word == "" or bool(_PLACE.sub("", word))

    def fill(found: re.Match[str]) -> str:
        nonlocal kept
        part = parts[int(found[1])]
        several = part.text == "@" and part.quoted and part.kind is ExpansionKind.VARIABLE
        kept = kept or (part.quoted and not (several and not meaning.given))
        if part.kind is ExpansionKind.PATTERN:
            return _OPEN[part.text]
        value = _value(part, meaning)[:_LONGEST]
        return _guarded(value) if part.quoted else _separated(value, meaning.variables.get("IFS"))

    # A literal blank comes from quotes.
    pieces = [_guarded(piece) if at % 2 == 0 else piece for at, piece in enumerate(_PLACE.split(word))]
    whole = "".join(piece if at % 2 == 0 else f"{MARK}{piece}{MARK}" for at, piece in enumerate(pieces))
    return _PLACE.sub(fill, whole), kept


def _value(part: Expansion, meaning: Meaning) -> str:
    """What stands for the part. Raises UnsetParameter, BadArithmetic."""
    if part.kind is ExpansionKind.HOME:
        return meaning.variables.get("HOME", HOME)
    if part.kind is ExpansionKind.BRACES:
        # What is assigned, or a file's name, has no alternatives.
        return part.text
    if part.kind is ExpansionKind.LINE:
        return meaning.output(part.text).rstrip("\n")
    if part.kind is ExpansionKind.NUMBER:
        return str(expression_of(_inner(part.text, meaning), meaning))
    value = meaning.variables.get(part.text)
    if not part.words:
        return _NEXT.join(meaning.given) if part.text == "@" and part.quoted else value or ""
    operator, word = part.words
    if operator[-1] not in "-+=?":
        return part_of(operator, value or "", _inner(word, meaning))
    if not stands_in(operator, value):
        return "" if operator[-1] == "+" else value or ""
    text = _inner(word, meaning)
    if operator[-1] == "?":
        raise UnsetParameter(f"{part.text}: {text or 'parameter null or not set'}")
    if operator[-1] == "=":
        meaning.assign(part.text, text)
    return text


def _inner(text: str, meaning: Meaning) -> str:
    """What stands inside of an expansion, expanded itself; quotes around it are no part of it."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
    word, parts = quoted_text(text)
    return text_of(word, parts, meaning)


def _separated(value: str, ifs: str | None) -> str:
    """With the places where IFS splits it: at blanks where nobody set it, else at its characters."""
    if ifs is None:
        return value
    kept = "".join(_QUOTED_BLANK.get(char, char) if char not in ifs else char for char in value)
    return "".join(_NEXT if char in ifs and char not in _QUOTED_BLANK else char for char in kept)


def _guarded(text: str) -> str:
    for blank, mark in _QUOTED_BLANK.items():
        text = text.replace(blank, mark)
    return text


def _plain(text: str) -> str:
    for mark, char in (*_SHUT.items(), *_BLANK.items(), (_NEXT, " ")):
        text = text.replace(mark, char)
    return text


def _matched(text: str, meaning: Meaning) -> list[str]:
    """The files that match the word, or the word where none does or it is no pattern."""
    if not any(mark in text for mark in _SHUT):
        return [_plain(text)]
    pattern = _glob(text)
    # The rest of a [set], which was taken for literal, is the pattern's.
    wanted = posixpath.join(meaning.variables.get("PWD", HOME), pattern)
    relative = not pattern.startswith("/")
    depth = wanted.count("/")
    entries = {"/".join(path.split("/")[: depth + 1]) for path in paths(meaning.live, meaning.host)}
    levels = wanted.split("/")
    found = sorted(one for one in entries if one.count("/") == depth and _fits(one.split("/"), levels))
    if not found:
        return [_plain(text)]
    base = meaning.variables.get("PWD", HOME).rstrip("/") + "/"
    return [one.removeprefix(base) if relative else one for one in found]


def _fits(names: list[str], levels: list[str]) -> bool:
    return all(fnmatch.fnmatchcase(name, level) and (not name.startswith(".") or level.startswith(".")) for name, level in zip(names, levels, strict=True))  # fmt: skip


def _glob(text: str) -> str:
    return "".join(_SHUT.get(char, _escaped(_BLANK.get(char, char))) for char in text)


def _escaped(char: str) -> str:
    return f"[{char}]" if char in "*?[" else char
