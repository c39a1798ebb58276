"""echo, true, false are a shell's own; of them echo alone prints (POSIX.1-2017, echo)."""

from __future__ import annotations

from engine.shell.interface import ANYWHERE, Call, Result, Tool


def run(call: Call) -> Result:
    """Words with a blank between them; `-n` without the line's end, `-e` is taken as dash takes it."""
    words = list(call.args)
    end = "\n"
    while words and words[0] in ("-n", "-e", "-ne"):
        end = "" if "n" in words.pop(0) else end
    return Result(" ".join(words) + end)


TOOL = Tool(("echo",), run, ANYWHERE, at_administrator=True)
