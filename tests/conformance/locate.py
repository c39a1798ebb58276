"""Where the recorded cases are: the environment variable K8SQUIZ_CONFORMANCE, else ../shared/conformance."""

from __future__ import annotations

import os
from pathlib import Path

HOME = Path(os.environ.get("K8SQUIZ_CONFORMANCE", Path(__file__).parents[3] / "shared" / "conformance"))


def folder(name: str) -> Path:
    """The folder of that name among the recorded cases; it may be absent, then its tests are skipped."""
    return HOME / name
