"""Arithmetic as a shell has it: `$((...))`, `((...))`, let. 64-bit integers that wrap, C's operators.

Source: POSIX.1-2017, XCU 2.6.4 (arithmetic expansion); bash(1), Arithmetic Evaluation, for `**`, `++` and BASE#N.
"""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d[\w#@]*)|(?P<name>[A-Za-z_]\w*)|(?P<sign><<=|>>=|\*\*|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&^|]=|[-+*/%<>=!~&^|?:(),]))",
    re.ASCII,
)
_LONGEST, _DEEPEST = 2000, 30
_ASSIGNS = frozenset({"=", "+=", "-=", "*=", "/=", "%=", "&=", "^=", "|=", "<<=", ">>="})
# Binary operators from the loosest to the tightest; `**` binds tighter still, and to the right.
_LEVELS = (
    ("||",),
    ("&&",),
    ("|",),
    ("^",),
    ("&",),
    ("==", "!="),
    ("<", ">", "<=", ">="),
    ("<<", ">>"),
    ("+", "-"),
    ("*", "/", "%"),
)


class BadArithmetic(Exception):
    """What a shell says of an expression, without its name."""


def evaluate(text: str, variables: MutableMapping[str, str], depth: int = 0) -> int:
    """The value of the expression; what it assigns stands in `variables` after it. Raises BadArithmetic."""
    shown = text.strip()[:100]
    if len(text) > _LONGEST:
        raise BadArithmetic(f"{shown}...: expression too long")
    if depth > _DEEPEST:
        raise BadArithmetic(f"{shown}: expression recursion level exceeded")
    return _Expression(text, variables, depth).value() if text.strip() else 0


def _wrapped(value: int) -> int:
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


def _divided(left: int, right: int) -> int:
    """C's: towards zero."""
    found = abs(left) // abs(right)
    return found if (left < 0) is (right < 0) else -found


_BINARY: dict[str, Callable[[int, int], int]] = {
    "||": lambda a, b: int(bool(a or b)), "&&": lambda a, b: int(bool(a and b)),
    "|": lambda a, b: a | b, "^": lambda a, b: a ^ b, "&": lambda a, b: a & b,
    "==": lambda a, b: int(a == b), "!=": lambda a, b: int(a != b), "<": lambda a, b: int(a < b), ">": lambda a, b: int(a > b),
    "<=": lambda a, b: int(a <= b), ">=": lambda a, b: int(a >= b),
    "<<": lambda a, b: a << (b & 63), ">>": lambda a, b: a >> (b & 63),
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b,
    "/": _divided, "%": lambda a, b: a - b * _divided(a, b),
}  # fmt: skip


class _Expression:
    """One expression, read from left to right; where `_idle` is not 0 nothing is assigned and nothing divided."""

    def __init__(self, text: str, variables: MutableMapping[str, str], depth: int) -> None:
        self._text = text.strip()
        self._variables = variables
        self._depth = depth
        self._idle = 0
        self._nested = 0
        self._tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(self._text):
            found = _TOKEN.match(self._text, at)
            if found is None:
                raise self._bad(self._text[at:])
            self._tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
            at = found.end()
        self._at = 0

    def value(self) -> int:
        found = self._comma()
        if self._at < len(self._tokens):
            raise self._bad(self._left())
        return found

    def _bad(self, left: str) -> BadArithmetic:
        return BadArithmetic(f'{self._text[:100]}: syntax error in expression (error token is "{left.strip()[:50]}")')

    def _left(self) -> str:
        return " ".join(text for _, text in self._tokens[self._at :])

    def _is(self, *signs: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at] in [("sign", sign) for sign in signs]

    def _take(self, *signs: str) -> str | None:
        if not self._is(*signs):
            return None
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _comma(self) -> int:
        found = self._assigned()
        while self._take(","):
            found = self._assigned()
        return found

    def _assigned(self) -> int:
        self._nested += 1
        if self._nested > _DEEPEST:
            raise BadArithmetic(f"{self._text[:100]}: expression recursion level exceeded")
        here = self._tokens[self._at : self._at + 2]
        if len(here) == 2 and here[0][0] == "name" and here[1][0] == "sign" and here[1][1] in _ASSIGNS:
            self._at += 2
            name, sign, value = here[0][1], here[1][1], self._assigned()
            found = self._set(name, value if sign == "=" else self._applied(sign[:-1], self._variable(name), value))
        else:
            found = self._choice()
        self._nested -= 1
        return found

    def _choice(self) -> int:
        asked = bool(first := self._binary(0))
        if not self._take("?"):
            return first
        self._idle += not asked
        first = self._comma()
        self._idle -= not asked
        if not self._take(":"):
            raise self._bad(self._left())
        self._idle += asked
        second = self._assigned()
        self._idle -= asked
        return first if asked else second

    def _binary(self, level: int) -> int:
        if level == len(_LEVELS):
            return self._power()
        found = self._binary(level + 1)
        while (sign := self._take(*_LEVELS[level])) is not None:
            # What && and || do not need is read all the same.
            unneeded = (sign == "&&" and not found) or (sign == "||" and bool(found))
            self._idle += unneeded
            other = self._binary(level + 1)
            self._idle -= unneeded
            found = self._applied(sign, found, other)
        return found

    def _applied(self, sign: str, left: int, right: int) -> int:
        if sign in ("/", "%") and not right:
            if self._idle:
                return 0
            raise BadArithmetic(
                f'{self._text[:100]}: division by 0 (error token is "{self._tokens[self._at - 1][1][:50]}")'
            )
        return _wrapped(_BINARY[sign](left, right))

    def _power(self) -> int:
        base = self._unary()
        if not self._take("**"):
            return base
        exponent = self._power()
        if exponent < 0:
            raise BadArithmetic(f"{self._text[:100]}: exponent less than 0")
        return _wrapped(pow(base, exponent, 1 << 64))

    def _unary(self) -> int:
        self._nested += 1
        if self._nested > _DEEPEST:
            raise BadArithmetic(f"{self._text[:100]}: expression recursion level exceeded")
        sign = self._take("+", "-", "!", "~", "++", "--")
        if sign is None:
            found = self._primary()
        elif sign in ("++", "--") and self._tokens[self._at : self._at + 1] and self._tokens[self._at][0] == "name":
            name = self._tokens[self._at][1]
            self._at += 1
            found = self._set(name, self._variable(name) + (1 if sign == "++" else -1))
        else:
            value = self._unary()
            found = _wrapped({"!": int(not value), "~": ~value, "-": -value}.get(sign, value))
        self._nested -= 1
        return found

    def _primary(self) -> int:
        if self._take("("):
            found = self._comma()
            if not self._take(")"):
                raise self._bad(self._left())
            return found
        if self._at == len(self._tokens) or self._tokens[self._at][0] == "sign":
            raise BadArithmetic(f'{self._text[:100]}: syntax error: operand expected (error token is "{self._left()[:50] or self._text[-1:]}")')  # fmt: skip
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == "number":
            return self._number(text)
        found = self._variable(text)
        sign = self._take("++", "--")
        if sign is not None:
            self._set(text, found + (1 if sign == "++" else -1))
        return found

    def _number(self, text: str) -> int:
        base, sharp, digits = text.rpartition("#")
        try:
            if sharp:
                found = int(digits, int(base))
            else:
                octal = text.startswith("0") and text[1:].isdecimal()
                found = int(text, 8) if octal else int(text, 0)
        except ValueError:
            raise BadArithmetic(
                f'{self._text[:100]}: value too great for base (error token is "{text[:50]}")'
            ) from None
        return _wrapped(found)

    def _variable(self, name: str) -> int:
        """What it holds is an expression itself; nothing is 0."""
        return evaluate(self._variables.get(name, ""), self._variables, self._depth + 1)

    def _set(self, name: str, value: int) -> int:
        if not self._idle:
            self._variables[name] = str(_wrapped(value))
        return _wrapped(value)
