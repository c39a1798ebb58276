"""`k8squiz practice`: ask, read, grade, explain; then the next."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from rich.console import Console

from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.find import find, told_by, within
from k8squiz.bank.question import Answer, Grade, QuestionMeta, Template
from k8squiz.commands.faults import tell
from k8squiz.commands.material import read_material
from k8squiz.commands.practice_journal import PracticeJournal
from k8squiz.commands.practice_scope import Scope
from k8squiz.errors import QuizError
from k8squiz.kinds.fields import Dialogue, Field, Unreadable
from k8squiz.kinds.interface import Task
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.practice import say
from k8squiz.locale.typed import Command, command
from k8squiz.practice.session import PracticeSession, PracticeState, plan
from k8squiz.screens import practice as keys
from k8squiz.screens.cells import Cells, is_table
from k8squiz.screens.prose import Prose
from k8squiz.screens.question import question_view, title_view
from k8squiz.screens.several_lines import is_command, parted
from k8squiz.terminal.console import make_console
from k8squiz.terminal.files import there
from k8squiz.terminal.sanitize import one_line
from k8squiz.world.world import World


@dataclass(frozen=True, slots=True)
class Wish:
    """What one wants of the memory: so many `new` questions, the day to plan `until` (YYYY-MM-DD), or to `cram`; to
    `shuffle` what is new, with neither placement nor path."""

    new: int | None = None
    until: str | None = None
    cram: bool = False
    shuffle: bool = False


class Skipped(Exception):
    """The candidate leaves the question."""


class Stopped(Exception):
    """The candidate ends the session."""


def run(
    lang: Lang,
    scope: Scope | None = None,
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
    day = None if wish.until is None else day_of(wish.until)
    console = make_console()
    # A name that does not exist is told before anything is opened.
    own, template = ((), None) if question is None else _named(question)
    scope = scope or Scope()
    known = () if own and scope == Scope() else scope.questions()
    journal = PracticeJournal(console, lang, chosen, day, wish.cram)
    if own:
        session = PracticeSession(own, chosen, exact=True, template=template)
    else:
        # A seed asks for the same questions again, whatever is remembered.
        drawn = (
            seed is not None
            or every
            or bool(scope.topics or scope.themes or scope.trivia)
            and not (wish.cram or wish.until)
        )
        session = _drawn(known, None if every else count, chosen) if drawn else _remembered(
            known, journal, count, chosen, wish, day, console, lang
        )  # fmt: skip
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


def _named(question: str) -> tuple[tuple[QuestionMeta, ...], Template | None]:
    """The question of that id or file, which is read for that; or all of a folder of one's own. Raises QuizError."""
    if there(Path(question), Path.is_dir):
        return within(Path(question)), None
    template = find(question)
    return (template.meta,), template


def _midnight() -> float:
    """When today ends here, in epoch seconds: what is due later today may as well be asked now."""
    tomorrow = dt.datetime.now().astimezone().date() + dt.timedelta(days=1)
    return dt.datetime.combine(tomorrow, dt.time()).timestamp()


def day_of(text: str) -> float:
    """The end of that day here, in epoch seconds."""
    try:
        day = dt.date.fromisoformat(text.strip())
        end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time()).timestamp()
    except (ValueError, OverflowError):
        raise QuizError(f"--until is {text!r}: write YYYY-MM-DD", f"--until 为 {text!r}：请写成 YYYY-MM-DD") from None
    if day < dt.datetime.now().astimezone().date():
        raise QuizError(f"--until {text}: that day is past", f"--until {text}：这一天已经过去")
    return end


def _drawn(known: Sequence[QuestionMeta], count: int | None, seed: str) -> PracticeSession:
    """A sitting that the seed alone decides."""
    return PracticeSession(plan(known, count, seed), seed, returning=True)


def _remembered(
    known: Sequence[QuestionMeta], journal: PracticeJournal, count: int, seed: str, wish: Wish, day: float | None,
    console: Console, lang: Lang,
) -> PracticeSession:  # fmt: skip
    """The first sitting finds the level; later ones ask what is due, mixed with the next of the path; the weakest first
    when cramming. What it is is said."""
    from k8squiz.history import due as memory
    from k8squiz.practice.path import path, placement, standing

    if wish.cram:
        asked = memory.weakest(known, journal.store.reviews(), count, seed)
        return PracticeSession(asked, seed)
    if not (journal.cards or wish.shuffle or wish.until or wish.new is not None):
        console.print(Prose(say("placement", lang, count=count), "told"))
        return PracticeSession((), seed, returning=True, chooser=lambda done: placement(known, done, seed), count=count)
    way = None
    if not wish.shuffle:
        scores = {review.question: review.score for review in journal.store.reviews()}
        way = path(known, standing(scores, known))
    asked = memory.queue(known, journal.cards, count, time.time(), seed, wish.new, day, _midnight(), way)
    if journal.cards:
        again = sum(1 for each in asked if each.id in journal.cards)
        console.print(say("mixed", lang, again=again, new=len(asked) - again), style="quiet")
    return PracticeSession(asked, seed, returning=True)


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
    if session.returned:
        console.print(say("once-more", lang), style="told")
    _show(session, keyboard, console, lang)
    try:
        answer = _fill_in(session, keyboard, console, lang)
    except Skipped:
        console.print(say("skipped", lang))
        session.skip()
        journal.note(session.summary().attempts[-1])
        return
    found = session.answer(answer)
    # First on disk, then on the screen: what one has seen graded is never lost.
    journal.note(session.summary().attempts[-1])
    if _looked_at(session, found, keyboard, console, lang):
        session.again()
    session.next()


def _looked_at(session: PracticeSession, found: Grade, keyboard: keys.Keyboard, console: Console, lang: Lang) -> bool:
    """Show the grade and all that one asks for; whether the question is to be asked again."""
    from k8squiz.commands.after_grade import AfterGrade, Graded, Left

    def fill(world: World, task: Task) -> Answer | None:
        try:
            return _fill_in(NoHints(world, task), keyboard, console, lang)
        except Skipped:
            return None

    graded = Graded(session.world, session.task, found, session.last)
    try:
        return AfterGrade(graded, keyboard, console, lang, fill).run()
    except Left:
        raise Stopped from None


class Sheet(Protocol):
    """What is being filled in, with the hints that there are."""

    @property
    def world(self) -> World: ...
    @property
    def task(self) -> Task: ...
    @property
    def hints_left(self) -> int: ...
    @property
    def next_hint_cost(self) -> float: ...
    @property
    def number(self) -> int: ...
    @property
    def tries(self) -> int: ...
    def hint(self) -> Text | None: ...
    def tried(self) -> None: ...


@dataclass(frozen=True, slots=True)
class NoHints:
    """A follow-up: it counts nothing, and has no hints."""

    world: World
    task: Task
    hints_left: int = 0
    next_hint_cost: float = 0.0
    number: int = 0
    tries: int = 0

    def hint(self) -> Text | None:
        return None

    def tried(self) -> None:
        pass


def _show(sheet: Sheet, keyboard: keys.Keyboard, console: Console, lang: Lang) -> None:
    if isinstance(sheet, PracticeSession):
        console.print(title_view(sheet.world.question, lang, sheet.number, sheet.total))
    view = question_view(sheet.world, sheet.task, lang, listed=not keyboard.interactive, material=False)
    if not read_material(sheet.task, len(console.render_lines(view)), keyboard, console, lang):
        raise Stopped
    console.print(view)
    console.print()


def _fill_in(sheet: Sheet, keyboard: keys.Keyboard, console: Console, lang: Lang) -> Answer:
    """All fields, one after another; `back` goes one up."""
    fields = sheet.task.fields
    answer: dict[str, object] = {}
    told = ""
    if sheet.number == 1:
        # Once a sitting: `help` tells them again.
        console.print(say("commands", lang), style="quiet")
    if keyboard.interactive and is_table(fields):
        return _fill_in_table(sheet, keyboard, console, lang)
    index = 0
    while index < len(fields):
        field = fields[index].after(answer)
        if field is None:
            index += 1
            continue
        _said(field, lang, console)
        if field.how(lang, not keyboard.interactive) != told:
            told = field.how(lang, not keyboard.interactive)
            console.print(Prose(told, "quiet"))
        typed, word = _line(keyboard, sheet, field, console, lang)
        if not typed and (foregone := fields[index].foregone(answer)) is not None:
            answer[field.id] = foregone
            index += 1
        elif word is Command.BACK:
            index = _before(fields, index, answer)
        elif word is Command.SHOW:
            _show(sheet, keyboard, console, lang)
        elif not typed and field.tried and field.id in answer:
            # What was tried last is handed in.
            index += 1
        elif typed and not _obey(word, sheet, console, lang):
            index += _taken(field, typed, answer, sheet, keyboard, console, lang)
    return answer


def _line(
    keyboard: keys.Keyboard, sheet: Sheet, field: Field, console: Console, lang: Lang
) -> tuple[str, Command | None]:
    """What was typed, and the command that it is; of a long answer the command that stands behind it."""
    held = field.replies()
    if held is not None:
        return _held(held, sheet, field, keyboard, console, lang), None
    typed = _typed(keyboard, sheet.task, field, lang).strip()
    if field.long:
        body, behind = parted(typed, is_command)
        typed = behind or body
    obeyed = command(typed)
    return typed, None if obeyed is None else obeyed[0]


def _held(held: Dialogue, sheet: Sheet, field: Field, keyboard: keys.Keyboard, console: Console, lang: Lang) -> str:
    """All lines that were typed, each of them answered."""
    from k8squiz.commands.line_by_line import hold, or_its_end

    def obey(now: Dialogue, found: tuple[Command, str]) -> None:
        if found[0] is Command.SHOW:
            _show(sheet, keyboard, console, lang)
        elif _obey(found[0], sheet, console, lang) and found[0] is Command.HELP:
            console.print(Prose(field.how(lang), "told"))

    ask = or_its_end(lambda now: keyboard.line(one_line(now.prompt(lang)), field))
    return "\n".join(hold(held, ask, obey, console, lang, sheet.world.question).lines)


def _taken(
    field: Field,
    typed: str,
    answer: dict[str, object],
    sheet: Sheet,
    keyboard: keys.Keyboard,
    console: Console,
    lang: Lang,
) -> bool:
    """Whether the line is an answer with which the next field is asked; it is entered then, or tried and asked again."""
    try:
        value = field.read(typed)
    except Unreadable as error:
        console.print(Prose(f"? {pick(error.text, lang)}", "notice"))
        return False
    # What was tried already, and is typed again, is handed in.
    tried, answer[field.id] = answer.get(field.id) == value, value
    if keyboard.interactive and field.tried and not tried and field.score(value) < 1.0:
        _try(sheet, field, answer, console, lang)
        return False
    return True


def _try(sheet: Sheet, field: Field, answer: Answer, console: Console, lang: Lang) -> None:
    """What becomes of the connections with this line put in; another one may follow."""
    from k8squiz.practice.session import TRY
    from k8squiz.screens.tries import try_view

    sheet.tried()
    console.print(try_view(sheet.world, sheet.task, answer, lang))
    console.print(Prose(say("try-text" if field.long else "try", lang, count=sheet.tries, cost=TRY), "told"))


def _fill_in_table(sheet: Sheet, keyboard: keys.Keyboard, console: Console, lang: Lang) -> Answer:
    """All fields as the cells of a table, looked over before they are handed in."""
    fields = sheet.task.fields
    console.print(Prose(fields[0].how(lang), "quiet"))
    cells = Cells(fields, lang)
    while typed := keys.in_cells(keyboard, cells, lang):
        word, _ = command(typed) or (None, "")
        if word is Command.SHOW:
            _show(sheet, keyboard, console, lang)
        elif word is Command.BACK:
            cells.step(-1)
        elif not _obey(word, sheet, console, lang):
            cells.enter_line(typed)
    return cells.values


def _before(fields: Sequence[Field], index: int, answer: Answer) -> int:
    """The place of the last field before `index` that is asked."""
    return max((at for at in range(index) if fields[at].after(answer) is not None), default=0)


def _said(field: Field, lang: Lang, console: Console) -> None:
    """What is said before a field is asked."""
    if field.lead is not None:
        console.print(Prose("\n" + pick(field.lead, lang), "strong"))


def _typed(keyboard: keys.Keyboard, task: Task, field: Field, lang: Lang) -> str:
    prompt = one_line(_prompt(task, field, lang))
    return keyboard.order(prompt, field, lang) if field.ordered else keyboard.line(prompt, field)


def _prompt(task: Task, field: Field, lang: Lang) -> str:
    return say("answer", lang) if len(task.fields) == 1 else field.prompt(lang)


def _obey(word: Command | None, sheet: Sheet, console: Console, lang: Lang) -> bool:
    """Obey a command; returns whether it is one that is known here."""
    if word is Command.QUIT:
        raise Stopped
    if word is Command.SKIP:
        raise Skipped
    if word is Command.HINT:
        cost = sheet.next_hint_cost if sheet.hints_left else 0.0
        text = sheet.hint()
        shown = say("no-hint", lang) if text is None else say("hint", lang, cost=cost, text=pick(text, lang))
        console.print(Prose(shown, "told"))
        return True
    if word is Command.HELP:
        console.print(Prose(say("help", lang), "told"))
        return True
    return False


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
