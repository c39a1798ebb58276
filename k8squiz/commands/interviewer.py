"""`k8squiz mock --interviewer FILE.md`: the interview as a script for two people."""

from __future__ import annotations

from pathlib import Path

from k8squiz.errors import QuizError
from k8squiz.locale.i18n import Lang
from k8squiz.locale.mock import say
from k8squiz.mock.drawn_questions import DrawnQuestions
from k8squiz.mock.plan import InterviewPlan
from k8squiz.terminal.console import make_console


def write(plan: InterviewPlan, path: Path, lang: Lang) -> int:
    """Write the script of `plan` to `path`. Raises QuizError where it is no .md file or cannot be written."""
    from k8squiz.report.script import script
    from k8squiz.screens.report import bench_texts
    from k8squiz.terminal.files import write_text

    if path.suffix.lower() != ".md":
        raise QuizError(f"--interviewer {path}: name a .md file", f"--interviewer {path}：请指定 .md 文件")
    write_text(path, script(DrawnQuestions(plan), lang, bench_texts))
    make_console().print(say("written", lang, path=path))
    return 0
