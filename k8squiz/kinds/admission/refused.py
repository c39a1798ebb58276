"""A refusal of the API server, in its words: the field, and what is wrong with it.

Source: apimachinery's pkg/util/validation/field/errors.go, whose ErrorTypes are the functions here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from k8squiz.kinds.fields import Unreadable

Path = tuple[str | int, ...]


class Refused(Unreadable):
    """`path` is the field. Its text is one line: `the API server refuses it: spec.ports: Required value`."""

    def __init__(self, path: Path, words: str) -> None:
        said = f"{written(path)}: {words}" if path and not words.startswith("strict") else words
        super().__init__(f"the API server refuses it: {said}", f"API server 会拒绝：{said}")
        self.path, self.words = path, said

    def at(self, line: int, column: int) -> Unreadable:
        """The same with the place in what was typed."""
        return Unreadable(
            f"the API server refuses it (line {line}, column {column}): {self.words}",
            f"API server 会拒绝（第 {line} 行第 {column} 列）：{self.words}",
        )


def written(path: Path) -> str:
    """`spec.ports[0].port`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def required(path: Path, detail: str = "") -> Refused:
    return Refused(path, f"Required value{': ' if detail else ''}{detail}")


def invalid(path: Path, value: object, detail: str) -> Refused:
    return Refused(path, f"Invalid value: {json.dumps(value, ensure_ascii=False)}: {detail}")


def forbidden(path: Path, detail: str) -> Refused:
    return Refused(path, f"Forbidden: {detail}")


def not_supported(path: Path, value: object, allowed: Iterable[str]) -> Refused:
    listed = ", ".join(json.dumps(one) for one in allowed)
    return Refused(path, f"Unsupported value: {json.dumps(value, ensure_ascii=False)}: supported values: {listed}")


def unknown_field(path: Path) -> Refused:
    return Refused(path, f'strict decoding error: unknown field "{written(path)}"')
