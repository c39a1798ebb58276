"""Styles are named by meaning in one theme, which can be replaced as a whole."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.style import Style
from rich.text import Text as Styled

from k8squiz.terminal.console import SafeConsole, make_console
from k8squiz.terminal.export import recorder
from k8squiz.terminal.theme import PALETTES, STYLES, palette, styles
from tests.k8squiz.runner import k8squiz

ROOT = Path(__file__).parents[3] / "k8squiz"
# prompt_toolkit has styles of its own: what it draws is no rich console's.
TYPED = {"reorder.py", "cells.py", "clocked.py"}
SCREENS = [
    path for room in ("screens", "commands") for path in sorted((ROOT / room).rglob("*.py")) if path.name not in TYPED
]
# Lines that a screen colours name their styles themselves.
PICTURE = sorted((ROOT / "story" / "picture").glob("*.py"))
LOOK = re.compile(r'f?"(not )?(bold|dim|italic|underline|reverse|red|green|yellow|blue|cyan|magenta)( [a-z ]+)?"')


@pytest.mark.parametrize("path", SCREENS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_screen_names_a_meaning_not_a_look(path: Path) -> None:
    assert LOOK.search(path.read_text(encoding="utf-8")) is None


def test_every_style_is_one_that_rich_knows_and_somebody_uses() -> None:
    used = "".join(path.read_text(encoding="utf-8") for path in [*SCREENS, *PICTURE, ROOT / "report" / "signs.py"])
    for name in STYLES:
        for each in PALETTES:
            assert Style.parse(styles(each)[name])
        assert f'"{name}"' in used or name.startswith(("score.", "series."))


@pytest.mark.parametrize("console", [make_console(file=io.StringIO()), recorder(40)], ids=["printed", "recorded"])
def test_every_console_has_the_theme(console: SafeConsole) -> None:
    for name in STYLES:
        assert console.get_style(name) in [Style.parse(styles(palette)[name]) for palette in PALETTES]
    console.print(Styled("x", style="score.right"))


def luminance(style: Style) -> float:
    """Relative luminance of a style's colour (WCAG 2.2); of the terminal's own text colour where it has none: None."""
    assert style.color is not None
    channels = [value / 255 for value in style.color.get_truecolor()]
    red, green, blue = (v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


BACKGROUNDS = {"white": 1.0, "black": 0.0}
READABLE = [("light", "white"), ("dark", "black"), ("either", "white"), ("either", "black")]


@pytest.mark.parametrize(("palette", "background"), READABLE)
@pytest.mark.parametrize("name", STYLES)
def test_what_is_marked_is_readable(name: str, palette: str, background: str) -> None:
    style = Style.parse(styles(palette)[name])
    if style.color is None or style.color.is_default:
        return
    # The first sixteen are whatever the terminal makes of them.
    assert style.color.number is not None and style.color.number >= 16
    light, dark = sorted((luminance(style), BACKGROUNDS[background]), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


@pytest.mark.parametrize("palette", PALETTES)
def test_right_and_wrong_and_rewritten_differ_from_plain_text_without_colour(palette: str) -> None:
    """What is marked on a line of plain text shows by more than its colour; signs and columns tell the rest."""
    for name in ("rewritten", "score.right", "score.wrong", "delivered", "stopped", "alarm", "mark"):
        style = Style.parse(styles(palette)[name])
        assert style.bold or style.underline or style.reverse


DETECTED = [
    ({}, "either"),
    ({"COLORFGBG": "15;0"}, "dark"),
    ({"COLORFGBG": "0;15"}, "light"),
    ({"COLORFGBG": "0;default;15"}, "light"),
    ({"COLORFGBG": "0;default"}, "either"),
    ({"COLORFGBG": "0;15", "K8SQUIZ_THEME": "dark"}, "dark"),
    ({"COLORFGBG": "0;15", "K8SQUIZ_THEME": "auto"}, "light"),
    ({"K8SQUIZ_THEME": "none"}, "none"),
]


@pytest.mark.parametrize(("environ", "name"), DETECTED)
def test_the_palette_of_a_run(environ: dict[str, str], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("COLORFGBG", "K8SQUIZ_THEME"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in environ.items():
        monkeypatch.setenv(variable, value)
    assert palette() == name


@pytest.mark.parametrize("words", [("--theme", "light"), ("--theme=light",)], ids=["two words", "one word"])
def test_the_option(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("K8SQUIZ_THEME", "auto")
    assert k8squiz(capsys, "explain", *words)[0] == 0
    assert palette() == "light"


@pytest.mark.parametrize(("words", "said"), [
    (("--theme", "drak", "explain"), "no such theme: 'drak' (did you mean dark?)"),
    (("explain", "--theme"), "no such theme"),
    (("explain", "--lang", "zh", "--theme=x"), "没有这个配色"),
])  # fmt: skip
def test_a_theme_that_is_none(words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = k8squiz(capsys, *words)
    assert code == 2
    assert said in err
