"""Which host one is on."""

from __future__ import annotations

import pytest

from engine.errors import NoSuchObject
from engine.shell.logins import Logins

from .clusters import opened

MOVES = {
    "to a node": ("ssh node1", ("", "node1")),
    "as root": ("ssh root@node1", ("", "node1")),
    "away": ("exit", ()),
    "away with a status": ("exit 1", ()),
    "logged out": ("logout", ()),
    "a line on another host": ("ssh node1 ip r", None),
    "a command": ("ip r", None),
}


@pytest.mark.parametrize(("line", "hosts"), MOVES.values(), ids=MOVES)
def test_a_line(line: str, hosts: tuple[str, ...] | None) -> None:
    moved = Logins().moved(opened().live, line)
    assert (None if moved is None else moved.hosts) == hosts


@pytest.mark.parametrize("line", ["ssh nowhere", "ssh"])
def test_no_such_host(line: str) -> None:
    with pytest.raises(NoSuchObject):
        Logins().moved(opened().live, line)


@pytest.mark.parametrize(("host", "prompt"), [("", "$ "), ("node1", "root@node1:~# "), ("client", "client:/# ")])
def test_a_prompt(host: str, prompt: str) -> None:
    assert Logins((host,)).prompt(opened().live) == prompt
