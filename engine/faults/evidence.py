"""Whether a line asks what a piece of evidence is: the same question of the same tool on the same host, however it is typed.

`ip r` is `ip route`, `k get ep` asks what `kubectl get endpoints` does, and a line may be run by sudo, watch or ssh, in a list or a
loop.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.faults.interface import ToolEvidence

_APART = re.compile(r"[|;&\n(){}`]|\$\(")
# What runs the command behind it, and words of a loop or a choice.
_BEFORE = frozenset({"sudo", "time", "nohup", "watch", "timeout", "do", "then", "else", "if", "while", "xargs", "!"})
# Tools of which the word behind them says what is asked.
_OBJECTS = frozenset({"ip", "bridge", "kubectl", "cat", "systemctl"})
_SAME = {"k": "kubectl", "a": "addr", "address": "addr", "egrep": "grep"}


def commands_of(host: str, line: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(host, words) of each command of a line."""
    for part in _APART.split(line):
        words = part.replace("'", " ").replace('"', " ").split()
        at = host
        while words:
            name = words[0].rpartition("/")[2]
            if name in _BEFORE or words[0].startswith("-") or re.fullmatch(r"[0-9.]+s?", words[0]):
                words = words[1:]
            elif name == "ssh" and len(words) > 2:
                at, words = words[1].rpartition("@")[2], words[2:]
            else:
                break
        if words:
            yield at, (_SAME.get(name, name), *words[1:])


def asks_as(one: ToolEvidence, host: str, words: tuple[str, ...]) -> bool:
    """Whether a command of those words on `host` asks what `one` does."""
    wanted = _asked(tuple(one.line.split()))
    found = _asked(words)
    return (
        found[0] == wanted[0]
        and wanted[1].startswith(found[1])
        and (host == one.host or found[0] == "kubectl" or host.startswith("$"))
    )


def _asked(words: tuple[str, ...]) -> tuple[str, str]:
    """The tool, and for some what it is asked for."""
    tool = _SAME.get(words[0], words[0])
    if tool not in _OBJECTS:
        return tool, ""
    rest = list(words[1:])
    while rest and rest[0].startswith("-"):
        with_value = rest[0] in ("-n", "--namespace")
        rest = rest[2 if with_value else 1 :]
    asked = rest[0] if rest else ""
    return tool, asked if tool == "cat" else _SAME.get(asked, asked)
