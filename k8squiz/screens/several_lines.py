"""An answer of several lines: an empty line or a lone dot ends it, and so does a line that is a command.

What ends it is a pure function of the text; a terminal's keys and a pipe's lines both ask it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from k8squiz.kinds.fields import Field
from k8squiz.locale.typed import AFTER_A_GRADE, command

if TYPE_CHECKING:
    import asyncio

    from prompt_toolkit import PromptSession
    from prompt_toolkit.formatted_text import AnyFormattedText
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.key_binding.key_processor import KeyPressEvent

_DOTS = frozenset({"", ".", "。", "．"})
IsCommand = Callable[[str], bool]


def is_command(line: str) -> bool:
    """Whether what stands there is a command and no answer: it is neither saved nor graded."""
    obeyed = command(line)
    return obeyed is not None and obeyed[0] not in AFTER_A_GRADE


def ended(text: str, field: Field, is_command: IsCommand) -> bool:
    """Whether what was typed is whole, Enter having been pressed behind its last line."""
    *before, last = text.split("\n")
    first = not any(line.strip() for line in before)
    return last.strip() in _DOTS or is_command(last) or (first and last.strip().lower() in field.alone)


def parted(text: str, is_command: IsCommand) -> tuple[str, str]:
    """The answer so far, and the command behind it; the answer alone, and nothing, where there is no command."""
    body, _, last = text.rstrip().rpartition("\n")
    if last.strip() and is_command(last):
        return body.strip(), last.strip()
    lines = text.strip().split("\n")
    while lines and lines[-1].strip() in _DOTS:
        lines.pop()
    return "\n".join(lines).strip(), ""


class LongPrompt:
    """Several lines at a terminal, with the keys that end them and the one that opens $EDITOR. `busy` while that is open."""

    def __init__(self, is_command: IsCommand, **io: Any) -> None:
        from prompt_toolkit import PromptSession

        self.busy = False
        self._is_command = is_command
        self._field: Field | None = None
        self._session: PromptSession[str] = PromptSession(
            multiline=True, enable_suspend=True, key_bindings=self._keys(), prompt_continuation="", **io
        )

    @property
    def text(self) -> str:
        """What stands there."""
        return str(self._session.default_buffer.text)

    def ask(self, prompt: AnyFormattedText, field: Field, standing: str = "", **more: Any) -> str:
        """The text, without what ended it. Raises what a prompt does."""
        self._field = field
        return str(self._session.prompt(prompt, default=standing, **more))

    def _keys(self) -> KeyBindings:
        from prompt_toolkit.key_binding import KeyBindings

        keys = KeyBindings()

        @keys.add("enter")
        def enter(event: KeyPressEvent) -> None:
            buffer, field = event.current_buffer, self._field
            behind = not buffer.document.text_after_cursor.strip()
            if behind and field is not None and ended(buffer.text.rstrip(" "), field, self._is_command):
                buffer.validate_and_handle()
            else:
                buffer.insert_text("\n")

        @keys.add("f4")
        @keys.add("c-x", "c-e")
        def edit(event: KeyPressEvent) -> None:
            self.busy = True
            event.current_buffer.open_in_editor().add_done_callback(self._edited)

        return keys

    def _edited(self, task: asyncio.Task[None]) -> None:
        self.busy = False


def read(next_line: Callable[[str], str], field: Field, is_command: IsCommand, standing: str = "") -> str:
    """Several lines from `next_line`, which is told what stands before it. A pipe's end ends them, unless there are none."""
    text = standing
    while True:
        try:
            line = next_line(text)
        except EOFError:
            if text.strip():
                return text
            raise
        text = f"{text}\n{line}" if text else line
        if ended(text, field, is_command):
            return text
