"""Cases from the field: what people ran into, through the command line, held against what is true there.

`expect.json` holds `any`: a list of which one must hold. In one of them all must: `exit` (0 where it is not said and the
walk is asked about), `verdicts` (each occurs, and nothing else where it is one way), `outcomes` (how many), `destination`
and `seen` (some outcome's), `where_host` and `where_rule` (where some outcome died, the rule as a regular expression),
`no_stage` (no request has such a hop), `stderr` (a regular expression).
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.locate import folder
from tests.k8squiz.runner import k8squiz

Capture = pytest.CaptureFixture[str]

FIELD = folder("field")
CASES = sorted(path.parent.name for path in FIELD.glob("*/expect.json"))
# What is not right yet, and why. Who mends one takes it off.
NOT_YET: dict[str, str] = {}


def run(case: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> tuple[int, str, dict[str, Any]]:
    """Exit code, standard error, and the object of `--json`."""
    monkeypatch.chdir(FIELD / case)
    words = shlex.split(Path("cmd.txt").read_text())
    code, out, err = k8squiz(capsys, *words[1:], "--json", "--lang", "en")
    return code, err, json.loads(out) if code == 0 else {"outcomes": []}


def holds(wanted: dict[str, Any], code: int, stderr: str, found: dict[str, Any]) -> bool:
    outcomes = found["outcomes"]
    verdicts = {outcome["verdict"] for outcome in outcomes}
    where = [outcome["where"] for outcome in outcomes if outcome.get("where")]
    checks: dict[str, Callable[[Any], bool]] = {
        "exit": lambda value: code == value,
        "stderr": lambda value: re.search(value, stderr) is not None,
        "verdicts": lambda value: verdicts == set(value) if len(outcomes) == 1 else set(value) <= verdicts,
        "outcomes": lambda value: len(outcomes) == value,
        "destination": lambda value: any(outcome["destination"] == value for outcome in outcomes),
        "seen": lambda value: any(outcome["source_seen"] == value for outcome in outcomes),
        "where_host": lambda value: any(one["host"] == value for one in where),
        "where_rule": lambda value: any(re.search(value, one.get("rule") or "") for one in where),
        "no_stage": lambda value: bool(outcomes) and not _has_stage(outcomes, value),
    }
    return all(checks[key](value) for key, value in wanted.items())


def _has_stage(outcomes: list[dict[str, Any]], stage: str) -> bool:
    return any(hop["stage"] == stage for outcome in outcomes for hop in outcome["hops"])


def _row(case: str) -> Any:
    marks = [pytest.mark.xfail(reason=NOT_YET[case], strict=True)] if case in NOT_YET else []
    return pytest.param(case, marks=marks, id=case)


@pytest.mark.parametrize("case", [_row(case) for case in CASES])
def test_the_truth_of_a_case_from_the_field(case: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    expected = json.loads((FIELD / case / "expect.json").read_text())["any"]
    code, stderr, found = run(case, monkeypatch, capsys)
    assert any(holds(wanted, code, stderr, found) for wanted in expected), (
        f"exit {code}, {[outcome['verdict'] for outcome in found['outcomes']]}\n{stderr}"
    )


def test_every_case_that_is_not_right_yet_is_a_case() -> None:
    assert set(NOT_YET) <= set(CASES)
