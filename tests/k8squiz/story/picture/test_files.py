"""The drawing, the page and the Markdown: well formed, whole, asking for nothing, and names are text in all of them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from engine.trace import Text
from k8squiz.locale.i18n import LANGS, Lang
from k8squiz.story.picture.beside import beside
from k8squiz.story.picture.drawing import svg_drawing
from k8squiz.story.picture.export import exported
from k8squiz.story.picture.page import walk_page
from tests.k8squiz.story.picture.read_back import off_the_sheet
from tests.k8squiz.story.picture.walks import WALKS, hostile, laid_out

TITLE = Text("a walk", "一条路径")
EVIL = "x\"'><script>alert(1)</script>&\x1b[31m\x00\ufffe|`[a](b)\n# c"


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", WALKS)
def test_a_drawing_is_a_drawing(name: str, lang: Lang) -> None:
    text = svg_drawing([(TITLE, laid_out(name))], (lang,))
    root = ET.fromstring(text)
    tags = {element.tag.removeprefix("{http://www.w3.org/2000/svg}") for element in root.iter()}
    assert tags <= {"svg", "title", "style", "rect", "line", "g", "text", "path", "circle"}
    assert "prefers-color-scheme: dark" in text and "prefers-reduced-motion" in text and "@keyframes" in text
    assert "url(" not in text and "http" not in text.replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize("name", WALKS)
def test_everything_of_a_drawing_is_on_its_sheet(name: str) -> None:
    assert off_the_sheet(laid_out(name)) == []


def test_a_still_drawing_moves_nothing() -> None:
    assert "@keyframes" not in svg_drawing([(TITLE, laid_out("nodeport"))], ("en",), moving=False)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", WALKS)
def test_a_page_has_both_languages_and_asks_for_nothing(name: str, lang: Lang) -> None:
    page = walk_page(TITLE, [(TITLE, laid_out(name))], lang)
    assert page.count("<script>") == 1
    assert re.search(r"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-[\w+/=]{44}'; ", page)
    assert not re.search(r"""(?<![-\w])(?:src|href)\s*=|https?://|@import|url\(""", page)
    assert 'lang="en"' in page and 'lang="zh-CN"' in page


@pytest.mark.parametrize("suffix", [".svg", ".html", ".md"])
def test_names_are_text(suffix: str) -> None:
    layout = hostile(EVIL)
    evil = Text(EVIL, EVIL)
    text = exported(suffix, evil, [(evil, layout)], "en")
    if suffix == ".md":  # In code, fenced or between backticks, nothing is markup, and no name ends it.
        text = re.sub(r"^````text\n.*?^````$", "", text, flags=re.MULTILINE | re.DOTALL)
        text = re.sub(r"``.*?``(?= \|$)", "", text, flags=re.MULTILINE)
    assert "<script>alert" not in text and "\x1b" not in text and "\x00" not in text
    if suffix == ".svg":
        ET.fromstring(text)
    if suffix == ".md":
        assert not re.search(r"^# c", text, re.MULTILINE)
        assert all(line.startswith("|") and line.endswith("|") for line in text.splitlines() if line.startswith("| 1"))


def test_two_walks_side_by_side_in_every_form() -> None:
    left, right = laid_out("hairpin"), laid_out("martian")
    names = (Text("whole", "完整"), Text("broken", "残缺"))
    walks = list(zip(names, (left, right), strict=True))
    for suffix, told in (
        (".html", "The first difference"),
        (".md", "≠ The first difference"),
        (".svg", "a walk: broken"),
    ):
        assert told in exported(suffix, TITLE, walks, "en", beside(left, right))
