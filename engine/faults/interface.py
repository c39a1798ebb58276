"""What a fault is: the lines that somebody ran to bring it about, what shows it, what mends it and what does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from engine.cluster import Mode
from engine.errors import EngineError
from engine.faults.networks import EVERY
from engine.faults.scene import IncidentScene
from engine.shell import Shell
from engine.shell.live import LiveCluster
from engine.trace import Text
from engine.values import dataclass

# (host, line): a line of the shell on a host; "" is the administrator's machine.
Line: TypeAlias = tuple[str, str]
Lines: TypeAlias = tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class ToolEvidence:
    """`line` on `host` prints what `pattern` (a regular expression) finds while the fault is there."""

    host: str
    line: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Case:
    """A fault at one place. `place` are the names any of which a diagnosis must give; `breaks` brings it about, each of
    `cures` alone mends it for good, none of `wrong` does."""

    place: tuple[str, ...]
    breaks: Lines
    evidence: tuple[ToolEvidence, ...]
    cures: tuple[Lines, ...]
    wrong: tuple[Lines, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownFault:
    """`what` and `lives`: what is wrong, and what holds it (one node's kernel, an object of the API). `trigger`: what had
    been done before. `terms`: regular expressions all of which a diagnosis in free words meets. `cases` gives the places it
    can be at in a scene; what it needs of a scene are `modes`, `plugins` (of engine.faults.networks) and a number of `nodes`.
    `strict`: the namespace has a policy that allows some callers alone, while all is well; `uploads`: large requests are
    watched beside small ones; `two_cards`: the nodes have two, and are asked by both; `host_port`: of the application's pods, 0: none. `prepare`: what goes on in the cluster before it.
    """

    name: str
    level: int
    what: Text
    lives: Text
    trigger: Text
    terms: tuple[str, ...]
    cases: Callable[[IncidentScene, LiveCluster], Iterator[Case]]
    plugins: tuple[str, ...] = EVERY
    modes: tuple[Mode, ...] = (Mode.IPTABLES, Mode.NFTABLES, Mode.IPVS)
    nodes: int = 2
    strict: bool = False
    uploads: bool = False
    two_cards: bool = False
    host_port: int = 0
    prepare: Callable[[IncidentScene, LiveCluster], LiveCluster] | None = None


@dataclass(frozen=True, slots=True)
class InjectedFault:
    """A fault at the place that was drawn for it."""

    fault: KnownFault
    case: Case


class FaultError(EngineError):
    """No such fault, or a line of a case that does not do what it should."""


def inject(live: LiveCluster, case: Case) -> LiveCluster:
    """`live` after somebody brought the fault about. Raises FaultError where one of its lines fails."""
    return run_lines(live, case.breaks)


def run_lines(live: LiveCluster, lines: Lines) -> LiveCluster:
    """`live` after those lines. Raises FaultError where one fails."""
    shell = Shell(live)
    for host, line in lines:
        reply = shell.run(host, line)
        if reply.status:
            said = (reply.stderr or reply.stdout).strip()
            raise FaultError(f"{host or 'kubectl'}: {line}: {said}", zh=f"{host or 'kubectl'}：{line}：{said}")
        shell = reply.shell
    return shell.live
