"""The themes of an interview and how well each is known. Pure; time handed in."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence

from engine.values import dataclass
from k8squiz.bank.question import QuestionMeta
from k8squiz.bank.themes import THEMES
from k8squiz.history.stats import remembered
from k8squiz.history.store import Card, Review

# A theme is known from this strength on, half known from the other.
_GREEN, _AMBER = 0.7, 0.35
# So many questions of a theme are enough to know it.
_ENOUGH = 3


class Colour(enum.Enum):
    """How a theme stands: known, half known, not known; or nothing of it was seen yet, or the bank asks nothing of it."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    UNSEEN = "unseen"
    NOT_ASKED = "not-asked"


@dataclass(frozen=True, slots=True)
class ThemeState:
    """A theme (a key of THEMES): questions seen of all there are, and how well it is known (0 to 1): the best few of them,
    as they would be answered now."""

    theme: str
    seen: int
    all: int
    strength: float

    @property
    def colour(self) -> Colour:
        if not self.all:
            return Colour.NOT_ASKED
        if not self.seen:
            return Colour.UNSEEN
        if self.strength >= _GREEN:
            return Colour.GREEN
        return Colour.AMBER if self.strength >= _AMBER else Colour.RED


def theme_map(
    reviews: Sequence[Review], cards: Mapping[str, Card], known: Sequence[QuestionMeta], now: float
) -> tuple[ThemeState, ...]:
    """Every theme at `now`, what comes up most in interviews first."""
    kept = remembered(reviews, cards, now)
    by_theme: dict[str, list[str]] = {}
    for meta in known:
        for theme in meta.themes:
            by_theme.setdefault(theme, []).append(meta.id)
    return tuple(
        _state(theme, by_theme.get(theme, ()), kept) for theme in sorted(THEMES, key=lambda one: -THEMES[one].asked)
    )


def _state(theme: str, asked: Sequence[str], kept: Mapping[str, float]) -> ThemeState:
    seen = sorted((kept[name] for name in asked if name in kept), reverse=True)
    # Nobody needs all of a theme's questions; one good answer does not make it known either.
    enough = min(_ENOUGH, len(asked))
    return ThemeState(theme, len(seen), len(asked), sum(seen[:enough]) / enough if enough else 0.0)


def as_json(found: Sequence[ThemeState]) -> dict[str, object]:
    """As `stats --map --json` prints it."""
    return {
        "themes": [
            {"theme": one.theme, "en": THEMES[one.theme].name.en, "zh": THEMES[one.theme].name.zh,
             "asked": THEMES[one.theme].asked, "seen": one.seen, "all": one.all, "strength": round(one.strength, 4),
             "colour": one.colour.value}
            for one in found
        ]
    }  # fmt: skip
