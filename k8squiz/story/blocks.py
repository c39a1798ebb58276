"""What a guided story is made of. Plain values: screens draw them, export writes them, tests read them."""

from __future__ import annotations

import enum

from engine.cluster import Cluster, Mode
from engine.trace import Outcome, Request, Text
from engine.values import dataclass
from k8squiz.story.picture.beside import WalksBeside
from k8squiz.story.picture.layout import WalkLayout


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: Text


@dataclass(frozen=True, slots=True)
class Walk:
    """A live trace, and its picture. `caption` says who asks whom for what."""

    caption: Text
    outcome: Outcome
    layout: WalkLayout


@dataclass(frozen=True, slots=True)
class BesideWalk:
    """Two walks held against each other; `names` say which is which."""

    caption: Text
    names: tuple[Text, Text]
    pair: WalksBeside


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


Block = Paragraph | Walk | BesideWalk | Rules | Grid | Steps


@dataclass(frozen=True, slots=True)
class Section:
    title: Text
    blocks: tuple[Block, ...]


class Holds(enum.Enum):
    """Whether what people say is so."""

    NO = "no"
    YES = "yes"
    DEPENDS = "depends"


@dataclass(frozen=True, slots=True)
class Claim:
    """Something candidates say, and what was computed or measured. Mostly it is wrong or out of date."""

    claim: Text
    truth: Text
    holds: Holds = Holds.NO


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
    sections: tuple[Section, ...]
    claims: tuple[Claim, ...]
    points: tuple[Text, ...]
    follow_ups: tuple[Text, ...]
    sources: tuple[str, ...]
    without: tuple[str, ...] = ()
    """What `--without` can take away in this story."""
    live: tuple[Live, ...] = ()
    """What `--live` runs on this machine's kernel."""
    spoken: tuple[Text, ...] = ()
    """The whole story as one would say it in an interview, in a minute or two."""

    def drawings(self) -> list[tuple[Text, WalkLayout]]:
        """Every walk of the story under its caption, in order: what a drawing of it shows."""
        walks = [block for section in self.sections for block in section.blocks if isinstance(block, Walk)]
        return [(walk.caption, walk.layout) for walk in walks]


def same(text: str) -> Text:
    """A text that reads the same in both languages: an address, a rule, a command."""
    return Text(text, text)
