"""echo, true, false are a shell's own; of them echo alone prints (POSIX.1-2017, echo)."""

from __future__ import annotations

from engine.shell.escapes import escaped
from engine.shell.interface import ANYWHERE, Call, Result, Tool


def run(call: Call) -> Result:
    """Words with a blank between them; `-n` without the line's end, `-e` with what backslashes stand for, as bash has it."""
    words, letters = list(call.args), ""
    while words and words[0] in ("-n", "-e", "-ne", "-en", "-E"):
        letters += words.pop(0)
    text = " ".join(words)
    return Result((escaped(text) if "e" in letters else text) + ("" if "n" in letters else "\n"))


TOOL = Tool(("echo",), run, ANYWHERE, at_administrator=True)
