"""What each kind of thing looks like on a terminal: styles by meaning, in one place.

Screens name a meaning; a theme gives all of them its colours at once. No screen writes a colour, and no colour is the only
sign of anything. Colours are those of xterm's 256 whose RGB values are the same everywhere; the first 16 are whatever the
terminal makes of them (yellow on xterm's white has a contrast of 1.7).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from k8squiz.errors import QuizError, unknown

if TYPE_CHECKING:
    from rich.theme import Theme

# A meaning, and its look: {braces} name a part of the palette.
STYLES: dict[str, str] = {
    # What is read first, and what is there for whoever looks.
    "strong": "bold",
    "quiet": "dim",
    "caption": "italic",
    "topic": "bold underline",
    # On a line that is quiet otherwise.
    "title": "bold not dim",
    "mark": "bold not dim {partly}",
    # What was answered.
    "right": "{right}",
    "partly": "{partly}",
    "wrong": "{wrong}",
    "score.right": "bold {right}",
    "score.partly": "bold {partly}",
    "score.wrong": "bold {wrong}",
    # What the program has to say: an answer to a command, something to heed, something not to miss.
    "told": "{told}",
    "notice": "{partly}",
    "alarm": "bold {partly}",
    # A walk.
    "rewritten": "bold {changed}",
    "badge": "bold",
    "stage": "{told}",
    "rule": "{told}",
    "packet.mark": "{changed}",
    "tunnel": "{tunnel}",
    "delivered": "bold {right}",
    "stopped": "bold {wrong}",
    # Figures.
    "bar": "{told}",
    "bar.full": "{right}",
    "series.iptables": "{wrong}",
    "series.ipvs": "{told}",
    "series.nftables": "{right}",
}
PARTS = ("right", "partly", "wrong", "told", "changed", "tunnel")
# Of each palette all parts have a contrast of 4.5 or more (WCAG 2.2, 1.4.3) with the background it is for; `either` with
# white and with black, which few colours have.
PALETTES: Mapping[str, Mapping[str, str]] = {
    "dark": {"right": "color(78)", "partly": "color(214)", "wrong": "color(203)", "told": "color(80)",
             "changed": "color(213)", "tunnel": "color(141)"},
    "light": {"right": "color(28)", "partly": "color(94)", "wrong": "color(124)", "told": "color(24)",
              "changed": "color(127)", "tunnel": "color(55)"},
    "either": {"right": "color(29)", "partly": "underline", "wrong": "color(131)", "told": "color(63)",
               "changed": "color(163)", "tunnel": "color(98)"},
    # Sixteen colours or none: what a look says beside its colour.
    "none": {"right": "default", "partly": "underline", "wrong": "default", "told": "default", "changed": "underline",
             "tunnel": "italic"},
}  # fmt: skip
THEMES = ("auto", "light", "dark", "none")
VARIABLE = "K8SQUIZ_THEME"
# The ANSI colours that are dark on every terminal that sets COLORFGBG: black to cyan, and dark grey.
_DARK_ANSI = frozenset({*range(7), 8})


def check_theme(name: str) -> str:
    """`name` where it is a theme; raises QuizError for anything else."""
    if name not in THEMES:
        raise unknown("theme", name, THEMES)
    return name


def palette() -> str:
    """The palette of this run: what K8SQUIZ_THEME (--theme) says, else what the terminal tells of its background."""
    try:
        wanted = check_theme(os.environ.get(VARIABLE, "auto").strip().lower() or "auto")
    except QuizError:
        wanted = "auto"
    if wanted != "auto":
        return wanted
    background = os.environ.get("COLORFGBG", "").rpartition(";")[2]
    if not background.isdecimal():
        return "either"
    return "dark" if int(background) in _DARK_ANSI else "light"


def styles(name: str) -> dict[str, str]:
    """Every meaning's look in a palette."""
    return {meaning: look.format(**PALETTES[name]) for meaning, look in STYLES.items()}


def theme(name: str | None = None) -> Theme:
    """The theme of a palette; None for the one of this run."""
    from rich.theme import Theme

    return Theme(styles(name or palette()))
