"""A list one puts in order with the keyboard: letters or Space pick a step, the picked ones get numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.values import dataclass
from k8squiz.kinds.fields import Field
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.typed import command, plain
from k8squiz.terminal.sanitize import one_line

if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import StyleAndTextTuples
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.key_binding.key_processor import KeyPressEvent

# Two lines of at most 80 columns: a terminal would break them anywhere.
_KEYS = {
    "en": "↑↓ move · space or its letter picks · ←→ earlier, later · backspace undoes\n"
    "enter answers · ? hint · esc, to type letters, {commands}",
    "zh": "↑↓ 移动 · 空格或字母选取 · ←→ 提前/推后 · 退格撤销\n回车提交 · ? 提示 · 按 esc 后可输入字母、{commands}",
}
COMMANDS = "skip, show, quit"
_UNUSED = {
    "en": "{typed} picks nothing here: letters go from A to {last}; esc, to type a line",
    "zh": "{typed} 不起作用：字母从 A 到 {last}；请切换到英文输入法，或按 esc 后输入一行",
}
_MOST_UNUSED = 8


@dataclass(slots=True)
class Order:
    """What has been picked so far. Knows no keys: the application below presses its buttons."""

    count: int
    cursor: int = 0
    picked: list[int] = dataclasses.field(default_factory=list)
    unused: str = ""
    """What was typed last and picks nothing."""

    def move(self, by: int) -> None:
        self.unused = ""
        self.cursor = (self.cursor + by) % self.count

    def toggle(self, index: int) -> None:
        """Pick a step as the next one, or leave it out again."""
        self.unused = ""
        self.cursor = index
        if index in self.picked:
            self.picked.remove(index)
        else:
            self.picked.append(index)

    def shift(self, by: int) -> None:
        """Move the step under the cursor earlier or later among the picked ones."""
        self.unused = ""
        if self.cursor not in self.picked:
            return
        at = self.picked.index(self.cursor)
        to = min(max(at + by, 0), len(self.picked) - 1)
        self.picked[at], self.picked[to] = self.picked[to], self.picked[at]

    def undo(self) -> None:
        self.unused = ""
        if self.picked:
            self.picked.pop()


def lines(order: Order, field: Field, lang: Lang, commands: str = COMMANDS) -> list[tuple[str, str]]:
    """The list as prompt_toolkit's (style, text) pairs; what else may be typed is told under it."""
    shown: list[tuple[str, str]] = []
    for index, item in enumerate(field.options):
        number = f"{order.picked.index(index) + 1:>2}" if index in order.picked else " ·"
        mark = "›" if index == order.cursor else " "
        style = "bold" if index in order.picked else ""
        shown.append(
            (
                f"{style} {'reverse' if index == order.cursor else ''}",
                f"{mark}{number}  {item.letter}  {pick(item.text, lang)}\n",
            )
        )
    if order.unused:
        last = field.options[-1].letter
        told = _UNUSED[lang].replace("{typed}", f"“{one_line(order.unused)}”").replace("{last}", last)
        shown.append(("bold", f"? {told}\n"))
    shown.append(("italic", _KEYS[lang].replace("{commands}", commands)))
    return shown


def ask(
    order: Order,
    field: Field,
    lang: Lang,
    above: Callable[[], StyleAndTextTuples] | None = None,
    pre_run: Callable[[], None] | None = None,
    commands: str = COMMANDS,
    **io: Any,
) -> str | None:
    """Let the candidate put `field` in order, from `order` as it stands; returns what a typed answer would be,
    `hint`, or None for "I'll type it". `above` is shown over the list, `commands` told as what else may be typed,
    `pre_run` called when it is up; `io` are further settings of prompt_toolkit's application. Raises KeyboardInterrupt and EOFError as a prompt does.
    """
    from prompt_toolkit.application import Application
    from prompt_toolkit.layout import Layout
    from prompt_toolkit.layout.containers import Window
    from prompt_toolkit.layout.controls import FormattedTextControl

    control = FormattedTextControl(
        lambda: [*(above() if above is not None else ()), *lines(order, field, lang, commands)],
        focusable=True,
        show_cursor=False,
    )
    application: Application[str | None] = Application(
        Layout(Window(control, wrap_lines=True, dont_extend_height=True)), key_bindings=_bindings(order, field), **io
    )
    return application.run(pre_run=pre_run)


def _bindings(order: Order, field: Field) -> KeyBindings:
    from prompt_toolkit.key_binding import KeyBindings

    keys = KeyBindings()

    def bind(name: str, press: Callable[[KeyPressEvent], None]) -> None:
        keys.add(name, eager=name == "escape")(press)

    bind("up", lambda event: order.move(-1))
    bind("down", lambda event: order.move(1))
    bind("left", lambda event: order.shift(-1))
    bind("right", lambda event: order.shift(1))
    bind("space", lambda event: order.toggle(order.cursor))
    bind("backspace", lambda event: order.undo())
    bind("escape", lambda event: event.app.exit(result=None))
    bind("c-z", lambda event: event.app.suspend_to_background())
    bind("c-c", lambda event: event.app.exit(exception=KeyboardInterrupt()))
    bind("c-d", lambda event: event.app.exit(exception=EOFError()))
    bind("enter", lambda event: _submit(event, order, field))
    bind("<any>", lambda event: _typed(event, order, field))
    bind("<bracketed-paste>", lambda event: _typed(event, order, field))
    return keys


def _typed(event: KeyPressEvent, order: Order, field: Field) -> None:
    """Characters in whatever width: letters and numbers of steps are picked, a command's word (`？`, `提示`) is answered
    with, anything else is said to be of no use."""
    letters = {item.letter.lower(): index for index, item in enumerate(field.options)}
    letters |= {str(index + 1): index for index in range(min(9, len(field.options)))}
    for char in plain(event.data).casefold():
        if char == "?":
            _hint(event)
            return
        if char in letters:
            order.toggle(letters[char])
        elif char.isprintable() and not char.isspace():
            order.unused = (order.unused + char)[-_MOST_UNUSED:]
            if not order.unused.isascii() and command(order.unused) is not None:
                event.app.exit(result=order.unused)
                return


def _hint(event: KeyPressEvent) -> None:
    # The list comes again under the hint.
    event.app.erase_when_done = True
    event.app.exit(result="hint")


def _submit(event: KeyPressEvent, order: Order, field: Field) -> None:
    if order.picked:
        event.app.exit(result=" ".join(field.options[index].letter for index in order.picked))
