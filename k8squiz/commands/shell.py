"""`k8squiz shell`: a shell on the hosts of any cluster, answered by the engine; nothing of this machine is touched."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from engine.shell import Shell, open_shell
from engine.shell.live import ADMINISTRATOR, LiveCluster
from engine.shell.registry import find_tool, names
from k8squiz.commands.faults import line_amiss
from k8squiz.commands.host_prompt import HostPrompt, edited
from k8squiz.commands.input import read_cluster
from k8squiz.commands.question_world import PREFIX
from k8squiz.errors import QuizError
from k8squiz.locale.i18n import Lang
from k8squiz.terminal.console import print_plain
from k8squiz.terminal.files import there
from k8squiz.terminal.sanitize import visible

if TYPE_CHECKING:
    from engine.lab.follow import LabShell

# The simulation's shells, or a lab's.
AnyShell: TypeAlias = "Shell | LabShell"

_HELP = (
    """Hosts: {hosts}
ssh HOST goes to one, exit leaves it. What is there: {tools}.
Lines have quotes, pipes, lists and redirections; nothing runs outside of this cluster.
""",
    """主机：{hosts}
用 ssh 主机名 登录，用 exit 离开。可用命令：{tools}。
支持引号、管道、命令列表和重定向；所有操作都只作用于这个集群。
""",
)


def run(
    words: tuple[str, ...], mode: str | None, release: str | None, seed: str | None, lang: Lang, live: bool = False
) -> int:
    """Open it on the cluster that the first of `words` name; a host may follow, and a command to run there instead. `live`: in
    network namespaces of this machine's kernel.

    The exit code is the command's, or the last line's."""
    paths, rest = _split(words)
    cluster = read_cluster(paths, lang)
    shell = open_shell(cluster, mode, release=release, seed=seed or "1")
    if not live:
        return _opened(shell, rest, lang)
    from engine.lab.follow import FollowingLab, LabShell
    from engine.lab.requirements import prepare

    prepare()
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    with FollowingLab(shell.live) as lab:
        return _opened(LabShell(lab, attached=terminal), rest, lang)


def _opened(shell: AnyShell, rest: tuple[str, ...], lang: Lang) -> int:
    host, command = _host(shell, rest)
    if command:
        reply = shell.run(host, shlex.join(command) if len(command) > 1 else command[0])
        if not getattr(shell, "attached", False):
            sys.stdout.write(visible(reply.stdout))
            sys.stdout.flush()
            sys.stderr.write(visible(reply.stderr))
        return reply.status
    return _Session(shell, host, lang).run()


def _split(words: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The files and folders that `words` begin with, and the rest."""
    count = next(
        (at for at, word in enumerate(words) if word != "-" and not word.startswith(PREFIX) and not there(Path(word))),
        len(words),
    )
    if count == 0:
        raise QuizError(
            f"{words[0]}: no such file or folder; name the cluster's manifests first",
            f"{words[0]}：没有这个文件或目录；请先给出集群清单",
        )
    return words[:count], words[count:]


def _host(shell: AnyShell, words: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The host that comes first, and the command behind it. `-- kubectl get pods` names no host: kubectl's own is meant."""
    if not words:
        return ADMINISTRATOR, ()
    if find_tool(words[0].partition(" ")[0]) is not None:
        return ADMINISTRATOR, words
    return shell.live.host_named(words[0]), words[1:]


class _Session(HostPrompt):
    """Lines typed at a terminal, or read from a pipe, until exit."""

    def __init__(self, shell: AnyShell, host: str, lang: Lang) -> None:
        self._shell = shell
        super().__init__(host, lang)

    def run(self) -> int:
        if self._terminal:
            print_plain(self.help_text())
        self.read_lines()
        return self._shell.status

    @property
    def live(self) -> LiveCluster:
        return self._shell.live

    def complain(self, text: str) -> None:
        print(visible(text), file=sys.stderr)

    def amiss(self, error: Exception) -> str:
        return line_amiss(error, "a line of the shell", str(self.live.seed), self._lang)

    def answer(self, line: str) -> str | None:
        host = self._logins.here
        if self._terminal and isinstance(self._shell, Shell):
            line = self._edited(self._shell, line, host)
        reply = self._shell.run(host, line)
        self._shell = reply.shell
        if self._terminal:
            sys.stdout.write(visible(reply.shown))
        else:
            sys.stdout.write(visible(reply.stdout))
            sys.stdout.flush()
            sys.stderr.write(visible(reply.stderr))
        return reply.login

    def help_text(self) -> str:
        live = self._shell.live
        pods = [f"pod/{one.key}" for one in live.fabric.address_index.by_key.values() if one.node in live.fabric.nodes]
        hosts = [*live.fabric.nodes, *pods, *dict.fromkeys(live.fabric.external.values())]
        shown = ", ".join(hosts[:12]) + (", ..." if len(hosts) > 12 else "")
        return _HELP[self._lang == "zh"].format(hosts=shown, tools=" ".join(names()))

    def _edited(self, shell: Shell, line: str, host: str) -> str:
        """The line; for `kubectl edit` what takes the editor's text."""
        found = edited(line, shell.live, host, lambda asked: shell.run(host, asked).stdout)
        if found is None:
            return line
        line, live = found
        self._shell = dataclasses.replace(shell, live=live)
        return line
