"""awk(1), as Debian's mawk 1.3.4 prints. Source: POSIX.1-2017, awk; the language: engine.shell.awk_parse."""

from __future__ import annotations

import re

from engine.shell.awk_parse import read_awk
from engine.shell.awk_run import AwkState, InputText, Value, run_awk
from engine.shell.awk_text import BadAwk
from engine.shell.escapes import escaped
from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed
from engine.shell.tools.lines import Unusable, pattern, split_options, text_of


def run(call: Call) -> Result:
    """`awk [-F SEPARATOR] [-v NAME=VALUE]... PROGRAM [FILE...]`."""
    compiled: dict[str, re.Pattern[str]] = {}

    def expression(text: str) -> re.Pattern[str]:
        if text not in compiled:
            compiled[text] = pattern(text, extended=True)
        return compiled[text]

    try:
        options, rest = split_options(call.args, "Fv", "v")
        if not rest:
            return failed("usage: awk [-F fs] 'prog' [file ...]", 2)
        variables: dict[str, Value] = {}
        for one in options.get("v", "").splitlines():
            name, equals, value = one.partition("=")
            if not equals or not re.fullmatch(r"[A-Za-z_]\w*", name):
                raise Unusable(f"improper assignment: -v {one[:50]}")
            variables[name] = InputText(escaped(value))
        rules = read_awk(rest[0])
        text, err = text_of(call, rest[1:])
        separator = options.get("F")
        state = AwkState(None if separator is None else escaped(separator), variables, expression)
    except (Unusable, BadAwk) as error:
        return failed(f"awk: {error}", 2)
    try:
        run_awk(rules, state, iter(text.splitlines()))
    except (Unusable, BadAwk) as error:
        return Result("".join(state.out), f"awk: {error}\n", 2)
    return Result("".join(state.out), err, 2 if err else 0)


TOOL = Tool(("awk",), run, ANYWHERE, at_administrator=True)
