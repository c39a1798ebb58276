"""A story's cluster of any shape: its manifests, the facts that no manifest holds, what somebody typed on its hosts; walked,
and looked at with the tools of its nodes. Nothing here knows a topic."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence

from engine import Request, load_cluster, outcomes
from engine.cluster import Cluster, Mode
from engine.shell import Shell, open_shell
from engine.shell.edits import Edit
from engine.trace import Direction, Hop, Outcome, Text
from engine.values import dataclass
from k8squiz.explain.clusters import PODS, Shape, cluster_yaml
from k8squiz.explain.walked import step
from k8squiz.story.blocks import BesideWalk, Grid, Live, Rules, Section, Steps, Walk, same
from k8squiz.story.endings import address, ending
from k8squiz.story.picture.beside import beside
from k8squiz.story.picture.layout import lay_out
from k8squiz.world.release import as_of, told


def facts(*lines: str) -> str:
    """A Network document of those fields (docs/manifests.md), as text."""
    if not lines:
        return ""
    return "\n".join(
        ("---", "apiVersion: k8squiz.dev/v1", "kind: Network", "spec:", *(f"  {line}" for line in lines), "")
    )


@dataclass(frozen=True, slots=True)
class Typed:
    """A line that somebody types on a host."""

    host: str
    line: str


@dataclass(frozen=True, slots=True)
class Edited:
    """A change of a host that stands in no manifest."""

    host: str
    edit: Edit


# A story asks for the same clusters again and again: one object each lets the engine find what it has built for them.
@functools.lru_cache(maxsize=64)
def _loaded(text: str, release: str) -> Cluster:
    assert release == told()
    return as_of(load_cluster(text=text))


_USUAL = Shape()
# What tcpdump says on standard error when it has seen enough; the lines here send that away.
_COUNTED = re.compile(r"[0-9]+ packets? captured")


class LiveWorld:
    """The cluster of `shape`, or of `manifests`, with facts of a Network document, in one proxy mode, after `changes`."""

    def __init__(
        self,
        *network: str,
        shape: Shape = _USUAL,
        manifests: str | None = None,
        changes: Sequence[Typed | Edited] = (),
        mode: Mode = Mode.IPTABLES,
    ) -> None:
        self.yaml = (cluster_yaml(shape) if manifests is None else manifests) + facts(*network)
        self.cluster = _loaded(self.yaml, told())
        self.mode = mode
        shell = open_shell(self.cluster, mode)
        for change in changes:
            if isinstance(change, Typed):
                shell = shell.run(change.host, change.line).shell
            else:
                shell = Shell(shell.live.edited(change.host, change.edit))
        self.shell = shell

    def ways(
        self, source: str, destination: str, *, protocol: str = "TCP", size: int | None = None
    ) -> tuple[Outcome, ...]:
        """Every way the request can go; `size` as engine.trace.Request has it."""
        asked = Request(source, destination, protocol, size=size)
        return outcomes(self.cluster, asked, self.mode, fabric=self.shell.live.fabric)

    def walk(
        self,
        source: str,
        destination: str,
        *,
        to: str | None = None,
        protocol: str = "TCP",
        size: int | None = None,
    ) -> Outcome:
        """The way that ends at the endpoint with address `to`, or the first there is."""
        found = self.ways(source, destination, protocol=protocol, size=size)
        return next((outcome for outcome in found if address(outcome.destination) == to), found[0])

    def told(self, caption: Text, outcome: Outcome) -> Walk:
        """The walk as a block of a story, picture and all."""
        return Walk(caption, outcome, lay_out(outcome, self.shell.live.fabric))

    def stepped(
        self, title: Text, caption: Text, steps: Iterable[tuple[Text, Hop | None]], outcome: Outcome
    ) -> Section:
        """A walk in steps, each a title and the hop that shows it, and under them the whole of it."""
        told = tuple(step(name, hop) for name, hop in steps)
        return Section(title, (Steps(ending(outcome), told), self.told(caption, outcome)))

    def beside(self, caption: Text, names: tuple[Text, Text], left: Outcome, right: Outcome) -> BesideWalk:
        """Two walks through it, side by side."""
        fabric = self.shell.live.fabric
        return BesideWalk(caption, names, beside(lay_out(left, fabric), lay_out(right, fabric)))

    def session(self, caption: Text, *typed: Typed) -> Rules:
        """What those lines print, one after the other, each under its prompt."""
        shell, lines = self.shell, []
        for one in typed:
            reply = shell.run(one.host, one.line)
            shell = reply.shell
            shown = (line.rstrip() for line in reply.shown.splitlines())
            lines += [f"{one.host}$ {one.line}", *(line for line in shown if not _COUNTED.fullmatch(line))]
        return Rules(caption, tuple(lines))

    def live(self, name: Text, source: str, destination: str) -> Live:
        """The request as a case for a real kernel; of a cluster that nobody has changed by hand."""
        return Live(name, self.cluster, self.mode, Request(source, destination))

    def mtu(self, host: str, device: str) -> int:
        """What one device of a host carries."""
        return self.shell.live.fabric.host(host).devices[device].mtu


def pod_ip(name: str) -> str:
    """A pod's address."""
    return PODS[name][0]


def fates(caption: Text, cases: Sequence[tuple[Text, Outcome]]) -> Grid:
    """A table of walks: each row a cluster, how the packet ended there, on which way, and why."""
    rows = tuple((name, same(str(outcome.verdict)), _way(outcome), ending(outcome)) for name, outcome in cases)
    return Grid(caption, (_CLUSTER, _VERDICT, _DIES, _HAPPENED), rows)


_CLUSTER, _VERDICT = Text("cluster", "集群"), Text("verdict", "结果")
_DIES, _HAPPENED = Text("dies on", "丢在"), Text("what happened", "发生了什么")
_WAYS = {Direction.REQUEST: Text("the way there", "去程"), Direction.REPLY: Text("the way back", "回程")}


def _way(outcome: Outcome) -> Text:
    return same("-") if outcome.where is None else _WAYS[outcome.where.direction]
