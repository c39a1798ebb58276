"""Walks as files: an SVG drawing, a page to step through, Markdown. Each is whole and loads nothing from anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from engine.trace import Text
from k8squiz.errors import QuizError
from k8squiz.locale.i18n import Lang, pick
from k8squiz.story.picture.beside import WalksBeside
from k8squiz.story.picture.layout import WalkLayout

SUFFIXES = (".html", ".svg", ".md")
Walks = Sequence[tuple[Text, WalkLayout]]


class Likely(Protocol):
    """Something with a probability and an end: an Outcome, a layout of one."""

    @property
    def probability(self) -> Fraction: ...

    @property
    def destination(self) -> str: ...


def check_suffix(path: Path) -> None:
    """Raises QuizError where the name does not say in which form to write."""
    if path.suffix not in SUFFIXES:
        raise QuizError(
            f"{path}: the name must end in .html, .svg or .md", f"{path}：文件名须以 .html、.svg 或 .md 结尾"
        )


def way_name(way: Likely, number: int, total: int) -> Text:
    """`Way 2 of 3, probability 1/3: 10.244.2.8:8080`; of one that was drawn, its probability; of the only one, its end."""
    if total > 1:
        return Text(
            f"Way {number} of {total}, probability {way.probability}: {way.destination}",
            f"第 {number}/{total} 条可能路径，概率 {way.probability}：{way.destination}",
        )
    if way.probability != 1:
        return Text(
            f"Drawn by the seed; probability {way.probability} (--all shows every way)",
            f"由种子选取；概率 {way.probability}（--all 显示所有可能路径）",
        )
    return Text(way.destination, way.destination)


def exported(suffix: str, title: Text, walks: Walks, lang: Lang, pair: WalksBeside | None = None) -> str:
    """The walks in the form that `suffix` names; with `pair` the first two also side by side, under their names."""
    names = (walks[0][0], walks[-1][0])
    if suffix == ".svg":
        from k8squiz.story.picture.drawing import svg_drawing

        alone = len(walks) == 1
        named = [
            (title if alone else Text(f"{title.en}: {name.en}", f"{title.zh}：{name.zh}"), walk) for name, walk in walks
        ]
        return svg_drawing(named, (lang,))
    if suffix == ".html":
        from k8squiz.story.picture.beside_page import beside_section
        from k8squiz.story.picture.page import walk_page

        more = [] if pair is None else [beside_section(pair, names)]
        return walk_page(title, walks, lang, more)
    return _markdown(title, walks, lang, pair, names)


def _markdown(title: Text, walks: Walks, lang: Lang, pair: WalksBeside | None, names: tuple[Text, Text]) -> str:
    from k8squiz.story.picture.markdown import beside_block, inline, walk_markdown

    lines = [f"# {inline(pick(title, lang))}", ""]
    if pair is not None:
        lines += beside_block(pair, names, lang)
    for name, layout in walks:
        lines += [f"## {inline(pick(name, lang))}", "", *walk_markdown(layout, lang)]
    return "\n".join(lines).rstrip() + "\n"
