"""What YAML holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

# In a question file; after a draw, with what placeholders stand for in their place.
Yaml: TypeAlias = "bool | int | float | str | Sequence[Yaml] | Mapping[str, Yaml] | None"
