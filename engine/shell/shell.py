"""A line of the shell run on a host, and a shell opened on a cluster."""

from __future__ import annotations

import dataclasses

from engine.cluster import Cluster
from engine.proxy.interface import mode_named
from engine.shell.compound import MOST_OUTPUT
from engine.shell.line import LineError, read_line
from engine.shell.live import LiveCluster
from engine.shell.runner import Runner
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """What a line printed, its exit status, and the shell after it. `shown` is both streams as a terminal shows them, in the
    order of the commands. `login`: the host that whoever typed it is on now (ssh, a shell in a pod), None where that is the
    same."""

    stdout: str
    stderr: str
    status: int
    shell: Shell
    shown: str = ""
    login: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Shell:
    """A live cluster with a shell on each of its hosts; `status` is `$?`."""

    live: LiveCluster
    status: int = 0

    def run(self, host: str, line: str) -> Reply:
        """Run `line` on `host` (a node, a pod as its trace names it, `client`; "" is the administrator's own machine, which
        has kubectl alone). A mistake in it is told as a shell tells it; nothing is raised but NoSuchObject for the host."""
        host = self.live.host_named(host)
        try:
            lines = read_line(line, self.live.state(host).aliases)
        except LineError as error:
            return Reply("", f"{error}\n", 2, dataclasses.replace(self, status=2), f"{error}\n")
        runner = Runner(self.live, host, self.status)
        done = runner.lines(lines)
        live = runner.left()
        shell = dataclasses.replace(self, live=live, status=done.status)
        return Reply(_cut(done.stdout), _cut(done.stderr), done.status, shell, _cut(done.shown or ""), done.login)


def open_shell(cluster: Cluster, mode: str | None = None, *, release: str | None = None, seed: int | str = 0) -> Shell:
    """A shell on `cluster` as its manifests describe it. `mode` None: what kube-proxy is configured for. `seed` decides
    whatever is drawn: ports, endpoints. Raises NoSuchObject for an unknown mode."""
    return Shell(LiveCluster(cluster, mode_named(mode or cluster.proxy.effective_mode), release, seed))


def _cut(text: str) -> str:
    return text if len(text) <= MOST_OUTPUT else text[:MOST_OUTPUT] + "\n[output cut]\n"
