"""What the lines of a script answer, one after another: a pure replay of what somebody did in an incident."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from engine.errors import EngineError, UnsupportedFeature
from engine.faults.run import IncidentRun, unknown
from engine.faults.script import ScriptLine, read_script_line
from engine.shell.line import LineError, Unfinished, read_line
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
    left = iter(lines)
    for text in left:
        line = _whole(text, left)
        if line is None:
            continue
        if line.word == "done":
            break
        try:
            run, said, _ = answered(run, line)
        except Exception as error:
            if amiss is None:
                raise
            amiss(error)
            continue
        if said.en:
            tell(said)
    return run


def _whole(text: str, left: Iterator[str]) -> ScriptLine | None:
    """The line, with those of `left` that are its here-document's."""
    line = read_script_line(text)
    while line is not None and not line.word:
        try:
            read_line(line.text)
        except Unfinished as error:
            further = next(left, None) if error.document else None
            if further is None:
                break
            line = ScriptLine("", line.host, f"{line.text}\n{further}")
        except LineError:
            break
        else:
            break
    return line


def answered(run: IncidentRun, line: ScriptLine) -> tuple[IncidentRun, Text, str | None]:
    """The run after one line, and what the line answers; of an error, what is wrong. Last the host that one is on then, None
    for the same."""
    try:
        return _answered(run, line)
    except UnsupportedFeature as error:
        return run, unknown(error), None
    except EngineError as error:
        return run, Text(error.en, error.zh), None


def _answered(run: IncidentRun, line: ScriptLine) -> tuple[IncidentRun, Text, str | None]:
    if line.word == "flows":
        failing, run = run.failing()
        listed = "\n".join(failing)
        return run, Text(listed, listed), None
    if line.word == "hint":
        text, run = run.hint()
        return run, text, None
    if line.word == "diagnose":
        return run.diagnose(line.text), _NOTHING, None
    if line.word:
        return run, _NOTHING, None
    reply, run = run.run(line.host, line.text)
    return run, Text(reply.shown, reply.shown), reply.login
