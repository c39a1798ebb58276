"""What somebody says who takes a wrong turn: `picks {option}`, in both languages."""

from __future__ import annotations

from engine.trace import Text
from k8squiz.locale.report import WORDS


def said(key: str, **values: Text | str) -> Text:
    """The sentence `key` of the report's words, filled."""
    text = WORDS[key]

    def filled(lang: str) -> str:
        plain = {name: getattr(value, lang) if isinstance(value, Text) else value for name, value in values.items()}
        return str(getattr(text, lang)).format(**plain)

    return Text(filled("en"), filled("zh"))
