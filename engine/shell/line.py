"""A command line as sh(1) reads it: commands, pipes, lists, redirections, loops, choices and groups. Data only; nothing is run
here.

What is in a word: engine.shell.tokens. `case` and functions are said to be missing.
Source: POSIX.1-2017, XCU 2.4 (reserved words), 2.7 (redirection), 2.9 (commands).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import TypeAlias

from engine.shell.tokens import Expansion, LineError, Token, Unfinished, tokens
from engine.values import dataclass

__all__ = ["LineError", "Unfinished", "read_line"]

# Characters and commands of one line, and compound commands one inside the other.
LONGEST = 100_000
MOST_COMMANDS = 200
_DEEPEST = 20
_ASSIGNMENT = re.compile(r"(?P<name>[A-Za-z_]\w*)=", re.ASCII)
_MISSING = frozenset({"case", "esac", "function", "select", "[["})
_CLOSING = frozenset({"do", "done", "then", "elif", "else", "fi", "}", "in"})
_LIST_ENDS = (";", "&&", "||", "&", "\n")


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


Compound: TypeAlias = ForLoop | WhileLoop | IfCommand | GroupCommand


def read_line(line: str) -> Lines:
    """The pipelines of `line`. Raises LineError; Unfinished where it is not at its end."""
    if len(line) > LONGEST:
        raise LineError(f"sh: line too long ({len(line)} characters, at most {LONGEST})")
    parser = _Parser(tokens(line))
    found = parser.lines(lambda token: False)
    if parser.count > MOST_COMMANDS:
        raise LineError(f"sh: too many commands in one line ({parser.count}, at most {MOST_COMMANDS})")
    return found


class _Parser:
    """Reads one token after the other; `count` are the commands so far."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._at = 0
        self._depth = 0
        self.count = 0

    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self) -> Token:
        token = self._peek()
        if token is None:
            raise Unfinished("sh: Syntax error: end of file unexpected")
        self._at += 1
        return token

    def _is(self, *texts: str, operator: bool = True) -> bool:
        token = self._peek()
        return token is not None and token.operator is operator and token.text in texts and not token.quoted

    def _unexpected(self) -> LineError:
        token = self._peek()
        if token is None:
            return Unfinished("sh: Syntax error: end of file unexpected")
        return LineError(f'sh: Syntax error: "{"newline" if token.text == chr(10) else token.text}" unexpected')

    def _blank(self) -> None:
        while self._is("\n"):
            self._at += 1

    def lines(self, ends: Callable[[Token], bool]) -> Lines:
        """Pipelines up to the end, or a token of which `ends` holds."""
        found: list[Pipeline] = []
        connector = ";"
        self._blank()
        while (token := self._peek()) is not None and not ends(token):
            if self._is(*_LIST_ENDS):
                # An empty line's end is no error, a connector without a command is.
                if self._is(";", "\n") and connector == ";" and self._follows_an_end():
                    self._at += 1
                    continue
                raise self._unexpected()
            pipeline = self._pipeline(connector)
            connector = ";"
            if self._is("&&", "||"):
                connector = self._next().text
                self._blank()
            elif self._is("&"):
                self._at += 1
                pipeline = dataclasses.replace(pipeline, background=True)
            elif self._is(";", "\n"):
                self._at += 1
                self._blank()
            elif (token := self._peek()) is not None and not ends(token):
                raise self._unexpected()
            found.append(pipeline)
        if connector != ";":
            raise Unfinished("sh: Syntax error: end of file unexpected")
        return tuple(found)

    def _follows_an_end(self) -> bool:
        before = self._tokens[self._at - 1].text if self._at else ";"
        return before in (";", "&", "\n")

    def _pipeline(self, connector: str) -> Pipeline:
        negated = self._is("!", operator=False)
        self._at += negated
        commands: list[Command | Compound] = [self._command()]
        while self._is("|", "|&"):
            if self._next().text == "|&":
                both = (*commands[-1].redirections, Redirection(2, duplicate=1))
                commands[-1] = dataclasses.replace(commands[-1], redirections=both)
            self._blank()
            if self._peek() is None:
                raise Unfinished("sh: Syntax error: end of file unexpected")
            commands.append(self._command())
        return Pipeline(tuple(commands), connector, negated=negated)

    def _command(self) -> Command | Compound:
        self.count += 1
        token = self._peek()
        if token is not None and not token.quoted and token.text in _COMPOUND and token.operator is (token.text == "("):
            self._depth += 1
            if self._depth > _DEEPEST:
                raise LineError(f"sh: more than {_DEEPEST} commands one inside the other")
            found = _COMPOUND[self._next().text](self)
            self._depth -= 1
            redirections: list[Redirection] = []
            while (one := self._redirection()) is not None:
                redirections += one
            return dataclasses.replace(found, redirections=tuple(redirections))
        return self._simple()

    def _simple(self) -> Command:
        words: list[Token] = []
        redirections: list[Redirection] = []
        assigned: list[tuple[str, Word]] = []
        while (token := self._peek()) is not None:
            one = self._redirection()
            if one is not None:
                redirections += one
                continue
            if token.operator:
                if token.text == "(" and len(words) == 1:
                    raise LineError("sh: functions are not available here")
                if token.text in ("(", ";;"):
                    raise self._unexpected()
                break
            name = _ASSIGNMENT.match(token.text) if not words else None
            if name is not None:
                assigned.append((name["name"], Word(token.text[name.end() :], token.expansions)))
            elif not words and not token.quoted and token.text in _CLOSING:
                raise self._unexpected()
            elif not words and not token.quoted and token.text in _MISSING:
                raise LineError(f'sh: "{token.text}" is not available here; there are for, while, until, if and groups')
            else:
                words.append(token)
            self._at += 1
        if not words and not assigned:
            raise LineError("sh: a redirection needs a command") if redirections else self._unexpected()
        expansions = tuple(one.expansions for one in words)
        return Command(
            tuple(one.text for one in words),
            tuple(redirections),
            tuple(assigned),
            expansions if any(expansions) else (),
        )

    def _redirection(self) -> list[Redirection] | None:
        """The redirection that comes next; None where none does."""
        token = self._peek()
        follows = self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else None
        number: int | None = None
        if token is not None and follows is not None and follows.operator and _is_descriptor(token):
            number, token = int(token.text), follows
            self._at += 1
        if token is None or not token.operator or token.text not in (">", ">>", "<", "&>", "<<", "<<<"):
            return None
        self._at += 1
        # `2>&1`: the `&` is a token of its own here.
        if self._is("&") and token.text == ">":
            self._at += 1
            target = self._peek()
            if target is None or target.operator or target.text not in ("1", "2"):
                raise LineError("sh: Syntax error: Bad fd number")
            self._at += 1
            return [Redirection(1 if number is None else number, duplicate=int(target.text))]
        to = self._peek()
        if to is None or to.operator:
            raise LineError("sh: Syntax error: newline unexpected")
        self._at += 1
        return _redirections(token, to, number)

    def word(self, *texts: str) -> None:
        """Take one of those words. Raises LineError where another comes."""
        if not self._is(*texts, operator=False):
            raise self._unexpected()
        self._at += 1

    def body(self, opens: str, *closes: str) -> Lines:
        """What stands between `opens` ("": already taken) and one of `closes`, which is not taken."""
        if opens:
            self.word(opens)
        found = self.lines(lambda token: not token.operator and not token.quoted and token.text in closes)
        if not found:
            raise self._unexpected()
        return found

    def for_loop(self) -> ForLoop:
        name = self._next()
        if name.operator or not re.fullmatch(r"[A-Za-z_]\w*", name.text):
            raise LineError("sh: Syntax error: Bad for loop variable")
        values: list[Word] = []
        self._blank()
        if self._is("in", operator=False):
            self._at += 1
            while (token := self._peek()) is not None and not token.operator:
                values.append(Word(token.text, token.expansions))
                self._at += 1
        if self._is(";", "\n"):
            self._at += 1
            self._blank()
        body = self.body("do", "done")
        self.word("done")
        return ForLoop(name.text, tuple(values), body)

    def while_loop(self, until: bool) -> WhileLoop:
        condition = self.body("", "do")
        body = self.body("do", "done")
        self.word("done")
        return WhileLoop(condition, body, until)

    def choice(self) -> IfCommand:
        branches = [(self.body("", "then"), self.body("then", "elif", "else", "fi"))]
        while self._is("elif", operator=False):
            self._at += 1
            branches.append((self.body("", "then"), self.body("then", "elif", "else", "fi")))
        otherwise: Lines = self.body("else", "fi") if self._is("else", operator=False) else ()
        self.word("fi")
        return IfCommand(tuple(branches), otherwise)

    def group(self) -> GroupCommand:
        body = self.body("", "}")
        self.word("}")
        return GroupCommand(body)

    def subshell(self) -> GroupCommand:
        body = self.lines(lambda token: token.operator and token.text == ")")
        if not body or not self._is(")"):
            raise self._unexpected()
        self._at += 1
        return GroupCommand(body, apart=True)


def _is_descriptor(token: Token) -> bool:
    """Whether it is the number before a redirection."""
    return token.joined and not token.operator and not token.quoted and token.text in ("0", "1", "2")


def _redirections(operator: Token, to: Token, number: int | None) -> list[Redirection]:
    out = 1 if number is None else number
    if operator.text == "&>":
        return [Redirection(1, to.text, expansions=to.expansions), Redirection(2, duplicate=1)]
    if operator.text == "<":
        return [Redirection(0, to.text, expansions=to.expansions)]
    if operator.text == "<<<":
        return [Redirection(0, to.text, expansions=to.expansions, given="\n")]
    if operator.text == "<<":
        return [Redirection(0, operator.lines or "", expansions=operator.expansions, given="")]
    return [Redirection(out, to.text, append=operator.text == ">>", expansions=to.expansions)]


_COMPOUND: dict[str, Callable[[_Parser], Compound]] = {
    "for": _Parser.for_loop,
    "while": lambda parser: parser.while_loop(False),
    "until": lambda parser: parser.while_loop(True),
    "if": _Parser.choice,
    "{": _Parser.group,
    "(": _Parser.subshell,
}
