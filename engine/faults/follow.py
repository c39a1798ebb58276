"""What the lines of a script answer, one after another: a pure replay of what somebody did in an incident."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.errors import EngineError, UnsupportedFeature
from engine.faults.run import IncidentRun, unknown
from engine.faults.script import ScriptLine, read_script_line
from engine.trace import Text

_NOTHING = Text("", "")


def follow(
    run: IncidentRun,
    lines: Iterable[str],
    tell: Callable[[Text], None] = lambda said: None,
    amiss: Callable[[Exception], None] | None = None,
) -> IncidentRun:
    """The run after the lines of a script, to its end or `done`; `tell` is given what each line answers, where it does.

    `amiss` is given what nobody foresaw in a line, which then changes nothing; without it, it is raised."""
    for text in lines:
        line = read_script_line(text)
        if line is None:
            continue
        if line.word == "done":
            break
        try:
            run, said = answered(run, line)
        except Exception as error:
            if amiss is None:
                raise
            amiss(error)
            continue
        if said.en:
            tell(said)
    return run


def answered(run: IncidentRun, line: ScriptLine) -> tuple[IncidentRun, Text]:
    """The run after one line, and what the line answers; of an error, what is wrong."""
    try:
        return _answered(run, line)
    except UnsupportedFeature as error:
        return run, unknown(error)
    except EngineError as error:
        return run, Text(error.en, error.zh)


def _answered(run: IncidentRun, line: ScriptLine) -> tuple[IncidentRun, Text]:
    if line.word == "flows":
        failing, run = run.failing()
        listed = "\n".join(failing)
        return run, Text(listed, listed)
    if line.word == "hint":
        text, run = run.hint()
        return run, text
    if line.word == "diagnose":
        return run.diagnose(line.text), _NOTHING
    if line.word:
        return run, _NOTHING
    reply, run = run.run(line.host, line.text)
    return run, Text(reply.shown, reply.shown)
