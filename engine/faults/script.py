"""A line of a script or of a prompt: a command on a host, or one of the words that are no command of any host."""

from __future__ import annotations

import re

from engine.values import dataclass

WORDS = ("flows", "hint", "diagnose", "done", "report")
_HOST = re.compile(r"([A-Za-z0-9][\w./-]*):\s+(?=\S)")


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """`word` is one of WORDS and `text` what follows it, or "" and `text` a command on `host` ("": the administrator's
    machine)."""

    word: str
    host: str
    text: str


def read_script_line(line: str) -> ScriptLine | None:
    """`HOST: COMMAND`, `COMMAND` for the administrator's machine, or a word; None for an empty line or a comment."""
    line = line.strip()
    if not line or line.startswith("#"):
        return None
    first, _, rest = line.partition(" ")
    if first in WORDS:
        return ScriptLine(first, "", rest.strip())
    named = _HOST.match(line)
    if named is not None:
        return ScriptLine("", named[1], line[named.end() :])
    return ScriptLine("", "", line)
