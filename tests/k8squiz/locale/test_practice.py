"""The words of practice: both languages, the same blanks, none unused."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import k8squiz
from k8squiz.locale.practice import WORDS


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", WORDS)
def test_both_languages_fill_the_same_blanks(key: str) -> None:
    text = WORDS[key]
    assert text.en.strip()
    assert text.zh.strip()
    assert blanks(text.en) == blanks(text.zh)
    assert not re.search("[\u4e00-\u9fff]", text.en)


def test_no_words_are_left_over() -> None:
    rooms = [Path(k8squiz.__file__).parent / room for room in ("screens", "commands", "kinds")]
    source = "".join(path.read_text(encoding="utf-8") for room in rooms for path in room.rglob("*.py"))
    assert [key for key in WORDS if f'"{key}"' not in source and f"'{key}'" not in source] == []
