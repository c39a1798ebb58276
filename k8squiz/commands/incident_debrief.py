"""What an incident came to: the grade, the truth, the candidate's path beside an expert's."""

from __future__ import annotations

from itertools import zip_longest

from rich.table import Table
from rich.text import Text as Shown

from engine.errors import UnsupportedFeature
from engine.faults.diagnosis import NamedFault
from engine.faults.grade import FaultGrade, RunGrade
from engine.faults.incident import Incident, deviating
from engine.faults.run import IncidentRun, RunStep, expert_path
from engine.shell.live import LiveCluster
from k8squiz.commands.incident_dialog import wrapped
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.incident import say
from k8squiz.terminal.console import make_console, print_plain
from k8squiz.terminal.sanitize import visible
from k8squiz.world.incidents import flows_text, truth_text

_LONGEST = 160


def debrief(run: IncidentRun, grade: RunGrade, lang: Lang) -> None:
    """Print it."""
    incident = run.incident
    whole = not grade.broken and not grade.later
    verdict = say("mended" if grade.mended else "mended-by-force" if whole and run.steps else "not-mended", lang)
    lines = ["", say("score", lang, score=round(100 * grade.score), verdict=verdict)]
    lines.append(say("parts", lang, **{name: f"{round(100 * value)} %" for name, value in grade.parts.items()}))
    lines += [_said(one.named, lang) for one in grade.faults] if len(grade.faults) == 1 else []
    lines.append(truth_text(incident, lang))
    if len(grade.faults) > 1:
        lines += [f"  {one.place[0]}: {_said(one.named, lang)} {_state(one, lang)}" for one in grade.faults]
    if grade.broken:
        lines.append(flows_text(incident.baseline, grade.broken, lang))
    elif grade.later:
        lines += [say("later", lang), *(f"  {name}" for name in grade.later)]
    lines += [say("danger", lang, line=_cut(line)) for line in grade.dangers]
    print_plain(wrapped("\n".join((*lines, ""))))
    console = make_console()
    table = Table(expand=True, show_lines=False)
    for title in ("yours", "experts"):
        table.add_column(say(title, lang), overflow="fold")
    for mine, expert in zip_longest(_mine(run, lang), _experts(incident, lang), fillvalue=""):
        table.add_row(Shown(mine), Shown(expert))
    console.print(table)


def _said(named: NamedFault, lang: Lang) -> str:
    """Whether a fault's cause was named, and its place."""
    return say("cause-yes", lang, place=say("with-place", lang) if named.place else "") if named.cause else say("cause-no", lang)  # fmt: skip


def _state(one: FaultGrade, lang: Lang) -> str:
    return say("part-lasting" if one.lasting else "part-mended" if one.mended else "part-open", lang)


def _experts(incident: Incident, lang: Lang) -> list[str]:
    """An expert's lines, with the diagnoses in the user's language."""
    said = {f"diagnose {one.case.place[0]}: {one.fault.what.en}": f"diagnose {one.case.place[0]}: {pick(one.fault.what, lang)}" for one in incident.faults}  # fmt: skip
    return [said.get(line, line) for line in expert_path(incident)]


def _mine(run: IncidentRun, lang: Lang) -> list[str]:
    """Each line with what it showed, and how many flows deviate after it where it changed anything."""
    before, rows = run.incident.broken, []
    for step in run.steps:
        written = f"{step.host}: {_cut(step.line)}" if step.host else _cut(step.line)
        rows.append("  ".join((written, *(f"[{one}]" for one in _marks(run, step, before, lang)))))
        before = step.live
    return rows


def _marks(run: IncidentRun, step: RunStep, before: LiveCluster, lang: Lang) -> list[str]:
    marks = [say("shows", lang)] if step.shown else []
    if step.status:
        marks.append(say("failed", lang, status=step.status))
    if _changed(before, step.live):
        try:
            marks.append(say("now-fail", lang, count=len(deviating(run.incident, step.live))))
        except UnsupportedFeature:
            marks.append("?")
    return marks


def _changed(before: LiveCluster, after: LiveCluster) -> bool:
    """Whether anything but time and conntrack's new entries is another."""
    if before.cluster is not after.cluster or before.proxies != after.proxies:
        return True
    for name in {*before.hosts, *after.hosts}:
        old, new = before.state(name), after.state(name)
        if old.edits != new.edits or old.rules is not new.rules or len(new.connections) < len(old.connections):
            return True
    return False


def _cut(line: str) -> str:
    """As one line of what can be shown."""
    text = visible(line)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
