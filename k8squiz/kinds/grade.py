"""Answer + Task -> Grade: a pure function. A better answer never scores less; every hint taken costs."""

from __future__ import annotations

from k8squiz.bank.question import Answer, FieldMark, Grade
from k8squiz.kinds.fields import Field
from k8squiz.kinds.interface import Task


def grade(task: Task, answer: Answer, hint_cost: float = 0.0) -> Grade:
    """The weighted mean of the fields' scores, less the share `hint_cost` (0..1) of it for the hints taken."""
    marks = tuple(_mark(field, answer) for field in task.fields)
    raw = sum(mark.score * mark.weight for mark in marks) / sum(mark.weight for mark in marks)
    cost = min(max(hint_cost, 0.0), 1.0)
    return Grade(round(raw * (1.0 - cost), 6), round(raw, 6), marks, cost)


def _mark(field: Field, answer: Answer) -> FieldMark:
    given = answer.get(field.id)
    if given is None:
        given = field.foregone(answer)
    score = 0.0 if given is None else field.score(given)
    first_wrong = field.first_wrong(given) if given is not None else None
    return FieldMark(field.id, score, field.weight, given, field.truth, first_wrong)
