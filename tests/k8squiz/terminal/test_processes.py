"""Work shared out among processes, and what is said where there can be none."""

from __future__ import annotations

import errno
import multiprocessing.context
import os

import pytest

from engine.errors import EngineError
from engine.lab.verify import run_all
from k8squiz.__main__ import main
from k8squiz.terminal.processes import shared_out


@pytest.fixture
def no_semaphores(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container without /dev/shm."""

    def refuse(*args: object, **more: object) -> None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    monkeypatch.setattr(multiprocessing.context.BaseContext, "Lock", refuse)


def test_results_come_in_order() -> None:
    assert list(shared_out(abs, [-3, 2, -1])) == [3, 2, 1]


@pytest.mark.usefixtures("no_semaphores")
def test_a_missing_dev_shm_is_named() -> None:
    for start in (lambda: list(shared_out(abs, [1])), lambda: run_all([])):
        with pytest.raises(
            EngineError, match="cannot start processes of its own: .*; what they share lies in /dev/shm"
        ) as caught:
            start()
        assert "/dev/shm" in caught.value.zh


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "x"), "cannot write to standard output: the disk is full"),
        (OSError(errno.ENOENT, "x"), "the system refuses: no such file or folder"),
        (OSError(errno.EIO, "x", "/a/b"), "the system refuses (/a/b): the disk reports an error"),
    ],
    ids=["a full disk", "no such file", "another file"],
)
def test_only_what_writing_fails_with_is_put_down_to_standard_output(
    error: OSError, said: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(words: list[str], lang: str) -> int:
        raise error

    monkeypatch.setattr("k8squiz.cli.commands.run", fail)
    monkeypatch.setattr("k8squiz.terminal.pipe.let_go_of_stdout", lambda: None)
    assert main(["scale", "--lang", "en"]) == 2
    assert capfd.readouterr().err == f"k8squiz: {said}\n"
