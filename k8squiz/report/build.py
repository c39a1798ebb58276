"""From a plan and what its journal says to a Report: nothing left to compute, every text in both languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from engine.cluster import Mode
from engine.errors import EngineError
from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.find import told_by
from k8squiz.bank.question import Answer, FieldMark, Grade, Picture, QuestionRequest
from k8squiz.errors import QuizError
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.fields import Field, Value
from k8squiz.kinds.interface import Task, causes_of, shown_requests, told_world
from k8squiz.locale.i18n import LANGS
from k8squiz.locale.names import named_request
from k8squiz.mock.drawn_questions import DrawnQuestions, shown
from k8squiz.mock.plan import InterviewPlan
from k8squiz.mock.score import RULE, QuestionScore, ScorePart, of_closed, study
from k8squiz.mock.state import Interruption, InterviewState
from k8squiz.report.walk import ReportedWalk, walks
from k8squiz.world.texts import explanation, key_points, prompt, sources
from k8squiz.world.world import World

FORMAT_VERSION = 1
# What comes of an answer that a question no longer knows, or knows otherwise.
_FORGOTTEN = (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError, StopIteration)


@dataclass(frozen=True, slots=True)
class OptionLine:
    """Something that could be picked. `truth` and `given` are its place in the order (from 1), 1 for a menu's, 0 for
    not picked."""

    letter: str
    text: Text
    truth: int
    given: int


@dataclass(frozen=True, slots=True)
class CauseLine:
    """Why a part of an answer is wrong: of which option (its letter; "" of the field as a whole), in a line, and the rule of
    thumb that was broken."""

    letter: str
    text: Text
    rule: Text | None

    @property
    def told(self) -> Text:
        """All of it in one line."""
        if self.rule is None:
            en, zh = self.text.en, self.text.zh
        else:
            en, zh = f"{self.text.en}. {self.rule.en}", f"{self.text.zh}。{self.rule.zh}"
        if not self.letter or en.startswith(f"{self.letter} "):
            return Text(en, zh)
        return Text(f"{self.letter}: {en}", f"{self.letter}：{zh}")


@dataclass(frozen=True, slots=True)
class FieldLine:
    """One blank: what was answered beside what is computed. `given` is None where it was left blank."""

    label: Text
    truth: Text
    given: Text | None
    score: float
    ordered: bool
    options: tuple[OptionLine, ...] = ()
    # How credit in part comes about.
    credit: Text | None = None
    # Whether it was answered in several lines, and whether the candidate judged it.
    long: bool = False
    self_checked: bool = False
    causes: tuple[CauseLine, ...] = ()

    @property
    def in_words(self) -> tuple[Text | None, Text]:
        """What was answered, and what is computed: what was picked by its text, an order as a sequence."""
        if not self.options:
            return self.given, self.truth
        given = None if self.given is None else self._picked(lambda option: option.given) or self.given
        return given, self._picked(lambda option: option.truth) or self.truth

    def _picked(self, place: Callable[[OptionLine], int]) -> Text | None:
        picked = sorted((option for option in self.options if place(option)), key=lambda one: (place(one), one.letter))
        if not picked:
            return None
        en, zh = (" › ", " › ") if self.ordered else ("; ", "；")
        # An option may be a whole sentence: its full stop is the last one's alone.
        return Text(_joined(en, [one.text.en for one in picked]), _joined(zh, [one.text.zh for one in picked]))

    @property
    def rows(self) -> tuple[OptionLine, ...]:
        """The options as a reader compares them: of an order what happens first, step by step, then all the others."""
        if not self.ordered:
            return self.options
        last = len(self.options) + 1
        return tuple(sorted(self.options, key=lambda one: (one.truth or last, one.given or last, one.letter)))


def _joined(between: str, texts: Sequence[str]) -> str:
    *first, last = texts
    return between.join([*(text.rstrip(".。") for text in first), last])


# What a question about IPVS alone gives and what was measured, as preformatted text; empty for one about a cluster.
Bench = Callable[[World], tuple[Text, Text]]
_NONE = (Text("", ""), Text("", ""))


def no_bench(world: World) -> tuple[Text, Text]:
    """For plans that ask about clusters alone."""
    return _NONE


@dataclass(frozen=True, slots=True)
class Answered:
    """One question as it went. A question about IPVS alone has `given` and `computed` instead of a cluster and walks;
    a repair has what is to be mended as `given` beside them."""

    result: QuestionScore
    title: Text
    prompt: Text
    cluster: tuple[str, ...]
    requests: tuple[Text, ...]
    fields: tuple[FieldLine, ...]
    walks: tuple[ReportedWalk, ...]
    explanation: tuple[Text, ...]
    key_points: tuple[Text, ...]
    sources: tuple[Text, ...]
    given: Text = _NONE[0]
    computed: Text = _NONE[1]


@dataclass(frozen=True, slots=True)
class Study:
    """What to look at next in one topic, with the commands that do it."""

    topic: str
    score: float
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InterviewReport:
    """A whole report. `session` is its number in the data folder (0 where it was not saved), `started` when it began."""

    session: int
    started: str
    plan: InterviewPlan
    state: InterviewState
    total: float
    topics: tuple[ScorePart, ...]
    kinds: tuple[ScorePart, ...]
    levels: tuple[ScorePart, ...]
    questions: tuple[Answered, ...]
    study: tuple[Study, ...]
    interruptions: tuple[Interruption, ...]
    # Questions that are kept back: they may still be asked.
    hidden: int = 0
    rule: Text = RULE

    @property
    def spent(self) -> float:
        return sum(question.result.sheet.spent for question in self.questions)


def build(
    plan: InterviewPlan,
    state: InterviewState,
    session: int = 0,
    started: str = "",
    drawn_questions: DrawnQuestions | None = None,
    bench: Bench = no_bench,
    whole: bool = False,
) -> InterviewReport:
    """Compute the report; of an interview that is not over what has been answered alone, unless `whole`.

    A question that the bank no longer has, or has otherwise, stands in it by its id and says why.
    """
    drawn_questions = drawn_questions if drawn_questions is not None else DrawnQuestions(plan)
    score = drawn_questions.score(state)
    told = score if whole or state.ended is not None else of_closed(score)
    questions = tuple(
        _answered(drawn_questions, position, result, bench)
        for position, result in enumerate(score.results)
        if result in told.results
    )
    score, hidden = told, len(score.results) - len(told.results)
    topics = score.by(lambda item: item.topic)
    levels = sorted(score.by(lambda item: str(item.level)), key=lambda part: part.name)
    return InterviewReport(
        session, started, plan, state, score.total, topics, score.by(lambda item: item.kind), tuple(levels), questions,
        _study(study(score), topics, score.results), state.interruptions, hidden,
    )  # fmt: skip


def _answered(drawn_questions: DrawnQuestions, position: int, result: QuestionScore, bench: Bench) -> Answered:
    flaw = drawn_questions.flaw(position)
    try:
        return _told(drawn_questions, position, result, bench) if flaw is None else _untold(result, flaw)
    except (QuizError, EngineError) as error:
        # What is drawn only to be told: an explanation, a walk.
        return _untold(result, error)


def _untold(result: QuestionScore, error: Exception) -> Answered:
    """A question that is there no more: why, in place of what it asked."""
    name, why = result.item.question, error if isinstance(error, (QuizError, EngineError)) else None
    reason = Text(why.en, why.zh) if why is not None else Text(type(error).__name__, type(error).__name__)
    prompted = Text(
        f"The question cannot be drawn any more and does not count: {reason.en}",
        f"这道题已无法生成，不计入得分：{reason.zh}",
    )
    return Answered(result, Text(name, name), prompted, (), (), (), (), (), (), ())


def _told(drawn_questions: DrawnQuestions, position: int, result: QuestionScore, bench: Bench) -> Answered:
    world, task = drawn_questions.world(position), drawn_questions.task(position)
    given, computed = bench(world)
    after = told_world(world, task)
    marks: Sequence[FieldMark | None] = result.grade.marks if result.grade is not None else [None] * len(task.fields)
    en, zh = ("\n".join(field.before_in(lang) for field in task.fields).strip() for lang in LANGS)
    return Answered(
        result, world.question.template.title, prompt(world), () if given.en else _cluster(world.question.picture),
        () if given.en else _requests(world),
        _fields(task.fields, marks, result.sheet.graded_answer or {}, _causes(world, task, result.grade)),
        () if given.en else walks(after), explanation(after), key_points(after), sources(after),
        given if given.en else Text(en, zh), computed,
    )  # fmt: skip


def _cluster(picture: Picture) -> tuple[str, ...]:
    """The cluster in lines, as the candidate saw it."""
    lines = []
    for node in picture.nodes:
        devices = ", ".join(f"{device} {address}" for device, address in node.devices)
        pods = ", ".join(f"{pod.name} {pod.address}" + (f" ({pod.ready})" if pod.ready else "") for pod in node.pods)
        zone = f" [{node.zone}]" if node.zone else ""
        lines.append(f"{node.name}{zone}: {devices}; podCIDR {node.pod_cidr}" + (f"; {pods}" if pods else ""))
    for service in picture.services:
        lines.append(
            f"Service {service.name} ({service.type}): {', '.join(service.lines)}; {', '.join(service.endpoints) or '-'}"
        )
    return (*lines, f"client {picture.client}", " · ".join(picture.facts))


def _requests(world: World) -> tuple[Text, ...]:
    requests = shown_requests(world.question)
    return tuple(_request(request, len(requests) > 1) for request in requests)


def _request(request: QuestionRequest, named: bool) -> Text:
    """One line; a request is named where there are several."""
    en, zh = (named_request(request.name, lang) if named else "" for lang in LANGS)
    packet = f"{request.protocol} {request.source.rsplit('/', 1)[-1]} → {request.destination}"
    extra = [f"{path.rsplit('.', 1)[-1]} {value}" for path, value in request.changed]
    mode = [f"kube-proxy {request.mode}"] if request.mode is not Mode.IPTABLES else []

    def line(head: str, without: str) -> str:
        changes = [*extra, *(f"{without} {part}" for part in request.without), *mode]
        return f"{head}{packet}" + (f" [{', '.join(changes)}]" if changes else "")

    return Text(line(f"Request{en}: ", "without"), line(f"请求{zh}：", "去掉"))


def _causes(world: World, task: Task, grade: Grade | None) -> tuple[Cause, ...]:
    """Why each wrong part is wrong; nothing of a question left unanswered, or of an answer that it no longer knows."""
    if grade is None or all(mark.given is None for mark in grade.marks):
        return ()
    try:
        return causes_of(world, task, grade)
    except _FORGOTTEN:
        return ()


def _fields(
    fields: Sequence[Field], marks: Sequence[FieldMark | None], answer: Answer, causes: Sequence[Cause]
) -> tuple[FieldLine, ...]:
    """The blanks that were there to fill in, once `answer` stood."""
    asked = [(field.after(answer), mark) for field, mark in zip(fields, marks, strict=True)]
    return tuple(
        _field(field, mark, [cause for cause in causes if cause.field == field.id])
        for field, mark in asked
        if field is not None
    )


def _field(field: Field, mark: FieldMark | None, causes: Sequence[Cause]) -> FieldLine:
    given = mark.given if mark is not None else None
    options = tuple(
        OptionLine(
            item.letter,
            item.text,
            _place(item.key, field.truth, field.ordered),
            _place(item.key, given or (), field.ordered),
        )
        for item in field.options
    )
    letters = {item.key: item.letter for item in field.options}
    told = tuple(CauseLine(letters.get(cause.part or "", ""), cause.text, cause.rule) for cause in causes)
    return FieldLine(
        field.lead or field.full_label, _shown(field, field.truth), None if given is None else _shown(field, given),
        mark.score if mark is not None else 0.0, field.ordered, options,
        None if given is None else _credit(field, given), field.long, field.self_checked, told,
    )  # fmt: skip


def _place(key: str, picked: Sequence[str], ordered: bool) -> int:
    if key not in picked:
        return 0
    return list(picked).index(key) + 1 if ordered else 1


def _shown(field: Field, value: Value) -> Text:
    return Text(shown(field, value, False), shown(field, value, True))


def _credit(field: Field, value: Value) -> Text | None:
    """How the credit for an answer comes about; None for one that the question no longer knows."""
    try:
        return field.reckoned(value)
    except _FORGOTTEN:
        return None


def _study(
    missed: Mapping[str, Sequence[str]], topics: Sequence[ScorePart], results: Sequence[QuestionScore]
) -> tuple[Study, ...]:
    seeds = {result.item.question: result.item.seed for result in results}
    scores = {part.name: part.score for part in topics}
    found = []
    for topic, names in missed.items():
        commands = [told] if (told := told_by(topic)) else []
        commands.append(f"k8squiz practice --topic {topic}")
        commands += [f"k8squiz questions show {name} --seed {seeds[name]} --answer" for name in names]
        found.append(Study(topic, scores[topic], tuple(commands)))
    return tuple(found)
