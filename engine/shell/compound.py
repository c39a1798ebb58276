"""Loops, choices, groups and functions, run: what each prints is one result.

Source: POSIX.1-2017, XCU 2.9.4 (compound commands), 2.9.5 (function definition), 2.14 (break, continue, return).
"""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Iterable
from typing import Protocol

from engine.shell.expand import Meaning, expression_of, fields, glob_of, text_of
from engine.shell.interface import Result
from engine.shell.syntax import (
    ArithmeticLoop,
    CaseCommand,
    Command,
    Compound,
    ForLoop,
    FunctionDefinition,
    GroupCommand,
    IfCommand,
    Lines,
    WhileLoop,
    Word,
)
from engine.values import dataclass

# Rounds of a loop whose condition may hold for ever; of others as many as one line may run commands.
_MOST_ROUNDS = 20
# Commands that a loop's condition ends by, sooner or later.
_ENDING = frozenset({"read", "[", "[[", "test", "let"})
# Characters of a text that a pattern is held against.
_LONGEST = 10_000


@dataclass(frozen=True, slots=True)
class Leaving:
    """`break`, `continue` or `return`, on its way out of as many loops."""

    word: str
    loops: int = 1


class CompoundShell(Protocol):
    """The shell that runs them. `loops`: how many are around what runs, `leaving`: what ends them."""

    variables: dict[str, str]
    functions: dict[str, Compound]
    stopped: bool
    spent: bool
    loops: int
    leaving: Leaving | None

    def lines(self, lines: Lines) -> Result:
        """Run a list."""

    def meaning(self) -> Meaning:
        """What expansions mean now."""

    def enough(self, why: str) -> Result:
        """No more is run; said once."""


def run_compound(shell: CompoundShell, command: Compound) -> Result:
    """What the command prints, and its status. Raises as words are expanded."""
    if isinstance(command, (ForLoop, WhileLoop, ArithmeticLoop)):
        shell.loops += 1
        try:
            return _loop(shell, command)
        finally:
            shell.loops -= 1
    if isinstance(command, IfCommand):
        return _choice(shell, command)
    if isinstance(command, CaseCommand):
        return _case(shell, command)
    if isinstance(command, FunctionDefinition):
        shell.functions[command.name] = command.body
        return Result()
    return _group(shell, command)


def _loop(shell: CompoundShell, loop: ForLoop | WhileLoop | ArithmeticLoop) -> Result:
    if isinstance(loop, ForLoop):
        return _for(shell, loop)
    return _while(shell, loop) if isinstance(loop, WhileLoop) else _counted(shell, loop)


def _for(shell: CompoundShell, loop: ForLoop) -> Result:
    meaning = shell.meaning()
    values = [one for word in loop.values for one in fields(word.text, word.expansions, meaning)]
    found: list[Result] = []
    for value in values:
        if shell.stopped:
            break
        shell.variables[loop.name] = value
        found.append(shell.lines(loop.body))
        if not _goes_on(shell):
            break
    return joined(found)


def _while(shell: CompoundShell, loop: WhileLoop) -> Result:
    found: list[Result] = []
    last = loop.condition[-1].commands[-1] if loop.condition else None
    ends = isinstance(last, Command) and last.words[:1] and last.words[0] in _ENDING
    rounds = 0
    while True:
        condition = shell.lines(loop.condition)
        found.append(dataclasses.replace(condition, status=0))
        if (condition.status == 0) is loop.until or shell.stopped:
            break
        if rounds == _MOST_ROUNDS and not ends:
            found.append(shell.enough(f"{_MOST_ROUNDS} rounds of a loop, as by Ctrl-C"))
            break
        found.append(shell.lines(loop.body))
        rounds += 1
        if not _goes_on(shell):
            break
    return joined(found)


def _counted(shell: CompoundShell, loop: ArithmeticLoop) -> Result:
    found: list[Result] = []
    _value(shell, loop.first)
    while not shell.stopped and (not loop.condition.text.strip() or _value(shell, loop.condition)):
        found.append(shell.lines(loop.body))
        if not _goes_on(shell):
            break
        _value(shell, loop.step)
    return joined(found)


def _value(shell: CompoundShell, word: Word) -> int:
    meaning = shell.meaning()
    return expression_of(text_of(word.text, word.expansions, meaning), meaning)


def _goes_on(shell: CompoundShell) -> bool:
    """Whether another round follows a loop's body; what leaves this loop alone is done with."""
    leaving = shell.leaving
    if leaving is None or leaving.word == "return":
        return leaving is None and not shell.stopped
    shell.leaving = Leaving(leaving.word, leaving.loops - 1) if leaving.loops > 1 else None
    return leaving.loops == 1 and leaving.word == "continue"


def _choice(shell: CompoundShell, choice: IfCommand) -> Result:
    found: list[Result] = []
    for condition, body in choice.branches:
        asked = shell.lines(condition)
        found.append(dataclasses.replace(asked, status=0))
        if shell.stopped or shell.leaving is not None:
            return joined(found)
        if asked.status == 0:
            return joined((*found, shell.lines(body)))
    return joined((*found, shell.lines(choice.otherwise)) if choice.otherwise else found)


def _case(shell: CompoundShell, case: CaseCommand) -> Result:
    meaning = shell.meaning()
    subject = text_of(case.subject.text, case.subject.expansions, meaning)[:_LONGEST]
    for patterns, body in case.branches:
        globs = (glob_of(word.text, word.expansions, meaning) for word in patterns)
        if any(fnmatch.fnmatchcase(subject, glob) for glob in globs):
            return joined((shell.lines(body),)) if body else Result()
    return Result()


def _group(shell: CompoundShell, group: GroupCommand) -> Result:
    kept, functions = dict(shell.variables), dict(shell.functions)
    result = shell.lines(group.body)
    if group.apart:
        shell.variables, shell.functions = kept, functions
        shell.stopped, shell.leaving = shell.spent, None
    return result


def joined(results: Iterable[Result]) -> Result:
    """One after the other; the status is the last one's."""
    out, err, shown, status = "", "", "", 0
    for one in results:
        out, err, status = more(out, one.stdout), more(err, one.stderr), one.status
        shown = more(shown, one.stderr + one.stdout if one.shown is None else one.shown)
    return Result(out, err, status, shown=shown)


# Characters that one line may print: what is beyond is cut with a word.
MOST_OUTPUT = 4_000_000


def more(text: str, further: str) -> str:
    """What is shown in the end, and no more than one character of what is cut."""
    return text if len(text) > MOST_OUTPUT else (text + further)[: MOST_OUTPUT + 1]
