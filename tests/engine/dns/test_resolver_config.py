"""How each libc reads a resolv.conf: the same lines, two readings."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from engine.dns.resolver_config import ResolverConfig, read_glibc, read_musl
from engine.errors import UnsupportedFeature
from tests.rows import named

PLAIN = ResolverConfig()
LONG = "search " + " ".join(f"a{n:02}.example.internal" for n in range(12))


@pytest.mark.parametrize(
    ("text", "glibc", "musl"),
    named(
        {
            "an empty file": ("", {}, {}),
            "the last search counts": ("search a.test\nsearch b.test c.test\n", {"search": ("b.test", "c.test")}, {"search": ("b.test", "c.test")}),
            "domain has one for glibc": ("domain a.test b.test\n", {"search": ("a.test",)}, {"search": ("a.test", "b.test")}),
            "an empty search: glibc keeps the last": ("search a.test\nsearch \n", {"search": ("a.test",)}, {}),
            "a line of 256 bytes is none for musl": (LONG + "\n", {"search": tuple(LONG.split()[1:])}, {}),
            "254 bytes and the newline fit": (
                f"search {'a' * 247}\n", {"search": ("a" * 247,)}, {"search": ("a" * 247,)},
            ),
            "254 bytes at the file's end fit": (f"search {'a' * 247}", {"search": ("a" * 247,)}, {"search": ("a" * 247,)}),
            "255 do not": (f"search {'a' * 248}", {"search": ("a" * 248,)}, {}),
            "an indented line is none": (" search a.test\n", {}, {}),
            "nor is one without blank": ("searcha.test\nnameserver\n", {}, {}),
            "a comment": ("# nameserver 10.0.0.1\n; search a.test\n", {}, {}),
            "ndots": ("options ndots:3\n", {"ndots": 3}, {"ndots": 3}),
            "ndots is at most 15": ("options ndots:99\n", {"ndots": 15}, {"ndots": 15}),
            "what is no number is 0 for glibc": ("options ndots:x\n", {"ndots": 0}, {}),
            "the last of several options counts": ("options ndots:3\noptions ndots:4\n", {"ndots": 4}, {"ndots": 4}),
            "in one line it is the first for musl": ("options ndots:3 ndots:4\n", {"ndots": 4}, {"ndots": 3}),
            "musl finds it within a word": ("options xndots:3\n", {}, {"ndots": 3}),
            "timeout's limit differs": ("options timeout:99\n", {"timeout": 30}, {"timeout": 60}),
            "attempts' too": ("options attempts:99\n", {"attempts": 5}, {"attempts": 10}),
            "flags are glibc's": ("options rotate single-request-reopen\n", {"flags": frozenset({"rotate", "single-request-reopen"})}, {}),
            "all of them": (
                "options rotate edns0 single-request single-request-reopen no-tld-query no-reload use-vc trust-ad no-aaaa\n",
                {"flags": frozenset(["rotate", "edns0", "single-request", "single-request-reopen", "no-tld-query", "no-reload", "use-vc", "trust-ad", "no-aaaa"])}, {},
            ),
            "an older spelling": ("options no_tld_query\n", {"flags": frozenset({"no-tld-query"})}, {}),
            "an unknown option is nothing": ("options debug inet6\n", {}, {}),
            "name servers, three of them": (
                "nameserver 10.0.0.1\nnameserver ::1\nnameserver 10.0.0.3 # here\nnameserver 10.0.0.4\n",
                {"nameservers": ("10.0.0.1", "::1", "10.0.0.3")}, {"nameservers": ("10.0.0.1", "::1", "10.0.0.3")},
            ),
            "a name is no name server": ("nameserver dns.test\n", {}, {}),
            "a scope stays": ("nameserver fe80::1%eth0\n", {"nameservers": ("fe80::1%eth0",)}, {"nameservers": ("fe80::1%eth0",)}),
        }
    ),
)  # fmt: skip
def test_a_file_read_twice(text: str, glibc: dict[str, Any], musl: dict[str, Any]) -> None:
    assert read_glibc(text) == dataclasses.replace(PLAIN, **glibc)
    assert read_musl(text) == dataclasses.replace(PLAIN, **musl)


def test_sortlist_is_refused() -> None:
    with pytest.raises(UnsupportedFeature, match="sortlist"):
        read_glibc("sortlist 10.0.0.0/8\n")
    assert read_musl("sortlist 10.0.0.0/8\n") == PLAIN
