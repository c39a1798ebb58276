"""What ip's objects share: its options, its way of taking a word by its beginning, its complaints."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from engine.network.routes import number
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """`family` 4 or 6, None: both, or the object's default."""

    family: int | None = None
    brief: bool = False
    details: bool = False
    oneline: bool = False
    statistics: bool = False


class BadUsage(Exception):
    """What ip says of words that it does not take, with its exit status."""

    def __init__(self, message: str, status: int = 255) -> None:
        super().__init__(message)
        self.status = status


def read_options(words: Sequence[str]) -> tuple[Options, tuple[str, ...]]:
    """The options before the object, and what follows them. Raises BadUsage."""
    family: int | None = None
    flags = {"brief": False, "details": False, "oneline": False, "statistics": False}
    at = 0
    while at < len(words) and words[at].startswith("-"):
        word = words[at].lstrip("-")
        at += 1
        if word in ("4", "6"):
            family = int(word)
        elif word and "brief".startswith(word) and word.startswith("br"):
            flags["brief"] = True
        elif word and word[0] in "dos" and (name := next((n for n in flags if n.startswith(word)), None)):
            flags[name] = True
        elif word in ("c", "color", "N", "n", "h", "human", "a", "all"):
            continue
        elif word in ("V", "Version"):
            raise BadUsage("ip utility, iproute2-6.1.0", 0)
        elif word and "json".startswith(word):
            raise BadUsage("ip: -json is not simulated here; -br and -o are")
        else:
            raise BadUsage(f'Option "{words[at - 1]}" is unknown, try "ip -help".')
    if flags["statistics"]:
        raise BadUsage("ip: -statistics is not simulated here: counters are no part of it; without it is")
    return Options(family, **flags), tuple(words[at:])


def begins(word: str, *names: str) -> bool:
    """Whether `word` is the beginning of one of the names, as ip's matches() has it."""
    return bool(word) and any(name.startswith(word) for name in names)


def prefix_of(word: str, version: int | None = None) -> str:
    """A prefix as ip reads it: `default`, 10.0.0.0/8, an address alone for itself; canonical. Raises BadUsage."""
    if word in ("default", "all", "any"):
        return "::/0" if version == 6 else "0.0.0.0/0"
    try:
        network = ipaddress.ip_network(word, strict=False)
    except ValueError:
        raise BadUsage(f'Error: any valid prefix is expected rather than "{word}".', 1) from None
    return str(network)


def address_of(word: str) -> str:
    """An address. Raises BadUsage."""
    try:
        return str(ipaddress.ip_address(word))
    except ValueError:
        raise BadUsage(f'Error: any valid address is expected rather than "{word}".', 1) from None


def shown_prefix(prefix: str) -> str:
    """As ip prints it: `default`, an address without its full length."""
    if prefix in ("0.0.0.0/0", "::/0"):
        return "default"
    address, _, length = prefix.partition("/")
    return address if length == ("32" if number(address)[0] == 4 else "128") else prefix
