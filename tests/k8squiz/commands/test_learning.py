"""Whole sittings at a terminal: the placement, what was missed and returns, other numbers, what if, trying a repair."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?>]*[ -/]*[@-~]|\][^\x07]*\x07|[=>()][0-9A-B]?)")
_PATIENCE = 25.0


class TerminalSitting:
    """A k8squiz that runs at a pseudo-terminal of 80x40; keys go in, text without escapes comes out."""

    def __init__(self, home: Path, *words: str) -> None:
        self._main, inner = pty.openpty()
        import fcntl
        import struct
        import termios

        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
        environment = {
            **os.environ, "TERM": "xterm", "K8SQUIZ_HOME": str(home), "NO_COLOR": "1", "PROMPT_TOOLKIT_NO_CPR": "1",
            "K8SQUIZ_LANG": "en",
        }  # fmt: skip
        for name in ("COLUMNS", "LINES"):
            environment.pop(name, None)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "k8squiz", *words], stdin=inner, stdout=inner, stderr=inner, env=environment,
            close_fds=True, start_new_session=True,
        )  # fmt: skip
        os.close(inner)
        self._text = ""
        self._read = 0

    def until(self, *wanted: str) -> str:
        """All that comes until one of `wanted` (regular expressions) does; what came before is not looked at again."""
        end = time.monotonic() + _PATIENCE
        while True:
            shown = _ESCAPES.sub("", self._text).replace("\r", "")
            new = shown[self._read :]
            found = [match for each in wanted if (match := re.search(each, new)) is not None]
            if found:
                at = min(match.end() for match in found)
                self._read += at
                return new[:at]
            assert time.monotonic() < end, f"none of {wanted} in:\n{new}"
            ready, _, _ = select.select([self._main], [], [], 0.2)
            if ready:
                try:
                    self._text += os.read(self._main, 65536).decode("utf-8", "replace")
                except OSError:
                    raise AssertionError(f"it ended; none of {wanted} in:\n{new}") from None

    def type(self, line: str) -> None:
        # A prompt takes keys once it stands.
        time.sleep(0.2)
        os.write(self._main, f"{line}\r".encode())

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._main)


@pytest.fixture
def sittings(tmp_path: Path) -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as stack:
        yield stack


def sit(stack: contextlib.ExitStack, home: Path, *words: str) -> TerminalSitting:
    return stack.enter_context(contextlib.closing(TerminalSitting(home, *words)))


def test_the_first_sitting_places_and_k8squiz_alone_begins_it(sittings: contextlib.ExitStack, tmp_path: Path) -> None:
    sitting = sit(sittings, tmp_path)
    home = sitting.until(r"q leaves")
    assert "0/119" in home or "/1" in home
    assert "five questions to see where you stand" in home
    sitting.type("")
    levels = []
    for number in range(1, 6):
        title = sitting.until(rf"\b{number}/5 [^\n]*level \d")
        levels.append(int(title[-1]))
        # An incident's prompt is its shell's; what is high to read comes in screens before its question.
        prompts = (r"\n[^\n]*> ?$", r"\n\$[ \b]", r"esc, ", r"\n— Enter[^\n]*—")
        while "— Enter" in (shown := sitting.until(*prompts)):
            sitting.type("")
        if "esc, " in shown:
            os.write(sitting._main, b"\x1b")
            time.sleep(0.8)
        sitting.type("skip")
        sitting.until(r"Skipped\.")
    # Whoever leaves all of them is asked easier ones.
    assert levels[0] == 2
    assert levels[1:] == [1, 1, 1, 1]


def test_a_missed_question_returns_with_other_numbers(sittings: contextlib.ExitStack, tmp_path: Path) -> None:
    # A question with one blank that takes a number.
    words = ("practice", "--seed", _seed_of_a_number("scale"), "--count", "1", "--topic", "scale", "--level", "2")
    sitting = sit(sittings, tmp_path, *words)
    first = sitting.until(r"answer>")
    sitting.type("1")
    sitting.until(r"Score 0%")
    sitting.until(r"└")
    sitting.until(r"Enter on>")
    sitting.type("")
    sitting.until(r"Once more, with other numbers")
    again = sitting.until(r"answer>")
    assert "Question 2/2" in again
    assert first.split("level 2")[-1] != again.split("level 2")[-1]
    sitting.type("1")
    # Once is enough.
    sitting.until(r"Enter ends>")
    sitting.type("")
    assert "0.0 of 2 points" in sitting.until(r"seed \d")


def _seed_of_a_number(topic: str) -> str:
    """A seed whose first question of that topic, at level 2, is a number."""
    from k8squiz.bank.find import select as chosen
    from k8squiz.practice.session import plan

    known = chosen([topic], 2)
    return next(str(seed) for seed in range(1, 50) if plan(known, 1, str(seed))[0].kind == "number")


def test_what_if_and_again(sittings: contextlib.ExitStack, tmp_path: Path) -> None:
    sitting = sit(sittings, tmp_path, "practice", "--question", "hairpin-what-breaks", "--seed", "3")
    first = sitting.until(r"answer>")
    sitting.type("A")
    sitting.until(r"Why")
    sitting.until(r"Enter ends>")
    sitting.type("x")
    listed = sitting.until(r"Enter leaves\)>")
    assert "mode=ipvs" in listed and "without=masquerade" in listed
    sitting.type("mode=ipvs")
    sitting.until(r"as it is")
    sitting.until(r"The first difference")
    sitting.until(r"Enter ends>")
    sitting.type("r")
    sitting.until(r"» -A")
    sitting.until(r"Enter ends>")
    sitting.type("zzz")
    sitting.until(r"none of these keys")
    sitting.until(r"Enter ends>")
    sitting.type("t")
    sitting.until(r"connect")
    sitting.until(r"1/\d+: Enter forward")
    sitting.type("q")
    time.sleep(0.5)
    sitting.until(r"Enter ends>")
    sitting.type("a")
    sitting.until(r"Once more, with other numbers")
    again = sitting.until(r"answer>")
    assert first.split("level")[-1] != again.split("level")[-1]


def test_a_repair_is_tried_until_it_does_it(sittings: contextlib.ExitStack, tmp_path: Path) -> None:
    sitting = sit(sittings, tmp_path, "practice", "--question", "hairpin-mend", "--seed", "3")
    shown = sitting.until(r"answer>")
    found = re.search(r"-N (KUBE-SEP-\w+)", shown)
    address = re.search(r"--to-destination ([\d.]+):", shown.replace("\n  ", " "))
    assert found is not None and address is not None
    sitting.type(f"-t nat -A {found[1]} -s 10.9.9.9/32 -j KUBE-MARK-MASQ")
    tried = sitting.until(r"Try 1\.")
    assert "a martian" in tried
    sitting.until(r"answer>")
    # The wanted rule's name completes with Tab.
    time.sleep(0.2)
    os.write(sitting._main, f"-t nat -I {found[1]} 1 -s {address[1]}/32 -j KUBE-MARK-MA\t".encode())
    time.sleep(0.5)
    sitting.type("")
    sitting.until(r"Score 90% \(100% less 10% for hints and tries\)")
