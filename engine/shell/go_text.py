"""Values as programs in Go print them: encoding/json, and the verbs %v and %#v of package fmt."""

from __future__ import annotations

import json
from typing import Any


def go_json(value: Any, indent: int | None = None) -> str:
    """JSON as Go writes it: keys in order, and what HTML has a meaning for escaped (encoding/json)."""
    text = json.dumps(
        value, indent=indent, separators=None if indent else (",", ":"), sort_keys=True, ensure_ascii=False
    )
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def go_syntax(value: Any) -> str:
    """A value as Go's %#v has it."""
    if isinstance(value, dict):
        return (
            "map[string]interface {}{" + ", ".join(f"{go_json(k)}:{go_syntax(value[k])}" for k in sorted(value)) + "}"
        )
    if isinstance(value, list):
        return "[]interface {}{" + ", ".join(map(go_syntax, value)) + "}"
    return json.dumps(value, ensure_ascii=False) if value is not None else "interface {}(nil)"


def go_text(value: Any) -> str:
    """A value as Go's %v has it."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{go_text(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(go_text, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else "<nil>" if value is None else str(value)
