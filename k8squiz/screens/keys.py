"""A line at a terminal that leaves the screen again; on an empty one the arrows to the sides are answers too."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prompt_toolkit.key_binding.key_processor import KeyPressEvent


def line_with_arrows(left: str, right: str) -> Callable[[str], str]:
    """Asks for a line: what it returns for a prompt is what was typed, or `left` or `right` for an arrow. Raises EOFError
    and KeyboardInterrupt as a prompt does."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.filters import Condition
    from prompt_toolkit.key_binding import KeyBindings

    session: PromptSession[str] = PromptSession(erase_when_done=True, enable_suspend=True)
    keys = KeyBindings()
    empty = Condition(lambda: not session.default_buffer.text)
    for key, answer in (("left", left), ("right", right)):

        def press(event: KeyPressEvent, answer: str = answer) -> None:
            event.app.exit(result=answer)

        keys.add(key, filter=empty)(press)

    def ask(prompt: str) -> str:
        typed: str = session.prompt(prompt, key_bindings=keys)
        return typed

    return ask
