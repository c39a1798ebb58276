"""What an awk program's parts compute and do, as functions of its state. Source: POSIX.1-2017, awk, Expressions, Actions, Functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from engine.shell.awk_run import (
    LONGEST,
    AwkState,
    Compute,
    Do,
    InputText,
    Value,
    compared,
    is_true,
    number_of,
    text_of_value,
)
from engine.shell.awk_text import BadAwk
from engine.shell.escapes import SPEC, formatted

COMPARISONS = ("<", "<=", "==", "!=", ">", ">=")


class AwkTarget:
    """What is assigned."""

    def value(self, state: AwkState) -> Value:
        raise NotImplementedError

    def set(self, state: AwkState, value: Value) -> None:
        raise NotImplementedError


class AwkVariable(AwkTarget):
    def __init__(self, name: str) -> None:
        self._name = name

    def value(self, state: AwkState) -> Value:
        return state.variables.get(self._name, "")

    def set(self, state: AwkState, value: Value) -> None:
        state.variables[self._name] = value


class AwkElement(AwkTarget):
    def __init__(self, name: str, keys: list[Compute]) -> None:
        self._name, self._keys = name, keys

    def _key(self, state: AwkState) -> str:
        return text_of_value(state.variables["SUBSEP"]).join(text_of_value(key(state)) for key in self._keys)

    def value(self, state: AwkState) -> Value:
        return state.arrays.setdefault(self._name, {}).setdefault(self._key(state), "")

    def set(self, state: AwkState, value: Value) -> None:
        state.step()
        state.arrays.setdefault(self._name, {})[self._key(state)] = value


class AwkField(AwkTarget):
    def __init__(self, number: Compute) -> None:
        self._number = number

    def value(self, state: AwkState) -> Value:
        return InputText(state.field(int(number_of(self._number(state)))))

    def set(self, state: AwkState, value: Value) -> None:
        state.set_field(int(number_of(self._number(state))), text_of_value(value))


def of_two(sign: str, left: Compute, right: Compute) -> Compute:
    if sign in ("||", "&&"):
        return lambda state: float((is_true(left(state)) or is_true(right(state))) if sign == "||" else (is_true(left(state)) and is_true(right(state))))  # fmt: skip
    if sign in ("~", "!~"):
        return lambda state: float(bool(state.compiled(_pattern_of(right, state)).search(text_of_value(left(state)))) is (sign == "~"))  # fmt: skip
    if sign in COMPARISONS:
        return lambda state: compared(left(state), right(state), sign)
    return lambda state: reckoned(sign, number_of(left(state)), number_of(right(state)))


def matching_expression(sign: str, left: Compute, expression: str) -> Compute:
    return lambda state: float(bool(state.compiled(expression).search(text_of_value(left(state)))) is (sign == "~"))


def _pattern_of(right: Compute, state: AwkState) -> str:
    return text_of_value(right(state))


_RECKONED: dict[str, Callable[[float, float], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "%": math.fmod,
    "^": pow,
}


def reckoned(sign: str, a: float, b: float) -> float:
    if sign in ("/", "%") and not b:
        raise BadAwk("division by zero")
    try:
        found = _RECKONED[sign](a, b)
    except (OverflowError, ValueError):
        raise BadAwk("number out of range") from None
    if isinstance(found, complex) or not math.isfinite(found):
        raise BadAwk("number out of range")
    return float(found)


def joined_texts(left: Compute, right: Compute) -> Compute:
    def run(state: AwkState) -> Value:
        text = text_of_value(left(state)) + text_of_value(right(state))
        if len(text) > LONGEST:
            raise BadAwk("text too long")
        return text

    return run


def held_in(key: Compute, array: str) -> Compute:
    return lambda state: float(text_of_value(key(state)) in state.arrays.get(array, {}))


def assigned_to(target: AwkTarget, sign: str, value: Compute) -> Compute:
    def run(state: AwkState) -> Value:
        state.step()
        made = value(state)
        if sign != "=":
            made = reckoned(sign[:-1], number_of(target.value(state)), number_of(made))
        target.set(state, made)
        return made

    return run


def counted_by(target: AwkTarget, by: float, *, before: bool) -> Compute:
    def run(state: AwkState) -> Value:
        state.step()
        held = number_of(target.value(state))
        target.set(state, held + by)
        return held if before else held + by

    return run


def looped(first: Compute | None, asked: Compute | None, then: Compute | None, body: Do) -> Do:
    def run(state: AwkState) -> None:
        if first is not None:
            first(state)
        while asked is None or is_true(asked(state)):
            state.step()
            body(state)
            if then is not None:
                then(state)

    return run


def over_keys(name: str, array: str, body: Do) -> Do:
    def run(state: AwkState) -> None:
        for key in list(state.arrays.get(array, {})):
            state.step()
            state.variables[name] = InputText(key)
            body(state)

    return run


def raising(kind: type[Exception]) -> Do:
    def run(state: AwkState) -> None:
        raise kind

    return run


def print_line(state: AwkState) -> None:
    state.step()
    state.write(state.line + text_of_value(state.variables["ORS"]))


def print_items(items: list[Compute]) -> Do:
    def run(state: AwkState) -> None:
        state.step()
        shown = (text_of_value(item(state)) for item in items)
        state.write(text_of_value(state.variables["OFS"]).join(shown) + text_of_value(state.variables["ORS"]))

    return run


def print_formatted(items: list[Compute]) -> Do:
    def run(state: AwkState) -> None:
        state.step()
        shape, *values = (item(state) for item in items)
        text = text_of_value(shape)
        kinds = [found["kind"] for found in SPEC.finditer(text) if found["kind"] != "%"]
        words = [_word(kind, value) for kind, value in zip(kinds, values, strict=False)]
        state.write(formatted(text.replace("\\", "\\\\"), words)[0])

    return run


def _word(kind: str, value: Value) -> str:
    if kind == "c" and isinstance(value, float):
        return chr(int(value) % 256)
    if kind in "diouxX":
        return str(int(number_of(value)))
    return repr(number_of(value)) if kind in "eEfgG" else text_of_value(value)


def _substituted(state: AwkState, given: list[Value], most: int) -> Value:
    """sub and gsub of the whole line."""
    text, made = text_of_value(given[1]), state.line
    made, count = state.compiled(text_of_value(given[0])).subn(
        lambda found: text.replace("&", found[0]), made, count=most
    )
    if len(made) > LONGEST:
        raise BadAwk("text too long")
    state.set_field(0, made)
    return float(count)


def _part(state: AwkState, given: list[Value]) -> Value:
    text, first = text_of_value(given[0]), round(number_of(given[1]))
    last = len(text) + 1 if len(given) < 3 else first + round(number_of(given[2]))
    return text[max(0, first - 1) : max(0, last - 1)]


# A name: the fewest and most arguments, what it computes.
FUNCTIONS: dict[str, tuple[int, int, Callable[[AwkState, list[Value]], Value]]] = {
    "length": (0, 1, lambda state, given: float(len(text_of_value(given[0]) if given else state.line))),
    "substr": (2, 3, _part),
    "index": (2, 2, lambda state, given: float(text_of_value(given[0]).find(text_of_value(given[1])) + 1)),
    "tolower": (1, 1, lambda state, given: text_of_value(given[0]).lower()),
    "toupper": (1, 1, lambda state, given: text_of_value(given[0]).upper()),
    "int": (1, 1, lambda state, given: float(int(number_of(given[0])))),
    "sub": (2, 2, lambda state, given: _substituted(state, given, 1)),
    "gsub": (2, 2, lambda state, given: _substituted(state, given, 0)),
}
