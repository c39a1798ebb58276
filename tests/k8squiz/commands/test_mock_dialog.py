"""Sitting an interview: every command, as it is typed, in both languages; a script of lines and waits."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest

from k8squiz.commands.mock_dialog import Left, MockDialog
from k8squiz.kinds.fields import Field
from k8squiz.locale.i18n import Lang
from k8squiz.locale.mock import say
from k8squiz.locale.typed import command
from k8squiz.mock.drawn_questions import DrawnQuestions
from k8squiz.mock.interview import AnswerDraft, Interview
from k8squiz.mock.state import Ending, Event, Status
from k8squiz.screens.cells import Cells
from k8squiz.screens.clocked import Clock, Tick, TimedOut
from k8squiz.terminal.console import make_console
from k8squiz.terminal.width import width_of
from tests.k8squiz.fakes import anything
from tests.k8squiz.mock.answered import PLAN
from tests.k8squiz.mock.table import MockJournal

ROOM = DrawnQuestions(PLAN)
# What is typed to answer each question rightly, by its place in the plan.
RIGHT = [[field.show(field.truth, False).split(" (")[0] for field in ROOM.task(index).fields] for index in range(6)]


class Script:
    """A keyboard that types `lines`; a number waits so many seconds with the line before it standing unfinished."""

    def __init__(self, lines: Sequence[str | float], interactive: bool = False) -> None:
        self.lines = list(lines)
        self.interactive = interactive
        self.now = 0.0

    def line(self, prompt: str, clock: Clock, tick: Tick, field: Field, lang: Lang, standing: str = "") -> str:
        text = standing
        while self.lines:
            typed = self.lines.pop(0)
            if isinstance(typed, str) and (not self.lines or isinstance(self.lines[0], str)):
                self.now += 1
                return typed
            if isinstance(typed, str):
                text = typed
                continue
            self.now += typed
            if tick(text):
                raise TimedOut(text)
        raise EOFError

    def in_cells(self, cells: Cells, clock: Clock, tick: Tick, lang: Lang) -> str:
        """The table filled in line by line."""
        while len(cells.values) < len(cells.fields):
            typed = self.line("", clock, tick, cells.field, lang)
            if command(typed) is not None:
                return typed
            cells.enter_line(typed)
        return ""

    def plain(self, prompt: str) -> str:
        if not self.lines:
            raise EOFError
        return str(self.lines.pop(0))


class Sat:
    """What a script came to."""

    def __init__(
        self, lines: Sequence[str | float], lang: Lang = "en", events: Sequence[Event] = (), draft: AnswerDraft | None = None,
        interactive: bool = False,
    ) -> None:  # fmt: skip
        self.out, self.journal = io.StringIO(), MockJournal()
        keyboard = Script(lines, interactive)
        self.interview = Interview(PLAN, self.journal, lambda: keyboard.now, events)
        self.left = ""
        try:
            MockDialog(self.interview, ROOM, keyboard, make_console(width=80, file=self.out), lang).run(draft)
        except (Left, EOFError) as error:
            self.left = type(error).__name__
        self.said = self.out.getvalue()
        self.sheets = self.interview.state.sheets


def everything() -> list[str]:
    return [line for lines in RIGHT for line in lines]


def test_all_right_and_the_end_comes_by_itself_when_asked() -> None:
    sat = Sat([*everything(), ""])
    assert sat.interview.state.ended is Ending.DONE
    assert ROOM.score(sat.interview.state).total == 1.0
    assert sat.said.count("Answer recorded.") == 6
    assert "Every question has been dealt with" in sat.said


def test_no_explanation_before_the_end() -> None:
    said = Sat([*everything(), ""]).said
    for index in range(6):
        for text in anything(ROOM.world(index).question.template.data["key_points"]):
            assert text["en"][:30] not in said
    for word in ("computed", "✓", "✗", "Score", "Why"):
        assert word not in said


# What is typed at question 1, and what is said.
SAID = {
    "help": (["help"], "k8squiz mock --resume goes on"),
    "帮助": (["帮助"], "k8squiz mock --resume goes on"),
    "list": (["list"], "1a  traffic-policy"),
    "list marks where one is": (["list"], "›  1 "),
    "flag": (["flag"], "Flagged."),
    "unflag": (["flag", "标记"], "No longer flagged."),
    "hint": (["hint"], "Hint (costs 10%): The policy is about traffic from outside."),
    "?": (["?"], "Hint (costs 10%)"),
    "no more hints": (["hint", "hint"], "There are no more hints."),
    "an answer that is none": (["zz"], "'zz' is not on the list"),
    "back to nowhere": (["back 9"], "N is one of 1, 1a, 2, 3, 4, 5."),
    "back to a follow-up that waits": (["back 1a"], "Question 1a comes after the one it follows up."),
    "end is asked twice": (["end"], "6 of 6 have no answer yet"),
    "skip": (["skip"], "Put aside; it comes again at the end."),
}


@pytest.mark.parametrize("name", SAID)
def test_commands(name: str) -> None:
    typed, said = SAID[name]
    sat = Sat(typed)
    assert said in " ".join(sat.said.split()) or said in sat.said
    assert sat.left == "EOFError"


def test_commands_in_chinese() -> None:
    sat = Sat(["提示", "标记", "列表", "跳过", "结束", "结束"], "zh")
    for said in ("提示（扣 10%）", "已标记。", "总共剩余 ", "已跳过，最后会再次出现。", "再次输入 end"):
        assert said in sat.said
    assert sat.interview.state.ended is Ending.STOPPED
    assert "Question" not in sat.said and "Flagged" not in sat.said


def test_end_is_end_only_when_said_twice_in_a_row() -> None:
    assert Sat(["end", "list", "end"]).left == "EOFError"
    assert Sat(["end", "end"]).interview.state.ended is Ending.STOPPED


def test_quit_leaves_and_nothing_is_over() -> None:
    sat = Sat([RIGHT[0][0], "quit"])
    assert (sat.left, sat.interview.state.ended) == ("Left", None)
    assert sat.sheets[0].given == {"ending": ROOM.task(0).fields[0].truth}


def test_back_goes_one_field_up_and_back_n_to_a_question() -> None:
    wrong = "A" if RIGHT[0][0] != "A" else "B"
    sat = Sat([wrong, "back", *RIGHT[0], "back 4", *RIGHT[4], "back 1", *RIGHT[0]])
    assert sat.sheets[0].answer == {field.id: field.truth for field in ROOM.task(0).fields}
    assert sat.sheets[4].status is Status.ANSWERED
    assert sat.sheets[0].visits == 2
    assert "You have here:" in sat.said


def test_skipped_ones_come_again_and_the_last_one_cannot_be_skipped() -> None:
    sat = Sat(["skip", *(line for index in (2, 3, 4, 5) for line in RIGHT[index]), *RIGHT[0], "skip"])
    assert sat.sheets[0].status is Status.ANSWERED
    assert "Nothing else is open" in sat.said
    assert sat.interview.position == 1


def test_the_countdown_takes_what_stands_and_goes_on() -> None:
    sat = Sat([RIGHT[0][0], RIGHT[0][1], RIGHT[0][2], 98.0, "list"])
    sheet = sat.sheets[0]
    assert (sheet.status, sheet.line) == (Status.TIMED_OUT, RIGHT[0][2])
    assert sheet.answer == {field.id: field.truth for field in ROOM.task(0).fields}
    assert "Time is up for this question. What stands is graded:" in sat.said
    assert "Follow-up 1a" in sat.said


def test_what_is_still_typed_when_the_clock_strikes_does_not_answer_the_next_question() -> None:
    sat = Sat(["half a l", 100.0, "ine", RIGHT[1][0]], interactive=True)
    assert (sat.sheets[0].status, sat.sheets[0].line) == (Status.TIMED_OUT, "half a l")
    assert sat.sheets[1].given == {"ending": ROOM.task(1).fields[0].truth}
    assert "ine" not in sat.said.split("Time is up")[1].split()


def test_the_question_is_shown_once_more_when_asked_for_and_its_clock_goes_on() -> None:
    for lang, word in (("en", "show"), ("zh", "重看")):
        sat = Sat([word, "hint", "quit"], lang)  # type: ignore[arg-type]
        assert sat.said.count("1/5") == 2
        assert (sat.sheets[0].visits, sat.interview.state.elapsed) == (1, 2.0)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("key", ["commands", "commands-no-hint"])
def test_what_may_be_typed_fits_in_one_line(lang: Lang, key: str) -> None:
    assert width_of(say(key, lang, cost="20%")) <= 80


def test_a_line_that_cannot_be_read_is_kept_all_the_same() -> None:
    sheet = Sat([RIGHT[0][0], "half a\x1b[31m th", 100.0]).sheets[0]
    assert (sheet.status, sheet.line) == (Status.TIMED_OUT, "half a\x1b[31m th")
    assert sheet.answer == {"ending": ROOM.task(0).fields[0].truth}


def test_what_is_typed_never_moves_the_terminal() -> None:
    assert "\x1b" not in Sat([RIGHT[0][0], "\x1b[31m th", 100.0, "\x1b]0;x\x07"]).said


def test_after_the_last_one_there_is_time_to_look_again() -> None:
    sat = Sat([*everything(), "nonsense", "back 9", "list", "back 4", "1/7", "end"])
    assert sat.interview.state.ended is Ending.DONE
    assert sat.sheets[4].answer == {"number": "1/7"}


def test_no_more_time_no_more_questions() -> None:
    sat = Sat([100.0] * 6)
    assert sat.interview.state.ended is Ending.CLOCK
    assert {sheet.status for sheet in sat.sheets} == {Status.TIMED_OUT}


def test_a_resumed_sitting_goes_on_at_the_same_field() -> None:
    before = Sat([RIGHT[0][0], "quit"])
    again = Interview(PLAN, before.journal, lambda: 0.0, before.journal.events)
    again.interrupt()
    again.resume(60, None)
    draft = AnswerDraft(0, "host", "nod", 2.0)
    sat = Sat([RIGHT[0][1], RIGHT[0][2], "quit"], events=before.journal.events, draft=draft)
    assert "You have here:" in sat.said
    assert "Your unfinished line was: nod" in sat.said
    assert sat.sheets[0].status is Status.ANSWERED


@pytest.mark.parametrize("typed", ["hint", "skip", "quit", "？", "ＱＵＩＴ", "提示", "back 2", "list"])
def test_a_command_that_stands_on_the_line_is_no_answer(typed: str) -> None:
    """Neither saved as the unfinished line nor graded when the clock strikes,."""
    sat = Sat([typed, 5.0, 5.0])
    assert [draft.text for draft in sat.journal.drafts if draft.text] == []
    struck = Sat([typed, 5.0, 2000.0])
    (event,) = [event for event in struck.journal.events if event.kind == "answered" and event.body["by"] == "clock"]
    assert event.body["line"] == ""
    assert event.body["answer"] == {}


def test_what_was_typed_of_a_command_is_not_there_after_a_resume() -> None:
    sat = Sat(["qui", 3.0, "quit"])
    assert sat.left == "Left"
    assert [draft.text for draft in sat.journal.drafts] == ["qui", ""]
