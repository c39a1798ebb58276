"""A line run on a host: lists, pipes, redirections, exit statuses."""

from __future__ import annotations

import pytest

from engine import EngineError, load_cluster
from engine.shell import open_shell

from .clusters import opened, run

TOLD = {
    "words": ("node1", "echo a b", "a b\n", "", 0),
    "a pipe": ("node1", "echo a | cat", "a\n", "", 0),
    "the status": ("node1", "false; echo $?", "1\n", "", 0),
    "and": ("node1", "false && echo a", "", "", 1),
    "or": ("node1", "false || echo a", "a\n", "", 0),
    "no such tool": ("node1", "frobnicate -x", "", "sh: frobnicate: command not found\n", 127),
    "no such tool, by path": ("node1", "/opt/x", "", "sh: /opt/x: command not found\n", 127),
    "a tool by its path": ("node1", "/bin/echo a", "a\n", "", 0),
    "no such file": ("node1", "cat /x", "", "cat: /x: No such file or directory\n", 1),
    "no such file to read from": ("node1", "cat < /x", "", "sh: /x: No such file or directory\n", 1),
    "a folder": ("node1", "cat /proc/sys/net", "", "cat: /proc/sys/net: Is a directory\n", 1),
    "error to out": ("node1", "cat /x 2>&1 | cat", "cat: /x: No such file or directory\n", "", 0),
    "error away": ("node1", "cat /x 2>/dev/null", "", "", 1),
    "all away": ("node1", "cat /x >/dev/null 2>&1", "", "", 1),
    "a syntax error": ("node1", "echo 'a", "", "sh: Syntax error: Unterminated quoted string\n", 2),
    "a control character": ("node1", "\x1b[31m", "", "sh: \\x1b[31m: command not found\n", 127),
    "in a pod": ("pod/a", "cat /etc/hostname", "a\n", "", 0),
    "at the client": ("client", "cat /etc/hostname", "client\n", "", 0),
}


@pytest.mark.parametrize(("host", "line", "stdout", "stderr", "status"), TOLD.values(), ids=TOLD)
def test_a_line(host: str, line: str, stdout: str, stderr: str, status: int) -> None:
    reply = run(opened(), host, line)
    assert (reply.stdout, reply.stderr, reply.status) == (stdout, stderr, status)


def test_files_stay_until_they_are_written_again() -> None:
    shell = opened()
    assert run(shell, "node1", "echo a > /tmp/f", "echo b >> /tmp/f", "cat /tmp/f").stdout == "a\nb\n"
    assert run(shell, "node1", "cat /tmp/f").status == 1, "the shell before is as it was"


@pytest.mark.parametrize("path", ["/etc/passwd", "../../etc/passwd", "/proc/self/environ", "pyproject.toml", "/"])
def test_no_file_of_this_machine_is_read(path: str) -> None:
    reply = run(opened(), "node1", f"cat {path}")
    assert reply.status == 1
    assert reply.stdout == ""


def test_unknown_hosts() -> None:
    with pytest.raises(
        EngineError, match=r"no host 'node9'; there are node1, node2, pod/a, pod/b, pod/c, client"
    ) as error:
        opened().run("node9", "echo a")
    assert "没有主机" in error.value.zh


def test_a_cluster_without_anything() -> None:
    assert open_shell(load_cluster(text="")).run("", "echo a").stdout == "a\n"


def test_what_a_line_prints_is_cut() -> None:
    shell = run(opened(), "node1", f"echo {'x' * 90_000} > f").shell
    reply = shell.run("node1", "cat f;" * 150)
    assert reply.stdout.endswith("[output cut]\n")
    assert len(reply.stdout) == len(reply.shown) < 4_000_100
