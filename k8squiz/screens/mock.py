"""A mock interview on the screen: a question's heading, the list of all, what it came to. Returns renderables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text as Styled

from k8squiz.bank.question import Answer
from k8squiz.kinds.fields import Field
from k8squiz.kinds.talk.fields import PointField, told
from k8squiz.kinds.tracks import TRACKS
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.mock import say
from k8squiz.locale.names import subject_name
from k8squiz.mock.drawn_questions import DrawnQuestions, shown
from k8squiz.mock.interview import Interview
from k8squiz.mock.plan import InterviewPlan
from k8squiz.mock.score import Score
from k8squiz.mock.state import AnswerSheet, Status
from k8squiz.report.clocktext import clock
from k8squiz.report.signs import sign_of
from k8squiz.screens.clocked import minutes
from k8squiz.screens.prose import Prose
from k8squiz.screens.question import Titled
from k8squiz.terminal.sanitize import visible

_MARKS = {
    Status.OPEN: "open",
    Status.SKIPPED: "skipped-mark",
    Status.ANSWERED: "answered",
    Status.TIMED_OUT: "struck-mark",
}


def track_name(plan: InterviewPlan, lang: Lang) -> str:
    """The track, or the topics where there is none."""
    named = pick(TRACKS[plan.track].title, lang) if plan.track is not None else ""
    topics = (", " if lang == "en" else "、").join(plan.topics)
    return " · ".join(part for part in (named, topics) if part)


def opening_view(plan: InterviewPlan, lang: Lang) -> RenderableType:
    """What the interview is and the rules of it."""
    extra = len(plan.items) - plan.questions
    more = say("follow-ups", lang, count=extra) if extra else ""
    facts = {"track": track_name(plan, lang), "minutes": plan.minutes, "questions": plan.questions, "seed": plan.seed}
    return Group(Prose(say("opening", lang, more=more, **facts), "strong"), Prose(say("rules", lang)))


def title_view(drawn_questions: DrawnQuestions, position: int, interview: Interview, lang: Lang) -> RenderableType:
    """The line above a question: which one, its title, topic, level and how long there is for it."""
    item = drawn_questions.plan.items[position]
    mark = f"⚑ {say('flag-mark', lang)}" if interview.state.sheets[position].flagged else ""
    if item.parent is not None:
        label = say("follow-up", lang, label=item.label)
        return Titled((label, label), "", mark=mark)
    total = drawn_questions.plan.questions
    labels = say("question", lang, label=item.label, total=total), f"{item.label}/{total}"
    title = pick(drawn_questions.world(position).question.template.title, lang)
    return Titled(labels, title, (subject_name(item.topic, lang),), mark)


def list_view(drawn_questions: DrawnQuestions, interview: Interview, lang: Lang) -> RenderableType:
    """All questions, how each stands and how long is left for it."""
    table = Table(show_edge=False, show_header=False, box=None, padding=(0, 1))
    for _ in range(2):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for position, (item, sheet) in enumerate(zip(drawn_questions.plan.items, interview.state.sheets, strict=True)):
        here = "›" if position == interview.state.position else ""
        left = "" if sheet.closed else minutes(interview.left_for(position))
        table.add_row(
            here,
            item.label,
            subject_name(item.topic, lang),
            left,
            _standing(drawn_questions.plan, position, sheet, interview, lang),
        )
    return Group(Styled(say("list-head", lang, left=minutes(interview.left)), style="strong"), table)


def _standing(plan: InterviewPlan, position: int, sheet: AnswerSheet, interview: Interview, lang: Lang) -> Styled:
    parent = plan.items[position].parent
    if parent is not None and not interview.state.sheets[parent].closed:
        return Styled(say("waits-mark", lang, label=plan.items[parent].label), style="quiet")
    line = Styled(say(_MARKS[sheet.status], lang))
    if sheet.flagged:
        line.append(f" ⚑ {say('flag-mark', lang)}", style="notice")
    return line


def given_text(fields: tuple[Field, ...], given: Answer, lang: Lang) -> str:
    """What has been filled in, as it was typed or would be."""
    answers = [shown(field, given[field.id], lang == "zh") for field in fields if field.id in given]
    return (", " if lang == "en" else "，").join(answers)


def check_view(
    drawn_questions: DrawnQuestions,
    position: int,
    answer: Answer,
    points: tuple[PointField, ...],
    said: Mapping[str, bool],
    lang: Lang,
) -> RenderableType:
    """One open question: what was said, and its key points as they stand, each with what the first pass found."""
    item = drawn_questions.plan.items[position]
    title = pick(drawn_questions.world(position).question.template.title, lang)
    parts: list[RenderableType] = [
        Titled((label := say("question", lang, label=item.label, total=drawn_questions.plan.questions), label), title)
    ]
    parts += [Prose(line, "quiet") for line in said_lines(drawn_questions.task(position).fields, answer, lang)]
    table = Table.grid(padding=(0, 1))
    for number, point in enumerate(points, 1):
        sign, style = sign_of(float(said[point.id]))
        heard = told(point.pass_over(answer), lang)
        table.add_row(
            Styled(sign, style=style), Styled(str(number), style="strong"),
            Group(Prose(pick(point.label, lang)), *([Prose(heard, "quiet")] if heard else [])),
        )  # fmt: skip
    return Group(*parts, table)


def said_lines(fields: tuple[Field, ...], answer: Answer, lang: Lang) -> Iterator[str]:
    """What was said to an open question and to its follow-up, which is told too."""
    for field in fields:
        if not field.long or (asked := field.after(answer)) is None or field.id not in answer:
            continue
        text = visible(shown(field, answer[field.id], lang == "zh"))
        if asked.lead is None:
            yield say("your-answer", lang, answer=text)
        else:
            yield say("your-follow-up", lang, asked=pick(asked.lead, lang), answer=text)


def interviews_view(rows: Sequence[tuple[str, str, str, str, str]], lang: Lang) -> RenderableType:
    """All interviews, a line each: number, when, track, minutes, how it stands."""
    table = Table(show_edge=False, show_header=False, box=None, padding=(0, 1))
    for row in rows:
        table.add_row(Styled(row[0], style="strong"), *row[1:])
    return table


def tracks_view(lang: Lang) -> RenderableType:
    """The tracks of --track, and whom each is for."""
    table = Table(show_edge=False, show_header=False, box=None, padding=(0, 1))
    for name, track in TRACKS.items():
        table.add_row(
            Styled(f"--track {name}", style="strong"), Prose(pick(track.title, lang)), Prose(pick(track.about, lang))
        )
    return table


def closing_view(drawn_questions: DrawnQuestions, score: Score, lang: Lang) -> RenderableType:
    """What it came to, question by question: the report has the rest."""
    table = Table(show_edge=False, show_header=False, box=None, padding=(0, 1))
    for position, result in enumerate(score.results):
        sign, style = sign_of(result.score)
        share = f"{result.score:.0%}" if result.grade is not None else "—"
        title = pick(drawn_questions.title(position), lang)
        time = f"{clock(result.sheet.spent)} / {clock(result.item.seconds)}"
        table.add_row(Styled(sign, style), result.item.label, Styled(share, justify="right"), Prose(title), time)
    return Group(
        Styled(""),
        Rule(Styled(say("result", lang, score=score.total), style="strong"), align="left", style="quiet"),
        table,
    )
