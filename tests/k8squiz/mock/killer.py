"""Kill interviews at drawn moments and look at what is left. `python -m tests.k8squiz.mock.killer KILLS SEED FOLDER`.

Each interview is the real program in a forked process: real standard input, real database, SIGKILL. Its clock is not the
wall's: it is a number in shared memory that goes on a second with each piece that is read, so that what the clock should say
after a kill is known exactly, no question's time is up because the machine is busy, and the kill comes after so much was
read, however busy it is. After each kill the database must be sound, every answer that was acknowledged must be there, the clock must be within five seconds, and `--resume` must go on; the
resumed interview is killed again, until one gets through. Prints what it saw as JSON; the last line says how it went.
"""

from __future__ import annotations

import array
import contextlib
import fcntl
import json
import mmap
import os
import random
import select
import signal
import sqlite3
import struct
import sys
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import k8squiz.cli.commands
import k8squiz.commands.mock as command
import k8squiz.history.store
from k8squiz.__main__ import main
from k8squiz.bank.question import Answer
from k8squiz.commands.mock_journal import recorded
from k8squiz.errors import QuizError
from k8squiz.mock.drawn_questions import DrawnQuestions
from k8squiz.mock.state import InterviewState
from k8squiz.screens import clocked
from tests.k8squiz.mock.answered import lines_of, spoken

CLOCK_WITHIN = 5.0
WORDS = ("mock", "--minutes", "45", "--questions", "3", "--topic", "traffic-policy", "--lang", "en")
ACK = b"Answer recorded."


class Clock:
    """Seconds in front of questions, shared with the process that is killed."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 8)

    def __call__(self) -> float:
        return float(struct.unpack("d", self._memory[:8])[0])

    def turn(self, seconds: float) -> None:
        self._memory[:8] = struct.pack("d", self() + seconds)


@dataclass
class Seen:
    kills: int = 0
    before_it_began: int = 0
    finished: int = 0
    acknowledged: int = 0
    worst_clock: float = 0.0
    longest_clock: float = 0.0
    problems: list[str] = field(default_factory=list)


@dataclass
class Run:
    """One process: what it printed, its exit code, how far its clock went."""

    out: bytes
    code: int
    clock: float


def child(words: tuple[str, ...], home: Path, clock: Clock, reading: int, writing: int) -> None:
    """Become the program. Never returns."""
    os.dup2(reading, 0)
    os.dup2(writing, 1)
    os.dup2(writing, 2)
    os.environ["K8SQUIZ_HOME"] = str(home)
    sys.stdin = os.fdopen(0, encoding="utf-8")
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", buffering=1)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", buffering=1)
    command.clock = clock

    def look(reading: list[int], *_: Any) -> Any:
        found = select.select(reading, [], [], 0.001)
        if found[0]:
            clock.turn(1.0)
        return found

    clocked.select = SimpleNamespace(select=look)  # type: ignore[assignment,attr-defined]
    code = 70
    with contextlib.suppress(BaseException):
        code = main(list(words))
        sys.stdout.flush()
    os._exit(code)


def run(words: tuple[str, ...], home: Path, lines: list[str], rng: random.Random, doomed: bool) -> Run:
    """Type `lines`, half a line at a time; where it is `doomed`, kill it when it has read a drawn number of such pieces, or
    before it began. Ends with the end of input."""
    clock = Clock()
    (theirs, ours), (heard, says) = os.pipe(), os.pipe()
    process = os.fork()
    if process == 0:
        os.close(ours)
        child(words, home, clock, theirs, says)
    os.close(theirs)
    os.close(says)
    # What stands unfinished is saved too.
    pieces = (
        list(cut("".join(f"{line}\n" for line in lines).encode(), rng))
        if doomed
        else ["\n".join(lines).encode() + b"\n"]
    )
    last = rng.randint(1, len(pieces)) if rng.random() < 0.95 else 0
    for piece in pieces[: last if doomed else None]:
        with contextlib.suppress(BrokenPipeError):
            os.write(ours, piece)
        if doomed and rng.random() < 0.5:
            taken(ours, process)
    if doomed:
        if last:
            taken(ours, process)
        # Somewhere in what it does with what it has just read.
        for _ in range(rng.choice([0, 10, 1_000, 10_000, 100_000])):
            pass
        os.kill(process, signal.SIGKILL)
    os.close(ours)
    out = b""
    while chunk := os.read(heard, 65536):
        out += chunk
    os.close(heard)
    return Run(out, os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), clock())


def cut(text: bytes, rng: random.Random) -> Iterator[bytes]:
    while text:
        size = rng.randint(1, 6)
        yield text[:size]
        text = text[size:]


def taken(ours: int, process: int) -> None:
    """Wait until it has read all that was typed, or has ended."""
    unread = array.array("i", [1])
    while os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        fcntl.ioctl(ours, termios.FIONREAD, unread)
        if not unread[0]:
            return
        time.sleep(0.0005)


def to_type(drawn_questions: DrawnQuestions, state: InterviewState | None, rng: random.Random) -> list[str]:
    """The right answers to all that is open, with a command here and there."""
    lines: list[str] = []
    for position in range(len(drawn_questions.plan.items)):
        sheet = state.sheets[position] if state is not None else None
        if sheet is not None and sheet.closed:
            continue
        fields = drawn_questions.task(position).fields
        blank = [each for each in fields if sheet is None or each.id not in sheet.given]
        for each in blank or fields:
            lines += rng.sample(["flag", "list", "zz", "hint", "help"], rng.choice([0, 0, 0, 1, 2]))
            lines += lines_of(drawn_questions, position, [each])
    return [*lines, "list", "end"]


def sound(home: Path) -> bool:
    with contextlib.closing(sqlite3.connect(home / "k8squiz.db")) as database:
        return bool(database.execute("PRAGMA integrity_check").fetchone()[0] == "ok")


def standing(home: Path) -> tuple[InterviewState, float]:
    """The interview as the disk has it, and what its clock says."""
    os.environ["K8SQUIZ_HOME"] = str(home)
    state = recorded(None).state
    store = k8squiz.history.store.open_store()
    draft = store.draft(1)
    store.close()
    return state, max(state.elapsed, draft.elapsed if draft is not None else 0.0)


def check(
    drawn_questions: DrawnQuestions, seen: Seen, died: Run, home: Path, before: InterviewState | None, at: float
) -> InterviewState | None:
    """What must be so after a kill. Returns the state to go on from, None where the interview had not begun."""
    acknowledged = died.out.count(ACK)
    seen.acknowledged += acknowledged
    if not (home / "k8squiz.db").exists():
        seen.before_it_began += 1
        return None
    if not sound(home):
        seen.problems.append("the database is not sound")
    try:
        state, clock = standing(home)
    except QuizError as error:
        if before is None and not acknowledged and "no interview" in str(error):
            seen.before_it_began += 1
            return None
        seen.problems.append(f"cannot be read again: {error!r}")
        return None
    had = sum(1 for sheet in before.sheets if sheet.closed) if before is not None else 0
    have = sum(1 for sheet in state.sheets if sheet.closed)
    if have < had + acknowledged:
        seen.problems.append(f"{had} + {acknowledged} answers were acknowledged, {have} are there")
    for position, sheet in enumerate(state.sheets):
        truth = {each.id: each.truth for each in drawn_questions.task(position).fields if not each.self_checked}
        if "talk" in truth:
            # What stood unfinished before a kill stands before what is typed again.
            if sheet.closed and not _told(sheet.answer).endswith(spoken(drawn_questions, position)):
                seen.problems.append(f"question {position}: {sheet.answer}")
        elif sheet.closed and sheet.answer != truth or set(sheet.given) - set(truth):
            seen.problems.append(f"question {position}: {sheet.answer} instead of {truth}")
    off = abs(at + died.clock - clock)
    seen.worst_clock = max(seen.worst_clock, off)
    seen.longest_clock = max(seen.longest_clock, clock)
    if off > CLOCK_WITHIN:
        seen.problems.append(f"the clock is {off:.2f} s off")
    return state


def _told(answer: Answer | None) -> str:
    """What was said to an open question, on one line."""
    return " ".join(str((answer or {}).get("talk", "")).split())


def interview(drawn_questions: DrawnQuestions, seen: Seen, home: Path, rng: random.Random, kills: int) -> None:
    """One interview, killed again and again until it gets through or there were enough kills; then it is finished."""
    state: InterviewState | None = None
    at = 0.0
    seed = ("--seed", drawn_questions.plan.seed)
    while seen.kills < kills:
        words = (*WORDS, *seed) if state is None else ("mock", "--resume", "--lang", "en")
        died = run(words, home, to_type(drawn_questions, state, rng), rng, doomed=True)
        if died.code != -signal.SIGKILL:
            break
        seen.kills += 1
        state = check(drawn_questions, seen, died, home, state, at)
        if state is None:
            return
        if state.ended is not None:
            break
        at = standing(home)[1]
    finish(drawn_questions, seen, home, rng)


def finish(drawn_questions: DrawnQuestions, seen: Seen, home: Path, rng: random.Random) -> None:
    """Let it get through, and look at what it came to."""
    state, _ = standing(home)
    said = ""
    if state.ended is None:
        done = run(("mock", "--resume", "--lang", "en"), home, to_type(drawn_questions, state, rng), rng, doomed=False)
        said = done.out[-1000:].decode("utf-8", "replace")
        if done.code != 0:
            seen.problems.append(f"resume ended with {done.code}: {said}")
            return
    state, _ = standing(home)
    hints = sum(sheet.hints for sheet in state.sheets)
    scores = [result.grade.raw if result.grade is not None else 0.0 for result in drawn_questions.score(state).results]
    if state.ended is None or scores != [1.0] * len(scores):
        seen.problems.append(f"it came to {scores} with {hints} hints, ended {state.ended}: {said}")
    seen.finished += 1


def kill(kills: int, seed: str, folder: Path) -> Seen:
    """Kill `kills` times."""
    rng = random.Random(seed)
    seen = Seen()
    number = 0
    os.environ.update({"COLUMNS": "80", "NO_COLOR": "1"})
    while seen.kills < kills and not seen.problems:
        number += 1
        # A few plans, drawn before the processes are made: what is killed is the writing, not the drawing.
        drawn_questions = DrawnQuestions(_plan(str(number % 4)))
        drawn_questions.score(_begun(drawn_questions))
        interview(drawn_questions, seen, folder / str(number), rng, kills)
    return seen


def _plan(seed: str) -> Any:
    from k8squiz.bank import find as bank
    from k8squiz.mock.plan import plan

    return plan(bank.metas(), seed, 45, 3, None, ("traffic-policy",), command.follow_up_headings)


def _begun(drawn_questions: DrawnQuestions) -> InterviewState:
    from k8squiz.mock.state import start

    return start(drawn_questions.plan)


if __name__ == "__main__":
    assert k8squiz.cli.commands.root("mock") is not None  # made before the processes are
    found = kill(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
    print(json.dumps(vars(found)))
    sys.exit(1 if found.problems else 0)
