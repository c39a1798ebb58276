"""Interviews that were begun: the list of them, and what becomes of one that is unfinished when a new one is asked for."""

from __future__ import annotations

from rich.console import Console

from k8squiz.commands.mock_journal import Waiting, interviews
from k8squiz.locale.i18n import Lang
from k8squiz.locale.mock import say
from k8squiz.locale.typed import Command, command
from k8squiz.screens.clocked import ClockedKeyboard, minutes
from k8squiz.screens.mock import interviews_view, track_name, tracks_view
from k8squiz.screens.prose import Prose
from k8squiz.terminal.console import make_console

_NEW = frozenset({"n", "new", "新", "另开"})


def run(lang: Lang) -> int:
    """Print all interviews, and the tracks there are; returns the exit code."""
    console = make_console()
    found = interviews()
    if found:
        console.print(interviews_view([_row(one, lang) for one in found], lang))
    else:
        console.print(Prose(say("no-interviews", lang)))
    if any(not one.finished for one in found):
        console.print(Prose(say("resume-how", lang), "quiet"))
    console.print(tracks_view(lang))
    return 0


def _row(one: Waiting, lang: Lang) -> tuple[str, str, str, str, str]:
    if one.finished:
        standing = say("list-done", lang)
    elif one.free:
        standing = say("list-unfinished", lang, left=minutes(one.left))
    else:
        standing = say("list-elsewhere", lang)
    return str(one.session), one.when, track_name(one.plan, lang), f"{one.plan.minutes} min", standing


def go_on(keyboard: ClockedKeyboard, console: Console, lang: Lang) -> int | None:
    """Say which interview is unfinished, and ask: its number to go on with it, 0 for neither, None for a new one.

    Where nobody can be asked it is only said.
    """
    waiting = [one for one in interviews(unfinished=True) if one.free]
    if not waiting:
        return None
    latest = waiting[-1]
    for one in waiting:
        facts = {"when": one.when, "track": track_name(one.plan, lang), "minutes": one.plan.minutes}
        console.print(Prose(say("unfinished", lang, session=one.session, left=minutes(one.left), **facts), "notice"))
    if len(waiting) > 1 or not keyboard.interactive:
        console.print(Prose(say("resume-how", lang), "quiet"))
    if not keyboard.interactive:
        return None
    while True:
        typed = keyboard.plain(say("unfinished-ask", lang)).strip().lower()
        if not typed:
            return latest.session
        if typed in _NEW:
            return None
        obeyed = command(typed)
        if obeyed is not None and obeyed[0] is Command.QUIT:
            return 0
        if typed.isdecimal() and any(one.session == int(typed) for one in waiting):
            return int(typed)
