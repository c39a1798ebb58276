"""Look-ups drawn by a seed: a resolv.conf, a zone, name servers that are dead, names that are looked up. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

from engine.dns.lookup import Family
from engine.dns.zone import Zone
from engine.values import dataclass

SERVERS = ("10.96.0.10", "169.254.20.10", "10.0.0.53")
_SEARCH = ("default.svc.cluster.local", "svc.cluster.local", "cluster.local", "corp.example", "example.org", "int")
_FLAGS = (
    *("rotate", "single-request", "single-request-reopen", "edns0", "trust-ad", "no-aaaa", "no-tld-query", "no-reload"),
    *("inet6", "nonsense", "use", "singlerequest"),
)
# What is in a zone: a name, and which of its records may be there.
_NAMES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "web.default.svc.cluster.local": (("A", "10.96.7.7"),),
    "dual.default.svc.cluster.local": (("A", "10.96.7.8"), ("AAAA", "fd00:96::8")),
    "six.default.svc.cluster.local": (("AAAA", "fd00:96::9"),),
    "db.other.svc.cluster.local": (("A", "10.1.2.3"), ("A", "10.1.2.4")),
    "ext.default.svc.cluster.local": (("CNAME", "www.example.org"),),
    "away.default.svc.cluster.local": (("CNAME", "nowhere.example.net"),),
    "www.example.org": (("A", "93.184.216.34"), ("AAAA", "2606:2800:220:1::34")),
    "example.org": (("A", "93.184.216.35"),),
    "host.corp.example": (("A", "172.20.0.4"),),
    "host": (("A", "172.20.0.5"),),
    "text.example.org": (("TXT", "words"),),
    "a.b.c.d.e.example.org": (("A", "192.0.2.66"),),
}
_ASKED = (
    *("web", "web.default", "web.default.svc", "web.default.svc.cluster.local", "web.default.svc.cluster.local."),
    *(
        "dual",
        "six",
        "db.other",
        "db",
        "ext",
        "away",
        "example.org",
        "example.org.",
        "www.example.org",
        "host",
        "host.",
    ),
    *(
        "text.example.org",
        "a.b.c.d.e.example.org",
        "nothing",
        "no.such.name",
        "svc.cluster.local",
        "x.y.z.w.v.u.t",
        "WEB.Default",
    ),
)
_FAMILIES: tuple[Family, ...] = ("inet", "inet6", "unspec", "unspec")
_MOST = 8


@dataclass(frozen=True, slots=True)
class LookupCase:
    """`names`: what is looked up, and whether IPv4 alone is wanted ("inet"), IPv6 alone ("inet6") or both ("unspec")."""

    name: str
    resolv_conf: str
    zone: Zone
    dead: frozenset[str]
    names: tuple[tuple[str, Family], ...]


def lookup_cases(seed: int) -> Iterator[LookupCase]:
    """Cases without end, the same for the same seed."""
    number = 0
    while True:
        draw = random.Random(f"k8squiz look-ups {seed} {number}")
        servers = draw.sample(SERVERS, draw.choice((1, 1, 2, 2, 3)))
        # Whoever is dead is waited for.
        dead = frozenset(draw.sample(servers, draw.randrange(len(servers)))) if not draw.randrange(4) else frozenset()
        kept = {name: records for name, records in _NAMES.items() if draw.randrange(4)}
        names = dict.fromkeys((draw.choice(_ASKED), draw.choice(_FAMILIES)) for _ in range(_MOST))
        text = _resolv_conf(draw, servers, waits=bool(dead))
        yield LookupCase(f"seed {seed} look-up {number}", text, kept, dead, tuple(names)[: 3 if dead else _MOST])
        number += 1


def _resolv_conf(draw: random.Random, servers: list[str], *, waits: bool) -> str:
    blank = draw.choice((" ", " ", "\t", "  "))
    lines = [f"nameserver{blank}{server}{draw.choice(('', '', ' ', ' # comment'))}" for server in servers]
    domains = draw.sample(_SEARCH, draw.choice((0, 1, 3, 3, 4)))
    usual = list(_SEARCH[:3])
    if domains:
        lines.append(
            f"{draw.choice(('search', 'search', 'search', 'domain'))}{blank}{blank.join(draw.choice((usual, domains)))}"
        )
    options = [f"ndots:{draw.choice((0, 1, 2, 5, 5, 15, 20))}"] if draw.randrange(5) else []
    options += (
        ["timeout:1", f"attempts:{draw.choice((1, 2))}"] if waits else draw.choice(([], ["attempts:3"], ["timeout:2"]))
    )
    options += draw.sample(_FLAGS, draw.choice((0, 0, 1, 2)))
    draw.shuffle(options)
    if options:
        lines.append(f"options {' '.join(options)}")
    lines += draw.choice(([], ["# a comment"], ["; another"], [" options ndots:9"], ["", "search"]))
    if not draw.randrange(3):
        draw.shuffle(lines)
    return "\n".join(lines) + draw.choice(("\n", "\n", ""))
