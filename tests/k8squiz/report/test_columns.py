"""A report's columns are rows: each form has those that name it, and no other."""

from __future__ import annotations

import pytest

from k8squiz.report.asjson import as_values
from k8squiz.report.columns import FIELD, PART, Form, of
from k8squiz.report.markdown import report_markdown
from tests.k8squiz.mock.answered import report

# What each form shows of a part: the titles, and the text of one part.
SHOWN: dict[Form, list[str]] = {
    "json": ["name", "score", "questions", "seconds"],
    "markdown": ["name", "score", "questions", "spent", "budget"],
    "html": ["name", "", "score", ""],
    "screen": ["name", "", "score", ""],
}


@pytest.mark.parametrize("form", SHOWN)
def test_a_form_has_its_columns(form: Form) -> None:
    assert [column.title for column in of(form, PART)] == SHOWN[form]
    assert [column.title for column in of(form, FIELD)] == ([] if form == "json" else ["", "asked", "answer", "truth"])


def test_what_stands_in_them() -> None:
    (policy,) = [part for part in report().topics if part.name == "traffic-policy"]
    texts = {form: [column.value(policy, "en") for column in of(form, PART)] for form in SHOWN}
    score = f"{policy.score:.0%}"
    assert texts["markdown"] == ["traffic-policy", score, 3, "2:00", "5:00"]
    assert texts["screen"] == texts["html"] == ["traffic-policy", policy.score, score, "2:00 / 5:00"]
    assert f"| traffic-policy | {score} | 3 | 2:00 | 5:00 |" in report_markdown(report(), "en")
    assert {
        "name": "traffic-policy",
        "score": policy.score,
        "questions": 3,
        "seconds": {"budget": 300, "spent": 120},
    } in (
        as_values(report())["by_topic"]  # type: ignore[operator]
    )
