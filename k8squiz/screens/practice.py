"""Where the candidate types: prompt_toolkit on a terminal, plain lines where there is none."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol

from k8squiz.kinds.fields import Field
from k8squiz.locale.i18n import Lang
from k8squiz.screens.cells import Cells
from k8squiz.screens.cells import ask as ask_cells
from k8squiz.screens.keys import on_one_line
from k8squiz.screens.reorder import Order, ask
from k8squiz.screens.several_lines import is_command, read
from k8squiz.terminal.console import has_keys
from k8squiz.terminal.sanitize import one_line

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter


class Keyboard(Protocol):
    """A source of lines. `line` raises EOFError at the end of input and KeyboardInterrupt on Ctrl-C."""

    interactive: bool

    def line(self, prompt: str, field: Field | None = None) -> str: ...

    def order(self, prompt: str, field: Field, lang: Lang) -> str: ...


class Plain:
    """Lines from standard input; what is read out of a pipe is echoed."""

    interactive = False

    def line(self, prompt: str, field: Field | None = None) -> str:
        if field is not None and field.long:
            return read(lambda before: self.line("" if before else prompt), field, is_command)
        sys.stdout.write(prompt)
        sys.stdout.flush()
        typed = sys.stdin.readline()
        if not typed:
            sys.stdout.write("\n")
            raise EOFError
        line = typed.rstrip("\r\n")
        echo(line)
        return line

    def order(self, prompt: str, field: Field, lang: Lang) -> str:
        return self.line(prompt, field)


def echo(line: str) -> None:
    """Print what was read, so that a transcript of a pipe can be read; a terminal has done so itself."""
    if not sys.stdin.isatty():
        sys.stdout.write(one_line(line) + "\n")


class Terminal:
    """A line with history, editing and completion of the names one may type."""

    interactive = True

    def __init__(self) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.history import InMemoryHistory
        from prompt_toolkit.key_binding import KeyBindings

        keys = on_one_line(KeyBindings())
        self._session: PromptSession[str] = PromptSession(
            history=InMemoryHistory(), enable_suspend=True, key_bindings=keys
        )
        self._order: tuple[Field, Order] | None = None
        self._long: tuple[Field, str] | None = None

    def line(self, prompt: str, field: Field | None = None) -> str:
        if field is not None and field.long:
            from k8squiz.screens.several_lines import LongPrompt, parted

            # What was typed before a hint, or tried, is still there to be gone on with.
            standing = self._long[1] if self._long is not None and self._long[0] is field else ""
            text = LongPrompt(is_command).ask(prompt, field, standing)
            self._long = field, parted(text, is_command)[0]
            return text
        typed: str = self._session.prompt(prompt, completer=_completer(words(field)), complete_while_typing=False)
        return typed

    def order(self, prompt: str, field: Field, lang: Lang) -> str:
        """The re-orderable list; what was picked stays picked while hints are read."""
        if self._order is None or self._order[0] is not field:
            self._order = (field, Order(len(field.options)))
        typed = ask(self._order[1], field, lang)
        return self.line(prompt, field) if typed is None else typed


def in_cells(keyboard: Keyboard, cells: Cells, lang: Lang) -> str:
    """What is typed while a table of cells is filled in: "" once it is handed in, else a command or a line."""
    typed = ask_cells(cells, lang)
    return (keyboard.line("> ") or " ") if typed is None else typed


def keyboard() -> Keyboard:
    """The best there is."""
    if has_keys():
        return Terminal()
    return Plain()


def words(field: Field | None) -> tuple[str, ...]:
    """What may be completed while `field` is filled in."""
    own = field.words() if field is not None else ()
    return (*own, "hint", "skip", "show", "quit", "help", *(("back",) if field is not None else ()))


def _completer(known: tuple[str, ...]) -> WordCompleter:
    from prompt_toolkit.completion import WordCompleter

    return WordCompleter(list(known), ignore_case=True, WORD=True)
