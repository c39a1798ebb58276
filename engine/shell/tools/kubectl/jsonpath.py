"""kubectl's JSONPath templates: fields, indexes, [*], range ... end, text. Source: k8s.io/client-go/util/jsonpath."""

from __future__ import annotations

import json
import re
from typing import Any

_PIECE = re.compile(r"\{([^{}]*)\}|([^{}]+)")
_STEP = re.compile(r"""\.?(?:\[(\*|-?[0-9]{1,6})\]|\['([^']*)'\]|((?:[A-Za-z0-9_/-]|\\\.)+|\*))""")
_MOST = 100_000


class BadPath(Exception):
    """A template that cannot be read, or that asks for more than is here."""


def evaluate(template: str, document: Any) -> str:
    """What the template prints of the document. Raises BadPath."""
    if template and "{" not in template:
        template = f"{{{template if template.startswith('.') else '.' + template}}}"
    pieces = [(found[1], found[2]) for found in _PIECE.finditer(template)]
    if "".join(f"{{{inside}}}" if inside is not None else text for inside, text in pieces) != template:
        raise BadPath("unclosed action")
    return _run(pieces, document, document)


def _run(pieces: list[tuple[str | None, str | None]], document: Any, root: Any) -> str:
    out = ""
    at = 0
    while at < len(pieces):
        inside, text = pieces[at]
        at += 1
        if inside is None:
            out += text or ""
            continue
        inside = inside.strip()
        if inside.startswith('"') and inside.endswith('"') and len(inside) > 1:
            out += inside[1:-1].replace("\\n", "\n").replace("\\t", "\t")
        elif inside.startswith("range "):
            end = _end(pieces, at)
            for item in find(inside[6:].strip(), document):
                out += _run(pieces[at:end], item, root)
                if len(out) > _MOST:
                    raise BadPath("too much output")
            at = end + 1
        elif inside == "end":
            raise BadPath("not in range, nothing to end")
        else:
            out += " ".join(value_text(value) for value in find(inside, document))
    return out


def _end(pieces: list[tuple[str | None, str | None]], at: int) -> int:
    depth = 1
    for n in range(at, len(pieces)):
        inside = (pieces[n][0] or "").strip()
        depth += inside.startswith("range ") - (inside == "end")
        if depth == 0:
            return n
    raise BadPath("unterminated range")


def find(path: str, document: Any) -> list[Any]:
    """The values at `.items[*].metadata.name`. Raises BadPath."""
    path = path.removeprefix("$").removeprefix("@")
    found = [document]
    at = 0
    while at < len(path):
        if path[at:] == ".":
            break
        step = _STEP.match(path, at)
        if step is None:
            raise BadPath(f"unrecognized character in action: {path[at]!r}; there are .field, [N] and [*]")
        at = step.end()
        name = step[1] or step[2] or step[3].replace("\\.", ".")
        found = [value for one in found for value in _step(one, name, indexed=step[1] is not None)]
    return found


def _step(value: Any, name: str, *, indexed: bool) -> list[Any]:
    if name == "*":
        return list(value.values()) if isinstance(value, dict) else list(value) if isinstance(value, list) else []
    if indexed:
        number = int(name)
        return [value[number]] if isinstance(value, list) and -len(value) <= number < len(value) else []
    return [value[name]] if isinstance(value, dict) and name in value else []


def value_text(value: Any) -> str:
    """A value as a template prints it."""
    if isinstance(value, (dict, list)):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
