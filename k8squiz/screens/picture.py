"""A picture of a walk on the screen. Returns renderables; prints nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text as Styled

from engine.trace import Text
from k8squiz.locale.i18n import Lang
from k8squiz.story.picture.beside import WalksBeside
from k8squiz.story.picture.beside_lines import beside_lines
from k8squiz.story.picture.layout import WalkLayout
from k8squiz.story.picture.lines import Detail, Line, picture_lines


class Lines:
    """Lines that are laid out for as many columns as there are when they are printed."""

    def __init__(self, make: Callable[[int], Iterable[Line]]) -> None:
        self._make = make

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self._make(options.max_width):
            yield styled(line)


def styled(line: Line) -> Styled:
    """One line; it is never broken again."""
    found = Styled(no_wrap=True, overflow="ignore")
    for span in line:
        found.append(span.text, style=span.style)
    found.rstrip()
    return found


def picture_view(layout: WalkLayout, lang: Lang, detail: Detail = Detail.BRIEF) -> Lines:
    """The walk as lanes: as wide as there is room."""
    return Lines(lambda width: picture_lines(layout, lang, width, detail))


def beside_view(pair: WalksBeside, names: tuple[Text, Text], lang: Lang) -> Lines:
    """A walk beside a walk; `names` say which is which."""
    return Lines(lambda width: beside_lines(pair, names, lang, width))
