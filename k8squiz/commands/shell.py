"""`k8squiz shell`: a shell on the hosts of any cluster, answered by the engine; nothing of this machine is touched."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from engine.errors import EngineError
from engine.shell import Shell, open_shell
from engine.shell.live import ADMINISTRATOR
from engine.shell.registry import find_tool, names
from k8squiz.commands.faults import line_amiss
from k8squiz.commands.host_prompt import asker, completed, edited, listed
from k8squiz.commands.input import read_cluster
from k8squiz.commands.question_world import PREFIX
from k8squiz.errors import QuizError
from k8squiz.locale.i18n import Lang, pick
from k8squiz.terminal.console import print_plain
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
        (
            at
            for at, word in enumerate(words)
            if word != "-" and not word.startswith(PREFIX) and not Path(word).exists()
        ),
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


class _Session:
    """Lines typed at a terminal, or read from a pipe, until exit."""

    def __init__(self, shell: AnyShell, host: str, lang: Lang) -> None:
        self._shell = shell
        self._hosts = [host]
        self._lang = lang
        self._seed = str(shell.live.seed)
        self._terminal = sys.stdin.isatty() and sys.stdout.isatty()
        self._typed: list[str] = []
        self._ask = asker(self.prompt, self.words) if self._terminal else None

    def run(self) -> int:
        if self._terminal:
            print_plain(self._help())
        while self._hosts:
            line = self._read()
            if line is None:
                break
            try:
                self._run_line(line.strip())
            except OSError:
                # The end of output: no line's fault.
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, the next line comes
                print(visible(line_amiss(error, "a line of the shell", self._seed, self._lang)), file=sys.stderr)
        return self._shell.status

    def prompt(self) -> str:
        """As the host's own shell has it."""
        host = self._hosts[-1]
        if host == ADMINISTRATOR:
            return "$ "
        return f"root@{host}:~# " if host in self._shell.live.fabric.nodes else f"{host}:/# "

    def words(self) -> list[str]:
        """What Tab completes: tools, hosts, devices of the host one is on."""
        return completed(self._shell.live, self._hosts[-1])

    def _read(self) -> str | None:
        try:
            if self._ask is not None:
                return self._ask()
            line = sys.stdin.readline()
            return line or None
        except EOFError:
            return None
        except KeyboardInterrupt:
            # At a shell's prompt it drops the line.
            return ""

    def _run_line(self, line: str) -> None:
        words = line.split()
        if not words:
            return
        self._typed.append(line)
        if words == ["history"]:
            print_plain(listed(self._typed))
        elif words[0] in ("exit", "logout") and len(words) <= 2:
            self._hosts.pop()
        elif words[0] in ("help", "?"):
            print_plain(self._help())
        elif words[0] == "ssh":
            self._log_in(words[1] if len(words) == 2 else "")
        else:
            if self._terminal and isinstance(self._shell, Shell):
                line = self._edited(line)
            reply = self._shell.run(self._hosts[-1], line)
            self._shell = reply.shell
            if self._terminal:
                sys.stdout.write(visible(reply.shown))
            else:
                sys.stdout.write(visible(reply.stdout))
                sys.stdout.flush()
                sys.stderr.write(visible(reply.stderr))

    def _edited(self, line: str) -> str:
        """The line; for `kubectl edit` what takes the editor's text."""
        assert isinstance(self._shell, Shell)
        shell, host = self._shell, self._hosts[-1]
        found = edited(line, shell.live, host, lambda asked: shell.run(host, asked).stdout)
        if found is None:
            return line
        line, live = found
        self._shell = dataclasses.replace(shell, live=live)
        return line

    def _log_in(self, name: str) -> None:
        try:
            self._hosts.append(self._shell.live.host_named(name))
        except EngineError as error:
            print(visible(pick(error, self._lang)), file=sys.stderr)

    def _help(self) -> str:
        live = self._shell.live
        pods = [f"pod/{one.key}" for one in live.fabric.address_index.by_key.values() if one.node in live.fabric.nodes]
        hosts = [*live.fabric.nodes, *pods, *dict.fromkeys(live.fabric.external.values())]
        shown = ", ".join(hosts[:12]) + (", ..." if len(hosts) > 12 else "")
        return _HELP[self._lang == "zh"].format(hosts=shown, tools=" ".join(names()))
