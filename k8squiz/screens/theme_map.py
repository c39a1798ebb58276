"""The map of themes: each with a sign, what comes up most first. Returns renderables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from engine.trace import Text
from k8squiz.bank.themes import THEMES
from k8squiz.history.theme_map import Colour, ThemeState
from k8squiz.locale.i18n import Lang, pick
from k8squiz.report.signs import PART, RIGHT, WRONG
from k8squiz.screens.heading import heading
from k8squiz.screens.prose import Prose

_ASKED = {
    5: Text("In almost every round", "几乎每场都问"),
    4: Text("Often", "经常问"),
    3: Text("Now and then", "时常问"),
    2: Text("Seldom", "偶尔问"),
    1: Text("Hardly ever", "很少问"),
}
# A sign, a style, and what they mean.
_LOOKS = {
    Colour.GREEN: (RIGHT, "right", Text("known", "已掌握")),
    Colour.AMBER: (PART, "partly", Text("half known", "掌握一半")),
    Colour.RED: (WRONG, "wrong", Text("not known", "未掌握")),
    Colour.UNSEEN: ("·", "quiet", Text("not seen", "没做过")),
    Colour.NOT_ASKED: ("-", "quiet", Text("no question yet", "暂无题目")),
}
_NEXT = Text("Next: k8squiz practice --about {theme}", "下一步：k8squiz practice --about {theme}")


def map_view(found: Sequence[ThemeState], lang: Lang) -> RenderableType:
    """The whole map, and the theme to go on with."""
    parts: list[RenderableType] = [_legend(found, lang)]
    for asked, title in _ASKED.items():
        row = [_theme(one, lang) for one in found if THEMES[one.theme].asked == asked]
        if row:
            parts += [heading(pick(title, lang)), Columns(row, padding=(0, 2), column_first=True)]
    ahead = next((one for one in found if one.all and one.colour is not Colour.GREEN), None)
    if ahead is not None:
        parts += [Styled(""), Prose(pick(_NEXT, lang).format(theme=ahead.theme), "told")]
    return Group(*parts)


def _legend(found: Sequence[ThemeState], lang: Lang) -> RenderableType:
    count = Counter(one.colour for one in found)
    line = Styled()
    for colour, (sign, style, meaning) in _LOOKS.items():
        if count[colour]:
            line.append("   " if line else "").append(f"{sign} {count[colour]} {pick(meaning, lang)}", style=style)
    return line


def _theme(one: ThemeState, lang: Lang) -> RenderableType:
    sign, style, _ = _LOOKS[one.colour]
    row = Table.grid(padding=(0, 1))
    # English names say what the ids say.
    name = one.theme if lang == "en" else f"{pick(THEMES[one.theme].name, lang)} {one.theme}"
    row.add_row(Styled(sign, style=style), Styled(name, style=style), Styled(f"{one.seen}/{one.all}", style="quiet"))
    return row
