"""SIGKILL at random moments: nothing that was acknowledged is lost, the clock is right, resume goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.breadth import breadth
from tests.k8squiz.runner import ROOT

AT_ONCE = 5
KILLS = breadth(20) * AT_ONCE


@pytest.mark.skipif(not hasattr(os, "fork"), reason="interviews are forked here, to have many of them")
def test_a_hundred_kills(tmp_path: Path) -> None:
    """Several killers side by side: they wait most of the time."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.k8squiz.mock.killer", str(KILLS // AT_ONCE), str(number), str(tmp_path / str(number))],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment,
        )
        for number in range(AT_ONCE)
    ]  # fmt: skip
    try:
        told = [each.communicate(timeout=6 * KILLS) for each in running]
    finally:
        for each in running:
            each.kill()
    assert [each.returncode for each in running] == [0] * AT_ONCE, told
    seen = [json.loads(out) for out, _ in told]
    assert [problem for each in seen for problem in each["problems"]] == []
    assert sum(each["kills"] for each in seen) == KILLS
    # Most died in the middle: some answers given, the clock well under way.
    assert sum(each["acknowledged"] for each in seen) > KILLS / 4
    assert sum(each["before_it_began"] for each in seen) < KILLS / 2
    assert max(each["longest_clock"] for each in seen) > 5
    assert max(each["worst_clock"] for each in seen) <= 5
