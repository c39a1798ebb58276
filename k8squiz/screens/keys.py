"""What keys do at a prompt of one line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.key_binding.key_processor import KeyPressEvent


def on_one_line(keys: KeyBindings) -> KeyBindings:
    """`keys` with which several lines that are pasted become one, to be looked over before Enter."""
    from prompt_toolkit.keys import Keys

    def paste(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text(" ".join(event.data.split()))

    keys.add(Keys.BracketedPaste)(paste)
    return keys


def line_with_arrows(left: str, right: str) -> Callable[[str], str]:
    """Asks for a line that leaves the screen again: what it returns for a prompt is what was typed, or, with nothing typed yet,
    `left` or `right` for an arrow. Raises EOFError and KeyboardInterrupt as a prompt does."""
    from prompt_toolkit import PromptSession, key_binding
    from prompt_toolkit.filters import Condition

    session: PromptSession[str] = PromptSession(erase_when_done=True, enable_suspend=True)
    keys = key_binding.KeyBindings()
    empty = Condition(lambda: not session.default_buffer.text)
    for key, answer in (("left", left), ("right", right)):

        def press(event: KeyPressEvent, answer: str = answer) -> None:
            event.app.exit(result=answer)

        keys.add(key, filter=empty)(press)

    def ask(prompt: str) -> str:
        return session.prompt(prompt, key_bindings=keys)

    return ask
