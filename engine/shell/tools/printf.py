"""printf(1) and yes(1). Source: POSIX.1-2017, printf; GNU coreutils 9.1."""

from __future__ import annotations

from engine.shell.escapes import formatted
from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed

# Lines of yes, which has no end: enough for whoever reads them. Times that a format is gone through.
_LINES, _MOST = 100, 2000


def run(call: Call) -> Result:
    """`printf FORMAT [WORD...]`, `yes [WORD...]`."""
    if call.argv[0].endswith("yes"):
        return Result(f"{' '.join(call.args)[:1000] or 'y'}\n" * _LINES)
    words = call.args[1:] if call.args[:1] == ("--",) else call.args
    if words[:1] == ("-v",):
        return failed("printf: -v is not simulated here; NAME=$(printf ...) is", 2)
    if not words:
        return failed("printf: usage: printf [-v var] format [arguments]", 2)
    shape, left, out, err = words[0], list(words[1:]), "", ""
    for _ in range(_MOST):
        before = len(left)
        text, wrong = formatted(shape, left)
        out, err = out + text, err + "".join(f"sh: printf: {word[:100]}: invalid number\n" for word in wrong)
        if not left or len(left) == before:
            break
    return Result(out, err, int(bool(err)))


TOOL = Tool(("printf", "yes"), run, ANYWHERE, at_administrator=True)
