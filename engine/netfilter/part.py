"""What one module of parts/ is made of: matches and targets that decide, and how their text is read.

A part says everything of itself in its own module: its data, its text in iptables and nft (ruleset.Match, Target), how
it decides (ModelledMatch.holds, ModelledTarget.act), whether it is pure and what it is indexed by, its sources. `PART` at
the end of the module says what text it is read from; registry.py collects them. Nothing else may name a single part,
but who writes rules with it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from engine.netfilter.context import Context, Decision
from engine.netfilter.ruleset import Match, Target
from engine.packet import Family
from engine.trace import Text
from engine.values import dataclass, pattern

# A message is for a person; the text it quotes may be of any length.
_LONGEST = 300


class BadRule(Exception):
    """What is wrong with a line. `line` is where, if it is not the line being read; the reader adds the file."""

    def __init__(self, message: str, line: int | None = None, zh: str = "") -> None:
        self.zh = zh if len(zh) <= _LONGEST else zh[: _LONGEST - 1] + "…"
        super().__init__(message if len(message) <= _LONGEST else message[: _LONGEST - 3] + "...")
        self.line = line


# What Python says of a word that is no number, address or network -> what we say.
_PYTHONS = (
    (pattern(r"(?:invalid literal for int\(\) with base [0-9]+|could not convert string to float): (.*)", re.DOTALL), "is not a number", "不是数字"),
    (pattern(r"(.*) does not appear to be an IPv4 or IPv6 (?:address|network)", re.DOTALL), "is not an IP address or network", "不是 IP 地址或网段"),
    (pattern(r"(.*) has host bits set", re.DOTALL), "has bits set behind its prefix", "在前缀之后还有非零位"),
    (pattern(r"(.*) is not a valid \w+", re.DOTALL), "is not known here", "在此未知"),
)  # fmt: skip


def in_own_words(error: Exception) -> Text:
    """What a reader's error says, in both languages; nothing of Python's own."""
    if isinstance(error, BadRule):
        return Text(str(error), error.zh)
    if isinstance(error, KeyError):
        return Text(f"{error} is not known here", f"{error} 在此未知")
    for said, en, zh in _PYTHONS:
        found = said.fullmatch(str(error))
        if found is not None:
            return Text(f"{found[1]} {en}", f"{found[1]} {zh}")
    return Text(str(error), f"无法理解：{error}")


class ModelledMatch(Match):
    """A match that is decided as the kernel decides it."""

    __slots__ = ()

    def holds(self, context: Context) -> bool | None:
        """Whether the packet matches; None where nothing in the model tells (which process sent it, a MAC address)."""
        raise NotImplementedError


class ModelledTarget(Target):
    """A target that does what the kernel's does. It records itself in the context's events."""

    __slots__ = ()

    def act(self, context: Context) -> Decision:
        """Let it do its work on the packet."""
        raise NotImplementedError

    def destinations(self) -> Iterable[tuple[str, int | None]]:
        """The (address, port) that it may give a packet as its destination; nothing where it gives none."""
        return ()


Matches: TypeAlias = tuple[Match, ...]
# What stands behind -s, -i, ...: (text, negated, family). () says nothing (-s 0.0.0.0/0), None is not modelled.
HeaderReader: TypeAlias = Callable[[str, bool, Family], Matches | None]
# What stands behind -m or -j: (name, words, family). None where one of the options is not modelled.
MatchReader: TypeAlias = Callable[[str, list[str], Family], Matches | None]
TargetReader: TypeAlias = Callable[[str, list[str], Family], Target | None]
# A form of nft's text, and what is made of it in a table of a family. ValueError and KeyError mean: not understood.
NftMatch: TypeAlias = tuple[str, Callable[[re.Match[str], Family], Match]]
NftTarget: TypeAlias = tuple[str, Callable[[re.Match[str], Family], Target]]


@dataclass(frozen=True, slots=True)
class Part:
    """What one module holds: its classes, and the text they are read from.

    `header` is by option (-s), `modules` by the name behind -m, `jumps` by the name behind -j. The patterns of
    `nft_matches` fit the beginning of what is left of a rule, those of `nft_targets` all of it. No text is two parts', so that
    their order means nothing; but what is read by a `general` part is another's, where that reads it too.
    """

    classes: tuple[type[Match] | type[Target], ...]
    header: Mapping[str, HeaderReader] = dataclasses.field(default_factory=dict)
    modules: Mapping[str, MatchReader] = dataclasses.field(default_factory=dict)
    jumps: Mapping[str, TargetReader] = dataclasses.field(default_factory=dict)
    nft_matches: tuple[NftMatch, ...] = ()
    nft_targets: tuple[NftTarget, ...] = ()
    general: bool = False
