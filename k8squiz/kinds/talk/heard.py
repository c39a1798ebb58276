"""A first pass over what was said: which of a key point's terms occur in it, and whether in the order that it wants.

Nothing here understands a sentence ("never SNAT" holds SNAT): it tells the candidate where to look, who has the last word.

A term is one text of the question file's `terms`: ways to say it, parted by `|`. A way is words that follow one another
somewhere in the answer, parted by `>`: `DNAT > rout|after DNAT`. Latin words are found from their beginning on (`rout` in
"routing"), in either case; blanks and hyphens are alike. A point has been said where all its terms of one language occur.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from engine.values import dataclass

_HAN = re.compile(r"[\u4e00-\u9fff]")
_GAP = re.compile(r"[\s\-_]+")


@dataclass(frozen=True, slots=True)
class Heard:
    """What there is of one point in one language: the terms that occur, those that do not, and those whose words occur in
    another order. Terms are told by their first way."""

    found: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    disordered: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        return bool(self.found) and not self.missing and not self.disordered


def heard(text: str, terms: Mapping[str, tuple[str, ...]]) -> Heard:
    """The best that any language's terms find in `text`; of equals those of the language it is in."""
    said = plain(text)
    its_own = "zh" if _HAN.search(said) else "en"
    passes = [_pass(said, terms[lang]) for lang in sorted(terms, key=lambda lang: lang != its_own)]
    return max(passes, key=_share, default=Heard())


def plain(text: str) -> str:
    """`text` as it is searched: NFKC, lower case, every gap one blank."""
    return _GAP.sub(" ", unicodedata.normalize("NFKC", text).lower()).strip()


def ways(term: str) -> tuple[tuple[str, ...], ...]:
    """The ways to say a term, each the words in their order."""
    return tuple(
        tuple(word for part in way.split(">") if (word := plain(part))) for way in term.split("|") if way.strip(" >")
    )


def _share(found: Heard) -> float:
    return len(found.found) / max(1, len(found.found) + len(found.missing) + len(found.disordered))


def _pass(said: str, terms: tuple[str, ...]) -> Heard:
    found, missing, disordered = [], [], []
    for term in terms:
        name = term.split("|")[0].strip()
        if any(_in_order(said, way) for way in ways(term)):
            found.append(name)
        elif any(all(_pattern(word).search(said) for word in way) for way in ways(term)):
            disordered.append(name)
        else:
            missing.append(name)
    return Heard(tuple(found), tuple(missing), tuple(disordered))


def _in_order(said: str, way: tuple[str, ...]) -> bool:
    at = 0
    for word in way:
        matched = _pattern(word).search(said, at)
        if matched is None:
            return False
        at = matched.end()
    return True


@lru_cache(maxsize=4096)
def _pattern(word: str) -> re.Pattern[str]:
    """A word from its beginning on; a number, or an address, whole."""
    before = r"(?<![a-z0-9])" if word[0].isascii() and word[0].isalnum() else ""
    after = r"(?![0-9])" if word[-1].isdigit() else ""
    return re.compile(before + re.escape(word) + after)
