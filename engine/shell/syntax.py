"""What a command line consists of, once it is read: words, redirections, commands, pipes, lists, compound commands. Data only.

Source: POSIX.1-2017, XCU 2.7 (redirection), 2.9 (commands).
"""

from __future__ import annotations

from typing import TypeAlias

from engine.shell.tokens import Expansion
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """Text with MARKs (engine.shell.tokens) where `expansions` stand."""

    text: str
    expansions: tuple[Expansion, ...] = ()


@dataclass(frozen=True, slots=True)
class Redirection:
    """`number` 0, 1 or 2; to or from `path`, or for 2>&1 to what `duplicate` is; `given`: `path` is
    a here-document or -string, and this stands behind it."""

    number: int
    path: str = ""
    append: bool = False
    duplicate: int | None = None
    expansions: tuple[Expansion, ...] = ()
    given: str | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """The words of one command, with its redirections in their order and what it assigns to variables before it runs.
    `expansions` by the number of the word."""

    words: tuple[str, ...]
    redirections: tuple[Redirection, ...] = ()
    assigned: tuple[tuple[str, Word], ...] = ()
    expansions: tuple[tuple[Expansion, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands joined by pipes. `connector` says when it runs after the one before it: "&&", "||" or ";"; `background`
    stands for a `&` behind it, `negated` for a `!` before it."""

    commands: tuple[Command | Compound, ...]
    connector: str = ";"
    background: bool = False
    negated: bool = False


Lines: TypeAlias = tuple[Pipeline, ...]


@dataclass(frozen=True, slots=True)
class ForLoop:
    """`for NAME in WORDS; do BODY; done`."""

    name: str
    values: tuple[Word, ...]
    body: Lines
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True, slots=True)
class WhileLoop:
    """`while CONDITION; do BODY; done`, or `until`."""

    condition: Lines
    body: Lines
    until: bool = False
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True, slots=True)
class IfCommand:
    """`if CONDITION; then BODY; elif ...; else OTHERWISE; fi`."""

    branches: tuple[tuple[Lines, Lines], ...]
    otherwise: Lines = ()
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupCommand:
    """`{ BODY; }`, or `(BODY)` where it is `apart`: what it assigns is gone after it."""

    body: Lines
    apart: bool = False
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True, slots=True)
class ArithmeticLoop:
    """`for ((FIRST; CONDITION; STEP)); do BODY; done`: each an expression, "" for none."""

    first: Word
    condition: Word
    step: Word
    body: Lines
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseCommand:
    """`case SUBJECT in PATTERN|PATTERN) BODY;; esac`."""

    subject: Word
    branches: tuple[tuple[tuple[Word, ...], Lines], ...]
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True, slots=True)
class FunctionDefinition:
    """`NAME() BODY`."""

    name: str
    body: Compound
    redirections: tuple[Redirection, ...] = ()


Compound: TypeAlias = (
    "ForLoop | WhileLoop | ArithmeticLoop | IfCommand | CaseCommand | GroupCommand | FunctionDefinition"
)
