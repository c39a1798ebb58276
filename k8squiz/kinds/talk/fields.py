"""The blanks of a talk: the answer, one follow-up on what was left out, and whether each key point was said.

Nothing here judges prose. A first pass tells which of a point's terms occur (k8squiz.kinds.talk.heard); the candidate has
the last word. The walk shown with the grade is the evidence.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.question import Answer, Value
from k8squiz.kinds.fields import FieldBase, Unreadable
from k8squiz.kinds.fields.interface import first_readable
from k8squiz.kinds.talk.heard import Heard, heard
from k8squiz.locale.i18n import Lang
from k8squiz.locale.practice import say
from k8squiz.locale.typed import says_yes

ANSWER = Text("Your answer", "你的回答")
FOLLOW_UP = Text("The follow-up", "追问")
TALK, PROBE = "talk", "probe"

SAID, LEFT_OUT = "said", "left out"
# An answer that was spoken: there is nothing to search.
ALOUD = "aloud"
_ALOUD = frozenset({"aloud", "口述", "口头回答"})
_MOST = 8000


def words_of(answer: Answer) -> str:
    """All that was typed to a talk; empty where it was spoken."""
    return "\n".join(str(answer[name]) for name in (TALK, PROBE) if answer.get(name) not in (None, ALOUD))


@dataclass(frozen=True, slots=True)
class TalkField(FieldBase):
    """What the candidate says, in several lines or aloud. It carries no score of its own."""

    id: str = TALK
    label: Text = ANSWER
    truth: str = ""
    weight: float = 0.0

    def read(self, typed: str) -> str:
        lines = [" ".join(line.split()) for line in typed.strip().splitlines()]
        text = "\n".join(lines).strip()
        if not text:
            raise Unreadable("say it in a sentence or two, or type skip", "请用一两句话回答，或输入 skip")
        return ALOUD if text.lower() in _ALOUD else text[:_MOST]

    def score(self, value: str) -> float:
        return 1.0

    def show(self, value: str, zh: bool) -> str:
        if value == ALOUD:
            return "（口头回答）" if zh else "(said aloud)"
        return value or ("（没有回答）" if zh else "(no answer)")

    @property
    def long(self) -> bool:
        return True

    @property
    def alone(self) -> frozenset[str]:
        return _ALOUD

    def words(self) -> tuple[str, ...]:
        return tuple(sorted(_ALOUD))

    def how(self, lang: Lang, listed: bool = True) -> str:
        return say("how-talk" if listed else "how-talk-editor", lang)


@dataclass(frozen=True, slots=True)
class PointField(FieldBase):
    """One key point: was it said? A value is SAID or LEFT_OUT. `found` is what the first pass found, None where there was
    nothing to search."""

    id: str
    label: Text
    truth: str = SAID
    weight: float = 1.0
    terms: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    probe: Text | None = None
    found: Heard | None = None

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

    @property
    def self_checked(self) -> bool:
        return True

    @property
    def lead(self) -> Text | None:
        return self.label

    def pass_over(self, answer: Answer) -> Heard | None:
        """What the first pass finds of the point; None where nothing was typed, or there are no terms."""
        text = words_of(answer)
        return heard(text, self.terms) if text and self.terms else None

    def after(self, answer: Answer) -> PointField:
        return dataclasses.replace(self, found=self.pass_over(answer))

    def foregone(self, answer: Answer) -> Value | None:
        found = self.pass_over(answer)
        return None if found is None else SAID if found.whole else LEFT_OUT

    def how(self, lang: Lang, listed: bool = True) -> str:
        return say("how-point", lang)

    def prompt(self, lang: Lang) -> str:
        key = "point" if self.found is None else "point-heard" if self.found.whole else "point-not-heard"
        return say(key, lang, heard=told(self.found, lang))


def told(found: Heard | None, lang: Lang) -> str:
    """What the first pass found, in a few words."""
    if found is None:
        return ""
    comma = ", " if lang == "en" else "、"
    if found.whole:
        return say("heard", lang, terms=comma.join(found.found))
    parts = [("not-heard", found.missing), ("other-order", found.disordered)]
    semicolon = "; " if lang == "en" else "；"
    return semicolon.join(say(key, lang, terms=comma.join(terms)) for key, terms in parts if terms)


@dataclass(frozen=True, slots=True)
class ProbeField(TalkField):
    """The follow-up: on the first point that was left out and has a probe; nothing where there is none."""

    id: str = PROBE
    label: Text = FOLLOW_UP
    points: tuple[PointField, ...] = ()
    asked: Text | None = None

    def after(self, answer: Answer) -> ProbeField | None:
        talk = answer.get(TALK)
        if talk is None:
            return None
        said = {TALK: talk}
        for point in self.points:
            found = point.pass_over(said)
            if point.probe is not None and (found is None or not found.whole):
                return dataclasses.replace(self, asked=point.probe)
        return None

    def foregone(self, answer: Answer) -> Value | None:
        """Nothing: a follow-up may be left unanswered."""
        return "" if answer.get(TALK) is not None else None

    @property
    def lead(self) -> Text | None:
        return self.asked
