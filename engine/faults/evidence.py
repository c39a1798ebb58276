"""Whether a line asks what a piece of evidence is: the same question of the same tool on the same host, however it is typed.

`ip r` is `ip route`, `k get ep` asks what `kubectl get endpoints` does, and a line may be run by sudo, watch or ssh, in a list or a
loop.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.faults.interface import ToolEvidence
from engine.shell.api import resource_named

_APART = re.compile(r"[|;&\n(){}`]|\$\(")
# What runs the command behind it, and words of a loop or a choice.
_BEFORE = frozenset({"sudo", "time", "nohup", "watch", "timeout", "do", "then", "else", "if", "while", "xargs", "!"})
# Tools of which the word behind them says what is asked.
_OBJECTS = frozenset({"ip", "bridge", "kubectl", "cat", "systemctl"})
# kubectl's verbs whose kinds say what is asked, kinds of which one shows what the other does, and its options with a value.
_OF_KINDS = frozenset({"get", "describe"})
_SAME_KIND = {"EndpointSlice": "Endpoints"}
_ALL = frozenset({"Pod", "Service", "Deployment", "ReplicaSet", "DaemonSet"})
_WITH_VALUE = frozenset(
    {"-n", "--namespace", "-l", "--selector", "-o", "--output", "--field-selector", "--sort-by", "-L", "--context"}
)
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
    line = tuple(one.line.split())
    wanted, found = _asked(line), _asked(words)
    if found[0] != wanted[0] or not wanted[1].startswith(found[1]):
        return False
    if found[0] == "kubectl":
        return wanted[1] not in _OF_KINDS or bool(_kinds(line) & _kinds(words))
    return host == one.host or host.startswith("$")


def _asked(words: tuple[str, ...]) -> tuple[str, str]:
    """The tool, and for some what it is asked for."""
    tool = _SAME.get(words[0], words[0])
    if tool not in _OBJECTS:
        return tool, ""
    rest = _plain(words[1:])
    asked = rest[0] if rest else ""
    return tool, asked if tool == "cat" else _SAME.get(asked, asked)


def _plain(words: tuple[str, ...]) -> list[str]:
    """The words that are no options of kubectl's, nor their values."""
    rest, left = list[str](), list(words)
    while left:
        word = left.pop(0)
        if word in _WITH_VALUE and left:
            left.pop(0)
        elif not word.startswith("-"):
            rest.append(word)
    return rest


def _kinds(words: tuple[str, ...]) -> frozenset[str]:
    """The kinds that `get svc,ep` or `describe svc/web` ask for."""
    rest = _plain(words[1:])[1:]
    if rest[:1] == ["all"]:
        return _ALL
    named = [one.partition("/")[0] for one in (rest if rest and "/" in rest[0] else rest[:1])]
    found = (resource_named(kind) for one in named for kind in one.split(","))
    return frozenset(_SAME_KIND.get(one.kind, one.kind) for one in found if one is not None)
