"""The program at a terminal of its own: a pseudo terminal of so many columns and lines, keys in, what is printed out.

It runs under a shell with job control, so that Ctrl-Z and `fg` do what they do to a person.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[()][A-Z0-9]|\x1b[=>]|\r")
_WHERE = b"\x1b[6n"  # a program asks where the cursor is


class Sitting:
    """`k8squiz WORDS` at a terminal; its data lies in `home`, and `environment` is added to a plain one."""

    def __init__(
        self, words: Sequence[str], home: str, environment: Mapping[str, str], columns: int = 80, lines: int = 24
    ) -> None:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        kept = {"PATH": os.environ["PATH"], "HOME": home, "K8SQUIZ_HOME": home, "PYTHONPATH": str(ROOT), "PS1": "$ ",
                "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **environment}  # fmt: skip
        self._shell = subprocess.Popen(
            ["bash", "--norc", "--noediting", "-i"], stdin=theirs, stdout=theirs, stderr=theirs, env=kept, cwd=ROOT,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no threads here
        )  # fmt: skip
        os.close(theirs)
        self._terminal = ours
        self.seen = ""
        quoted = " ".join(f"'{word}'" for word in (sys.executable, "-m", "k8squiz", *words))
        self.send(f"{quoted}; echo left-$?\n")

    def send(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def until(self, words: str, seconds: float = 60.0) -> str:
        """All that is printed up to `words`, from the last call on; fails with what was printed instead."""
        deadline = time.monotonic() + seconds
        while words not in self.seen:
            if time.monotonic() > deadline or not self._read(max(0.0, deadline - time.monotonic())):
                raise AssertionError(f"{words!r} was not printed, but:\n{self.seen}")
        before, _, self.seen = self.seen.partition(words)
        return before + words

    def for_a_while(self, seconds: float) -> str:
        """What is printed within that time."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and self._read(left):
            pass
        seen, self.seen = self.seen, ""
        return seen

    def end(self) -> None:
        self._shell.kill()
        self._shell.wait()
        os.close(self._terminal)

    def _read(self, seconds: float) -> bool:
        ready = select.select([self._terminal], [], [], seconds)[0]
        if not ready:
            return True
        try:
            chunk = os.read(self._terminal, 65536)
        except OSError:
            return False
        for _ in range(chunk.count(_WHERE)):
            os.write(self._terminal, b"\x1b[1;1R")
        self.seen += _CONTROL.sub("", chunk.decode("utf-8", "replace"))
        return bool(chunk)
