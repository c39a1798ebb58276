"""Where the user's data lies."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from k8squiz.errors import QuizError

FILE = "k8squiz.db"


def data_folder(environ: Mapping[str, str]) -> Path:
    """Where the data lies: K8SQUIZ_HOME, else the platform's folder for user data. Raises QuizError."""
    if environ.get("K8SQUIZ_HOME"):
        try:
            return Path(environ["K8SQUIZ_HOME"]).expanduser()
        except RuntimeError:
            raise QuizError(
                f"K8SQUIZ_HOME is {environ['K8SQUIZ_HOME']!r}: there is no such user",
                f"K8SQUIZ_HOME 为 {environ['K8SQUIZ_HOME']!r}：没有这个用户",
            ) from None
    if sys.platform == "linux" and "ANDROID_ROOT" not in environ and environ.get("HOME", "").startswith("/"):
        # What platformdirs says too (a test holds the two together), without the time that importing it takes.
        named = environ.get("XDG_DATA_HOME", "")
        return (Path(named) if named.startswith("/") else Path(environ["HOME"], ".local", "share")) / "k8squiz"
    from platformdirs import user_data_path

    return user_data_path("k8squiz", appauthor=False)
