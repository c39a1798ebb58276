"""`k8squiz incident`: a broken cluster to look into and mend; at a prompt, or by a script with a JSON grade."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from engine.faults.follow import follow
from engine.faults.grade import as_json, graded
from engine.faults.incident import Incident, draw_incident, from_id
from engine.faults.registry import find_fault, names
from engine.faults.run import IncidentRun, begin
from k8squiz.commands.faults import line_amiss
from k8squiz.commands.incident_debrief import debrief
from k8squiz.commands.incident_dialog import Dialog
from k8squiz.errors import QuizError
from k8squiz.locale.i18n import Lang, pick
from k8squiz.terminal.console import print_json, print_plain
from k8squiz.terminal.files import read_text
from k8squiz.terminal.sanitize import visible

# Bytes of a script.
_MOST_SCRIPT = 2 << 20
_MOST_LINES = 1000


def run(
    lang: Lang,
    name: str | None,
    fault: str | None,
    level: int | None,
    seed: str | None,
    minutes: int | None,
    script: str | None,
    listed: bool,
    json: bool,
    live: bool = False,
    interviewer: Path | None = None,
) -> int:
    """Draw an incident and have it worked on: 0 where it is mended in the end, 1 where not. `live`: in network namespaces of
    this machine's kernel, graded by real connections. `interviewer`: write its sheet for two people to that .md file instead."""
    if listed:
        return _list(lang, json)
    if interviewer is not None:
        from k8squiz.commands.interviewer import write_sheet

        return write_sheet(_drawn(name, fault, level, seed), interviewer, lang)
    lines = None if script is None else _read(script)
    if not live:
        return _worked_on(begin(_drawn(name, fault, level, seed)), lang, minutes, lines, json)
    from engine.lab.incident_run import begin_in_lab, open_in_lab
    from engine.lab.requirements import prepare

    prepare()
    incident = _drawn(name, fault, level, seed)
    terminal = lines is None and sys.stdin.isatty() and sys.stdout.isatty()
    with open_in_lab(incident) as lab:
        return _worked_on(begin_in_lab(incident, lab, attached=terminal), lang, minutes, lines, json)


def _worked_on(begun: IncidentRun, lang: Lang, minutes: int | None, lines: list[str] | None, json: bool) -> int:
    if lines is not None:
        of = begun.incident
        done = follow(
            begun,
            lines,
            lambda said: _tell(pick(said, lang)),
            lambda error: _tell(line_amiss(error, of.fault.name, of.seed, lang)),
        )
        grade = graded(done)
        print_json(as_json(done, grade))
        return 0 if grade.mended else 1
    done = Dialog(begun, lang, minutes, time.monotonic).run()
    grade = graded(done)
    if json:
        print_json(as_json(done, grade))
    else:
        debrief(done, grade, lang)
    return 0 if grade.mended else 1


def _list(lang: Lang, json: bool) -> int:
    faults = [find_fault(name) for name in names()]
    if json:
        print_json({"faults": [{"name": f.name, "level": f.level, "what": {"en": f.what.en, "zh": f.what.zh}} for f in faults]})  # fmt: skip
    else:
        wide = max(len(name) for name in names())
        print_plain("\n".join(f"{f.name:{wide}}  {f.level}  {pick(f.what, lang)}" for f in faults))
    return 0


def _drawn(name: str | None, fault: str | None, level: int | None, seed: str | None) -> Incident:
    if name is not None:
        if fault is not None or level is not None or seed is not None:
            raise QuizError(
                "an ID says all of it; leave --fault, --level and --seed away",
                "ID 已经包含全部信息；请去掉 --fault、--level 和 --seed",
            )
        return from_id(name)
    if fault is not None and level is not None:
        raise QuizError("--fault or --level, not both", "--fault 和 --level 只能用一个")
    return draw_incident(fault, level=level, seed=seed if seed is not None else str(time.time_ns() % 1_000_000))


def _read(script: str) -> list[str]:
    lines = read_text(script, _MOST_SCRIPT).splitlines()
    if len(lines) > _MOST_LINES:
        raise QuizError(
            f"{script}:{_MOST_LINES + 1}: a script has at most {_MOST_LINES} lines",
            f"{script}:{_MOST_LINES + 1}：脚本最多 {_MOST_LINES} 行",
        )
    for number, line in enumerate(lines, 1):
        if "\0" in line:
            raise QuizError(
                f"{script}:{number}: it holds NUL characters, which no shell reads; is this a script?",
                f"{script}:{number}：含有 shell 无法读取的 NUL 字符；这是脚本吗？",
            )
    return lines


def _tell(said: str) -> None:
    sys.stderr.write(visible(said if said.endswith("\n") else said + "\n"))
