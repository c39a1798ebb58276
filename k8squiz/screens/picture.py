"""A picture of a walk on the screen. Returns renderables; prints nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text as Styled

from engine.trace import Text
from k8squiz.locale.i18n import Lang, pick
from k8squiz.screens.prose import Prose
from k8squiz.story.picture.beside import WalksBeside
from k8squiz.story.picture.beside_lines import beside_lines
from k8squiz.story.picture.export import way_name
from k8squiz.story.picture.layout import WalkLayout
from k8squiz.story.picture.lines import Detail, Line, Marks, ending, picture_lines


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


def picture_view(layout: WalkLayout, lang: Lang, detail: Detail = Detail.BRIEF, marks: Marks = frozenset()) -> Lines:
    """The walk as lanes: as wide as there is room. `marks` are hops where an answer parts from it."""
    return Lines(lambda width: picture_lines(layout, lang, width, detail, marks))


def pictures_view(asked: Text, layouts: Sequence[WalkLayout], lang: Lang, rules: bool = False) -> RenderableType:
    """Every way of a request as a picture, under what was asked; `rules`: with each rule that decided."""
    parts: list[RenderableType] = [Prose(pick(asked, lang), style="strong")]
    for number, layout in enumerate(layouts, 1):
        if layout.probability != 1:
            name = pick(way_name(layout, number, len(layouts)), lang)
            parts += [
                Styled(""),
                Prose(f"━━ {name}" if len(layouts) > 1 else name, style="strong" if len(layouts) > 1 else "quiet"),
            ]
        parts += [Styled(""), picture_view(layout, lang, Detail.RULES if rules else Detail.STAGES)]
    return Group(*parts)


def ending_view(layout: WalkLayout, lang: Lang) -> Lines:
    """How a walk ended, without its picture."""
    return Lines(lambda width: ending(layout, lang, width))


def beside_view(pair: WalksBeside, names: tuple[Text, Text], lang: Lang, brief: bool = False) -> Lines:
    """A walk beside a walk; `names` say which is which. `brief`: the first difference, what is rewritten, the ends."""
    return Lines(lambda width: beside_lines(pair, names, lang, width, brief))
