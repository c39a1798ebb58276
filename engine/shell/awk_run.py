"""An awk program while it runs: lines and fields, variables and arrays, BEGIN and END. Source: POSIX.1-2017, awk."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from engine.shell.awk_text import BadAwk
from engine.values import dataclass

Value: TypeAlias = "str | float"
Compute: TypeAlias = "Callable[[AwkState], Value]"
Do: TypeAlias = "Callable[[AwkState], None]"
# Steps of one run, characters that it prints, and of one text.
_MOST_STEPS, _MOST_PRINTED, LONGEST = 200_000, 4_000_000, 100_000
# As strtod reads one, which mawk asks: hexadecimal ones too.
_NUMBER = re.compile(r"\s*[-+]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)", re.ASCII)


class NextLine(Exception):
    """`next`."""


class ExitAwk(Exception):
    """`exit`."""


class AwkState:
    """A program while it runs: the line and its fields, its variables and arrays, what it printed."""

    def __init__(
        self, separator: str | None, variables: dict[str, Value], compiled: Callable[[str], re.Pattern[str]]
    ) -> None:
        self.variables: dict[str, Value] = {
            "FS": separator or " ",
            "OFS": " ",
            "ORS": "\n",
            "NR": 0.0,
            "NF": 0.0,
            "SUBSEP": "\x1c",
            **variables,
        }
        self.arrays: dict[str, dict[str, Value]] = {}
        self.line = ""
        self.fields: list[str] = []
        self.out: list[str] = []
        self.compiled = compiled
        self._steps = 0
        self._printed = 0

    def step(self) -> None:
        """One more. Raises BadAwk after too many."""
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise BadAwk(f"stopped after {_MOST_STEPS} steps")

    def write(self, text: str) -> None:
        """Print. Raises BadAwk after too much."""
        self._printed += len(text)
        if self._printed > _MOST_PRINTED:
            raise BadAwk(f"stopped after {_MOST_PRINTED} characters")
        self.out.append(text)

    def read(self, line: str) -> None:
        """The next line, split."""
        self.variables["NR"] = number_of(self.variables["NR"]) + 1
        self.line, self.fields = line, self._split(line)
        self.variables["NF"] = float(len(self.fields))

    def _split(self, line: str) -> list[str]:
        separator = text_of_value(self.variables["FS"])
        if separator == " ":
            return line.split()
        if not line:
            return []
        return line.split(separator) if len(separator) == 1 and separator != "|" else self.compiled(re.escape(separator) if separator == "|" else separator).split(line)  # fmt: skip

    def field(self, at: int) -> str:
        """$N; $0 is the line."""
        if at < 0:
            raise BadAwk(f"trying to access out of range field {at}")
        return self.line if at == 0 else self.fields[at - 1] if at <= len(self.fields) else ""

    def set_field(self, at: int, value: str) -> None:
        """Assign $N: the line is made anew of its fields."""
        if not 0 <= at <= 1000:
            raise BadAwk(f"trying to access out of range field {at}")
        if at == 0:
            self.line, self.fields = value, self._split(value)
        else:
            self.fields += [""] * (at - len(self.fields))
            self.fields[at - 1] = value
            if len(value) + len(self.line) > LONGEST:
                raise BadAwk("text too long")
            self.line = text_of_value(self.variables["OFS"]).join(self.fields)
        self.variables["NF"] = float(len(self.fields))


def number_of(value: Value) -> float:
    """What a text begins with as a number. Raises BadAwk for one that no double holds."""
    if isinstance(value, float):
        return value
    found = _NUMBER.match(value)
    if found is None:
        return 0.0
    try:
        number = float(int(found[0], 16)) if "x" in found[0].lower() else float(found[0])
    except OverflowError:
        number = math.inf
    if math.isinf(number):
        raise BadAwk("number out of range")
    return number


def text_of_value(value: Value) -> str:
    """A number as %.6g has it, a whole one without its point."""
    if isinstance(value, str):
        return value
    return str(int(value)) if value == int(value) and abs(value) < 1e16 else f"{value:.6g}"


def is_true(value: Value) -> bool:
    """A number but 0, a text but the empty one; what was read and looks like a number is one."""
    if isinstance(value, InputText) and _looks(value):
        return number_of(value) != 0
    return value != 0 if isinstance(value, float) else value != ""


def _looks(value: str) -> bool:
    return bool(re.fullmatch(rf"\s*{_NUMBER.pattern}\s*", value))


class InputText(str):
    """A text that was read: one that looks like a number is compared as one."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class AwkRule:
    """`when` is BEGIN, END, or "" with a pattern (None: every line)."""

    when: str
    pattern: Compute | None
    action: Do


def run_awk(rules: list[AwkRule], state: AwkState, lines: Iterator[str]) -> None:
    """Raises BadAwk."""
    try:
        _each(rules, state, "BEGIN")
        if any(rule.when != "BEGIN" for rule in rules):
            for line in lines:
                state.read(line)
                try:
                    for rule in rules:
                        if not rule.when and (rule.pattern is None or is_true(rule.pattern(state))):
                            rule.action(state)
                except NextLine:
                    continue
    except ExitAwk:
        pass
    try:
        _each(rules, state, "END")
    except ExitAwk:
        return


def _each(rules: list[AwkRule], state: AwkState, when: str) -> None:
    for rule in rules:
        if rule.when == when:
            rule.action(state)


def compared(left: Value, right: Value, sign: str) -> float:
    """Numbers, or what was read and looks like one, by their value; else by their text."""

    def looks(value: Value) -> bool:
        return isinstance(value, float) or (isinstance(value, InputText) and _looks(value))

    a: Value
    b: Value
    a, b = (
        (number_of(left), number_of(right))
        if looks(left) and looks(right)
        else (text_of_value(left), text_of_value(right))
    )
    lower, same = a < b, a == b  # type: ignore[operator]
    return float(
        {"<": lower, "<=": lower or same, "==": same, "!=": not same, ">": not lower and not same, ">=": not lower}[
            sign
        ]
    )
