"""The console every command prints through: no markup from foreign text, no escape from it either."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import IO, Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from k8squiz.terminal.sanitize import json_text, visible


class SafeConsole(Console):
    """rich's Console, with every printed character passed through `sanitize.visible` last of all."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable() or segment.text == "\n":
                yield segment
            else:
                yield segment._replace(text=visible(segment.text))


def make_console(stderr: bool = False, width: int | None = None, file: IO[str] | None = None) -> SafeConsole:
    """A console for stdout (or stderr, or `file`). NO_COLOR and TERM=dumb are honoured, piped output is plain.

    `width` is in terminal columns; None asks the terminal (COLUMNS wins, 80 where there is none).
    """
    return SafeConsole(stderr=stderr, width=width, file=file, markup=False, emoji=False, highlight=False)


def print_json(value: Any) -> None:
    """Print `value` as JSON on stdout, readable and safe to look at."""
    sys.stdout.write(json_text(json.dumps(value, ensure_ascii=False, indent=2)) + "\n")


def print_plain(text: str) -> None:
    """Print text that must come out line for line (rules, YAML): no wrapping, no style."""
    sys.stdout.write(visible(text) if text.endswith("\n") else visible(text) + "\n")
