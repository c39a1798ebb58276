"""watch(1): a command run, with its heading, as its first screen shows it; there is no second one here. Source: procps-ng 4.0.2."""

from __future__ import annotations

import dataclasses
import re

from engine.shell.clock import time_of_day
from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed
from engine.shell.tools.lines import Unusable

_WIDTH = 80


def run(call: Call) -> Result:
    """`watch [-n SECONDS] [-d] [-t] COMMAND...`."""
    try:
        seconds, bare, words = _read(list(call.args))
    except Unusable as error:
        return failed(f"watch: {error}")
    if not words or call.execute is None:
        return failed("Usage: watch [options] command")
    result = call.execute(call.live, call.host, tuple(words), None)
    shown = f"Every {seconds:.1f}s: {' '.join(words)}"
    host = call.host.rpartition("/")[2] or "admin"
    right = f"{host}: {time_of_day(call.live.clock).strftime('%a %b %e %H:%M:%S %Y')}"
    head = "" if bare else f"{shown}{right.rjust(max(len(right) + 1, _WIDTH - len(shown)))}\n\n"
    return dataclasses.replace(result, stdout=head + result.stdout)


def _read(words: list[str]) -> tuple[float, bool, list[str]]:
    seconds, bare = 2.0, False
    while words and words[0].startswith("-"):
        word = words.pop(0)
        value = word[2:] if word.startswith("-n") else ""
        if word in ("-n", "--interval") or value:
            value = value or (words.pop(0) if words else "")
            if not re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,3})?", value):
                raise Unusable(f"failed to parse argument: '{value}'")
            seconds = max(0.1, float(value))
        elif word in ("-t", "--no-title"):
            bare = True
        elif word not in ("-d", "-g", "-c", "-x", "--differences"):
            raise Unusable(f"invalid option -- '{word.lstrip('-')[:20]}'")
    return seconds, bare, words


TOOL = Tool(("watch",), run, ANYWHERE, at_administrator=True)
