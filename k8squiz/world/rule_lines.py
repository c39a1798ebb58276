"""A ruleset's text as lines one can count and pick: iptables-save, and `nft list ruleset` as far as it has rules."""

from __future__ import annotations

import re

from engine.values import dataclass

# What a rule, or an entry of a map, says to people alone.
_COMMENT = re.compile(r' (?:-m comment --)?comment "[^"]*"')


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule (`text` as printed), or with `declares` the chain itself."""

    table: str
    chain: str
    text: str
    declares: bool = False


def brief(rule: str) -> str:
    """A rule or an entry as printed, less its comment, which decides nothing."""
    return _COMMENT.sub("", rule)


def rule_lines(text: str) -> tuple[RuleLine, ...]:
    """The chains and rules of a ruleset's text, in order."""
    return tuple(_nft(text) if text.lstrip().startswith("table") else _iptables(text))


def _iptables(text: str) -> list[RuleLine]:
    found, table = [], ""
    for line in text.splitlines():
        if line.startswith("*"):
            table = line[1:]
        elif line.startswith(":"):
            found.append(RuleLine(table, line[1:].split(" ", 1)[0], line, declares=True))
        elif line.startswith("-A ") and table:
            found.append(RuleLine(table, line.split(" ", 2)[1], line))
    return found


def _nft(text: str) -> list[RuleLine]:
    found, table, chain = [], "", ""
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("table "):
            table = line.removesuffix("{").split()[-1]
        elif line.startswith("chain "):
            chain = line.removesuffix("{").split()[1]
            found.append(RuleLine(table, chain, line, declares=True))
        elif line == "}":
            chain = ""
        elif chain and line and not line.startswith("type "):
            found.append(RuleLine(table, chain, line))
    return found
