"""What all tests share: none of them touches the data of whoever runs them."""

from __future__ import annotations

import signal
from pathlib import Path

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what is slow: one list, so that it can be read and timed as one."""
    folders = [Path(__file__).parent / name for name in SLOW]
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in folders):
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(trylast=True)
def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Rows that have no `ids=` are called by what they hold."""
    return told(val)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own."""
    folder = tmp_path / "k8squiz-home"
    monkeypatch.setenv("K8SQUIZ_HOME", str(folder))
    return folder
