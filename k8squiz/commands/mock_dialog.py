"""The candidate at the desk: one question after another until the end, whatever is typed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from rich.console import Console

from k8squiz.bank.question import Answer
from k8squiz.commands.faults import tell
from k8squiz.commands.line_by_line import hold
from k8squiz.kinds.fields import Dialogue, Field, Unreadable, Value
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.mock import say
from k8squiz.locale.typed import AFTER_A_GRADE, Command, command
from k8squiz.mock.drawn_questions import DrawnQuestions
from k8squiz.mock.interview import AnswerDraft, Interview
from k8squiz.mock.state import Ending
from k8squiz.screens import mock as views
from k8squiz.screens.cells import Cells, is_table
from k8squiz.screens.clocked import ClockedKeyboard, TimedOut, minutes
from k8squiz.screens.prose import Prose
from k8squiz.screens.question import question_view
from k8squiz.screens.several_lines import is_command, parted
from k8squiz.terminal.sanitize import one_line


class Left(Exception):
    """The candidate leaves and means to come back."""


class _Away(Exception):
    """Another question is to be shown: `to` None for the next open one."""

    def __init__(self, to: int | None) -> None:
        super().__init__(to)
        self.to = to


class _Over(Exception):
    """The interview is over."""

    def __init__(self, why: Ending) -> None:
        super().__init__(why)
        self.why = why


class MockDialog:
    """One sitting of an interview. `run` returns when it is over; Left, EOFError and KeyboardInterrupt pass."""

    def __init__(
        self,
        interview: Interview,
        drawn_questions: DrawnQuestions,
        keyboard: ClockedKeyboard,
        console: Console,
        lang: Lang,
    ) -> None:
        self._interview, self._room = interview, drawn_questions
        self._keyboard, self._console, self._lang = keyboard, console, lang
        self._sure = self._told = False
        self._broken: set[int] = set()
        self._standing: AnswerDraft | None = None

    def run(self, standing: AnswerDraft | None = None) -> None:
        """Ask until the end. `standing` is the unfinished line of a sitting that was interrupted."""
        self._standing = standing
        interview = self._interview
        to = interview.state.position
        try:
            while True:
                position = to if to is not None else interview.next()
                if position is None:
                    to = self._review()
                    continue
                try:
                    self._ask(position)
                    to = None
                except _Away as away:
                    to = away.to
                except (_Over, Left, EOFError, OSError):
                    raise
                except Exception as error:  # noqa: BLE001 - whatever it is, the interview goes on
                    self._amiss(position, error)
                    to = None
        except _Over as over:
            interview.end(over.why)

    def _amiss(self, position: int, error: Exception) -> None:
        """A question in which something went wrong is handed in with what stands; the interview goes on."""
        if position in self._broken:
            raise error
        self._broken.add(position)
        item = self._room.plan.items[position]
        tell(error, item.question, item.seed, self._console, self._lang)
        if self._interview.state.position != position:
            self._interview.show(position)
        self._interview.hand_in()

    # --- one question ---

    def _ask(self, position: int) -> None:
        fields = self._room.task(position).fields
        self._put(position)
        given = self._interview.state.sheets[position].given
        if given:
            self._say("had", answer=views.given_text(fields, given, self._lang))
        self._interview.show(position)
        try:
            self._fill_in(position, fields)
        except TimedOut as struck:
            self._struck(position, fields, struck.line)
            return
        self._interview.hand_in()
        self._say("saved")

    def _put(self, position: int) -> None:
        """The question as it is asked."""
        self._print(views.title_view(self._room, position, self._interview, self._lang))
        task, listed = self._room.task(position), not self._keyboard.interactive
        self._print(question_view(self._room.world(position), task, self._lang, listed=listed))
        self._print()
        if not self._told:
            # Once a sitting: `help` tells them again, and what the next hint costs.
            self._told = True
            self._print(Prose(self._commands(position), "quiet"))

    def _fill_in(self, position: int, fields: tuple[Field, ...]) -> None:
        """The fields from the first blank one on; all of them where none is blank. What the candidate judges comes later."""
        fields = tuple(field for field in fields if not field.self_checked)
        given = self._given(position)
        if self._keyboard.interactive and is_table(fields):
            self._fill_in_table(position, fields, given)
            return
        index = next((index for index, field in enumerate(fields) if field.id not in given), 0)
        told = ""
        while index < len(fields):
            field = fields[index].after(self._given(position))
            if field is None:
                index += 1
                continue
            if field.lead is not None:
                self._print(Prose("\n" + pick(field.lead, self._lang), "strong"))
            if (words := field.how(self._lang, not self._keyboard.interactive)) != told:
                told = words
                self._print(Prose(told, "quiet"))
            self._field = field.id
            held = self._held(position, field)
            typed = self._line(position, field).strip() if held is None else held
            if field.long:
                typed = self._parted(position, field, typed)
            obeyed = command(typed) if held is None else None
            if obeyed == (Command.BACK, "") and index > 0:
                index -= 1
                continue
            if self._obey(obeyed, position):
                continue
            try:
                value = field.read(typed) if typed else fields[index].foregone(self._given(position))
                if value is None:
                    continue
                self._interview.fill(field.id, value)
                index += 1
            except Unreadable as error:
                self._print(Prose(f"? {pick(error.text, self._lang)}", "notice"))

    def _held(self, position: int, field: Field) -> str | None:
        """All lines of a field that answers each, begun anew or gone on with; None for a field that does not. The lines so
        far are what is saved, and what is graded once the clock strikes."""
        standing = self._standing
        if standing is None or (standing.position, standing.field) != (position, field.id):
            standing = None
        held = field.replies(str(self._given(position).get(field.id, "")) if standing is None else standing.text)
        if held is None:
            return None
        self._standing = None

        def ask(now: Dialogue) -> str:
            lines = "\n".join(now.lines)
            self._interview.keep_line(field.id, lines)
            clock, prompt = self._clock(position), one_line(now.prompt(self._lang))
            try:
                return self._keyboard.line(
                    prompt, clock, lambda line: self._interview.tick(field.id, lines), field, self._lang
                )
            except TimedOut:
                raise TimedOut(lines) from None

        def obey(now: Dialogue, found: tuple[Command, str]) -> None:
            lines = "\n".join(now.lines)
            self._standing = AnswerDraft(position, field.id, lines, self._interview.elapsed)
            if lines and found[0] in (Command.SKIP, Command.BACK, Command.END):
                # Another question may be shown next, or none: what stands is an answer already.
                self._interview.fill(field.id, field.read(lines))
            if self._obey(found, position) and found[0] is Command.HELP:
                self._print(Prose(field.how(self._lang), "told"))
            self._standing = None

        return "\n".join(hold(held, ask, obey, self._console, self._lang, self._room.world(position).question).lines)

    def _given(self, position: int) -> Answer:
        return self._interview.state.sheets[position].given

    def _fill_in_table(self, position: int, fields: tuple[Field, ...], given: Answer) -> None:
        """The fields as the cells of a table, looked over before they are handed in."""
        self._print(Prose(fields[0].how(self._lang), "quiet"))
        cells = Cells(fields, self._lang, lambda field, value: self._interview.fill(field.id, value))
        cells.given(given)
        standing, self._standing = self._standing, None
        if standing is not None and (standing.position, standing.field) == (position, cells.field.id):
            cells.texts[cells.cursor] = standing.text

        def tick(line: str) -> bool:
            self._field = cells.field.id
            return self._interview.tick(cells.field.id, "" if is_command(line) else line)

        self._field = cells.field.id
        clock = self._clock(position)
        while typed := self._keyboard.in_cells(cells, clock, tick, self._lang):
            self._field = cells.field.id
            obeyed = command(typed)
            if obeyed == (Command.BACK, ""):
                cells.step(-1)
            elif not self._obey(obeyed, position):
                cells.enter_line(typed)

    def _clock(self, position: int) -> Callable[[], tuple[float, float]]:
        """How long is left for this question, and for all."""
        return lambda: (self._interview.left_for(position), self._interview.left)

    def _parted(self, position: int, field: Field, typed: str) -> str:
        """The answer, or the command behind it: what stands before a command is kept."""
        body, word = parted(typed, is_command)
        if not word:
            return body
        if body:
            self._standing = AnswerDraft(position, field.id, body, self._interview.elapsed)
            obeyed = command(word)
            if obeyed is not None and obeyed[0] in (Command.SKIP, Command.BACK):
                # Another question may be shown next: what stands is an answer already.
                self._interview.fill(field.id, field.read(body))
        return word

    def _line(self, position: int, field: Field) -> str:
        standing = self._standing
        self._standing = None
        text = (
            standing.text
            if standing is not None and (standing.position, standing.field) == (position, field.id)
            else ""
        )
        if text and not self._keyboard.interactive:
            self._say("unfinished-line", line=text)
        if field.long and not text:
            text = str(self._interview.state.sheets[position].given.get(field.id, ""))
        single = len(self._room.task(position).fields) == 1
        prompt = field.prompt(self._lang) if not single else "> "
        return self._keyboard.line(
            one_line(prompt),
            self._clock(position),
            lambda line: self._interview.tick(field.id, parted(line, is_command)[0]),
            field,
            self._lang,
            text,
        )

    def _struck(self, position: int, fields: tuple[Field, ...], line: str) -> None:
        standing: dict[str, Value] = {}
        line = parted(line, is_command)[0]
        field = next(field for field in fields if field.id == self._field)
        with contextlib.suppress(Unreadable):
            standing[field.id] = field.read(line.strip())
        self._interview.strike(standing, line)
        text = views.given_text(fields, self._interview.state.sheets[position].answer or {}, self._lang) or line.strip()
        self._print()
        self._say("struck-line" if text else "struck", line=text)
        if self._keyboard.interactive:
            # What is still being typed belongs to the question that is over, not to the next one.
            self._keyboard.plain(say("after-strike", self._lang))

    # --- commands ---

    def _commands(self, position: int) -> str:
        cost = self._hint_cost(position)
        return say("commands", self._lang, cost=cost) if cost != "–" else say("commands-no-hint", self._lang)

    def _hint_cost(self, position: int) -> str:
        """What the next hint costs; a dash where there is none."""
        hints = self._room.hints(position)[self._interview.state.sheets[position].hints :]
        return f"{hints[0][0]:.0%}" if hints else "–"

    def _obey(self, obeyed: tuple[Command, str] | None, position: int) -> bool:
        """Obey a command; returns whether it is one that is known here."""
        sure, self._sure = self._sure, False
        if obeyed is None or obeyed[0] in AFTER_A_GRADE:
            return False
        standing = self._standing.text if self._standing is not None else ""
        self._interview.keep_line(self._field, standing)
        match obeyed[0]:
            case Command.END:
                self._end(sure)
            case Command.QUIT:
                raise Left
            case Command.SKIP:
                self._skip()
            case Command.BACK:
                to = self._place(obeyed[1])
                if to != position:
                    raise _Away(to)
            case Command.FLAG:
                self._say("flagged" if self._interview.flag() else "unflagged")
            case Command.LIST:
                self._print(views.list_view(self._room, self._interview, self._lang))
            case Command.HINT:
                self._hint(position)
            case Command.SHOW:
                self._put(position)
            case Command.HELP:
                self._print(Prose(say("help", self._lang, cost=self._hint_cost(position)), "told"))
        return True

    def _hint(self, position: int) -> None:
        from k8squiz.locale.practice import say as practice_say

        hints = self._room.hints(position)
        if self._interview.state.sheets[position].hints >= len(hints):
            self._print(Prose(practice_say("no-hint", self._lang), "told"))
            return
        cost, text = hints[self._interview.hint()]
        self._print(Prose(practice_say("hint", self._lang, cost=cost, text=pick(text, self._lang)), "told"))

    def _skip(self) -> None:
        if not self._interview.others_open():
            self._say("only-one")
            return
        self._interview.skip()
        self._say("skipped")
        raise _Away(None)

    def _end(self, sure: bool) -> None:
        sheets = self._interview.state.sheets
        blank = sum(1 for sheet in sheets if sheet.graded_answer is None)
        if blank and not sure:
            self._sure = True
            self._say("sure", count=blank, total=len(sheets))
            return
        raise _Over(Ending.STOPPED if blank else Ending.DONE)

    def _place(self, label: str) -> int | None:
        """Where question `label` is; stays where one is, and says why, where it cannot be shown."""
        labels = [item.label for item in self._room.plan.items]
        here = self._interview.state.position
        if label not in labels:
            self._say("which", labels=", ".join(labels))
            return here
        position = labels.index(label)
        parent = self._room.plan.items[position].parent
        if parent is not None and not self._interview.state.sheets[parent].closed:
            self._say("waits", label=label)
        elif self._interview.left_for(position) <= 0:
            self._say("no-time", label=label)
        else:
            return position
        return here

    def _review(self) -> int | None:
        """All are dealt with: look at one again, or end."""
        left = self._interview.left
        if left < 1:
            self._say("time-up")
            raise _Over(Ending.CLOCK)
        self._say("review", left=minutes(left))
        try:
            typed = self._keyboard.plain(say("review-prompt", self._lang)).strip()
        except EOFError:
            typed = ""
        if not typed:
            raise _Over(Ending.DONE)
        word, label = command(typed) or (None, "")
        if word is Command.BACK:
            return self._place(label)
        if word is Command.END:
            raise _Over(Ending.DONE)
        if word is Command.QUIT:
            raise Left
        if word is Command.LIST:
            self._print(views.list_view(self._room, self._interview, self._lang))
        if word is Command.HELP:
            self._print(Prose(say("help-review", self._lang), "told"))
        return None

    # --- printing ---

    def _say(self, key: str, **values: object) -> None:
        self._print(Prose(say(key, self._lang, **values), "told"))

    def _print(self, *what: object) -> None:
        self._console.print(*what)
