"""An incident for two people, as Markdown: a handout, what the interviewer needs, a scoring sheet."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.faults.grade import PARTS
from engine.faults.incident import Incident
from engine.faults.interface import Lines
from engine.faults.report import told
from engine.faults.run import begin, hints
from engine.trace import Text
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.incident import PART_NAMES, say
from k8squiz.world.incidents import truth_text

# Lines of a tool's output on the sheet.
_MOST_LINES = 30
# Lines before and behind one that shows it, where that is not among the first.
_BESIDE = 4
_POINTS = 40


def sheet(incident: Incident, lang: Lang) -> str:
    """The whole sheet. The same incident gives the same text."""
    return "\n".join(_lines(incident, lang)).rstrip() + "\n"


def _lines(incident: Incident, lang: Lang) -> Iterator[str]:
    yield f"# {say('title', lang, id=incident.id)}"
    yield from ("", say("sheet-how", lang, fault=incident.name, seed=incident.seed), "")
    yield from (f"## {say('sheet-handout', lang)}", "", *_handout(incident, lang))
    yield from (f"## {say('sheet-yours', lang)}", "", *_truth(incident, lang))
    yield from (f"## {say('sheet-shows', lang)}", "", *_evidence(incident, lang))
    cases = [one.case for one in incident.faults]
    yield f"## {say('sheet-mends', lang)}"
    yield from ("", *(line for case in cases for line in _alternatives(case.cures, lang)))
    if any(case.wrong for case in cases):
        yield f"## {say('sheet-wrong', lang)}"
        yield from ("", *(line for case in cases for line in _alternatives(case.wrong, lang)))
    yield from (f"## {say('sheet-hints', lang)}", "")
    yield from (f"{at}. {_plain(text, lang)}" for at, text in enumerate(hints(incident), 1))
    yield from ("", f"## {say('sheet-score', lang)}", "", *_score(lang))


def _handout(incident: Incident, lang: Lang) -> Iterator[str]:
    found = told(incident)
    yield _plain(found.headline, lang)
    yield from ("", say("fails", lang), "", *(f"- {name}: {_plain(how, lang)}" for name, how in found.failing), "")
    yield from (say("works", lang), "", *(f"- {name}" for name in found.working), "")
    yield from (say("changes", lang), "", *(f"- {time} {_plain(what, lang)}" for time, what in found.changes), "")


def _truth(incident: Incident, lang: Lang) -> Iterator[str]:
    yield truth_text(incident, lang)
    yield from ("", say("sheet-breaks", lang), "", *_code(incident.breaks))
    if incident.herrings:
        yield from (say("sheet-herrings", lang), "")
        yield from (f"- {_plain(one.herring.told, lang).format(node=one.node, front='', other=incident.scene.other)}" for one in incident.herrings)  # fmt: skip
        yield ""
    yield from (say("sheet-flows", lang, count=len(incident.failing), total=len(incident.baseline)), "")
    yield from (*(f"- {name}" for name in incident.failing), "")


def _evidence(incident: Incident, lang: Lang) -> Iterator[str]:
    run = begin(incident)
    for one in (seen for part in incident.faults for seen in part.case.evidence):
        printed = run.peek(one.host, one.line).splitlines()
        yield from (f"`{_written(one.host, one.line)}`", "", "```", *_excerpt(printed, one.pattern, lang), "```", "")


def _excerpt(printed: list[str], pattern: str, lang: Lang) -> Iterator[str]:
    """The first lines, or where these do not show it the first that does, among its neighbours."""
    if len(printed) <= _MOST_LINES:
        yield from printed
        return
    shows = next((at for at, line in enumerate(printed) if re.search(pattern, line)), 0)
    first = 0 if shows < _MOST_LINES else shows - _BESIDE
    last = _MOST_LINES if not first else shows + _BESIDE + 1
    if first:
        yield say("sheet-more", lang, count=first)
    yield from printed[first:last]
    if last < len(printed):
        yield say("sheet-more", lang, count=len(printed) - last)


def _alternatives(each: tuple[Lines, ...], lang: Lang) -> Iterator[str]:
    for at, lines in enumerate(each):
        if at:
            yield from (say("sheet-or", lang), "")
        yield from _code(lines)


def _code(lines: Lines) -> Iterator[str]:
    yield from ("```", *(_written(*line) for line in lines), "```", "")


def _score(lang: Lang) -> Iterator[str]:
    yield f"| {say('sheet-part', lang)} | {say('sheet-points', lang)} | |"
    yield from (
        "| --- | --- | --- |",
        *(f"| {pick(PART_NAMES[name], lang)} | {round(_POINTS * share)} | |" for name, share in PARTS.items()),
    )
    yield from ("", say("sheet-off", lang), "")


def _written(host: str, line: str) -> str:
    return f"{host}: {line}" if host else line


def _plain(text: Text, lang: Lang) -> str:
    return pick(text, lang)
