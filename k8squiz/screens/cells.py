"""A table of cells that one fills in with the keyboard and looks over before it is handed in: a row a point, a column a field."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from k8squiz.kinds.fields import Field, Unreadable, Value
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.typed import command, plain
from k8squiz.terminal.sanitize import one_line
from k8squiz.terminal.width import width_of

if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import StyleAndTextTuples
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.key_binding.key_processor import KeyPressEvent

# Lines of at most 80 columns: a terminal would break them anywhere.
_KEYS = {
    "en": "↑↓←→ move · tab completes, or goes on · enter takes what stands there\n? hint · esc, to type {commands}",
    "zh": "↑↓←→ 移动 · tab 补全或前进 · 回车确认这一格\n? 提示 · 按 esc 后可输入 {commands}",
}
_REVIEW = {
    "en": "All is filled in: look it over. Enter hands it in; an arrow goes back to a cell.",
    "zh": "已全部填好，请检查。回车提交，方向键回到某一格修改。",
}
COMMANDS = "skip, show, quit"
_NARROWEST = 15  # columns of a cell: an address
_MOST_OFFERED = 6


def is_table(fields: Sequence[Field]) -> bool:
    """Whether these are cells of a table: several fields, each of a point."""
    return len(fields) > 1 and all(field.row is not None for field in fields)


class Cells:
    """What stands in the table. Knows no keys: the application below presses its buttons. `filled` hears of each value."""

    def __init__(
        self, fields: Sequence[Field], lang: Lang, filled: Callable[[Field, Value], object] = lambda field, value: None
    ) -> None:
        self.fields, self._lang, self._filled = tuple(fields), lang, filled
        self.texts = [""] * len(fields)
        self.values: dict[str, Value] = {}
        self.cursor, self.reviewing = 0, False
        self.note = ""
        """What is wrong with a cell, or what may be typed on."""
        self.rows = list(dict.fromkeys(pick(field.row, lang) for field in fields if field.row is not None))
        self.columns = list(dict.fromkeys(pick(field.label, lang) for field in fields))
        self._at = [
            (self.rows.index(pick(field.row, lang)), self.columns.index(pick(field.label, lang)))
            for field in fields if field.row is not None
        ]  # fmt: skip

    @property
    def field(self) -> Field:
        return self.fields[self.cursor]

    @property
    def text(self) -> str:
        return self.texts[self.cursor]

    def given(self, values: Mapping[str, Value]) -> None:
        """What has been filled in before."""
        for index, field in enumerate(self.fields):
            if field.id in values:
                self.values[field.id] = values[field.id]
                self.texts[index] = field.show(values[field.id], self._lang == "zh").split(" (")[0]
        self.cursor = self._blank(0) or 0

    def type(self, text: str) -> None:
        self.reviewing, self.note = False, ""
        self.texts[self.cursor] += text

    def rub_out(self) -> None:
        self.reviewing, self.note = False, ""
        self.texts[self.cursor] = self.text[:-1]

    def clear(self) -> None:
        self.texts[self.cursor], self.note = "", ""

    def move(self, down: int, right: int) -> None:
        """To the next cell in that direction; what stands in this one is read on the way."""
        self.reviewing = False
        self._take()
        row, column = self._at[self.cursor]
        there = [at for at in self._at if (at[0] - row) * down + (at[1] - column) * right > 0
                 and (at[1] == column if down else at[0] == row)]  # fmt: skip
        if there:
            nearest = min(there, key=lambda at: abs(at[0] - row) + abs(at[1] - column))
            self.cursor = self._at.index(nearest)

    def step(self, by: int) -> None:
        """To the next cell, or the one before, row by row."""
        self.reviewing = False
        self._take()
        self.cursor = (self.cursor + by) % len(self.fields)

    def complete(self) -> None:
        """What the names one may type have in common beyond what stands there; the next cell where there is nothing."""
        typed = plain(self.text).lower()
        known = [word for word in self.field.words() if typed and word.lower().startswith(typed)]
        shared = _in_common(known)
        if len(shared) > len(typed):
            self.texts[self.cursor], self.note = shared, ""
        elif len(known) > 1 and typed not in (word.lower() for word in known):
            self.note = "  ".join(known[:_MOST_OFFERED]) + (" …" if len(known) > _MOST_OFFERED else "")
        else:
            self.step(1)

    def enter(self) -> bool:
        """Take this cell and go to the next blank one; where none is left, look all of it over. True: hand it in."""
        if self.reviewing:
            return True
        if not self._take() and self.text:
            return False
        blank = self._blank(self.cursor + 1)
        if blank is None:
            self.reviewing = True
        else:
            self.cursor = blank
        return False

    def enter_line(self, line: str) -> None:
        """A line that was typed below the table is what stands in this cell."""
        if line.strip():
            self.texts[self.cursor] = line.strip()
            self.enter()

    def _blank(self, start: int) -> int | None:
        """The next cell without a value, from `start` on and around."""
        order = [*range(start, len(self.fields)), *range(min(start, len(self.fields)))]
        return next((index for index in order if self.fields[index].id not in self.values), None)

    def _take(self) -> bool:
        """Read the cell; False, and a note, where it is no answer."""
        self.note = ""
        if not self.text.strip():
            self.values.pop(self.field.id, None)
            return False
        try:
            value = self.field.read(self.text)
        except Unreadable as error:
            self.values.pop(self.field.id, None)
            self.note = f"? {pick(error.text, self._lang)}"
            return False
        if self.values.get(self.field.id) != value:
            self.values[self.field.id] = value
            self._filled(self.field, value)
        return True


def _in_common(words: Sequence[str]) -> str:
    """What all of them begin with."""
    alike = itertools.takewhile(lambda chars: len(set(chars)) == 1, zip(*words, strict=False))
    return "".join(chars[0] for chars in alike)


def lines(cells: Cells, lang: Lang, columns: int = 80, commands: str = COMMANDS) -> list[tuple[str, str]]:
    """The table as prompt_toolkit's (style, text) pairs; a row's name above its cells where it is too long beside them."""
    widths = [max(_NARROWEST, width_of(label)) for label in cells.columns]
    for text, (_, column) in zip(cells.texts, cells._at, strict=True):
        widths[column] = max(widths[column], width_of(one_line(text)) + 1)
    label = max(map(width_of, cells.rows))
    beside = label + sum(widths) + 3 * len(widths) + 2 <= columns
    indent = label + 2 if beside else 2
    head = "".join(
        f"  {name}{' ' * (width - width_of(name) + 1)}" for name, width in zip(cells.columns, widths, strict=True)
    )
    shown: list[tuple[str, str]] = [("bold", " " * indent + head.rstrip() + "\n")]
    for row, name in enumerate(cells.rows):
        here = row == cells._at[cells.cursor][0] and not cells.reviewing
        start = f"{'›' if here else ' '} {name}"
        shown.append(("", start + " " * max(0, indent - width_of(start)) if beside else f"{start}\n{' ' * indent}"))
        shown += [piece for column, width in enumerate(widths) for piece in _cell(cells, row, column, width)]
        shown.append(("", "\n"))
    if cells.note:
        shown.append(("bold", f"{one_line(cells.note)}\n"))
    foot = _REVIEW[lang] if cells.reviewing else _KEYS[lang].replace("{commands}", commands)
    shown.append(("bold" if cells.reviewing else "italic", foot))
    return shown


def _cell(cells: Cells, row: int, column: int, width: int) -> list[tuple[str, str]]:
    if (row, column) not in cells._at:
        return [("", " " * (width + 3))]
    index = cells._at.index((row, column))
    text = one_line(cells.texts[index])
    if index == cells.cursor and not cells.reviewing:
        return [("", " ["), ("reverse", text + " " * (width - width_of(text))), ("", "]")]
    taken = cells.fields[index].id in cells.values
    sign = "" if taken or not text else "?"
    text = f"{sign}{text}" or "·"
    return [("bold" if taken else "", "  " + text + " " * max(0, width - width_of(text) + 1))]


def ask(
    cells: Cells,
    lang: Lang,
    above: Callable[[], StyleAndTextTuples] | None = None,
    pre_run: Callable[[], None] | None = None,
    commands: str = COMMANDS,
    **io: Any,
) -> str | None:
    """Let the candidate fill in `cells` from where they stand; returns "" once all is handed in, a command that was typed
    into a cell, or None for "I'll type it". What else is as in reorder.ask. Raises KeyboardInterrupt and EOFError."""
    from prompt_toolkit.application import Application
    from prompt_toolkit.layout import Layout
    from prompt_toolkit.layout.containers import Window
    from prompt_toolkit.layout.controls import FormattedTextControl

    def shown() -> StyleAndTextTuples:
        head = above() if above is not None else []
        return [*head, *lines(cells, lang, application.output.get_size().columns, commands)]

    control = FormattedTextControl(shown, focusable=True, show_cursor=False)
    application: Application[str | None] = Application(
        Layout(Window(control, wrap_lines=True, dont_extend_height=True)), key_bindings=_bindings(cells), **io
    )
    return application.run(pre_run=pre_run)


def _bindings(cells: Cells) -> KeyBindings:
    from prompt_toolkit.key_binding import KeyBindings

    keys = KeyBindings()

    def bind(name: str, press: Callable[[KeyPressEvent], None]) -> None:
        keys.add(name, eager=name == "escape")(press)

    bind("up", lambda event: cells.move(-1, 0))
    bind("down", lambda event: cells.move(1, 0))
    bind("left", lambda event: cells.move(0, -1))
    bind("right", lambda event: cells.move(0, 1))
    bind("tab", lambda event: cells.complete())
    bind("s-tab", lambda event: cells.step(-1))
    bind("backspace", lambda event: cells.rub_out())
    bind("c-u", lambda event: cells.clear())
    bind("escape", lambda event: event.app.exit(result=None))
    bind("c-z", lambda event: event.app.suspend_to_background())
    bind("c-c", lambda event: event.app.exit(exception=KeyboardInterrupt()))
    bind("c-d", lambda event: event.app.exit(exception=EOFError()))
    bind("enter", lambda event: _enter(event, cells))
    for name in ("<any>", "<bracketed-paste>"):
        bind(name, lambda event: _typed(event, cells))
    return keys


def _enter(event: KeyPressEvent, cells: Cells) -> None:
    if command(cells.text) is not None and not cells.reviewing:
        typed = cells.text
        cells.clear()
        _leave(event, typed)
    elif cells.enter():
        event.app.exit(result="")


def _typed(event: KeyPressEvent, cells: Cells) -> None:
    text = "".join(char for char in event.data.replace("\n", " ") if char.isprintable())
    if plain(text) == "?" and not cells.text:
        _leave(event, "hint")
    elif text:
        cells.type(text)


def _leave(event: KeyPressEvent, result: str) -> None:
    # The table comes again under what is printed.
    event.app.erase_when_done = True
    event.app.exit(result=result)
