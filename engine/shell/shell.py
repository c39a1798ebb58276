"""A line of the shell run on a host: its pipelines one after the other, each tool's output into the next.

Source: POSIX.1-2017, XCU 2.8.2 (exit status), 2.9.3 (lists); 126 and 127 as sh(1) has them.
"""

from __future__ import annotations

import dataclasses

from engine.cluster import Cluster
from engine.errors import EngineError
from engine.proxy.interface import mode_named
from engine.shell.files import FileRefused, read_file, write_file
from engine.shell.interface import Call, Result
from engine.shell.line import STATUS, Command, LineError, Pipeline, Redirection, read_line
from engine.shell.live import ADMINISTRATOR, LiveCluster
from engine.shell.registry import find_tool
from engine.values import dataclass

# Characters that one command may print: what is beyond is cut with a word.
MOST_OUTPUT = 4_000_000
# Seconds of the cluster's clock that a command takes which does not wait for anything.
_TAKES = 0.1


@dataclass(frozen=True, slots=True)
class Reply:
    """What a line printed, its exit status, and the shell after it. `shown` is both streams as a terminal shows them, in the
    order of the commands."""

    stdout: str
    stderr: str
    status: int
    shell: Shell
    shown: str = ""


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
            pipelines = read_line(line)
        except LineError as error:
            return Reply("", f"{error}\n", 2, dataclasses.replace(self, status=2), f"{error}\n")
        out, err, shown, status, live = "", "", "", self.status, self.live
        for pipeline in pipelines:
            if (pipeline.connector == "&&" and status != 0) or (pipeline.connector == "||" and status == 0):
                continue
            result = _with_captures(_run_pipeline(live, host, pipeline, status))
            live = result.live or live
            out, err, status = _more(out, result.stdout), _more(err, result.stderr), result.status
            shown = _more(shown, result.stderr + result.stdout)
        return Reply(_cut(out), _cut(err), status, dataclasses.replace(self, live=live, status=status), _cut(shown))


def open_shell(cluster: Cluster, mode: str | None = None, *, release: str | None = None, seed: int | str = 0) -> Shell:
    """A shell on `cluster` as its manifests describe it. `mode` None: what kube-proxy is configured for. `seed` decides
    whatever is drawn: ports, endpoints. Raises NoSuchObject for an unknown mode."""
    return Shell(LiveCluster(cluster, mode_named(mode or cluster.proxy.effective_mode), release, seed))


def _more(text: str, further: str) -> str:
    """What is shown in the end, and no more than one character of what is cut."""
    return text if len(text) > MOST_OUTPUT else (text + further)[: MOST_OUTPUT + 1]


def _cut(text: str) -> str:
    return text if len(text) <= MOST_OUTPUT else text[:MOST_OUTPUT] + "\n[output cut]\n"


def _with_captures(result: Result) -> Result:
    """With what packet sockets that are open print of what the command sent, before its own output ends."""
    if result.live is None or not (result.live.captures and result.live.packets):
        return result
    from engine.shell.captures import show

    shown, live = show(result.live)
    return dataclasses.replace(result, stderr=result.stderr + shown, live=live)


def _run_pipeline(live: LiveCluster, host: str, pipeline: Pipeline, before: int) -> Result:
    stdin: str | None = None
    errors, status, last = "", 0, len(pipeline.commands) - 1
    stdout = ""
    for at, command in enumerate(pipeline.commands):
        words = tuple(word.replace(STATUS, str(before)) for word in command.words)
        result = _run_command(
            live.later(_TAKES), host, dataclasses.replace(command, words=words), stdin, pipeline.background
        )
        live = result.live or live.later(_TAKES)
        errors += result.stderr
        status = result.status
        if at == last:
            stdout = result.stdout
        else:
            stdin = result.stdout
    return Result(stdout, errors, status, live)


def _run_command(live: LiveCluster, host: str, command: Command, stdin: str | None, background: bool = False) -> Result:
    name = command.words[0]
    tool = find_tool(name)
    try:
        for one in command.redirections:
            if one.number == 0:
                stdin = read_file(live, host, one.path)
        if tool is None or not (tool.at_administrator if host == ADMINISTRATOR else live.has(host, tool.hosts)):
            result = Result(stderr=f"sh: {_shown(name)}: command not found\n", status=127)
        else:
            result = tool.run(Call(live, host, command.words, stdin, _execute, background))
        return _redirected(result, live, host, command.redirections)
    except FileRefused as error:
        return Result(stderr=f"sh: {error}\n", status=1)
    except EngineError as error:
        # What the model does not know is said as the tool's own failure, never guessed.
        return Result(stderr=f"{_shown(name)}: {error.en}\n", status=1)


def _execute(live: LiveCluster, host: str, words: tuple[str, ...], stdin: str | None) -> Result:
    return _run_command(live, host, Command(words), stdin)


def _redirected(result: Result, live: LiveCluster, host: str, redirections: tuple[Redirection, ...]) -> Result:
    streams = {1: result.stdout, 2: result.stderr}
    kept = {1: "", 2: ""}
    goes: dict[int, Redirection | int] = {1: 1, 2: 2}
    for one in redirections:
        if one.duplicate is not None:
            goes[one.number] = goes[one.duplicate]
        elif one.number:
            goes[one.number] = one
    after = result.live
    for number, to in goes.items():
        if isinstance(to, int):
            kept[to] += streams[number]
        elif to.path != "/dev/null":
            text = streams[number]
            after = write_file(after or live, host, to.path, text, append=to.append)
    return dataclasses.replace(result, stdout=kept[1], stderr=kept[2], live=after)


def _shown(name: str) -> str:
    text = name if name.isprintable() else ascii(name)[1:-1]
    return text if len(text) <= 100 else f"{text[:97]}..."
