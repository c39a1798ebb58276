"""An error that nobody foresaw, in one question: it is told, noted in the data folder, and the rest goes on.

The note holds what a report needs and nothing personal: no answer, no name, no path outside of the program.
"""

from __future__ import annotations

import os
import platform
import time
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from engine.errors import EngineError
from k8squiz import __version__
from k8squiz.errors import QuizError
from k8squiz.history.folder import data_folder
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.practice import say
from k8squiz.screens.prose import Prose

if TYPE_CHECKING:
    from k8squiz.mock.score import QuestionScore

FILE = "errors.log"
_MOST_BYTES = 1_000_000


def tell(error: Exception, question: str, seed: str, console: Console, lang: Lang) -> None:
    """Say that `question` went wrong, and note why. What is wrong with a question's file is told as it is."""
    if isinstance(error, (QuizError, EngineError)):
        console.print(Prose(say("amiss-file", lang, reason=pick(error, lang)), "notice"))
        return
    path = _noted(error, question, seed)
    where = say("amiss-noted", lang, path=path) if path is not None else ""
    console.print(Prose(say("amiss", lang, what=type(error).__name__) + where, "notice"))


def line_amiss(error: Exception, where: str, seed: str, lang: Lang) -> str:
    """What is said of a line of a shell in which something went wrong, which is noted."""
    path = _noted(error, where, seed)
    noted = say("amiss-noted", lang, path=path) if path is not None else ""
    return say("amiss-line", lang, what=type(error).__name__) + noted


def tell_flaws(results: Iterable[QuestionScore], console: Console, lang: Lang) -> None:
    """Say which questions of an interview count for nothing, and why: each by its label and id."""
    for result in results:
        if result.flaw is not None:
            item, error = result.item, result.flaw
            console.print(Prose(say("not-counted", lang, label=item.label, question=item.question), "notice"))
            tell(error, item.question, item.seed, console, lang)


def _noted(error: Exception, question: str, seed: str) -> Path | None:
    """The log that now holds `error`; None where it cannot be written."""
    try:
        path = data_folder(os.environ) / FILE
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > _MOST_BYTES:
            path.replace(path.with_name(f"{FILE}.old"))
        with path.open("a", encoding="utf-8") as stream:
            stream.write(_note(error, question, seed))
    except (OSError, ValueError, QuizError):
        return None
    return path


def _note(error: Exception, question: str, seed: str) -> str:
    frames = "".join(
        f"  {_inside(frame.filename)}:{frame.lineno} {frame.name}\n"
        for frame in traceback.extract_tb(error.__traceback__)
    )
    moment = time.strftime("%Y-%m-%d %H:%M", time.gmtime())
    python = f"Python {platform.python_version()}, {platform.system()}"
    return (
        f"{moment} UTC  k8squiz {__version__}, {python}\n{type(error).__name__} in {question}, seed {seed}\n{frames}\n"
    )


def _inside(file: str) -> str:
    """A file of the program or a library by its name from there on: where it is installed is nobody's business."""
    parts = Path(file).parts
    for name in ("k8squiz", "engine", "site-packages"):
        if name in parts:
            at = len(parts) - 1 - parts[::-1].index(name)
            return "/".join(parts[at + (name == "site-packages") :])
    return parts[-1]
