"""A report as JSON: plain values, every text in both languages; docs/report.schema.json describes it."""

from __future__ import annotations

import dataclasses
import json

from engine.trace import Text
from k8squiz import __version__
from k8squiz.mock.score import ScorePart
from k8squiz.report.build import FORMAT_VERSION, Answered, CauseLine, FieldLine, InterviewReport
from k8squiz.report.columns import PART, of
from k8squiz.report.walk import ReportedWalk
from k8squiz.terminal.sanitize import json_text


def report_json(report: InterviewReport) -> str:
    """The whole report as JSON text."""
    return json_text(json.dumps(as_values(report), ensure_ascii=False, indent=2)) + "\n"


def as_values(report: InterviewReport) -> dict[str, object]:
    """The whole report as dicts, lists, strings and numbers."""
    plan, state = report.plan, report.state
    return {
        "format_version": FORMAT_VERSION,
        "k8squiz": __version__,
        "session": report.session or None,
        "started": report.started or None,
        "track": plan.track,
        "topics": list(plan.topics),
        "minutes": plan.minutes,
        "seed": plan.seed,
        "ended": state.ended.value if state.ended is not None else None,
        "score": report.total,
        "rule": _both(report.rule),
        "seconds": {"budget": plan.seconds, "spent": round(report.spent, 1)},
        "by_topic": [_part(part) for part in report.topics],
        "by_kind": [_part(part) for part in report.kinds],
        "by_level": [_part(part) for part in report.levels],
        "interruptions": [dataclasses.asdict(entry) for entry in report.interruptions],
        "study": [{**dataclasses.asdict(study), "commands": list(study.commands)} for study in report.study],
        "questions": [_question(question) for question in report.questions],
    }


def _both(text: Text) -> dict[str, str]:
    return {"en": text.en, "zh": text.zh}


def _part(part: ScorePart) -> dict[str, object]:
    return {column.title: column.value(part, "en") for column in of("json", PART)}


def _question(question: Answered) -> dict[str, object]:
    result = question.result
    item, sheet = result.item, result.sheet
    return {
        "label": item.label,
        "id": item.question,
        "follows": item.parent,
        "topic": item.topic,
        "level": item.level,
        "kind": item.kind,
        "seed": item.seed,
        "title": _both(question.title),
        "prompt": _both(question.prompt),
        "cluster": list(question.cluster),
        "requests": [request.en for request in question.requests],
        "given": _both(question.given) if question.given.en else None,
        "computed": _both(question.computed) if question.computed.en else None,
        "status": sheet.status.value,
        "flagged": sheet.flagged,
        "visits": sheet.visits,
        "hints": sheet.hints,
        "hint_cost": result.grade.hint_cost if result.grade is not None else 0.0,
        "seconds": {"budget": item.seconds, "spent": round(sheet.spent, 1)},
        "weight": result.weight,
        "score": result.score,
        "unfinished_line": sheet.line or None,
        "fields": [_field(field) for field in question.fields],
        "walks": [_walk(walk) for walk in question.walks],
        "explanation": [_both(text) for text in question.explanation],
        "key_points": [_both(text) for text in question.key_points],
        "sources": [_both(text) for text in question.sources],
    }


def _field(field: FieldLine) -> dict[str, object]:
    options = [
        {"letter": option.letter, "text": _both(option.text), "answer": option.given, "truth": option.truth}
        for option in field.options
    ]
    given = _both(field.given) if field.given is not None else None
    return {
        "label": _both(field.label), "answer": given, "truth": _both(field.truth), "score": field.score,
        "ordered": field.ordered, "options": options,
        "credit": _both(field.credit) if field.credit is not None else None,
        "causes": [_cause(cause) for cause in field.causes],
    }  # fmt: skip


def _cause(cause: CauseLine) -> dict[str, object]:
    rule = _both(cause.rule) if cause.rule is not None else None
    return {"option": cause.letter or None, "text": _both(cause.text), "rule": rule}


def _walk(walk: ReportedWalk) -> dict[str, object]:
    raw = {field.name: getattr(walk, field.name) for field in dataclasses.fields(walk) if field.name != "layout"}
    raw["reason"] = _both(walk.reason) if walk.where else None
    raw["where"] = walk.where or None
    for way in ("there", "back"):
        raw[way] = [
            {**dataclasses.asdict(step), "chains": list(step.chains), "changes": list(step.changes)}
            for step in raw[way]
        ]
    return raw
