"""getaddrinfo of musl 1.2.3 as far as it asks name servers.

Sources: src/network/lookup_name.c (name_from_dns_search, name_from_dns), res_msend.c, res_mkquery.c. Later releases differ
in this: since 1.2.4 a truncated answer is asked for again over TCP, NODATA has an error of its own (EAI_NODATA), and a
domain that makes the name too long is passed over.
"""

from __future__ import annotations

from engine.dns.addresses import in_order
from engine.dns.answers import Ask, DNSQuery, Lookup, can_be_asked
from engine.dns.resolver_config import ResolverConfig
from engine.dns.zone import NOERROR, NXDOMAIN
from engine.errors import UnsupportedFeature

_NONAME, _AGAIN = "EAI_NONAME", "EAI_AGAIN"
# What a name with its domain must stay below (lookup_name.c).
_CANON = 256


class MuslResolver:
    """One look-up: every query goes to all servers at once, and the first answer counts."""

    def __init__(self, config: ResolverConfig, ask: Ask, family: str, dead: frozenset[str]) -> None:
        self._config = config
        self._ask = ask
        self._types = {"inet": ("A",), "inet6": ("AAAA",)}.get(family, ("A", "AAAA"))
        self._dead = dead
        self._queries: list[DNSQuery] = []
        self._seconds = 0

    def lookup(self, name: str) -> Lookup:
        found, error = self._search(name)
        return Lookup(tuple(self._queries), in_order("musl", found), self._seconds, error)

    def _search(self, name: str) -> tuple[tuple[str, ...], str]:
        """With each domain, where the name has fewer than ndots dots and none at its end; then as it is. NXDOMAIN alone
        leads on; NODATA and silence end it. A name with ndots dots never sees the list."""
        plain = name.removesuffix(".")
        if not plain or plain.endswith("."):
            return (), _NONAME
        searched = not name.endswith(".") and name.count(".") < self._config.ndots
        for domain in self._config.search if searched else ():
            if domain == ".":
                raise UnsupportedFeature(
                    "`search .` is not modelled for musl 1.2.3, which sends a malformed query for it; leave the dot out",
                    zh="不支持 musl 1.2.3 的 `search .`：它会发出格式错误的查询；请去掉这个点",
                )
            if len(domain) >= _CANON - len(plain) - 1:
                continue
            answered = self._query(f"{plain}.{domain}".removesuffix("."))
            if answered is not None:
                return answered
        return self._query(plain) or ((), _NONAME)

    def _query(self, name: str) -> tuple[tuple[str, ...], str] | None:
        """Addresses or an error; None for NXDOMAIN."""
        if not can_be_asked(name):
            return (), _NONAME
        if not self._send(name):
            return (), _AGAIN
        answers = [self._ask(name, kind) for kind in self._types]
        if any(answer.rcode == NXDOMAIN for answer in answers):
            return None
        found = tuple(address for answer in answers for kind in ("A", "AAAA") for address in answer.values(kind))
        return found, "" if found and all(answer.rcode == NOERROR for answer in answers) else _NONAME

    def _send(self, name: str) -> bool:
        """Whether a server answers. If none does, all are asked again each timeout / attempts, until the timeout is over:
        `attempts` times in all, since a wait is never shorter than its milliseconds."""
        servers = self._config.nameservers
        interval = 1000 * self._config.timeout // self._config.attempts
        answered = any(server not in self._dead for server in servers)
        for turn in range(self._config.attempts if self._config.timeout else 0):
            for kind in self._types:
                answer = self._ask(name, kind)
                for server in servers:
                    at = self._seconds + turn * interval / 1000
                    silent = server in self._dead
                    rcode, count = ("", 0) if silent else (answer.rcode, len(answer.records))
                    self._queries.append(DNSQuery(server, name, kind, rcode, count, at))
            if answered:
                return True
        self._seconds += self._config.timeout
        return False
