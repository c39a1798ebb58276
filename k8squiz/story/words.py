"""The words around a story, the same on a screen, a page and in Markdown."""

from __future__ import annotations

from engine.trace import Text
from k8squiz.locale.i18n import Lang, pick

_WORDS = {
    "claims": Text("Often said, and not so", "常见的错误说法"),
    "points": Text("What an interviewer wants to hear", "面试官想听到的要点"),
    "follow-ups": Text("Follow-up questions", "追问"),
    "sources": Text("Sources", "出处"),
    "said": Text("said", "说法"),
    "computed": Text("computed", "实际"),
    "never": Text("did not happen in this walk", "在这次模拟中没有发生"),
    "without": Text("Taken away here", "此处去掉了"),
    "try": Text("See what breaks without a part:", "看看缺了某一部分会怎样："),
}


def word(key: str, lang: Lang) -> str:
    """One of the words that stand around a story: a heading, a label."""
    return pick(_WORDS[key], lang)
