"""After an interview: the key points of each open question, as the first pass found them, confirmed or corrected."""

from __future__ import annotations

import re

from rich.console import Console

from k8squiz.kinds.fields import Field
from k8squiz.kinds.talk.fields import LEFT_OUT, SAID, PointField
from k8squiz.locale.i18n import Lang
from k8squiz.locale.mock import say
from k8squiz.mock.drawn_questions import DrawnQuestions
from k8squiz.mock.interview import Interview
from k8squiz.screens.clocked import ClockedKeyboard
from k8squiz.screens.mock import check_view
from k8squiz.screens.prose import Prose

_NUMBERS = re.compile(r"[\s,，、;；.。]+")


def check_points(
    interview: Interview, drawn_questions: DrawnQuestions, keyboard: ClockedKeyboard, console: Console, lang: Lang
) -> None:
    """Go through every open question that was answered and not yet checked. At the end of input the first pass stands."""
    told = False
    for position, sheet in enumerate(interview.state.sheets):
        answer = sheet.graded_answer
        if answer is None or sheet.checked or drawn_questions.flaw(position) is not None:
            continue
        points = points_of(drawn_questions.task(position).fields)
        if not points:
            continue
        if not told:
            told = True
            console.print(Prose(say("check", lang), "told"))
        said = {point.id: point.foregone(answer) == SAID for point in points}
        while True:
            console.print(check_view(drawn_questions, position, answer, points, said, lang))
            try:
                typed = keyboard.plain(say("check-prompt", lang))
            except EOFError:
                return
            turned = turned_over(typed, len(points))
            if turned is None:
                console.print(Prose(say("check-which", lang, most=len(points)), "notice"))
                continue
            if not turned:
                break
            for number in turned:
                name = points[number - 1].id
                said[name] = not said[name]
        interview.check(position, {name: SAID if value else LEFT_OUT for name, value in said.items()})


def points_of(fields: tuple[Field, ...]) -> tuple[PointField, ...]:
    """The key points among a question's fields."""
    return tuple(field for field in fields if isinstance(field, PointField))


def turned_over(typed: str, most: int) -> tuple[int, ...] | None:
    """The numbers of the points to turn over: none for Enter, None where it is no list of numbers from 1 to `most`."""
    words = [word for word in _NUMBERS.split(typed.strip()) if word]
    if not all(word.isdecimal() and 1 <= int(word) <= most for word in words):
        return None
    return tuple(dict.fromkeys(int(word) for word in words))
