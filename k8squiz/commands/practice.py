"""`k8squiz practice`: ask, read, grade, explain; then the next."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Sequence

from rich.console import Console

from engine.values import dataclass
from k8squiz.bank.find import find, select, told_by
from k8squiz.bank.question import Answer, QuestionMeta
from k8squiz.commands.faults import tell
from k8squiz.commands.practice_journal import PracticeJournal
from k8squiz.errors import QuizError
from k8squiz.kinds.fields import Field, Unreadable
from k8squiz.kinds.interface import Task
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.practice import say
from k8squiz.locale.typed import Command, command
from k8squiz.practice.session import PracticeSession, PracticeState, plan
from k8squiz.screens import practice as keys
from k8squiz.screens.cells import Cells, is_table
from k8squiz.screens.prose import Prose
from k8squiz.screens.question import question_view, title_view
from k8squiz.terminal.console import make_console
from k8squiz.terminal.sanitize import one_line


@dataclass(frozen=True, slots=True)
class Wish:
    """What one wants of the memory: so many `new` questions, the day to plan `until` (YYYY-MM-DD), or to `cram`."""

    new: int | None = None
    until: str | None = None
    cram: bool = False


class Skipped(Exception):
    """The candidate leaves the question."""


class Stopped(Exception):
    """The candidate ends the session."""


def run(
    lang: Lang,
    topics: tuple[str, ...] = (),
    level: int | None = None,
    count: int = 5,
    seed: str | None = None,
    question: str | None = None,
    every: bool = False,
    wish: Wish | None = None,
) -> int:
    """Practise; returns the exit code. Ctrl-C shows the summary and passes on; the end of input ends with it."""
    if count < 1:
        raise QuizError("--count must be at least 1", "--count 至少为 1")
    chosen = seed if seed is not None else str(int.from_bytes(os.urandom(3), "big"))
    wish = wish or Wish()
    day = None if wish.until is None else _day(wish.until)
    console = make_console()
    # A name that does not exist is told before anything is opened.
    meta = None if question is None else find(question).meta
    known = select(topics, level)
    journal = PracticeJournal(console, lang, chosen, day, wish.cram)
    if meta is not None:
        session = PracticeSession((meta,), chosen, exact=True)
    else:
        # A seed asks for the same questions again, whatever is remembered.
        drawn = seed is not None or every or topics and not (wish.cram or wish.until)
        asked = (
            plan(known, None if every else count, chosen) if drawn else _due(known, journal, count, chosen, wish, day)
        )
        session = PracticeSession(asked, chosen)
        if not drawn and journal.cards:
            again = sum(1 for each in asked if each.id in journal.cards)
            console.print(say("mixed", lang, again=again, new=len(asked) - again), style="quiet")
    keyboard = keys.keyboard()
    try:
        _sit(session, keyboard, console, lang, journal)
    except (Stopped, EOFError):
        session.quit()
    except KeyboardInterrupt:
        console.print()
        _summary(session, console, lang, chosen)
        journal.close()
        raise
    _summary(session, console, lang, chosen)
    journal.close(keyboard)
    return 0


def _midnight() -> float:
    """When today ends here, in epoch seconds: what is due later today may as well be asked now."""
    tomorrow = dt.datetime.now().astimezone().date() + dt.timedelta(days=1)
    return dt.datetime.combine(tomorrow, dt.time()).timestamp()


def _day(text: str) -> float:
    """The end of that day here, in epoch seconds."""
    try:
        day = dt.date.fromisoformat(text.strip())
        end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time()).timestamp()
    except (ValueError, OverflowError):
        raise QuizError(f"--until is {text!r}: write YYYY-MM-DD", f"--until 为 {text!r}：请写成 YYYY-MM-DD") from None
    if day < dt.datetime.now().astimezone().date():
        raise QuizError(f"--until {text}: that day is past", f"--until {text}：这一天已经过去")
    return end


def _due(
    known: Sequence[QuestionMeta], journal: PracticeJournal, count: int, seed: str, wish: Wish, day: float | None
) -> tuple[QuestionMeta, ...]:
    """What is due, mixed with what is new; the weakest first when cramming."""
    from k8squiz.history import due as memory

    if wish.cram:
        return memory.weakest(known, journal.store.reviews(), count, seed)
    return memory.queue(known, journal.cards, count, time.time(), seed, wish.new, day, _midnight())


def _sit(
    session: PracticeSession, keyboard: keys.Keyboard, console: Console, lang: Lang, journal: PracticeJournal
) -> None:
    """Ask one question after another. What goes wrong in one, foreseen or not, is told, and the next one comes."""
    amiss = session.amiss
    while session.state is not PracticeState.OVER:
        try:
            if amiss is not None:
                tell(amiss, session.meta.id, f"{session.seed}, question {session.number}", console, lang)
                amiss = None
                session.leave()
            else:
                _ask(session, keyboard, console, lang, journal)
        except (Stopped, EOFError, OSError):
            # The end of input, or of output: no question's fault.
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the next question comes
            amiss = error


def _ask(
    session: PracticeSession, keyboard: keys.Keyboard, console: Console, lang: Lang, journal: PracticeJournal
) -> None:
    _show(session, keyboard, console, lang)
    try:
        answer = _fill_in(session, keyboard, console, lang)
    except Skipped:
        console.print(say("skipped", lang))
        session.skip()
        journal.note(session.summary().attempts[-1])
        return
    _grade(session, answer, console, lang, journal)
    more = session.number < session.total
    if _pause("walk" if more else "walk-last", keyboard, lang):
        _explain(session, console, lang)
        if keyboard.interactive:
            _look_around("go-on" if more else "go-on-last", session, keyboard, console, lang)
    session.next()


def _show(session: PracticeSession, keyboard: keys.Keyboard, console: Console, lang: Lang) -> None:
    console.print(title_view(session.world.question, lang, session.number, session.total))
    console.print(question_view(session.world, session.task, lang, listed=not keyboard.interactive))
    console.print()


def _look_around(words: str, session: PracticeSession, keyboard: keys.Keyboard, console: Console, lang: Lang) -> None:
    """Until one goes on, show what is asked for."""
    while True:
        word, _ = command(keyboard.line("\n" + say(words, lang))) or (None, "")
        if word is Command.QUIT:
            raise Stopped
        if word is not Command.WALK:
            return
        from k8squiz.screens.reveal import details_view

        console.print(details_view(session.world, lang))


def _pause(words: str, keyboard: keys.Keyboard, lang: Lang) -> bool:
    """On a terminal, wait until the page has been read; returns False where the rest is to be left out."""
    if not keyboard.interactive:
        return True
    obeyed = command(keyboard.line("\n" + say(words, lang)))
    if obeyed is not None and obeyed[0] is Command.QUIT:
        raise Stopped
    return obeyed is None or obeyed[0] is not Command.NEXT


def _fill_in(session: PracticeSession, keyboard: keys.Keyboard, console: Console, lang: Lang) -> Answer:
    """All fields, one after another; `back` goes one up."""
    fields = session.task.fields
    answer: dict[str, object] = {}
    told = ""
    if session.number == 1:
        # Once a sitting: `help` tells them again.
        console.print(say("commands", lang), style="quiet")
    if keyboard.interactive and is_table(fields):
        return _fill_in_table(session, keyboard, console, lang)
    index = 0
    while index < len(fields):
        field = fields[index]
        if field.how(lang, not keyboard.interactive) != told:
            told = field.how(lang, not keyboard.interactive)
            console.print(Prose(told, "quiet"))
        typed = _typed(keyboard, session.task, field, lang).strip()
        obeyed = command(typed)
        word = None if obeyed is None else obeyed[0]
        if word is Command.BACK:
            index = max(0, index - 1)
        elif word is Command.SHOW:
            _show(session, keyboard, console, lang)
        elif typed and not _obey(word, session, console, lang):
            try:
                answer[field.id] = field.read(typed)
                index += 1
            except Unreadable as error:
                console.print(Prose(f"? {pick(error.text, lang)}", "notice"))
    return answer


def _fill_in_table(session: PracticeSession, keyboard: keys.Keyboard, console: Console, lang: Lang) -> Answer:
    """All fields as the cells of a table, looked over before they are handed in."""
    fields = session.task.fields
    console.print(Prose(fields[0].how(lang), "quiet"))
    cells = Cells(fields, lang)
    while typed := keys.in_cells(keyboard, cells, lang):
        word, _ = command(typed) or (None, "")
        if word is Command.SHOW:
            _show(session, keyboard, console, lang)
        elif word is Command.BACK:
            cells.step(-1)
        elif not _obey(word, session, console, lang):
            cells.enter_line(typed)
    return cells.values


def _typed(keyboard: keys.Keyboard, task: Task, field: Field, lang: Lang) -> str:
    prompt = one_line(_prompt(task, field, lang))
    return keyboard.order(prompt, field, lang) if field.ordered else keyboard.line(prompt, field)


def _prompt(task: Task, field: Field, lang: Lang) -> str:
    return say("answer", lang) if len(task.fields) == 1 else field.prompt(lang)


def _obey(word: Command | None, session: PracticeSession, console: Console, lang: Lang) -> bool:
    """Obey a command; returns whether it is one that is known here."""
    if word is Command.QUIT:
        raise Stopped
    if word is Command.SKIP:
        raise Skipped
    if word is Command.HINT:
        cost = session.next_hint_cost if session.hints_left else 0.0
        text = session.hint()
        shown = say("no-hint", lang) if text is None else say("hint", lang, cost=cost, text=pick(text, lang))
        console.print(Prose(shown, "told"))
        return True
    if word is Command.HELP:
        console.print(Prose(say("help", lang), "told"))
        return True
    return False


def _grade(session: PracticeSession, answer: Answer, console: Console, lang: Lang, journal: PracticeJournal) -> None:
    from k8squiz.screens.grade import grade_view

    found = session.answer(answer)
    # First on disk, then on the screen: what one has seen graded is never lost.
    journal.note(session.summary().attempts[-1])
    console.print(grade_view(session.world, session.task, found, lang))


def _explain(session: PracticeSession, console: Console, lang: Lang) -> None:
    from k8squiz.screens.grade import why_view
    from k8squiz.screens.reveal import reveal_view

    console.print(reveal_view(session.world, lang))
    console.print(why_view(session.world, lang))


def _summary(session: PracticeSession, console: Console, lang: Lang, seed: str) -> None:
    summary = session.summary()
    if summary.attempts:
        from k8squiz.screens.grade import summary_view

        console.print(summary_view(summary, lang))
        study = [f"  {told}" for topic in summary.weakest() if (told := told_by(topic))]
        if study:
            console.print("\n".join([say("study", lang), *study]))
    else:
        console.print("\n" + say("nothing", lang))
    console.print(say("seed", lang, seed=seed), style="quiet")
