"""A blank that is filled in line by line: each line is answered at once, until the blank says that it is over."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console
from rich.text import Text as Styled

from k8squiz.bank.question import Question
from k8squiz.commands.faults import line_amiss
from k8squiz.kinds.fields import Dialogue
from k8squiz.locale.i18n import Lang
from k8squiz.locale.typed import AFTER_A_GRADE, Command, command
from k8squiz.terminal.sanitize import visible


def obeyed_in(held: Dialogue, line: str) -> tuple[Command, str] | None:
    """The command of the sitting that a line is, as k8squiz.locale.typed.command; None for a line of the dialogue."""
    found = None if held.claims(line) else command(line)
    return None if found is None or found[0] in AFTER_A_GRADE else found


def hold(
    held: Dialogue,
    ask: Callable[[Dialogue], str],
    obey: Callable[[Dialogue, tuple[Command, str]], object],
    console: Console,
    lang: Lang,
    question: Question,
) -> Dialogue:
    """The dialogue of a question once it is over. `ask` gives the next line, `obey` does what a command of the sitting says;
    what they raise passes. A line in which something goes wrong that nobody foresaw is told and noted, and changes nothing."""
    while not held.over:
        line = ask(held)
        found = obeyed_in(held, line)
        if found is not None:
            obey(held, found)
            continue
        try:
            said, held = held.reply(line, lang)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next line comes
            said = line_amiss(error, question.template.meta.id, question.seed, lang)
        if said:
            # Tables of a tool are as wide as they are.
            console.print(Styled(visible(said.rstrip("\n"))), soft_wrap=True, highlight=False)
    return held


def or_its_end(ask: Callable[[Dialogue], str]) -> Callable[[Dialogue], str]:
    """As `ask`, but a pipe's end ends the dialogue too, unless nothing was typed yet."""

    def asked(held: Dialogue) -> str:
        try:
            return ask(held)
        except EOFError:
            if held.lines:
                return held.last_word
            raise

    return asked
