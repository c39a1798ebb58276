"""What practice leaves on disk: every answer that was seen graded, after any end; and a disk that refuses."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from k8squiz.bank.find import metas
from k8squiz.history.check import is_body
from k8squiz.history.due import DAY, reviewed
from k8squiz.history.store import FILE, Review, open_store
from tests.k8squiz.runner import ROOT, k8squiz, process

ONE = ("practice", "--question", "endpoint-share", "--seed", "1")


def test_a_sitting_is_a_journal(home: Path) -> None:
    process("practice", "--seed", "4", "--count", "2", stdin="hint\nskip\nskip\n")
    process(*ONE, stdin="hint\n1/2\n")
    process(*ONE, stdin="quit\n")
    store = open_store()
    first, second = store.sessions("practice")
    assert [row.kind for row in store.events(first.id)] == ["skipped", "skipped"]
    (answered,) = store.events(second.id)
    assert answered.kind == "answered"
    assert is_body(answered.body)
    assert {key: answered.body[key] for key in ("question", "seed", "hints")} == {"question": "endpoint-share", "seed": "1", "hints": 1}  # fmt: skip
    assert answered.body["score"] == store.reviews()[0].score
    assert None not in (first.ended, second.ended)


def test_what_was_seen_graded_outlives_a_kill(home: Path) -> None:
    """SIGKILL after so many grades and so many lines more were seen, in a sitting in which one line is typed after another."""
    rng = random.Random(11)
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "k8squiz", "practice", "--topic", "traffic-policy", "--all", "--seed", "2"]
    seen = 0
    for grades in (0, 1, 2, 3, 1, 2, 3, 5):
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
        ) as run:
            assert run.stdin is not None
            assert run.stdout is not None
            # Whatever is asked, some of these lines answer it.
            run.stdin.write("A\nnone\n1\n10.0.0.1\n10.0.0.1:80\nDELIVERED\n" * 200)
            run.stdin.close()
            told, more = 0, rng.randrange(40)
            for line in run.stdout:
                told += "Score " in line
                more -= told >= grades
                if more < 0:
                    break
            run.send_signal(signal.SIGKILL)
            seen += told + sum("Score " in line for line in run.stdout)
        store = open_store()
        assert store.is_sound()
        assert len(store.reviews()) >= seen
        assert sum(row.kind == "answered" for one in store.sessions() for row in store.events(one.id)) == len(
            store.reviews()
        )
        store.close()
    assert seen >= 8


def _small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (110_000, 110_000))


def test_a_disk_that_fills_up_in_the_middle(home: Path, tmp_path: Path) -> None:
    """No file may grow beyond 110 kB: what was written until then stays, the rest is offered."""
    lines = "A\nnone\n1\n10.0.0.1\n10.0.0.1:80\nDELIVERED\n.\n" * 200
    done = subprocess.run(
        [sys.executable, "-m", "k8squiz", "practice", "--topic", "nodeport", "--seed", "2", "--all"], input=lines,
        capture_output=True, text=True, cwd=ROOT, env={**os.environ, "LC_ALL": "C.UTF-8"}, preexec_fn=_small_files, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("Practice goes on") == 1
    kept = next(line for line in done.stdout.splitlines() if line.startswith('{"format"'))
    store = open_store()
    before = len(store.reviews())
    assert before
    file = tmp_path / "rest.json"
    file.write_text(kept, encoding="utf-8")
    store.close()
    process("data", "import", str(file), K8SQUIZ_HOME=str(home))
    store = open_store()
    assert store.is_sound()
    assert len(store.reviews()) == before + len(json.loads(kept)["reviews"]) == done.stdout.count("Score ")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_file_that_is_no_database_is_told_before_anything_is_asked(
    lang: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home.mkdir()
    (home / FILE).write_text("dear diary")
    code, out, err = k8squiz(capsys, *ONE, "--lang", lang)
    assert (code, out) == (2, "")
    assert ("no database" if lang == "en" else "不是数据库") in err
    assert (home / FILE).read_text() == "dear diary"


class Noon(NamedTuple):
    name: str
    midnight: float


def noon() -> Noon:
    """A time zone in which it is about noon now, as TZ names it, and when the day ends there: no test meets midnight."""
    now = time.time()
    west = int(now % DAY // 3600) - 12
    return Noon(f"NOON{west:+d}", now + DAY - (now - west * 3600) % DAY)


def asked(*words: str) -> str:
    return process("practice", *words, stdin="quit\n", NO_COLOR="1", TZ=noon().name).out


def test_what_is_due_later_today_is_asked_and_answered_ones_are_not(home: Path) -> None:
    """Everything has been seen; one question is due tonight, none was due before."""
    store = open_store()
    midnight = noon().midnight - 2
    for number, meta in enumerate(metas()):
        due = midnight if number == 7 else time.time() + 40 * DAY
        card = reviewed(None, meta.id, 1.0, time.time() - 1)
        store.save_review(
            Review(meta.id, float(number), 1.0, 3, "1"), type(card)(card.question, card.state, due, card.updated)
        )
    store.close()
    chosen = metas()[7]
    title = process("questions", "show", chosen.id, "--seed", "1").out.splitlines()[0]
    assert chosen.topic in asked("--count", "1")
    assert title.split("·")[0].strip() in asked("--count", "1")
    assert "1 to repeat, 0 new." in asked("--count", "1")
    assert "复习 3 题，新题 0 题。" in asked("--count", "3", "--lang", "zh")
    assert "to repeat" not in asked("--count", "1", "--seed", "1")


@pytest.mark.parametrize("until", ["9999-12-31", "2026-13-01", "tomorrow", "", "2026-12-01T00:00"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_days_that_are_none(until: str, lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = k8squiz(capsys, "practice", "--until", until, "--lang", lang)
    assert (code, out) == (2, "")
    assert ("write YYYY-MM-DD" if lang == "en" else "请写成") in err
