"""What a guided story is made of. Plain values: screens draw them, export writes them, tests read them."""

from __future__ import annotations

from engine.cluster import Cluster, Mode
from engine.trace import Outcome, Request, Text
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: Text


@dataclass(frozen=True, slots=True)
class Walk:
    """A live trace. `caption` says who asks whom for what."""

    caption: Text
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Rules:
    """Lines of a node's compiled ruleset, as the kernel's tool prints them."""

    caption: Text
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table. Cells are already filled in by the engine or by a recorded measurement."""

    caption: Text
    headers: tuple[Text, ...]
    rows: tuple[tuple[Text, ...], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a numbered path: what it is called, and what the trace showed there (None: it never happened)."""

    title: Text
    seen: Text | None


@dataclass(frozen=True, slots=True)
class Steps:
    caption: Text
    steps: tuple[Step, ...]


Block = Paragraph | Walk | Rules | Grid | Steps


@dataclass(frozen=True, slots=True)
class Section:
    title: Text
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """Something candidates say that is wrong or out of date, and what was computed or measured instead."""

    claim: Text
    truth: Text


@dataclass(frozen=True, slots=True)
class Live:
    """A case that a real kernel can be asked about: what is special about the cluster, and the request."""

    name: Text
    cluster: Cluster
    mode: Mode
    request: Request


@dataclass(frozen=True, slots=True)
class Story:
    topic: str
    title: Text
    summary: Text
    cluster_yaml: str
    sections: tuple[Section, ...]
    claims: tuple[Claim, ...]
    points: tuple[Text, ...]
    follow_ups: tuple[Text, ...]
    sources: tuple[str, ...]
    without: tuple[str, ...] = ()
    """What `--without` can take away in this story."""
    live: tuple[Live, ...] = ()
    """What `--live` runs on this machine's kernel."""


def same(text: str) -> Text:
    """A text that reads the same in both languages: an address, a rule, a command."""
    return Text(text, text)
