"""What each libc makes of a resolv.conf.

Sources: resolv.conf(5); glibc 2.36's resolv/res_init.c; musl 1.2.3's src/network/resolvconf.c. Both keep three name
servers, and both take 127.0.0.1 where there is none. The environment (LOCALDOMAIN, RES_OPTIONS) is taken to be empty, and
the host's own name to have no domain, as a pod's has none.
"""

from __future__ import annotations

import re

from engine.dns.addresses import literal
from engine.errors import UnsupportedFeature
from engine.values import dataclass

MAX_NAMESERVERS = 3
_LOOPBACK = ("127.0.0.1",)

# Flags that glibc 2.36 knows, longest first where one begins like another: it compares beginnings.
_GLIBC_FLAGS = (
    "rotate",
    "edns0",
    "single-request-reopen",
    "single-request",
    "no_tld_query",
    "no-tld-query",
    "no-reload",
    "use-vc",
    "trust-ad",
    "no-aaaa",
)
# musl reads a line into 256 bytes and passes over one that does not fit.
_MUSL_LINE = 256
# What C's isspace takes.
_BLANK = " \t\n\v\f\r"


@dataclass(frozen=True, slots=True)
class ResolverConfig:
    """`timeout` in seconds; `flags` are the options without a number that the libc knows, by resolv.conf(5)'s names."""

    nameservers: tuple[str, ...] = _LOOPBACK
    search: tuple[str, ...] = ()
    ndots: int = 1
    timeout: int = 5
    attempts: int = 2
    flags: frozenset[str] = frozenset()


def read_glibc(text: str) -> ResolverConfig:
    """resolv.conf as glibc 2.36 reads it. ndots is at most 15, timeout 30, attempts 5.

    Raises UnsupportedFeature for `sortlist`.
    """
    nameservers: list[str] = []
    search: tuple[str, ...] = ()
    numbers, flags = {"ndots": 1, "timeout": 5, "attempts": 2}, set[str]()
    for line in text.split("\n"):
        keyword, blank, rest = _split(line, " \t")
        # A tab or a blank must follow, and a comment begins in the first column.
        if not blank or not rest:
            continue
        if keyword == "nameserver":
            nameservers.extend(_server(re.split(r"[ \t]", rest)[0]))
        elif keyword in ("search", "domain"):
            found = tuple(re.split(r"[ \t]+", rest.strip(" \t")))
            search = found if keyword == "search" else found[:1]
        elif keyword == "options":
            for option in re.split(r"[ \t]+", rest):
                _glibc_option(option, numbers, flags)
        elif keyword == "sortlist":
            raise UnsupportedFeature(
                "sortlist in a resolv.conf is not modelled; remove it", zh="不支持 resolv.conf 里的 sortlist；请去掉它"
            )
    return ResolverConfig(
        tuple(nameservers[:MAX_NAMESERVERS]) or _LOOPBACK,
        search,
        min(numbers["ndots"], 15),
        min(numbers["timeout"], 30),
        min(numbers["attempts"], 5),
        frozenset(flags),
    )


def _glibc_option(option: str, numbers: dict[str, int], flags: set[str]) -> None:
    name, colon, value = option.partition(":")
    if colon and name in numbers:
        # atoi: what is no number is 0. ndots is a field of four bits.
        digits = re.match(r"[+-]?[0-9]{1,9}", value)
        number = int(digits.group()) if digits else 0
        numbers[name] = number & 15 if name == "ndots" and number < 0 else max(number, 0)
        return
    known = next((flag for flag in _GLIBC_FLAGS if option.startswith(flag)), None)
    if known:
        flags.add(known.replace("_", "-"))


def read_musl(text: str) -> ResolverConfig:
    """resolv.conf as musl 1.2.3 reads it. ndots is at most 15, timeout 60, attempts 10; of the options it knows no other.

    A line of 256 bytes or more is passed over whole, so a search list can be too long to be used at all.
    Raises UnsupportedFeature for `attempts:0`, by which musl divides.
    """
    nameservers: list[str] = []
    search: tuple[str, ...] = ()
    numbers = {"ndots": 1, "timeout": 5, "attempts": 2}
    most = {"ndots": 15, "timeout": 60, "attempts": 10}
    *lines, unfinished = text.split("\n")
    for line in (*(line + "\n" for line in lines), unfinished):
        # At the file's end a line needs as many bytes without its newline: that it has ended is not seen before.
        if len(line.encode()) + (not line.endswith("\n")) >= _MUSL_LINE:
            continue
        keyword, blank, rest = _split(line, _BLANK)
        if not blank:
            continue
        if keyword == "options":
            for name in numbers:
                # The name may stand anywhere in the line, also within another word.
                found = re.search(rf"{name}:([0-9]*)", line)
                if found and found.group(1):
                    numbers[name] = min(int(found.group(1)[:9]), most[name])
        elif keyword == "nameserver" and len(nameservers) < MAX_NAMESERVERS:
            nameservers.extend(_server(rest.split()[0] if rest.split() else ""))
        elif keyword in ("search", "domain"):
            search = tuple(rest.split())
    if not numbers["attempts"]:
        raise UnsupportedFeature(
            "options attempts:0 ends a program of musl's (it divides by it); write at least 1",
            zh="options attempts:0 会使 musl 的程序崩溃（除以零）；请至少写 1",
        )
    return ResolverConfig(
        tuple(nameservers) or _LOOPBACK, search, numbers["ndots"], numbers["timeout"], numbers["attempts"]
    )


def _split(line: str, blanks: str) -> tuple[str, str, str]:
    """The keyword in the first column, the blank after it ("" where there is none), and what follows all blanks."""
    end = next((i for i, sign in enumerate(line) if sign in blanks), len(line))
    return line[:end], line[end : end + 1], line[end:].lstrip(blanks)


def _server(text: str) -> list[str]:
    """A name server's address, canonical, as a list of one; empty for what is none, which both libraries pass over."""
    address = literal(text)
    return [address] if address else []
