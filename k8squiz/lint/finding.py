"""What lint has to say of a place in a question file."""

from __future__ import annotations

from engine.values import dataclass
from k8squiz.locale.i18n import Lang


@dataclass(frozen=True, slots=True)
class Finding:
    """`place` is file:line; `message` is in English, `zh` in Chinese; a `warning` does not fail the lint."""

    place: str
    message: str
    zh: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.place}: {'warning: ' if self.warning else ''}{self.message}"

    def text(self, lang: Lang) -> str:
        """The line that is printed."""
        return f"{self.place}：{'警告：' if self.warning else ''}{self.zh}" if lang == "zh" else str(self)
