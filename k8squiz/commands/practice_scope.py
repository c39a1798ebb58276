"""Which questions a sitting asks: of which topics, level, themes and track, and whether trivia."""

from __future__ import annotations

from engine.values import dataclass
from k8squiz.bank.find import select
from k8squiz.bank.question import QuestionMeta
from k8squiz.errors import QuizError
from k8squiz.kinds.tracks import of_track


@dataclass(frozen=True, slots=True)
class Scope:
    """Which questions: of these topics, of this level, about these themes, of this track; without or with nothing but trivia."""

    topics: tuple[str, ...] = ()
    level: int | None = None
    themes: tuple[str, ...] = ()
    track: str | None = None
    trivia: bool = False

    def questions(self) -> tuple[QuestionMeta, ...]:
        """Those that fit. Raises QuizError where there are none, or a name is not known."""
        known = of_track(select(self.topics, self.level, themes=self.themes), self.track)
        fitting = tuple(meta for meta in known if meta.trivia == self.trivia)
        if not fitting:
            raise QuizError(*_NONE_BUT_TRIVIA) if known and not self.trivia else QuizError(*_NONE_FITS)
        return fitting


_NONE_BUT_TRIVIA = (
    "what fits is trivia, names and counts that one looks up; ask for them with --trivia",
    "符合条件的都是查一下就知道的名称与数目；要练请加 --trivia",
)
_NONE_FITS = (
    "no question fits all of these together; leave out --track, --topic, --level, --about or --trivia",
    "没有同时符合这些条件的题目；请去掉 --track、--topic、--level、--about 或 --trivia 中的一项",
)
