"""`k8squiz mock`: a timed interview, drawn or taken up again, at a terminal or through a pipe."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from rich.console import Console

from k8squiz.bank import find as bank
from k8squiz.bank.followup import follow_ups
from k8squiz.bank.question import QuestionMeta
from k8squiz.commands.faults import tell_flaws
from k8squiz.commands.mock_check import check_points
from k8squiz.commands.mock_dialog import Left, MockDialog
from k8squiz.commands.mock_journal import MockJournal, begin, take_up
from k8squiz.commands.mock_list import go_on
from k8squiz.commands.mock_list import run as list_all
from k8squiz.errors import QuizError
from k8squiz.locale.i18n import Lang
from k8squiz.locale.mock import say
from k8squiz.locale.typed import Command, command
from k8squiz.mock.drawn_questions import DrawnQuestions
from k8squiz.mock.interview import AnswerDraft, Interview
from k8squiz.mock.plan import InterviewPlan, plan
from k8squiz.report.clocktext import away
from k8squiz.screens import mock as views
from k8squiz.screens.clocked import ClockedKeyboard, keyboard, minutes
from k8squiz.screens.prose import Prose
from k8squiz.terminal.console import make_console
from k8squiz.terminal.stopwatch import Stopwatch

DEFAULT_MINUTES = 45
_stopwatch = Stopwatch()
clock: Callable[[], float] = _stopwatch
# Signals that end a program whose terminal is closed, or that is told to go.
_GOING = tuple(getattr(signal, name) for name in ("SIGHUP", "SIGTERM") if hasattr(signal, name))


class Gone(SystemExit):
    """The terminal was closed, or the program told to go. A SystemExit, so that no event loop swallows it."""


def run(
    lang: Lang,
    minutes_: int | None = None,
    questions: int | None = None,
    track: str | None = None,
    topics: tuple[str, ...] = (),
    seed: str | None = None,
    resume: bool = False,
    interviewer: Path | None = None,
    session: int | None = None,
    listed: bool = False,
) -> int:
    """Hold an interview; returns the exit code. Whatever ends the program, the interview can be taken up again."""
    if listed:
        return list_all(lang)
    if session is not None and not resume:
        raise QuizError(
            f"interview {session}: to go on with it, k8squiz mock --resume {session}; a new one takes no number",
            f"第 {session} 场面试：继续请用 k8squiz mock --resume {session}；新的面试不需要编号",
        )
    if resume:
        given = {"--minutes": minutes_, "--questions": questions, "--track": track, "--topic": topics or None,
                 "--seed": seed, "--interviewer": interviewer}  # fmt: skip
        for name, value in given.items():
            if value is not None:
                raise QuizError(
                    f"--resume goes on with the interview as it was drawn; leave out {name}",
                    f"--resume 按原计划继续面试；请去掉 {name}",
                )
        return _resumed(lang, session)
    chosen = seed if seed is not None else str(int.from_bytes(os.urandom(3), "big"))
    drawn = _planned(
        chosen, minutes_ if minutes_ is not None else DEFAULT_MINUTES, questions, track, topics, interviewer is not None
    )
    if interviewer is not None:
        from k8squiz.commands.interviewer import write

        return write(drawn, interviewer, lang)
    console, keys = make_console(), keyboard()
    try:
        number = go_on(keys, console, lang)
    except EOFError:
        return 0
    if number is not None:
        return _resumed(lang, number) if number else 0
    journal = begin(drawn, lang, console)
    console.print(views.opening_view(drawn, lang))
    return _held(drawn, Interview(drawn, journal, clock), journal, None, console, lang, opening=True)


def _planned(
    seed: str, minutes_: int, questions: int | None, track: str | None, topics: tuple[str, ...], every: bool
) -> InterviewPlan:
    """The plan for `seed`, its first question, or `every` one, such that it can be drawn. The others are drawn when they
    are asked, for the candidate waits; one that cannot be is told of then, and counts for nothing."""
    known = list(bank.metas())
    while True:
        drawn = plan(known, seed, minutes_, questions, track, topics, follow_up_headings)
        flaw = DrawnQuestions(drawn).flaw
        checked = drawn.items if every else drawn.items[:1]
        amiss = {item.question.partition("/")[0] for place, item in enumerate(checked) if flaw(place)}
        if not amiss:
            return drawn
        known = [meta for meta in known if meta.id not in amiss]


def follow_up_headings(meta: QuestionMeta) -> tuple[QuestionMeta, ...]:
    return tuple(template.meta for template in follow_ups(bank.opened(meta)))


def _resumed(lang: Lang, number: int | None = None) -> int:
    console = make_console()
    taken = take_up(lang, console, number)
    interview = Interview(taken.plan, taken.journal, clock, taken.events)
    if interview.state.ended is not None:
        # Cut off between the end and the last lines on the screen.
        _closed(interview, DrawnQuestions(taken.plan), taken.journal, keyboard(), console, lang)
        return 0
    interview.resume(taken.away, taken.draft)
    words = say("resumed", lang, when=taken.when, left=minutes(interview.left), away=away(taken.away, lang))
    console.print(Prose(words, "strong"))
    return _held(taken.plan, interview, taken.journal, taken.draft, console, lang)


def _held(
    plan: InterviewPlan,
    interview: Interview,
    journal: MockJournal,
    draft: AnswerDraft | None,
    console: Console,
    lang: Lang,
    opening: bool = False,
) -> int:
    """Sit through the interview, then say what it came to. The `opening` is left on the screen until it has been read."""
    drawn_questions, keys = DrawnQuestions(plan), keyboard()
    with _listening() as gone, _stopwatch.minded():
        try:
            if opening and keys.interactive and _leaves(keys.plain("\n" + say("ready", lang))):
                raise Left
            MockDialog(interview, drawn_questions, keys, console, lang).run(draft)
        except (Left, EOFError) as error:
            _paused(interview, journal, console, lang)
            if not journal.safe and isinstance(error, Left):
                _offer(interview, drawn_questions, keys, console, lang)
            return 0
        except KeyboardInterrupt:
            console.print()
            _paused(interview, journal, console, lang)
            raise
        except BaseException:
            if not gone:
                raise
            # The terminal may be gone too: whatever it says now is no error of ours.
            interview.interrupt()
            journal.close()
            _silence()
            return 128 + gone[0]
    _closed(interview, drawn_questions, journal, keys, console, lang)
    return 0


def _leaves(typed: str) -> bool:
    obeyed = command(typed)
    return obeyed is not None and obeyed[0] is Command.QUIT


@contextlib.contextmanager
def _listening() -> Iterator[list[int]]:
    """Within it a closed terminal raises Gone; the list holds the signal's number then."""
    gone: list[int] = []

    def going(number: int, frame: FrameType | None) -> None:
        if not gone:
            gone.append(number)
            raise Gone(128 + number)

    before = {}
    for number in _GOING:
        # Only the main thread may, and only it has a terminal to lose.
        with contextlib.suppress(ValueError):
            before[number] = signal.signal(number, going)
    try:
        yield gone
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _silence() -> None:
    """Nobody reads what is printed from here on."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(null, stream.fileno())


def _paused(interview: Interview, journal: MockJournal, console: Console, lang: Lang) -> None:
    interview.interrupt()
    position = interview.state.position
    if position is None:
        position = interview.next()
    label = interview.plan.items[position].label if position is not None else "–"
    console.print()
    if journal.safe and not journal.session:
        console.print(Prose(say("not-begun", lang), "strong"))
    elif journal.safe:
        console.print(Prose(say("paused", lang, label=label, left=minutes(interview.left)), "strong"))
    else:
        console.print(Prose(say("lost", lang), "notice"))
    journal.close()


def _closed(
    interview: Interview,
    drawn_questions: DrawnQuestions,
    journal: MockJournal,
    keys: ClockedKeyboard,
    console: Console,
    lang: Lang,
) -> None:
    console.print(Prose(say("over", lang), "strong"))
    check_points(interview, drawn_questions, keys, console, lang)
    score = drawn_questions.score(interview.state)
    console.print(views.closing_view(drawn_questions, score, lang))
    tell_flaws(score.results, console, lang)
    journal.finish(score.results)
    if journal.safe:
        console.print(say("full-report", lang, session=journal.session))
        console.print(say("html-report", lang, session=journal.session))
    else:
        _offer(interview, drawn_questions, keys, console, lang)
    journal.close()


def _offer(
    interview: Interview, drawn_questions: DrawnQuestions, keys: ClockedKeyboard, console: Console, lang: Lang
) -> None:
    """The disk would not take it: write the report wherever the candidate says."""
    from k8squiz.commands.report import write as write_report
    from k8squiz.report.build import build
    from k8squiz.screens.report import bench_texts

    while True:
        try:
            name = keys.plain(say("export", lang)).strip()
        except EOFError:
            return
        if not name:
            return
        try:
            write_report(
                build(interview.plan, interview.state, drawn_questions=drawn_questions, bench=bench_texts, whole=True),
                Path(name),
                lang,
            )
        except QuizError as error:
            console.print(Prose(error.zh if lang == "zh" else error.en, "notice"))
            continue
        console.print(say("written", lang, path=name))
        return
