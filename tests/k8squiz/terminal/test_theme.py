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
from k8squiz.terminal.theme import STYLES

ROOT = Path(__file__).parents[3] / "k8squiz"
# prompt_toolkit has styles of its own: what it draws is no rich console's.
TYPED = {"reorder.py", "clocked.py"}
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
    for name, look in STYLES.items():
        assert Style.parse(look)
        assert f'"{name}"' in used or name.startswith("score.")


@pytest.mark.parametrize("console", [make_console(file=io.StringIO()), recorder(40)], ids=["printed", "recorded"])
def test_every_console_has_the_theme(console: SafeConsole) -> None:
    for name, look in STYLES.items():
        assert console.get_style(name) == Style.parse(look)
    console.print(Styled("x", style="score.right"))
