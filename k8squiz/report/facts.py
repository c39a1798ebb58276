"""Lines that every form of a report has: who, how long, how it ended, one question's standing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from k8squiz import __version__
from k8squiz.kinds.tracks import TRACKS
from k8squiz.locale.i18n import Lang, bracketed, joined, pick
from k8squiz.locale.names import request_name, subject_name
from k8squiz.locale.report import say
from k8squiz.mock.plan import InterviewPlan
from k8squiz.mock.state import Status
from k8squiz.report.build import Answered, InterviewReport
from k8squiz.report.clocktext import away, clock
from k8squiz.report.walk import ReportedHop, ReportedWalk

_STATUS = {
    Status.OPEN: "not-answered",
    Status.SKIPPED: "skipped",
    Status.ANSWERED: "answered",
    Status.TIMED_OUT: "struck",
}


def track_name(plan: InterviewPlan, lang: Lang) -> str:
    """The track, or the topics where there is none."""
    named = pick(TRACKS[plan.track].title, lang) if plan.track is not None else ""
    topics = (", " if lang == "en" else "、").join(plan.topics)
    return " · ".join(part for part in (named, topics) if part)


def heading_facts(report: InterviewReport, lang: Lang) -> tuple[str, ...]:
    """What stands under the title."""
    plan = report.plan
    facts = {"track": track_name(plan, lang), "minutes": plan.minutes, "questions": plan.questions, "seed": plan.seed}
    lines = [say("facts", lang, **facts)]
    if report.started:
        lines.append(say("started", lang, when=report.started))
    ended = report.state.ended
    lines.append(say(f"ended-{ended.value}" if ended is not None else "ended-open", lang))
    if report.hidden:
        lines.append(say("hidden", lang, count=report.hidden))
    return tuple(lines)


def interruptions(report: InterviewReport, lang: Lang) -> Iterator[str]:
    """Each interruption: where, how long, whether it was noted."""
    for entry in report.interruptions:
        label = report.plan.items[entry.position].label if entry.position is not None else "–"
        line = say("interruption", lang, at=clock(entry.at), label=label, away=away(entry.away, lang))
        how = say("interruption-told" if entry.told else "interruption-untold", lang)
        yield f"{line} ({how})" if lang == "en" else f"{line}（{how}）"


def standing(question: Answered, lang: Lang) -> tuple[str, ...]:
    """What is said of one question beside its title: points, time, hints, flag, how it was left."""
    result = question.result
    parts = [f"{result.score:.0%}", say("of", lang, spent=clock(result.sheet.spent), budget=clock(result.item.seconds))]
    parts.append(say(_STATUS[result.sheet.status], lang))
    if result.sheet.hints and result.grade is not None:
        parts.append(say("hints", lang, count=result.sheet.hints, cost=result.grade.hint_cost))
    if result.sheet.flagged:
        parts.append(f"⚑ {say('flagged', lang)}")
    return tuple(parts)


def subject(question: Answered, lang: Lang) -> str:
    """topic · level 3 · choice"""
    item = question.result.item
    return " · ".join(
        (subject_name(item.topic, lang), say("level", lang, level=item.level), subject_name(item.kind, lang))
    )


def title(question: Answered, lang: Lang) -> str:
    """Question 3: its title"""
    item = question.result.item
    label = say("question" if item.parent is None else "follow-up", lang, label=item.label)
    return label + (": " if lang == "en" else "：") + pick(question.title, lang)


def given(question: Answered, lang: Lang) -> tuple[str, ...]:
    """The cluster and the requests, a line each."""
    return (*question.cluster, *(pick(request, lang) for request in question.requests))


def sources(question: Answered, lang: Lang) -> str:
    """Sources: one; another"""
    colon, between = (": ", "; ") if lang == "en" else ("：", "；")
    return say("sources", lang) + colon + between.join(pick(each, lang) for each in question.sources)


def walk_title(question: Answered, walk: ReportedWalk, lang: Lang) -> str:
    """The heading of a walk."""
    title = (
        say("walk-of", lang, name=request_name(walk.request, lang, walk.route))
        if len(question.walks) > 1
        else say("walk", lang)
    )
    if walk.ways > 1:
        chance = say("chance", lang, ways=walk.ways, probability=walk.probability)
        title += bracketed(chance, lang)
    return title


def walk_end(walk: ReportedWalk, lang: Lang) -> str:
    """= DROP, node1: why"""
    if not walk.where:
        return f"= {walk.verdict}"
    return f"= {walk.verdict}" + ("，" if lang == "zh" else ", ") + joined(walk.where, pick(walk.reason, lang), lang)


def rows(steps: Sequence[ReportedHop]) -> Iterator[tuple[str, str, tuple[str, ...], tuple[str, ...], str]]:
    """A walk's rows: host (empty where it is the row before's), stage, what changes there, what else there is to say,
    the rule that decided.

    The packet's addresses stand where they are new, and in the last row.
    """
    host = packet = ""
    for index, step in enumerate(steps, 1):
        told = [" › ".join(step.chains) if step.chains else step.device]
        told += [step.tunnel] if step.tunnel else []
        told += [step.packet] if step.packet != packet or index == len(steps) else []
        yield "" if step.host == host else step.host, step.stage, step.changes, tuple(told), step.rule
        host, packet = step.host, step.packet


def made(lang: Lang) -> str:
    return say("made", lang, version=__version__)
