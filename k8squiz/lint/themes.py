"""The themes of a whole bank: where its questions name theirs, each does, and none of the table is left without a question."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from k8squiz.bank import find as bank
from k8squiz.bank.question import QuestionMeta, Template
from k8squiz.bank.themes import THEMES
from k8squiz.lint.finding import Finding


def on_one_line(template: Template, path: Path) -> Iterator[Finding]:
    """A warning of themes, or a mark of trivia, that the list of questions cannot read off the file's first lines."""
    scanned = bank.scan(path)
    if scanned is not None and scanned.trivia != template.meta.trivia:
        yield Finding(
            template.place("trivia"),
            "trivia stands among the first lines, on one of its own: trivia: true",
            "trivia 须位于文件开头，独占一行：trivia: true",
            warning=True,
        )
    if scanned is not None and scanned.themes != template.meta.themes:
        yield Finding(
            template.place("themes"),
            "themes stand on one line: themes: [hairpin, br-netfilter]",
            "themes 须写在一行内：themes: [hairpin, br-netfilter]",
            warning=True,
        )


def without_question(metas: tuple[QuestionMeta, ...]) -> tuple[str, ...]:
    """The themes that none of these questions is about, in the order of the table."""
    taken = {theme for meta in metas for theme in meta.themes}
    return tuple(theme for theme in THEMES if theme not in taken)


def over_the_bank(metas: tuple[QuestionMeta, ...]) -> Iterator[Finding]:
    """Questions that name no theme, and a warning that lists the themes without a question; nothing of a bank that names
    none at all."""
    left = without_question(metas)
    if len(left) == len(THEMES):
        return
    for meta in metas:
        if not meta.themes:
            yield Finding(
                f"{meta.path}:1",
                "no `themes`: name what the question is about (k8squiz/bank/themes.py)",
                "缺少 `themes`：请写明题目考查的主题（k8squiz/bank/themes.py）",
            )
    if left:
        yield Finding(
            str(bank.bank_folder()),
            f"{len(left)} of {len(THEMES)} themes have no question: {', '.join(left)}",
            f"{len(THEMES)} 个主题中有 {len(left)} 个没有题目：{'、'.join(left)}",
            warning=True,
        )
