"""One sitting of practice: a plain state machine. It knows no terminal, no clock and no chance but its seed.

draws -> PRESENTED --hint*--> PRESENTED --answer--> GRADED --next--> PRESENTED ... -> OVER
                  \\--skip--> (next)      any --quit--> OVER
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from typing import TypeAlias

from engine.errors import EngineError
from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.draw import draw
from k8squiz.bank.find import opened
from k8squiz.bank.question import Answer, Attempt, Grade, QuestionMeta, Template
from k8squiz.bank.rng import Rng
from k8squiz.errors import QuizError
from k8squiz.kinds.grade import grade
from k8squiz.kinds.interface import Task, make_task
from k8squiz.world.texts import hints
from k8squiz.world.world import World


class PracticeState(enum.Enum):
    PRESENTED = "presented"
    GRADED = "graded"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Summary:
    """`points` of `asked` questions; skipped ones count as asked and earn nothing."""

    attempts: tuple[Attempt, ...]

    @property
    def asked(self) -> int:
        return len(self.attempts)

    @property
    def skipped(self) -> int:
        return sum(1 for attempt in self.attempts if attempt.grade is None)

    @property
    def points(self) -> float:
        return sum(attempt.grade.score for attempt in self.attempts if attempt.grade is not None)

    def weakest(self) -> tuple[str, ...]:
        """The topics in which something was missed, the weakest first."""
        scores: dict[str, list[float]] = {}
        for attempt in self.attempts:
            scores.setdefault(attempt.topic, []).append(attempt.grade.score if attempt.grade is not None else 0.0)
        means = {topic: sum(of) / len(of) for topic, of in scores.items()}
        return tuple(sorted((topic for topic in means if means[topic] < 1.0), key=lambda topic: (means[topic], topic)))


def plan(known: Sequence[QuestionMeta], count: int | None, seed: str) -> tuple[QuestionMeta, ...]:
    """Which questions to ask, in which order: drawn without repetition, easier ones first; None for all there are.

    Where there are fewer than `count`, they come round again (each time drawn anew).
    """
    rng = Rng("plan", seed)
    wanted = len(known) if count is None else count
    drawn: list[QuestionMeta] = []
    while len(drawn) < wanted:
        drawn += rng.shuffled(known)[: wanted - len(drawn)]
    return tuple(sorted(drawn, key=lambda meta: meta.level))


# What scores less comes back at the end of the sitting.
MISSED = 0.5
# What a try that failed costs of the score, and all of them together at most.
TRY, MOST_FOR_TRIES = 0.1, 0.5
Chooser: TypeAlias = "Callable[[Sequence[Attempt]], QuestionMeta | None]"


class PracticeSession:
    """Ask `metas` one after another. `seed` decides every draw.

    `exact`: the one question is drawn as `questions show --seed` draws it. `returning`: what was missed is asked once more
    at the end, drawn anew. `chooser` picks what is asked after `metas`, by how it went, up to `count` questions in all.
    `template` is the first one, where it has been read.
    """

    def __init__(
        self,
        metas: Sequence[QuestionMeta],
        seed: str,
        exact: bool = False,
        returning: bool = False,
        chooser: Chooser | None = None,
        count: int = 0,
        template: Template | None = None,
    ) -> None:
        self._headings = list(metas)
        self._template = template
        self._seed = seed
        self._exact = exact
        self._returning, self._chooser = returning, chooser
        self._count = max(count, len(self._headings))
        self._again: set[int] = set()
        self._missed: list[QuestionMeta] = []
        self._attempts: list[Attempt] = []
        self._position = -1
        self.state = PracticeState.PRESENTED
        self.world: World
        self.task: Task
        self.grade: Grade | None = None
        self._hints: tuple[tuple[float, Text], ...] = ()
        self._taken = 0
        self._tries = 0
        self.amiss: Exception | None = None
        """What went wrong with the first question; leave() goes on."""
        try:
            self._advance()
        except Exception as error:
            # One question that was asked for by name is all there is.
            if exact:
                raise
            self.amiss = error

    @property
    def seed(self) -> str:
        return self._seed

    @property
    def number(self) -> int:
        """The current question's number, from 1."""
        return self._position + 1

    @property
    def total(self) -> int:
        """How many there are, as far as is known: what is missed adds to it."""
        return max(self._count, len(self._headings))

    @property
    def last(self) -> bool:
        """Whether no question comes after the one that is graded."""
        return self.number >= self.total and not self._missed and not self._comes_back()

    @property
    def returned(self) -> bool:
        """Whether the current question was asked before in this sitting."""
        return self._position in self._again

    @property
    def meta(self) -> QuestionMeta:
        return self._headings[self._position]

    @property
    def hints_left(self) -> int:
        return len(self._hints) - self._taken

    @property
    def next_hint_cost(self) -> float:
        return self._hints[self._taken][0]

    def hint(self) -> Text | None:
        """Take the next hint, which costs; None when there are no more."""
        self._expect(PracticeState.PRESENTED)
        if not self.hints_left:
            return None
        self._taken += 1
        return self._hints[self._taken - 1][1]

    def tried(self) -> None:
        """A line was tried and does not do it all: what is handed in later counts a little less for each but the last."""
        self._expect(PracticeState.PRESENTED)
        self._tries += 1

    @property
    def tries(self) -> int:
        """How many lines were tried that do not do it all."""
        return self._tries

    def answer(self, answer: Answer) -> Grade:
        """Grade `answer`. The question stays at hand until `next`."""
        self._expect(PracticeState.PRESENTED)
        solved = grade(self.task, answer).raw >= 1.0
        tries = self._tries if solved else max(0, self._tries - 1)
        cost = sum(cost for cost, _ in self._hints[: self._taken]) + min(MOST_FOR_TRIES, tries * TRY)
        self.grade = grade(self.task, answer, cost)
        self._record(answer, self.grade)
        self.state = PracticeState.GRADED
        return self.grade

    def skip(self) -> None:
        """Leave the question unanswered and go on."""
        self._expect(PracticeState.PRESENTED)
        self._record({}, None)
        self._advance()

    def again(self) -> None:
        """Ask the graded question once more, next, with other numbers."""
        self._expect(PracticeState.GRADED)
        self._insert(self._position + 1)

    def _insert(self, position: int) -> None:
        self._headings.insert(position, self.meta)
        self._again = {at + (at >= position) for at in self._again} | {position}
        self._count += 1

    def next(self) -> None:
        self._expect(PracticeState.GRADED)
        # Whoever asks for it himself has it at once.
        if self._comes_back() and self._position + 1 not in self._again:
            self._missed.append(self.meta)
        self._advance()

    def _comes_back(self) -> bool:
        return self._returning and not self.returned and self.grade is not None and self.grade.raw < MISSED

    def leave(self) -> None:
        """Go on to the next question, whatever went wrong in this one; nothing more is recorded of it."""
        self.amiss = None
        self._advance()

    def quit(self) -> None:
        self.state = PracticeState.OVER

    def summary(self) -> Summary:
        return Summary(tuple(self._attempts))

    def _expect(self, state: PracticeState) -> None:
        if self.state is not state:
            raise RuntimeError(f"the session is {self.state.value}, not {state.value}")

    def _record(self, answer: Answer, result: Grade | None) -> None:
        meta, seed = self.meta, self.world.question.seed
        self._attempts.append(Attempt(meta.id, meta.topic, meta.level, meta.kind, seed, answer, self._taken, result))

    def _is_there(self) -> bool:
        """Whether there is a question at the position: planned, chosen now, or missed before."""
        at = self._position
        if at < len(self._headings):
            return True
        chosen = self._chooser(self._attempts) if self._chooser is not None and at < self._count else None
        if chosen is None and self._missed:
            chosen = self._missed.pop(0)
            self._again.add(at)
        if chosen is None:
            return False
        self._headings.append(chosen)
        return True

    def _advance(self) -> None:
        self._position += 1
        self._taken, self._tries, self.grade = 0, 0, None
        if not self._is_there():
            self.state = PracticeState.OVER
            return
        template, self._template = self._template or opened(self.meta), None
        # A single question by its seed is exactly what `questions show --seed` shows.
        seed = self._seed if self._exact and not self._position else f"{self._seed}-{self.number}"
        try:
            question = draw(template, seed)
            self.world = World(question)
            self.task = make_task(self.world)
            self._hints = hints(self.world)
        except EngineError as error:
            place = f"{self.meta.path}: {self.meta.id}, seed {seed}"
            raise QuizError(f"{place}: {error.en}", f"{place}：{error.zh}") from error
        self.state = PracticeState.PRESENTED
