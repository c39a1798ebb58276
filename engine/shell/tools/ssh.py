"""ssh(1), su(1), sh(1): a shell on another host or the same one, or one line run there. The hosts trust each other's root.

Source: OpenSSH 9.2, util-linux 2.38 (su).
"""

from __future__ import annotations

import dataclasses
import shlex

from engine.errors import NoSuchObject
from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed

_WITH_VALUE = frozenset({"-i", "-l", "-o", "-p", "-F", "-J"})


def run(call: Call) -> Result:
    """`ssh [USER@]HOST [LINE]`, `su [-]`, `sh [-c LINE]`."""
    name = call.argv[0].rpartition("/")[2]
    return _ssh(call) if name == "ssh" else _su(call) if name == "su" else _sh(call, name)


def _ssh(call: Call) -> Result:
    words = list(call.args)
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word in _WITH_VALUE and words:
            words.pop(0)
    if not words:
        return failed("usage: ssh [-l user] destination [command [argument ...]]", 255)
    asked = words[0].rpartition("@")[2]
    try:
        host = call.live.host_named(_by_address(call, asked) or asked)
    except NoSuchObject:
        shown = asked if asked.isprintable() else ascii(asked)[1:-1]
        return failed(f"ssh: Could not resolve hostname {shown[:100]}: Name or service not known", 255)
    if len(words) == 1:
        return Result(login=host)
    assert call.run_line is not None
    return dataclasses.replace(call.run_line(call.live, host, " ".join(words[1:]), call.stdin), login=None)


def _by_address(call: Call, name: str) -> str | None:
    return next((node.name for node in call.live.cluster.nodes if name in node.internal_ips), None)


def _su(call: Call) -> Result:
    wanted = [word for word in call.args if not word.startswith("-")]
    if wanted and wanted != ["root"]:
        return failed(
            f"su: user {wanted[0][:50]} does not exist or the user entry does not contain all the required fields"
        )
    return Result(login=call.host)


def _sh(call: Call, name: str) -> Result:
    args = call.args
    if args[:1] == ("-c",) or args[:1] in (("-lc",), ("-ic",)):
        if len(args) < 2:
            return failed(f"{name}: -c: option requires an argument", 2)
        assert call.run_line is not None
        given = f"set -- {' '.join(map(shlex.quote, args[3:]))}\n" if len(args) > 3 else ""
        return dataclasses.replace(call.run_line(call.live, call.host, given + args[1], call.stdin), login=None)
    if call.stdin is not None and not args:
        assert call.run_line is not None
        return call.run_line(call.live, call.host, call.stdin, None)
    if args and args[0] not in ("-i", "-l", "--login"):
        return failed(f"{name}: {args[0][:100]}: reading a script is not available here", 127)
    return Result(login=call.host)


TOOL = Tool(("ssh", "su", "sh", "bash", "ash", "dash"), run, ANYWHERE, at_administrator=True)
