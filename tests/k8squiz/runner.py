"""Running the program: in this process where that shows all there is to see, as a process of its own where not."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from k8squiz.__main__ import main

ROOT = Path(__file__).parents[2]
CLUSTER = str(ROOT / "docs" / "examples" / "cluster.yaml")


class Result(NamedTuple):
    code: int
    out: str
    err: str


def k8squiz(capsys: pytest.CaptureFixture[str], *words: str, stdin: str | None = None) -> Result:
    """What `k8squiz WORDS` returns and prints; `stdin` is what a pipe gives it."""
    capsys.readouterr()
    with pytest.MonkeyPatch.context() as patched:
        if stdin is not None:
            patched.setattr(sys, "stdin", io.StringIO(stdin))
        code = main(list(words))
    out, err = capsys.readouterr()
    return Result(code, out, err)


def process(*words: str, stdin: str = "", cwd: Path | None = None, **environment: str) -> Result:
    """The same as a process of its own, with nothing of this one's environment that could colour the answer."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT", "K8SQUIZ_HOME") if name in os.environ}
    kept |= {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "COLUMNS": "80", **environment}
    command = [sys.executable, "-m", "k8squiz", *words]
    done = subprocess.run(
        command, input=stdin, capture_output=True, text=True, encoding="utf-8", env=kept, cwd=cwd or ROOT, check=False
    )
    return Result(done.returncode, done.stdout, done.stderr)
