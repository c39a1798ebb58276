"""`k8squiz mock --interviewer FILE.md`, and `incident`'s: what is written for two people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from k8squiz.errors import QuizError
from k8squiz.locale.i18n import Lang
from k8squiz.locale.mock import say
from k8squiz.terminal.console import make_console

if TYPE_CHECKING:
    from engine.faults.incident import Incident
    from k8squiz.mock.plan import InterviewPlan


def write(plan: InterviewPlan, path: Path, lang: Lang) -> int:
    """Write the script of `plan` to `path`. Raises QuizError where it is no .md file or cannot be written."""
    from k8squiz.mock.drawn_questions import DrawnQuestions
    from k8squiz.report.script import script
    from k8squiz.screens.report import bench_texts

    return _write(path, lambda: script(DrawnQuestions(plan), lang, bench_texts), lang)


def write_sheet(incident: Incident, path: Path, lang: Lang) -> int:
    """Write the sheet of `incident` to `path`. Raises QuizError as `write` does."""
    from k8squiz.report.incident_sheet import sheet

    return _write(path, lambda: sheet(incident, lang), lang)


def _write(path: Path, text: Callable[[], str], lang: Lang) -> int:
    from k8squiz.terminal.files import write_text

    if path.suffix.lower() != ".md":
        raise QuizError(f"--interviewer {path}: name a .md file", f"--interviewer {path}：请指定 .md 文件")
    write_text(path, text())
    make_console().print(say("written", lang, path=path))
    return 0
