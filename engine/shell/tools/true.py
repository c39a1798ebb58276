"""true(1), false(1), and a shell's `:`: nothing but an exit status."""

from __future__ import annotations

from engine.shell.interface import ANYWHERE, Call, Result, Tool


def run(call: Call) -> Result:
    """0, of false 1."""
    return Result(status=int(call.argv[0].rpartition("/")[2] == "false"))


TOOL = Tool(("true", "false", ":"), run, ANYWHERE, at_administrator=True)
