"""The line above a part of a page. Apart from the views, so that a page without pictures does not load them."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.rule import Rule as Line
from rich.text import Text as Styled


def heading(text: str) -> RenderableType:
    return Group(Styled(""), Line(Styled(text, style="strong"), align="left", style="quiet"))
