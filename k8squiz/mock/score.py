"""What an interview came to: a pure function of the plan, the answers and the hints. Time only says when it stops."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.question import Grade
from k8squiz.kinds.grade import grade
from k8squiz.kinds.interface import Task
from k8squiz.mock.plan import InterviewPlan, PlannedQuestion
from k8squiz.mock.state import AnswerSheet, InterviewState

RULE = Text(
    "Each question scores 0 to 100% by its own fields, less what the hints cost. It weighs 1 at level 1 and a quarter "
    "more with each level; a follow-up weighs half. A question that was not answered scores 0. When the countdown "
    "strikes or the interview ends, what stands is graded. Saving time earns nothing and using all of it costs nothing; a flag changes nothing.",
    "每题按各填写项得 0 到 100%，再扣去提示扣去的分数。难度 1 的题权重为 1，每高一级加四分之一；追问的权重减半。"
    "没有作答的题得 0。倒计时结束或面试结束时，以已写下的内容评分。省下时间不加分，用完时间不扣分；标记不影响得分。",
)


@dataclass(frozen=True, slots=True)
class QuestionScore:
    """One question as it went. `grade` is None where nothing was written, or where `flaw` says why nothing can be graded:
    such a question counts for nothing either way."""

    item: PlannedQuestion
    sheet: AnswerSheet
    grade: Grade | None
    weight: float
    flaw: Exception | None = None

    @property
    def score(self) -> float:
        return self.grade.score if self.grade is not None else 0.0


@dataclass(frozen=True, slots=True)
class ScorePart:
    """Some of the questions together: those of a topic, a kind, a level."""

    name: str
    score: float
    questions: int
    spent: float
    budget: float


@dataclass(frozen=True, slots=True)
class Score:
    """`total` 0..1."""

    results: tuple[QuestionScore, ...]
    total: float

    def by(self, key: Callable[[PlannedQuestion], str]) -> tuple[ScorePart, ...]:
        """The parts of the score, the weakest first."""
        groups: dict[str, list[QuestionScore]] = {}
        for result in self.results:
            groups.setdefault(key(result.item), []).append(result)
        parts = (_part(name, group) for name, group in groups.items())
        return tuple(sorted(parts, key=lambda part: (part.score, part.name)))


def of_closed(score: Score) -> Score:
    """The score of the questions that have been dealt with: all that may be told while an interview is under way."""
    results = tuple(result for result in score.results if result.sheet.closed)
    return Score(results, _mean(results))


def weight(item: PlannedQuestion) -> float:
    """What a question counts: 1 at level 1, a quarter more with each level, half for a follow-up."""
    return (1.0 + (item.level - 1) / 4) * (1.0 if item.parent is None else 0.5)


def score(
    plan: InterviewPlan, state: InterviewState, tasks: Sequence[Task | Exception], costs: Sequence[Sequence[float]]
) -> Score:
    """The score of `state`. `tasks` and `costs` (of each hint in turn) are the plan's, in its order; a question that cannot be
    drawn any more has its error for a task."""
    results = tuple(
        _result(item, sheet, task, cost)
        for item, sheet, task, cost in zip(plan.items, state.sheets, tasks, costs, strict=True)
    )
    return Score(results, _mean(results))


def _result(item: PlannedQuestion, sheet: AnswerSheet, task: Task | Exception, costs: Sequence[float]) -> QuestionScore:
    if isinstance(task, Exception):
        return QuestionScore(item, sheet, None, 0.0, task)
    if sheet.graded_answer is None:
        return QuestionScore(item, sheet, None, weight(item))
    try:
        return QuestionScore(item, sheet, grade(task, sheet.graded_answer, sum(costs[: sheet.hints])), weight(item))
    except Exception as error:  # noqa: BLE001 - whatever it is, the other answers count
        # An answer of another form (the question's file has changed since), or a fault of ours.
        return QuestionScore(item, sheet, None, 0.0, error)


def _mean(results: Sequence[QuestionScore]) -> float:
    whole = sum(result.weight for result in results)
    return round(sum(result.score * result.weight for result in results) / whole, 6) if whole else 0.0


def _part(name: str, results: Sequence[QuestionScore]) -> ScorePart:
    spent = sum(result.sheet.spent for result in results)
    return ScorePart(name, _mean(results), len(results), spent, sum(result.item.seconds for result in results))


def study(score: Score) -> Mapping[str, tuple[str, ...]]:
    """What to look at next: by topic, the weakest first, the questions in which something was missed."""
    missed: dict[str, list[str]] = {part.name: [] for part in score.by(lambda item: item.topic) if part.score < 1.0}
    for result in sorted(score.results, key=lambda result: result.score):
        if result.score < 1.0 and result.flaw is None:
            missed[result.item.topic].append(result.item.question)
    return {topic: tuple(dict.fromkeys(names)) for topic, names in missed.items()}
