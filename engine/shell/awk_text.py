"""The tokens of an awk program. Source: POSIX.1-2017, awk, Lexical Conventions."""

from __future__ import annotations

import re

from engine.shell.escapes import escaped
from engine.values import dataclass

_TOKEN = re.compile(
    r"(?P<blank>[ \t]+|\\\n|#[^\n]*)|(?P<end>[\n;])|(?P<number>\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+)|(?P<name>[A-Za-z_]\w*)"
    r'|"(?P<text>(?:[^"\\\n]|\\.)*)"|(?P<sign>\+\+|--|[-+*/%^]=|==|!=|<=|>=|&&|\|\||!~|[-+*/%^<>=!~?:,(){}\[\]$])',
    re.ASCII,
)
_EXPRESSION = re.compile(r"/((?:[^/\\\n]|\\.)+)/")
# Behind these a slash divides.
_VALUES = ("number", "name", "text", "regex")
_LONGEST = 5000

# Words of the language, and those of it that are not simulated.
NOT_HERE = frozenset(
    {"getline", "function", "func", "delete", "do", "return", "close", "system", "srand", "rand", "nextfile", "fflush"}
)
KEYWORDS = frozenset(
    {"print", "printf", "if", "else", "while", "for", "next", "exit", "in", "BEGIN", "END", "break", "continue"}
)


class BadAwk(Exception):
    """What awk says of a program that it cannot read, or that asks for more than is here."""


@dataclass(frozen=True, slots=True)
class AwkToken:
    """`kind` is number, name, text, regex, sign or end."""

    kind: str
    text: str


def awk_tokens(program: str) -> list[AwkToken]:
    """Raises BadAwk."""
    if len(program) > _LONGEST:
        raise BadAwk("program too long")
    found: list[AwkToken] = []
    at = 0
    while at < len(program):
        last = found[-1] if found else None
        divides = last is not None and (last.kind in _VALUES or last.text in (")", "]", "$"))
        expression = None if divides else _EXPRESSION.match(program, at)
        if expression is not None:
            found.append(AwkToken("regex", expression[1].replace("\\/", "/")))
            at = expression.end()
            continue
        token = _TOKEN.match(program, at)
        if token is None:
            raise BadAwk(f"line 1: syntax error at or near {program[at : at + 1]}")
        at = token.end()
        kind = str(token.lastgroup)
        if kind == "text":
            found.append(AwkToken("text", escaped(token["text"])))
        elif kind != "blank":
            found.append(AwkToken(kind, token[0]))
    return found
