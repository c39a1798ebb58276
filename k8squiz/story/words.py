"""The words around a story, the same on a screen, a page and in Markdown."""

from __future__ import annotations

from engine.trace import Text
from k8squiz.locale.i18n import Lang, pick
from k8squiz.story.blocks import Claim, Holds

_WORDS = {
    "claims": Text("Often said, and not so", "常见的错误说法"),
    "claims-weighed": Text("Often said, and what was computed", "常见说法与计算结果"),
    "points": Text("What an interviewer wants to hear", "面试官想听到的要点"),
    "spoken": Text("Say it in an interview", "面试时可以这样说"),
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


_MARKS = {Holds.NO: "✗", Holds.YES: "✓", Holds.DEPENDS: "±"}
_RULINGS = {
    Holds.NO: Text("Not so.", "不对。"),
    Holds.YES: Text("So it is.", "没错。"),
    Holds.DEPENDS: Text("It depends.", "看情况。"),
}


def claims_word(claims: tuple[Claim, ...]) -> str:
    """The heading over them, as a key of word(): where all are wrong it says so."""
    return "claims" if all(claim.holds is Holds.NO for claim in claims) else "claims-weighed"


def mark_of(claim: Claim) -> str:
    """What stands before the claim: ✗, ✓ or ±."""
    return _MARKS[claim.holds]


def ruled(claim: Claim, claims: tuple[Claim, ...]) -> Text:
    """What was computed of it, after whether it holds where that is not the same for all `claims`."""
    if claims_word(claims) == "claims":
        return claim.truth
    ruling = _RULINGS[claim.holds]
    return Text(f"{ruling.en} {claim.truth.en}", f"{ruling.zh}{claim.truth.zh}")
