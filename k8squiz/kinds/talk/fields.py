"""The blanks of a talk: the answer, and whether each key point was in it.

Nothing here judges prose. The key points are what an interviewer listens for; the walk shown with the grade is the
evidence for each of them.
"""

from __future__ import annotations

from engine.trace import Text
from engine.values import dataclass
from k8squiz.kinds.fields import FieldBase, Unreadable
from k8squiz.kinds.fields.interface import first_readable
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.practice import say
from k8squiz.locale.typed import says_yes

ANSWER = Text("Your answer", "你的回答")

SAID, LEFT_OUT = "said", "left out"
_MOST = 8000


@dataclass(frozen=True, slots=True)
class TalkField(FieldBase):
    """What the candidate says. It carries no score of its own."""

    id: str = "talk"
    label: Text = ANSWER
    truth: str = ""
    weight: float = 0.0

    def read(self, typed: str) -> str:
        text = " ".join(typed.split())
        if not text:
            raise Unreadable("say it in a sentence or two, or type skip", "请用一两句话回答，或输入 skip")
        return text[:_MOST]

    def score(self, value: str) -> float:
        return 1.0

    def show(self, value: str, zh: bool) -> str:
        return value

    def how(self, lang: Lang, listed: bool = True) -> str:
        return say("how-talk", lang)


@dataclass(frozen=True, slots=True)
class PointField(FieldBase):
    """One key point: was it said? A value is SAID or LEFT_OUT."""

    id: str
    label: Text
    truth: str = SAID
    weight: float = 1.0

    def read(self, typed: str) -> str:
        return first_readable(typed, self._read)

    def _read(self, text: str) -> str:
        said = says_yes(text)
        if said is not None:
            return SAID if said else LEFT_OUT
        raise Unreadable("y for what you said, n for what you left out", "说到了填 y，没说到填 n")

    def score(self, value: str) -> float:
        return float(value == SAID)

    def show(self, value: str, zh: bool) -> str:
        return {SAID: "说到了", LEFT_OUT: "没说到"}.get(value, value) if zh else value

    @property
    def foreseen(self) -> bool:
        """The points come after the answer."""
        return False

    def how(self, lang: Lang, listed: bool = True) -> str:
        return say("how-point", lang)

    def prompt(self, lang: Lang) -> str:
        return say("point", lang, point=pick(self.label, lang))
