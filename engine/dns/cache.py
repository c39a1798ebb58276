"""What CoreDNS' cache answers and for how long: the seconds for which a change is not seen.

Sources: CoreDNS' plugin/cache (cache.go computeTTL, handler.go getIgnoreTTL, item.go), plugin/pkg/dnsutil/ttl.go,
plugin/kubernetes (ttl, 5 seconds by default; the SOA of a denial has it too, up to 300); kubeadm's Corefile (`ttl 30`,
`cache 30`) and NodeLocal DNSCache's (`success 9984 30`, `denial 9984 5` for the cluster's domain; kubernetes/kubernetes,
cluster/addons/dns/nodelocaldns). Not modelled: capacity, prefetch, serve_stale.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

from engine.dns.answers import Ask
from engine.dns.zone import NOERROR, ZoneAnswer, key_of
from engine.values import dataclass

# plugin/pkg/dnsutil: no answer is kept for less.
_SHORTEST = 5

Entry = tuple[ZoneAnswer, float, int]
"""An answer, when it was stored, and for how many seconds."""


def _nothing() -> Mapping[tuple[str, str], Entry]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class DNSCache:
    """A cache and what is in it. `success` and `denial` are the longest it keeps an answer and an NXDOMAIN or NODATA, in
    seconds; `success_off` and `denial_off` are domains for which it keeps none (`disable success cluster.local`)."""

    success: int = 3600
    denial: int = 1800
    success_off: tuple[str, ...] = ()
    denial_off: tuple[str, ...] = ()
    entries: Mapping[tuple[str, str], Entry] = dataclasses.field(default_factory=_nothing)


KUBEADM = DNSCache(success=30, denial=30)
NODE_LOCAL = DNSCache(success=30, denial=5)


@dataclass(frozen=True, slots=True)
class CachedReply:
    """An answer on its way back. `ttl` is what its records say, `hit` the place of the cache that had it (None: the zone was
    asked), `caches` what all of them hold then."""

    answer: ZoneAnswer
    ttl: int
    hit: int | None
    caches: tuple[DNSCache, ...]


def ask_through(
    caches: tuple[DNSCache, ...], ask: Ask, name: str, record_type: str, at: float, ttl: int = 30
) -> CachedReply:
    """A query at second `at` through caches, the nearest first (NodeLocal DNSCache before CoreDNS' own): who answers.

    `ask` is the zone as it is then, and `ttl` its records' seconds (kubeadm's 30; the plugin's own default is 5).
    """
    if not caches:
        return CachedReply(ask(name, record_type), ttl, None, ())
    nearest, *others = caches
    key = key_of(name), record_type
    if key in nearest.entries:
        answer, stored, seconds = nearest.entries[key]
        # Whole seconds: an entry counts until less than one is left.
        left = seconds - int(at - stored)
        if left > 0:
            return CachedReply(answer, left, 0, caches)
    further = ask_through(tuple(others), ask, name, record_type, at, ttl)
    hit = None if further.hit is None else further.hit + 1
    kept, seconds = _stored(nearest, key, further.answer, at, further.ttl)
    return CachedReply(further.answer, seconds, hit, (kept, *further.caches))


def _stored(cache: DNSCache, key: tuple[str, str], answer: ZoneAnswer, at: float, ttl: int) -> tuple[DNSCache, int]:
    """The cache with the answer in it, and the TTL that goes on to the client: within the cache's limits, stored or not."""
    found = answer.rcode == NOERROR and bool(answer.records)
    seconds = min(max(ttl, _SHORTEST), cache.success if found else cache.denial)
    if seconds <= 0 or any(_within(key[0], domain) for domain in (cache.success_off if found else cache.denial_off)):
        return cache, seconds
    return dataclasses.replace(cache, entries=MappingProxyType({**cache.entries, key: (answer, at, seconds)})), seconds


def _within(name: str, domain: str) -> bool:
    return f".{name}".endswith(f".{key_of(domain)}")
