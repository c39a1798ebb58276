"""What all tests share: none of them touches the data of whoever runs them."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own."""
    folder = tmp_path / "k8squiz-home"
    monkeypatch.setenv("K8SQUIZ_HOME", str(folder))
    return folder
