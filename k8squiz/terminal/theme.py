"""What each kind of thing looks like on a terminal: styles by meaning, in one place.

Screens name a meaning; another theme gives all of them another look at once. No screen writes a colour.
"""

from __future__ import annotations

from rich.theme import Theme

STYLES: dict[str, str] = {
    # What is read first, and what is there for whoever looks.
    "strong": "bold",
    "quiet": "dim",
    "plain": "not bold",
    "caption": "italic",
    "topic": "bold underline",
    # On a line that is quiet otherwise.
    "title": "bold not dim",
    "mark": "yellow not dim",
    # What was answered.
    "right": "green",
    "partly": "yellow",
    "wrong": "red",
    "score.right": "bold green",
    "score.partly": "bold yellow",
    "score.wrong": "bold red",
    # What the program has to say: an answer to a command, something to heed, something not to miss.
    "told": "cyan",
    "notice": "yellow",
    "alarm": "bold yellow",
    # A walk.
    # Magenta is read on white and on black; yellow is not on white (contrast 1.7 on xterm's).
    "rewritten": "bold magenta",
    "badge": "bold",
    "stage": "cyan",
    "rule": "cyan",
    "packet.mark": "yellow",
    "tunnel": "magenta",
    "delivered": "bold green",
    "stopped": "bold red",
    # Figures.
    "bar": "cyan",
    "bar.full": "green",
}


def theme() -> Theme:
    """The theme that every console has."""
    return Theme(STYLES)
