"""printf(1) and yes(1). Source: POSIX.1-2017, printf; GNU coreutils 9.1."""

from __future__ import annotations

import re

from engine.shell.escapes import escaped
from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed

_SPEC = re.compile(
    r"%(?P<flags>[-+ #0]*)(?P<width>[0-9]{0,4})(?:\.(?P<precision>[0-9]{0,4}))?(?P<kind>[sdiouxXcbeEfgG%])"
)
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
        text, problem = _once(shape, left)
        out, err = out + text, err + problem
        if not left or len(left) == before:
            break
    return Result(out, err, int(bool(err)))


def _once(shape: str, left: list[str]) -> tuple[str, str]:
    """The format gone through once, which takes its words from the front of `left`; what is wrong with them."""
    out, err, at = "", "", 0
    for found in _SPEC.finditer(shape):
        out += escaped(shape[at : found.start()])
        at = found.end()
        if found["kind"] == "%":
            out += "%"
            continue
        text, problem = _shown(found, left.pop(0) if left else "")
        out, err = out + text, err + problem
    return out + escaped(shape[at:]), err


def _shown(found: re.Match[str], word: str) -> tuple[str, str]:
    kind, err = found["kind"], ""
    options = found["flags"] + found["width"] + ("" if found["precision"] is None else f".{found['precision'] or 0}")
    if kind in "sbc":
        value = escaped(word) if kind == "b" else word[:1] if kind == "c" else word
        return f"%{options.replace('0', '', 1) if found['flags'].startswith('0') else options}s" % value, ""
    try:
        number = float(word or 0) if kind in "eEfgG" else int(word or "0", 0)
    except (ValueError, OverflowError):
        # What stands before is taken (strtoimax).
        begun = re.match(r"\s*[-+]?[0-9]{1,18}", word)
        number, err = int(begun[0]) if begun else 0, f"sh: printf: {word[:100]}: invalid number\n"
    return f"%{options}{'d' if kind in 'iu' else kind}" % number, err


TOOL = Tool(("printf", "yes"), run, ANYWHERE, at_administrator=True)
