"""What all tests share: none of them touches the data of whoever runs them."""

from __future__ import annotations

import itertools
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.rows import told

# How long an example takes says nothing on a busy machine.
settings.register_profile("k8squiz", deadline=None)
settings.load_profile("k8squiz")

# A suite that is started in the background inherits an ignored Ctrl-C, and hands it on to the programs it tests.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# What the quick loop leaves out (`-m "not slow"`): many examples, many recordings, many processes, the real kernel.
SLOW = (
    "conformance",
    "engine/faults/test_faults.py",
    "engine/lab",
    "engine/proxy/test_kernel.py",
    "engine/proxy/test_nftables_transaction.py",
    "engine/proxy/test_partial.py",
    "k8squiz/commands/test_lab.py",
    "k8squiz/commands/test_mock.py",
    "k8squiz/commands/test_practice.py",
    "k8squiz/commands/test_sittings.py",
    "k8squiz/commands/test_practice_journal.py",
    "k8squiz/history/test_store.py",
    "k8squiz/lint/test_lint.py",
    "k8squiz/mock/test_kill.py",
    "k8squiz/story/picture/test_browser.py",
    "properties",
    "test_docs.py",
    "test_packaging.py",
)


# What takes ten seconds and more: first, so that no process is left with one of them at the end.
LONGEST = (
    "tests/engine/lab/test_kernel.py::test_the_known_paths",
    "tests/k8squiz/lint/test_lint.py::test_the_bank_is_clean",
    "tests/k8squiz/mock/test_kill.py",
    "tests/test_hygiene.py::test_check_is_clean",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what is slow: one list, so that it can be read and timed as one. What is longest comes first."""
    folders = tuple(Path(__file__).parent / name for name in SLOW)
    slow = {path for path in {item.path for item in items} if any(map(path.is_relative_to, folders))}
    for item in items:
        if item.path in slow:
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Whoever is done takes half of what another has left, whatever `--dist` says. Neighbours stay in one process, which
    then has in its caches what they share."""
    from xdist.scheduler.worksteal import WorkStealingScheduling  # type: ignore[import-untyped]

    return WorkStealingScheduling(config, log)


@pytest.hookimpl(trylast=True)
def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Rows that have no `ids=` are called by what they hold."""
    return told(val)


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders that nothing is in yet, a new one each time. One of pytest's own for each of many thousand tests, most of which
    write nothing, would take longer than the tests."""
    parent = tmp_path_factory.mktemp("homes")
    return (parent / f"home-{number}" for number in itertools.count())


@pytest.fixture(autouse=True)
def home(homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own, which is not there yet."""
    folder = next(homes)
    monkeypatch.setenv("K8SQUIZ_HOME", str(folder))
    return folder
