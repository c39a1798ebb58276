"""Lines typed against a clock: the countdown runs in the prompt itself; when it strikes, what stands is handed over.

On a terminal prompt_toolkit redraws the prompt each second; in a pipe the same lines come from standard input.
"""

from __future__ import annotations

import asyncio
import os
import select
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from k8squiz.kinds.fields import Field
from k8squiz.locale.i18n import Lang
from k8squiz.screens.cells import Cells
from k8squiz.screens.cells import ask as ask_cells
from k8squiz.screens.keys import on_one_line
from k8squiz.screens.practice import Plain, echo, words
from k8squiz.screens.reorder import Order, ask
from k8squiz.screens.several_lines import LongPrompt, is_command, read
from k8squiz.terminal.console import has_keys
from k8squiz.terminal.sanitize import one_line
from k8squiz.terminal.width import width_of

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter

_LOOK_EVERY = 0.25  # seconds between two looks at the clock
_REDRAW_EVERY = 0.5
_SOON, _NOW = 60, 20  # seconds left: the countdown is printed bold, then reversed
COMMANDS = ("hint", "skip", "flag", "list", "back", "show", "end", "quit", "help")

Tick = Callable[[str], bool]
Styled = list[tuple[str, str]]


class TimedOut(Exception):
    """The countdown ran out; `line` is what stood there."""

    def __init__(self, line: str) -> None:
        super().__init__(line)
        self.line = line


class ClockedKeyboard(Protocol):
    """A source of lines. `line` raises TimedOut, EOFError at the end of input, KeyboardInterrupt on Ctrl-C.

    `clock` says how long is left now (question, whole), `tick` is told the line every moment and says when it is over.
    """

    interactive: bool

    def line(self, prompt: str, clock: Clock, tick: Tick, field: Field, lang: Lang, standing: str = "") -> str: ...

    def plain(self, prompt: str) -> str: ...

    def in_cells(self, cells: Cells, clock: Clock, tick: Tick, lang: Lang) -> str:
        """What is typed while a table is filled in: "" once it is handed in, else a command or a line. Asked of one that is
        interactive alone."""


class Clock(Protocol):
    def __call__(self) -> tuple[float, float]: ...


_BESIDE_A_LIST = "skip, flag, list, back, show, end"
_WIDE = 30  # columns: beside a prompt wider than this, an address would not fit in 80
_FACES = {"en": ("question", "all"), "zh": ("本题", "全程")}


def face(left: float, whole: float, lang: Lang, prompt: str = "") -> tuple[str, str]:
    """The countdown's style and text, shorter before a long `prompt`. What its look says, `!` says too:
    `[question 0:48! all 12:03]`."""
    sign, style = ("!!", "bold reverse") if left <= _NOW else ("!", "bold") if left <= _SOON else ("", "")
    question, everything = _FACES[lang]
    named = "" if width_of(prompt) > _WIDE else f"{question} "
    return style, f"[{named}{minutes(left)}{sign} {everything} {minutes(whole)}] "


def minutes(seconds: float) -> str:
    """3:07, rounded up: at 0:00 the time is over."""
    whole = max(0, -int(-seconds // 1))
    return f"{whole // 60}:{whole % 60:02}"


class Piped:
    """Lines from standard input, with the clock watched between them; what is read is echoed."""

    interactive = False

    def __init__(self) -> None:
        self._buffer = b""
        try:
            self._fd: int | None = sys.stdin.fileno() if os.name == "posix" else None
        except (OSError, ValueError):
            self._fd = None

    def line(self, prompt: str, clock: Clock, tick: Tick, field: Field, lang: Lang, standing: str = "") -> str:
        sys.stdout.write(face(*clock(), lang, prompt)[1] + prompt)
        sys.stdout.flush()
        if field.long:
            return read(lambda before: self._one_of_many(before, tick), field, is_command, standing)
        return self._line(tick, standing)

    def _one_of_many(self, before: str, tick: Tick) -> str:
        """A further line; what stands is what was typed before it too."""
        try:
            return self._line(lambda line: tick(_joined(before, line)), "")
        except TimedOut as struck:
            raise TimedOut(_joined(before, struck.line)) from None

    def _line(self, tick: Tick, standing: str) -> str:
        if self._fd is None:
            return _echoed(Plain().line(""))
        while b"\n" not in self._buffer:
            ready = select.select([self._fd], [], [], _LOOK_EVERY)[0]
            if tick(self._buffer.decode("utf-8", "replace") or standing):
                line, self._buffer = self._buffer.decode("utf-8", "replace") or standing, b""
                sys.stdout.write(one_line(line) + "\n")
                raise TimedOut(line)
            if ready:
                self._read()
        return _echoed(self._taken())

    def plain(self, prompt: str) -> str:
        sys.stdout.write(prompt)
        sys.stdout.flush()
        if self._fd is None:
            return Plain().line("")
        while b"\n" not in self._buffer:
            self._read()
        return _echoed(self._taken())

    def in_cells(self, cells: Cells, clock: Clock, tick: Tick, lang: Lang) -> str:
        raise NotImplementedError

    def _read(self) -> None:
        assert self._fd is not None
        chunk = os.read(self._fd, 65536)
        if not chunk and not self._buffer:
            sys.stdout.write("\n")
            raise EOFError
        # A last line without its end is a line.
        self._buffer += chunk or b"\n"

    def _taken(self) -> str:
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode("utf-8", "replace").rstrip("\r")


def _joined(before: str, line: str) -> str:
    return f"{before}\n{line}" if before else line


def _echoed(line: str) -> str:
    echo(line)
    return line


class ClockedTerminal:
    """A line with history, editing and completion, under a running countdown."""

    interactive = True

    def __init__(self, **io: Any) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.history import InMemoryHistory
        from prompt_toolkit.key_binding import KeyBindings

        self._io = io
        keys = on_one_line(KeyBindings())
        self._session: PromptSession[str] = PromptSession(
            history=InMemoryHistory(), enable_suspend=True, key_bindings=keys, **io
        )
        self._order: tuple[Field, Order] | None = None
        self._long: LongPrompt | None = None

    def line(self, prompt: str, clock: Clock, tick: Tick, field: Field, lang: Lang, standing: str = "") -> str:
        picked = ""
        if field.ordered:
            typed = self._put_in_order(clock, tick, field, lang, standing)
            if typed is not None:
                return typed
            assert self._order is not None
            # The line is free for a command; until something is typed, what was picked stands.
            picked, standing = _letters(self._order[1], field), ""
        if field.long:
            long = self._long = self._long or LongPrompt(is_command, **self._io)
            return long.ask(
                lambda: [face(*clock(), lang, prompt), ("", prompt)], field, standing, refresh_interval=_REDRAW_EVERY,
                pre_run=lambda: _watch(lambda: long.text, lambda line: tick(line) and not long.busy),
            )  # fmt: skip
        typed = self._session.prompt(
            lambda: [face(*clock(), lang, prompt), ("", prompt)],
            completer=_completer(field), complete_while_typing=False, refresh_interval=_REDRAW_EVERY, default=standing,
            pre_run=lambda: _watch(lambda: self._session.default_buffer.text or picked, tick),
        )  # fmt: skip
        return str(typed)

    def plain(self, prompt: str) -> str:
        return str(self._session.prompt(prompt, completer=None, refresh_interval=0, default="", pre_run=lambda: None))

    def in_cells(self, cells: Cells, clock: Clock, tick: Tick, lang: Lang) -> str:
        typed = ask_cells(
            cells, lang, above=lambda: [face(*clock(), lang), ("", "\n")], commands=_BESIDE_A_LIST,
            pre_run=lambda: _watch(lambda: cells.text, tick), refresh_interval=_REDRAW_EVERY, **self._io,
        )  # fmt: skip
        return (self.line("> ", clock, tick, cells.field, lang) or " ") if typed is None else typed

    def _put_in_order(self, clock: Clock, tick: Tick, field: Field, lang: Lang, standing: str) -> str | None:
        """The re-orderable list; what was picked stays picked while hints are read and after a resume."""
        if self._order is None or self._order[0] is not field:
            self._order = (field, _picked(field, standing))
        order = self._order[1]
        return ask(
            order, field, lang,
            above=lambda: [face(*clock(), lang), ("", "\n")], commands=_BESIDE_A_LIST,
            pre_run=lambda: _watch(lambda: _letters(order, field), tick),
            refresh_interval=_REDRAW_EVERY, **self._io,
        )  # fmt: skip


def _picked(field: Field, standing: str) -> Order:
    order = Order(len(field.options))
    letters = [item.letter for item in field.options]
    for word in dict.fromkeys(standing.split()):
        if word in letters:
            order.toggle(letters.index(word))
    return order


def _letters(order: Order, field: Field) -> str:
    return " ".join(field.options[index].letter for index in order.picked)


def _watch(standing: Callable[[], str], tick: Tick) -> None:
    """Look at the clock beside the running prompt; end it with TimedOut when the time is over."""
    from prompt_toolkit.application import get_app

    app = get_app()

    async def look() -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            line = standing()
            if tick(line):
                app.exit(exception=TimedOut(line))
                return

    app.create_background_task(look())


def _completer(field: Field) -> WordCompleter:
    from prompt_toolkit.completion import WordCompleter

    return WordCompleter([*dict.fromkeys((*words(field), *COMMANDS))], ignore_case=True, WORD=True)


def keyboard() -> ClockedKeyboard:
    """The best there is."""
    if has_keys():
        return ClockedTerminal()
    return Piped()
