"""getaddrinfo of glibc 2.36 as far as it asks name servers.

Sources: resolv/res_query.c (__res_context_search, __res_context_query), resolv/res_send.c (__res_context_send, send_dg,
nameserver_offset), resolv/nss_dns/dns-host.c, sysdeps/posix/getaddrinfo.c.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator

from engine.dns.addresses import in_order
from engine.dns.answers import Ask, DNSQuery, Lookup, can_be_asked
from engine.dns.resolver_config import ResolverConfig
from engine.dns.zone import NOERROR, ZoneAnswer
from engine.errors import UnsupportedFeature


class HostError(enum.Enum):
    """h_errno (netdb.h)."""

    HOST_NOT_FOUND = enum.auto()
    TRY_AGAIN = enum.auto()
    NO_RECOVERY = enum.auto()
    NO_DATA = enum.auto()


# gaih_inet, at its end.
_CODES = {HostError.TRY_AGAIN: "EAI_AGAIN", HostError.NO_DATA: "EAI_NODATA"}


class GlibcResolver:
    """One look-up. `rotation` is the server that `rotate` begins with: glibc draws it, then goes one on with every name."""

    def __init__(self, config: ResolverConfig, ask: Ask, family: str, dead: frozenset[str], rotation: int) -> None:
        if "use-vc" in config.flags and dead & set(config.nameservers):
            raise UnsupportedFeature(
                "a dead server with use-vc is not modelled: how long TCP waits is the kernel's",
                zh="不支持 use-vc 与失效的服务器并用：TCP 等多久由内核决定",
            )
        self._config = config
        self._ask = ask
        self._family = family
        no_aaaa = "no-aaaa" in config.flags
        # With no-aaaa A is asked for in AAAA's stead, to learn whether the name is there at all (res-noaaaa.c).
        self._existence = no_aaaa and family == "inet6"
        self._types = ("A",) if family == "inet" or no_aaaa else ("AAAA",) if family == "inet6" else ("A", "AAAA")
        self._dead = dead
        self._rotation = rotation
        self._queries: list[DNSQuery] = []
        self._seconds = 0

    def lookup(self, name: str) -> Lookup:
        error, answers = self._search(name)
        found = tuple(address for answer in answers for kind in ("A", "AAAA") for address in answer.values(kind))
        if error is None and not found:
            # Only a CNAME: the search is over, and nothing was found. Which code that is differs by family, as measured on
            # Debian's 2.36 (gethostbyname2_r for AF_INET, gethostbyname4_r for AF_UNSPEC).
            error = HostError.NO_DATA if self._family == "inet" else HostError.HOST_NOT_FOUND
        code = _CODES.get(error, "EAI_NONAME") if error else ""
        return Lookup(tuple(self._queries), in_order("glibc", found), self._seconds, code)

    def _search(self, name: str) -> tuple[HostError | None, tuple[ZoneAnswer, ...]]:
        """The name as it is where it has ndots dots, then with each domain, then as it is if that was not tried.

        NXDOMAIN and NODATA lead on to the next domain; no answer at all ends the list, and the name itself comes next.
        """
        whole = name.endswith(".")
        dots = name.count(".")
        first: HostError | None = None
        if dots >= self._config.ndots or whole:
            error, answers = self._query(name.removesuffix("."))
            if error is None or whole:
                return error, answers
            first = error
        last, got_nodata, root_on_list = HostError.HOST_NOT_FOUND, False, False
        for domain in self._config.search:
            root_on_list |= domain == "."
            error, answers = self._query(f"{name}.{domain.removeprefix('.')}".removesuffix("."))
            if error is None:
                return error, answers
            last = error
            got_nodata |= error is HostError.NO_DATA
            if error not in (HostError.NO_DATA, HostError.HOST_NOT_FOUND):
                break
        as_is = dots or not self._config.search or "no-tld-query" not in self._config.flags
        if as_is and first is None and not root_on_list:
            error, answers = self._query(name)
            if error is None:
                return error, answers
            last = error
        return first or (HostError.NO_DATA if got_nodata else last), ()

    def _query(self, name: str) -> tuple[HostError | None, tuple[ZoneAnswer, ...]]:
        if not can_be_asked(name):
            return HostError.NO_RECOVERY, ()
        answers = self._send(name)
        if not answers:
            return HostError.TRY_AGAIN, ()
        if not self._existence and any(answer.rcode == NOERROR and answer.records for answer in answers):
            return None, answers
        missing = any(answer.rcode != NOERROR for answer in answers)
        return HostError.HOST_NOT_FOUND if missing else HostError.NO_DATA, ()

    def _send(self, name: str) -> tuple[ZoneAnswer, ...]:
        """The first server that answers; none of them, `attempts` times over: no answers, and the seconds have gone by."""
        serial = bool(self._config.flags & {"single-request", "single-request-reopen"})
        for index in self._turns():
            server = self._config.nameservers[index]
            if server not in self._dead:
                answers = tuple(self._ask(name, kind) for kind in self._types)
                for kind, answer in zip(self._types, answers, strict=True):
                    query = DNSQuery(server, name, kind, answer.rcode, len(answer.records), self._seconds)
                    self._queries.append(query)
                return answers
            # One at a time, the second waits for the answer to the first.
            for kind in self._types[:1] if serial else self._types:
                self._queries.append(DNSQuery(server, name, kind, at=self._seconds))
            self._seconds += self._patience(index)
        return ()

    def _turns(self) -> Iterator[int]:
        """The servers in the order they are tried for one name, by index."""
        count = len(self._config.nameservers)
        offset = 0
        if "rotate" in self._config.flags and count > 1:
            offset = self._rotation
            self._rotation += 1
        for _ in range(self._config.attempts):
            for shift in range(count):
                yield (offset + shift) % count

    def _patience(self, index: int) -> int:
        """Seconds that are waited for a server, by its place in the file."""
        seconds = self._config.timeout << index
        return max(1, seconds // len(self._config.nameservers) if index else seconds)
