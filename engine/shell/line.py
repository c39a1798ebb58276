"""A command line as sh(1) reads it: commands, pipes, lists, redirections, loops, choices and groups. Data only; nothing is run
here.

What is in a word: engine.shell.tokens. What it is read into: engine.shell.syntax.
Source: POSIX.1-2017, XCU 2.4 (reserved words), 2.7 (redirection), 2.9 (commands).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping

from engine.shell.syntax import (
    ArithmeticLoop,
    CaseCommand,
    Command,
    Compound,
    ForLoop,
    FunctionDefinition,
    GroupCommand,
    IfCommand,
    Lines,
    Pipeline,
    Redirection,
    WhileLoop,
    Word,
)
from engine.shell.token_reader import TokenReader
from engine.shell.tokens import MARK, Expansion, ExpansionKind, LineError, Token, Unfinished, tokens

__all__ = ["LineError", "Unfinished", "read_line"]

# Characters and commands of one line, and compound commands one inside the other.
LONGEST = 100_000
MOST_COMMANDS = 200
_DEEPEST = 20
_ASSIGNMENT = re.compile(r"(?P<name>[A-Za-z_]\w*)=", re.ASCII)
_MISSING = frozenset({"select", "coproc"})
_CLOSING = frozenset({"do", "done", "then", "elif", "else", "fi", "}", "in", "esac"})
_NO_ALIASES: Mapping[str, str] = {}
_LIST_ENDS = (";", "&&", "||", "&", "\n")


def read_line(line: str, aliases: Mapping[str, str] = _NO_ALIASES) -> Lines:
    """The pipelines of `line`, in which a command's first word may be one of `aliases`. Raises LineError; Unfinished where it is
    not at its end."""
    if len(line) > LONGEST:
        raise LineError(f"sh: line too long ({len(line)} characters, at most {LONGEST})")
    parser = _Parser(tokens(line), aliases)
    found = parser.lines(lambda token: False)
    if parser.count > MOST_COMMANDS:
        raise LineError(f"sh: too many commands in one line ({parser.count}, at most {MOST_COMMANDS})")
    return found


class _Parser(TokenReader):
    """Reads commands; `count` are those so far."""

    def __init__(self, found: list[Token], aliases: Mapping[str, str]) -> None:
        super().__init__(found)
        self._aliases = aliases
        self._depth = 0
        self.count = 0

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
        self._expand_alias()
        found: Command | Compound
        if self._opens_compound():
            found = self._compound()
        elif self._is("(("):
            self._at += 1
            expression = self._next()
            found = Command(("let", expression.text), expansions=((), expression.expansions))
        elif self._names_function():
            return self._function(self._next().text)
        else:
            return self._simple()
        return dataclasses.replace(found, redirections=self._redirections())

    def _expand_alias(self) -> None:
        """An alias in the place of a command's first word (XCU 2.3.1); one in an alias is none."""
        token = self._peek()
        if token is None or token.operator or token.quoted or token.aliased or token.text not in self._aliases:
            return
        found = tokens(self._aliases[token.text])
        for one in found:
            one.aliased = True
        self._tokens[self._at : self._at + 1] = found

    def _opens_compound(self) -> bool:
        token = self._peek()
        return (
            token is not None and not token.quoted and token.text in _COMPOUND and token.operator is (token.text == "(")
        )

    def _compound(self) -> Compound:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise LineError(f"sh: more than {_DEEPEST} commands one inside the other")
        found = _COMPOUND[self._next().text](self)
        self._depth -= 1
        return found

    def _names_function(self) -> bool:
        """Whether `NAME()` comes next."""
        signs = [(one.text, one.operator) for one in self._tokens[self._at + 1 : self._at + 3]]
        token = self._peek()
        return token is not None and not token.operator and not token.expansions and signs == [("(", True), (")", True)]

    def _function(self, name: str) -> FunctionDefinition:
        """What follows a function's name."""
        if self._is("("):
            self._at += 1
            if not self._is(")"):
                raise self._unexpected()
            self._at += 1
        self._blank()
        if not self._opens_compound():
            raise self._unexpected()
        body = dataclasses.replace(self._compound(), redirections=self._redirections())
        return FunctionDefinition(name, body)

    def function(self) -> FunctionDefinition:
        """`function NAME { ... }`."""
        name = self._next()
        if name.operator or name.expansions or not name.text:
            raise self._unexpected()
        return self._function(name.text)

    def _simple(self) -> Command:
        words: list[Token] = []
        redirections: list[Redirection] = []
        assigned: list[tuple[str, Word]] = []
        while (token := self._peek()) is not None:
            one = self._redirection()
            if one is not None:
                redirections += one
                continue
            if words and words[0].text == "[[" and self._is("&&", "||"):
                # `[[ A && B ]]` is `[[ A ]] && [[ B ]]`.
                self._tokens[self._at : self._at + 1] = [Token("]]"), dataclasses.replace(token), Token("[[")]
                continue
            if token.operator:
                if token.text in ("(", "(("):
                    raise self._parenthesis(words, bool(assigned))
                break
            name = _ASSIGNMENT.match(token.text) if not words else None
            if name is not None:
                assigned.append((name["name"], Word(token.text[name.end() :], token.expansions)))
            elif not words and not token.quoted and token.text in _CLOSING:
                raise self._unexpected()
            elif not words and not token.quoted and token.text in _MISSING:
                raise LineError(
                    f'sh: "{token.text}" is not simulated here; there are for, while, until, if, case, functions and groups'
                )
            else:
                words.append(token)
                if token.text == "]]" and words[0].text == "[[":
                    self._at += 1
                    break
            self._at += 1
        if not words and not assigned and not redirections:
            raise self._unexpected()
        expansions = tuple(one.expansions for one in words)
        return Command(
            tuple(one.text for one in words),
            tuple(redirections),
            tuple(assigned),
            expansions if any(expansions) else (),
        )

    def _parenthesis(self, words: list[Token], assigned: bool) -> LineError:
        """What is said of one inside a command."""
        if words and words[0].text == "[[":
            return LineError("sh: parentheses in [[ ]] are not simulated here; grep -E is")
        if assigned and not words:
            return LineError("sh: arrays are not simulated here; a list in quotes and for will do")
        return self._unexpected()

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

    def for_loop(self) -> ForLoop | ArithmeticLoop:
        if self._is("(("):
            return self._arithmetic_loop()
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
        else:
            # Without a list it goes over what the function was called with.
            values.append(Word(f"{MARK}0{MARK}", (Expansion(ExpansionKind.VARIABLE, "@", quoted=True),)))
        return ForLoop(name.text, tuple(values), self._loop_body())

    def _loop_body(self) -> Lines:
        if self._is(";", "\n"):
            self._at += 1
            self._blank()
        body = self.body("do", "done")
        self.word("done")
        return body

    def _arithmetic_loop(self) -> ArithmeticLoop:
        self._at += 1
        expression = self._next()
        parts = expression.text.split(";")
        if len(parts) != 3:
            raise LineError("sh: Syntax error: Bad for loop variable")
        first, condition, step = (Word(part, expression.expansions) for part in parts)
        return ArithmeticLoop(first, condition, step, self._loop_body())

    def case(self) -> CaseCommand:
        subject = self._next()
        if subject.operator:
            raise self._unexpected()
        self._blank()
        self.word("in")
        self._blank()
        branches: list[tuple[tuple[Word, ...], Lines]] = []
        while not self._is("esac", operator=False):
            patterns = self._patterns()
            body = self.lines(lambda token: token.text == (";;" if token.operator else "esac") and not token.quoted)
            branches.append((patterns, body))
            if self._is(";;"):
                self._at += 1
                self._blank()
            elif not self._is("esac", operator=False):
                raise self._unexpected()
        self.word("esac")
        return CaseCommand(Word(subject.text, subject.expansions), tuple(branches))

    def _patterns(self) -> tuple[Word, ...]:
        """`(PATTERN|PATTERN)` with or without the first parenthesis."""
        self._at += self._is("(")
        found: list[Word] = []
        while True:
            token = self._next()
            if token.operator:
                self._at -= 1
                raise self._unexpected()
            found.append(Word(token.text, token.expansions))
            if self._is(")"):
                self._at += 1
                return tuple(found)
            if not self._is("|"):
                raise self._unexpected()
            self._at += 1

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


_COMPOUND: dict[str, Callable[[_Parser], Compound]] = {
    "for": _Parser.for_loop,
    "while": lambda parser: parser.while_loop(False),
    "until": lambda parser: parser.while_loop(True),
    "if": _Parser.choice,
    "case": _Parser.case,
    "function": _Parser.function,
    "{": _Parser.group,
    "(": _Parser.subshell,
}
