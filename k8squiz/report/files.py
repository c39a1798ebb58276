"""Writing what was made to a file the user named."""

from __future__ import annotations

from pathlib import Path

from engine.errors import os_reason
from k8squiz.errors import QuizError


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path`. Raises QuizError with the reason."""
    try:
        path.write_text(text, encoding="utf-8")
    except (OSError, ValueError) as error:
        en, zh = os_reason(error)
        raise QuizError(f"{path}: cannot be written: {en}", f"{path}：无法写入：{zh}") from None
