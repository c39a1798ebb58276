"""What a tool is: the one command it meets, and what it answers.

A tool is pure: it gets the cluster as it is and says what it prints, its exit status, and the cluster afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from engine.network.host import Host, HostKind
from engine.shell.live import LiveCluster
from engine.values import dataclass

# Where a tool is there: everywhere, on nodes and other hosts that an administrator logs in to, in pods.
ANYWHERE = frozenset(HostKind)
OUTSIDE_PODS = frozenset({HostKind.NODE, HostKind.EXTERNAL, HostKind.ROUTER})
ON_NODES = frozenset({HostKind.NODE})


Execute: TypeAlias = "Callable[[LiveCluster, str, tuple[str, ...], str | None], Result]"
RunLine: TypeAlias = "Callable[[LiveCluster, str, str, str | None], Result]"


@dataclass(frozen=True, slots=True)
class Call:
    """One command of a line on `host`: its words (`argv[0]` is the tool's name) and what a pipe gives it, None where it
    reads from the terminal. `execute` runs another command (kubectl exec): the cluster, a host, its words, what it reads.
    `background`: a & stands behind the line. `run_line`: as `execute`, with a line that a shell reads (ssh HOST LINE, sh -c)."""

    live: LiveCluster
    host: str
    argv: tuple[str, ...]
    stdin: str | None = None
    execute: Execute | None = None
    background: bool = False
    run_line: RunLine | None = None

    @property
    def args(self) -> tuple[str, ...]:
        return self.argv[1:]

    @property
    def here(self) -> Host:
        """The host it runs on, as it is now."""
        return self.live.fabric.host(self.host)


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool printed and left behind; `live` None: nothing changed. `login`: the host that whoever typed it is on now
    (ssh, a shell in a pod), None where that is the same. `shown`: both streams in the order in which they were printed, where
    more than one command did."""

    stdout: str = ""
    stderr: str = ""
    status: int = 0
    live: LiveCluster | None = None
    login: str | None = None
    shown: str | None = None


def failed(message: str, status: int = 1) -> Result:
    """What a tool says on standard error, with its line's end."""
    return Result(stderr=message if message.endswith("\n") else message + "\n", status=status)


def printed(lines: str, live: LiveCluster | None = None) -> Result:
    """What it says on standard output, with its line's end where there is anything."""
    return Result(lines if not lines or lines.endswith("\n") else lines + "\n", live=live)


@dataclass(frozen=True, slots=True)
class Tool:
    """A command by its names; `hosts` are the kinds of host that have it, `at_administrator` whether the machine that kubectl
    is run on has it too."""

    names: tuple[str, ...]
    run: Callable[[Call], Result]
    hosts: frozenset[HostKind] = OUTSIDE_PODS
    at_administrator: bool = False
