"""What tools print on a live cluster, a command after the other, as a terminal shows it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from engine.shell import Shell
from engine.values import dataclass
from k8squiz.bank.shapes import WORD, key
from k8squiz.errors import QuizError

if TYPE_CHECKING:
    from engine.shell.live import LiveCluster

ADMINISTRATOR = "admin"


@dataclass(frozen=True, slots=True)
class ShownCommand:
    """A command line and where it is run: a node, a pod, `client`, or `admin`, who has kubectl."""

    host: str = key(WORD)
    run: str = key(WORD)


@dataclass(frozen=True, slots=True)
class Printed:
    """A command as it stands behind its prompt, and all it printed."""

    host: str
    command: str
    text: str


def printed(live: LiveCluster, commands: Iterable[ShownCommand]) -> tuple[Printed, ...]:
    """What each command prints, one after the other. Raises QuizError for a command that there is not, EngineError for an
    unknown host."""
    shell, found = Shell(live), []
    for command in commands:
        reply = shell.run(host_of(live, command.host), command.run)
        shell = reply.shell
        if "command not found" in reply.stderr:
            raise QuizError(f"show: {reply.stderr.strip()}", f"show：没有这个命令：{reply.stderr.strip()}")
        found.append(Printed(command.host, command.run, reply.shown.rstrip()))
    return tuple(found)


def transcript(told: Iterable[Printed]) -> str:
    """As a terminal shows them."""
    return "\n".join(f"{one.host}$ {one.command}" + (f"\n{one.text}" if one.text else "") for one in told)


def host_of(live: LiveCluster, name: str) -> str:
    """The host of the live cluster that a question calls so."""
    if name == ADMINISTRATOR:
        return ""
    if name == live.cluster.network.client_address:
        return "client"
    pod = next((one for one in live.cluster.pods if one.name == name), None)
    return name if pod is None else f"pod/{pod.namespace}/{pod.name}"
