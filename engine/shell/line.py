"""A command line as sh(1) reads it: words, quotes, pipes, lists, redirections. Data only; nothing is run here.

What is read: quotes and backslashes, `|`, `&&`, `||`, `;`, `&`, `>`, `>>`, `<`, `2>`, `2>&1`, `&>`, comments, `$?`. What a
shell has beyond that (loops, functions, here-documents, command substitution) is said to be missing.
Source: POSIX.1-2017, XCU 2.2 and 2.3 (quoting, token recognition), 2.9.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from engine.values import dataclass

# Characters and commands of one line.
LONGEST = 100_000
MOST_COMMANDS = 200
# `$?` in a word: known only when the command is run. No line holds a NUL.
STATUS = "\0"
_OPERATORS = ("&&", "||", "|&", "&>", ">>", "<<", "|", ";", "&", ">", "<", "(", ")")
_KEYWORDS = frozenset(
    [
        "if",
        "then",
        "else",
        "elif",
        "fi",
        "for",
        "while",
        "until",
        "do",
        "done",
        "case",
        "esac",
        "function",
        "{",
        "}",
        "[[",
        "select",
    ]
)


class LineError(Exception):
    """A line that no shell would run, or that asks for more of a shell than there is here; the text is what it says."""


@dataclass(frozen=True, slots=True)
class Redirection:
    """`number` 0, 1 or 2; to or from `path`, or for 2>&1 to what `duplicate` is."""

    number: int
    path: str = ""
    append: bool = False
    duplicate: int | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """The words of one command, with its redirections in their order. STATUS in a word stands for `$?`."""

    words: tuple[str, ...]
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands joined by pipes. `connector` says when it runs after the one before it: "&&", "||" or ";"; `background`
    stands for a `&` behind it."""

    commands: tuple[Command, ...]
    connector: str = ";"
    background: bool = False


@dataclasses.dataclass(slots=True)
class _Token:
    text: str
    operator: bool = False
    quoted: bool = False
    joined: bool = False  # to what follows, without a blank: `2>` is a number, `2 >` a word


def read_line(line: str) -> tuple[Pipeline, ...]:
    """The pipelines of `line`. Raises LineError."""
    if len(line) > LONGEST:
        raise LineError(f"sh: line too long ({len(line)} characters, at most {LONGEST})")
    found = tuple(_pipelines(list(_tokens(line.replace(STATUS, "")))))
    count = sum(len(one.commands) for one in found)
    if count > MOST_COMMANDS:
        raise LineError(f"sh: too many commands in one line ({count}, at most {MOST_COMMANDS})")
    return found


def _tokens(line: str) -> Iterator[_Token]:
    at, size = 0, len(line)
    while at < size:
        char = line[at]
        if char in " \t\n":
            if char == "\n":
                yield _Token(";", operator=True)
            at += 1
        elif char == "#":
            at = line.find("\n", at)
            if at < 0:
                return
        else:
            operator = next((one for one in _OPERATORS if line.startswith(one, at)), None)
            if operator is not None:
                yield _Token(operator, operator=True)
                at += len(operator)
            else:
                token, at = _word(line, at)
                token.joined = at < size and line[at] in "<>"
                yield token


def _word(line: str, at: int) -> tuple[_Token, int]:
    found: list[str] = []
    quoted = False
    while at < len(line):
        char = line[at]
        if char == "'":
            end = line.find("'", at + 1)
            if end < 0:
                raise LineError("sh: Syntax error: Unterminated quoted string")
            found.append(line[at + 1 : end])
            quoted, at = True, end + 1
        elif char == '"':
            text, at = _double_quoted(line, at + 1)
            found.append(text)
            quoted = True
        elif char == "\\":
            found.append(line[at + 1 : at + 2])
            quoted, at = True, at + 2
        elif char in " \t\n" or char in "|&;<>()":
            break
        elif char in "`$":
            text, at = _dollar(line, at)
            found.append(text)
        else:
            found.append(char)
            at += 1
    return _Token("".join(found), quoted=quoted), at


def _double_quoted(line: str, at: int) -> tuple[str, int]:
    found: list[str] = []
    while at < len(line):
        char = line[at]
        if char == '"':
            return "".join(found), at + 1
        if char == "\\" and line[at + 1 : at + 2] in ('"', "\\", "$", "`"):
            found.append(line[at + 1])
            at += 2
        elif char in "`$":
            text, at = _dollar(line, at)
            found.append(text)
        else:
            found.append(char)
            at += 1
    raise LineError("sh: Syntax error: Unterminated quoted string")


def _dollar(line: str, at: int) -> tuple[str, int]:
    if line.startswith("$?", at):
        return STATUS, at + 2
    following = line[at + 1 : at + 2]
    if line[at] == "`" or following == "(":
        raise LineError("sh: command substitution is not available here; run the commands one after the other")
    if following.isalpha() or following in ("_", "{"):
        raise LineError("sh: there are no variables here but $?; write the value itself")
    return "$", at + 1


def _pipelines(tokens: list[_Token]) -> Iterator[Pipeline]:
    connector = ";"
    commands: list[Command] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.operator and token.text in (";", "&&", "||", "&"):
            if not commands:
                # An empty line's end is no error, a connector without a command is.
                if token.text == ";" and (at == 0 or tokens[at - 1].text in (";", "&")):
                    at += 1
                    continue
                raise LineError(f'sh: Syntax error: "{token.text}" unexpected')
            yield Pipeline(tuple(commands), connector, token.text == "&")
            commands, connector = [], token.text if token.text in ("&&", "||") else ";"
            at += 1
            continue
        if token.operator and token.text in ("|", "|&"):
            raise LineError(f'sh: Syntax error: "{token.text}" unexpected')
        command, at = _command(tokens, at)
        commands.append(command)
        if at < len(tokens) and tokens[at].operator and tokens[at].text in ("|", "|&"):
            if tokens[at].text == "|&":
                both = Redirection(2, duplicate=1)
                commands[-1] = Command(command.words, (*command.redirections, both))
            at += 1
            if at == len(tokens):
                raise LineError("sh: Syntax error: end of file unexpected")
    if commands:
        yield Pipeline(tuple(commands), connector)
    elif connector != ";":
        raise LineError("sh: Syntax error: end of file unexpected")


def _command(tokens: list[_Token], at: int) -> tuple[Command, int]:
    words: list[str] = []
    redirections: list[Redirection] = []
    while at < len(tokens):
        token = tokens[at]
        if not token.operator:
            follows = tokens[at + 1] if at + 1 < len(tokens) else None
            if follows is not None and token.joined and token.text in ("0", "1", "2") and not token.quoted:
                found, at = _redirection(tokens, at + 1, int(token.text))
                redirections += found
                continue
            if not words and not token.quoted and token.text in _KEYWORDS:
                raise LineError(f'sh: "{token.text}" is not available here; there are commands, pipes and lists')
            words.append(token.text)
            at += 1
        elif token.text in (">", ">>", "<", "&>"):
            found, at = _redirection(tokens, at, None)
            redirections += found
        elif token.text == "<<":
            raise LineError("sh: here-documents are not available here")
        elif token.text in ("(", ")"):
            raise LineError(f'sh: Syntax error: "{token.text}" unexpected')
        else:
            break
    if not words:
        raise LineError(
            "sh: Syntax error: newline unexpected" if not redirections else "sh: a redirection needs a command"
        )
    return Command(tuple(words), tuple(redirections)), at


def _redirection(tokens: list[_Token], at: int, number: int | None) -> tuple[list[Redirection], int]:
    operator = tokens[at].text
    at += 1
    # `2>&1`: the `&` is a token of its own here.
    if at < len(tokens) and tokens[at].operator and tokens[at].text == "&" and operator == ">":
        target = tokens[at + 1].text if at + 1 < len(tokens) else ""
        if target not in ("1", "2"):
            raise LineError("sh: Syntax error: Bad fd number")
        return [Redirection(1 if number is None else number, duplicate=int(target))], at + 2
    if at >= len(tokens) or tokens[at].operator:
        raise LineError("sh: Syntax error: newline unexpected")
    path = tokens[at].text
    if operator == "&>":
        return [Redirection(1, path), Redirection(2, duplicate=1)], at + 1
    if operator == "<":
        return [Redirection(0, path)], at + 1
    return [Redirection(1 if number is None else number, path, append=operator == ">>")], at + 1
