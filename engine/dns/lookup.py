"""getaddrinfo, from a resolv.conf and a name to the queries and the addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from engine.dns.addresses import Libc, literal
from engine.dns.answers import Ask, Lookup, in_one_datagram
from engine.dns.glibc import GlibcResolver
from engine.dns.musl import MuslResolver
from engine.dns.resolver_config import read_glibc, read_musl
from engine.dns.zone import Zone, ZoneAnswer, ZoneIndex
from engine.errors import EngineError, UnsupportedFeature, quoted
from engine.values import pattern

Family = Literal["inet", "inet6", "unspec"]

# Host names, and the underscore that both libraries let pass.
_NAME = pattern(r"(?=.*[A-Za-z0-9_])[A-Za-z0-9_.-]+")
# What both libraries refuse before a query is sent: glibc by res_hnok, musl by strnlen.
_LONGEST_NAME = 254


def lookup(
    *,
    resolv_conf: str,
    name: str,
    libc: Libc = "glibc",
    family: Family = "unspec",
    zone: Zone,
    dead: Iterable[str] = (),
    rotation: int = 0,
) -> Lookup:
    """What getaddrinfo(3) asks for `name` and what it gives back: glibc 2.36's or musl 1.2.3's.

    `resolv_conf` is the file's text. `family` is the hint ai_family: "inet" asks for A, "inet6" for AAAA, "unspec" for both
    (without AI_ADDRCONFIG). `zone` maps each name to its (type, value) pairs: what all name servers answer from. `dead` names the
    servers (addresses) that never answer, as a packet lost on the way; for each the whole timeout is waited. `rotation` is
    the server that glibc's option rotate begins with, which it draws at random (0: the first of the file).

    Taken for granted: no /etc/hosts and no nscd; no addresses of the host's own that would put one result before another
    (RFC 6724 rules 1 to 5 and 9), so that precedence and scope alone do.

    Raises EngineError for a name that is none and for an unknown libc or family, UnsupportedFeature for what is not
    modelled: answers of more than 512 bytes, sortlist, use-vc with a dead server, musl with attempts:0 or `search .`.
    """
    _check(name, libc, family)
    address = literal(name)
    if address is not None:
        fits = family == "unspec" or (":" in address) is (family == "inet6")
        # glibc says EAI_ADDRFAMILY to an address of the other family, musl EAI_NONAME.
        error = "" if fits else "EAI_ADDRFAMILY" if libc == "glibc" else "EAI_NONAME"
        return Lookup(result=(address,) if fits else (), error=error)
    if len(name) > _LONGEST_NAME or libc == "glibc" and _refused_by_glibc(name, family):
        return Lookup(error="EAI_NONAME")
    ask = _asker(zone)
    silent = frozenset(literal(server) or server for server in dead)
    if libc == "glibc":
        return GlibcResolver(read_glibc(resolv_conf), ask, family, silent, rotation).lookup(name)
    return MuslResolver(read_musl(resolv_conf), ask, family, silent).lookup(name)


def _refused_by_glibc(name: str, family: str) -> bool:
    """What glibc does not ask: a name that begins with a hyphen (res_hnok), and, where only IPv4 is wanted, one of digits and
    dots that is no address (nss/digits_dots.c)."""
    return (
        name.startswith("-")
        or family == "inet"
        and name[0].isdigit()
        and re.fullmatch(r"[0-9.]*[0-9]", name) is not None
    )


def _asker(zone: Zone) -> Ask:
    index = ZoneIndex(zone)

    def ask(name: str, record_type: str) -> ZoneAnswer:
        return in_one_datagram(name, index.answer(name, record_type))

    return ask


def _check(name: str, libc: str, family: str) -> None:
    if libc not in ("glibc", "musl"):
        raise UnsupportedFeature(
            f"libc must be glibc or musl, not {quoted(libc)}", zh=f"libc 必须是 glibc 或 musl，而不是 {quoted(libc)}"
        )
    if family not in ("inet", "inet6", "unspec"):
        raise UnsupportedFeature(
            f"family must be inet, inet6 or unspec, not {quoted(family)}",
            zh=f"family 必须是 inet、inet6 或 unspec，而不是 {quoted(family)}",
        )
    if not _NAME.fullmatch(name) and literal(name) is None:
        raise EngineError(
            f"{quoted(name)} is no host name: letters, digits, hyphens and dots",
            zh=f"{quoted(name)} 不是主机名：只能含字母、数字、连字符和点",
        )
