"""Chinese texts keep to the glossary's terms and to Chinese punctuation, wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chinese import ROOT, files, texts

GLOSSARY = ROOT / "docs" / "glossary.md"
_HAN = r"[\u4e00-\u9fff]"
# Words for what a person types or presses, as in `地址:端口` or `-A 链名`: what stands beside them is the form's, not the sentence's.
_TYPED = (
    "地址",
    "端口",
    "名称",
    "主机名",
    "链名",
    "节点",
    "字段",
    "指标",
    "数值",
    "文件",
    "类型",
    "主机",
    "设备",
    "源",
    "目的",
    "回车",
    "口述",
    "命令",
)
_NOT_AFTER = "".join(f"(?<!{word})" for word in _TYPED)
_NOT_BEFORE = f"(?!{'|'.join(_TYPED)})"
PUNCTUATION = {
    "a half-width comma or full stop between Chinese characters": rf"{_HAN}[,.;!?]\s*{_HAN}",
    "a half-width colon or bracket between Chinese characters": rf"{_HAN}{_NOT_AFTER}[:(]\s*{_HAN}|{_HAN}\)\s*{_HAN}",
    "two blanks in a sentence": rf"{_HAN} {{2,}}{_HAN}",
    "a blank beside full-width punctuation": rf"(?:{_HAN} +[，。；：？！、）])|(?:[，。；：？！、（] +{_HAN})",
    "a blank between Chinese characters": rf"{_HAN}{_NOT_AFTER} {_NOT_BEFORE}{_HAN}",
    "no blank between Chinese and a Latin word": rf"{_HAN}[A-Za-z][A-Za-z-]+|[A-Za-z][A-Za-z-]+{_HAN}",
    "no blank between Chinese and a number": rf"{_HAN}\d|\d{_HAN}",
    "straight quotation marks around Chinese": rf"\"{_HAN}+\"",
}


def not_to_say() -> dict[str, str]:
    """Each word or regular expression that may not appear, with the Chinese to use instead: the glossary's table."""
    lines = GLOSSARY.read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line[:1] == "|"]
    return {
        word[1:-1] if word.startswith("`") else re.escape(word): instead
        for _, instead, _, words in rows
        for word in re.findall(r"`[^`]+`|[^\s,]+", words)
        if re.search(_HAN, word)
    }


def faults(path: Path, rules: dict[str, str]) -> Iterator[str]:
    for line, text in texts(path):
        for what, pattern in rules.items():
            if (found := re.search(pattern, text)) is not None:
                around = text[max(0, found.start() - 12) : found.end() + 12]
                yield f"{path.relative_to(ROOT)}:{line}: {what}: …{around}…"


def test_the_glossary_is_read() -> None:
    assert len(not_to_say()) > 45
    assert not_to_say()["应答"] == "响应"


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_chinese_says_what_the_glossary_says(path: Path) -> None:
    rules = {f"say {instead}, not {word}": word for word, instead in not_to_say().items()}
    assert list(faults(path, rules)) == []


# Grammar of typed answers, words between which a text is put together, forms of options: no sentences.
NO_SENTENCES = (
    "k8squiz/kinds/fields/",
    "k8squiz/kinds/repair/rule_edit.py",
    "k8squiz/locale/numerals.py",
    "engine/faults/",
    "k8squiz/locale/incident.py",
    "k8squiz/locale/help.py",
    "k8squiz/locale/typed.py",
    "k8squiz/world/texts.py",
)


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_chinese_is_punctuated(path: Path) -> None:
    if not path.relative_to(ROOT).as_posix().startswith(NO_SENTENCES):
        assert list(faults(path, PUNCTUATION)) == []
