"""The console every command prints through: no markup from foreign text, no escape from it either."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from typing import IO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from k8squiz.terminal.pipe import let_go_of_stdout
from k8squiz.terminal.sanitize import json_text, visible
from k8squiz.terminal.theme import theme


class SafeConsole(Console):
    """rich's Console, with every printed character passed through `sanitize.visible` last of all."""

    def on_broken_pipe(self) -> None:
        """The command goes on, so that its exit code is what it would have been."""
        let_go_of_stdout()

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
    console = SafeConsole(stderr=stderr, width=width, file=file, markup=False, emoji=False, highlight=False)
    console.push_theme(theme("none" if console.color_system == "standard" else None))
    return console


def has_keys() -> bool:
    """Whether single keys can be read and the cursor moved: a terminal at both ends, and one that can (not TERM=dumb)."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown")


def print_json(value: object, indent: int = 2) -> None:
    """Print `value` as JSON on stdout, readable and safe to look at."""
    print_machine((json_text(json.dumps(value, ensure_ascii=False, indent=indent)), "\n"))


def print_machine(text: str | Iterable[str]) -> None:
    """Print what a program reads (JSON, HTML, Markdown, SVG, rules), whole or in pieces: on a terminal as that shows it,
    else in UTF-8 whatever the locale says, for that is what reads it expects (RFC 8259, 8.1)."""
    if not sys.stdout.isatty():
        reconfigure = getattr(sys.stdout, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        for piece in (text,) if isinstance(text, str) else text:
            sys.stdout.write(piece)
    except BrokenPipeError:
        let_go_of_stdout()


def print_plain(text: str) -> None:
    """Print text that must come out line for line (rules, YAML): no wrapping, no style."""
    try:
        sys.stdout.write(visible(text) if text.endswith("\n") else visible(text) + "\n")
    except BrokenPipeError:
        let_go_of_stdout()
