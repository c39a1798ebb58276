"""What the recordings do not reach, by the libraries' sources: each row is one look-up."""

from __future__ import annotations

import pytest

from engine.dns import Lookup, lookup
from engine.dns.addresses import Libc
from engine.dns.lookup import Family
from engine.errors import EngineError, UnsupportedFeature
from tests.rows import named

ZONE = {
    "web.ns.svc.cluster.local": [("A", "10.96.0.20")],
    "dual.test": [("A", "10.0.0.1"), ("AAAA", "fd00::1"), ("AAAA", "2001:db8::1")],
    "six.test": [("AAAA", "2001:db8::6")],
    "alias.test": [("CNAME", "six.test")],
    "lost.test": [("CNAME", "nowhere.example")],
    "circle.test": [("CNAME", "circle.test")],
    "host": [("A", "10.0.0.9")],
    "text.one.test": [("TXT", "no address")],
    "text.two.test": [("A", "10.0.0.2")],
    "text": [("A", "10.0.0.3")],
}


def conf(options: str = "", search: str = "", servers: int = 1) -> str:
    lines = [f"nameserver 10.0.0.5{n}" for n in range(servers)]
    return "\n".join((*lines, f"search {search}", f"options {options}", ""))


def ask(name: str, resolv_conf: str, libc: str, family: str = "inet", *dead: str, rotation: int = 0) -> Lookup:
    which: Libc = "glibc" if libc == "glibc" else "musl"
    kinds: dict[str, Family] = {"inet": "inet", "inet6": "inet6"}
    kind = kinds.get(family, "unspec")
    return lookup(resolv_conf=resolv_conf, name=name, libc=which, family=kind, zone=ZONE, dead=dead, rotation=rotation)


def short(found: Lookup) -> list[str]:
    return [f"{query.server[-1]} {query.name} {query.type}" for query in found.queries]


@pytest.mark.parametrize(
    ("libc", "name", "resolv_conf", "queries", "result"),
    named(
        {
            "glibc goes on after NODATA": (
                "glibc", "text", conf(search="one.test two.test"),
                ["0 text.one.test A", "0 text.two.test A"], "10.0.0.2",
            ),
            "musl ends at NODATA": ("musl", "text", conf(search="one.test two.test"), ["0 text.one.test A"], "EAI_NONAME"),
            "an empty non-terminal is NODATA": (
                "musl", "svc", conf(search="ns.cluster.local cluster.local"),
                ["0 svc.ns.cluster.local A", "0 svc.cluster.local A"], "EAI_NONAME",
            ),
            "glibc says so when nothing else is found": (
                "glibc", "svc", conf(search="cluster.local"), ["0 svc.cluster.local A", "0 svc A"], "EAI_NODATA",
            ),
            "a name of as many dots as ndots is asked first as it is": (
                "glibc", "web.ns", conf("ndots:1", "svc.cluster.local"),
                ["0 web.ns A", "0 web.ns.svc.cluster.local A"], "10.96.0.20",
            ),
            "musl then never sees the list": ("musl", "web.ns", conf("ndots:1", "svc.cluster.local"), ["0 web.ns A"], "EAI_NONAME"),
            "ndots:0 asks a bare name first": ("glibc", "host", conf("ndots:0", "a.test"), ["0 host A"], "10.0.0.9"),
            "glibc with no-tld-query asks no bare name": (
                "glibc", "host", conf("no-tld-query", "a.test"), ["0 host.a.test A"], "EAI_NONAME",
            ),
            "the root on the list is the name itself, once": (
                "glibc", "none", conf(search=". a.test"), ["0 none A", "0 none.a.test A"], "EAI_NONAME",
            ),
            "a dot at a domain's end changes nothing": (
                "musl", "web.ns", conf("ndots:5", "svc.cluster.local."), ["0 web.ns.svc.cluster.local A"], "10.96.0.20",
            ),
            "upper case is asked as it is written, and found": ("glibc", "HOST.", conf(), ["0 HOST A"], "10.0.0.9"),
            "a CNAME without its target ends the search": ("glibc", "lost.test", conf(search="a.b"), ["0 lost.test A"], "EAI_NODATA"),
            "a CNAME to another family too": ("musl", "alias.test", conf(), ["0 alias.test A"], "EAI_NONAME"),
            "a CNAME to itself": ("glibc", "circle.test", conf(), ["0 circle.test A"], "EAI_NODATA"),
            "no name server: loopback": ("musl", "host", "", ["1 host A"], "10.0.0.9"),
            "three name servers are read": (
                "musl", "host", conf(servers=4), ["0 host A", "1 host A", "2 host A"], "10.0.0.9",
            ),
            "an address is no question": ("glibc", "10.1.2.3", conf(), [], "10.1.2.3"),
            "nor is one in numbers": ("musl", "0x7f.1", conf(), [], "127.0.0.1"),
            "an empty label is never asked": ("glibc", "a..b", conf(), [], "EAI_NONAME"),
            "nor is one of 64 letters": ("musl", "a" * 64, conf(), [], "EAI_NONAME"),
            "two dots at the end": ("musl", "host..", conf(), [], "EAI_NONAME"),
            "digits that are no address: glibc never asks": ("glibc", "1.2.3.4.5", conf(), [], "EAI_NONAME"),
            "digits that are no address: musl does": ("musl", "1.2.3.4.5", conf(), ["0 1.2.3.4.5 A"], "EAI_NONAME"),
            "a hyphen first: glibc never asks": ("glibc", "-host", conf(), [], "EAI_NONAME"),
            "a hyphen first: musl does": ("musl", "-host", conf(), ["0 -host A"], "EAI_NONAME"),
        }
    ),
)  # fmt: skip
def test_what_is_asked(libc: str, name: str, resolv_conf: str, queries: list[str], result: str) -> None:
    found = ask(name, resolv_conf, libc)
    assert short(found) == queries
    assert (found.error or " ".join(found.result)) == result
    assert bool(found.error) != bool(found.result)


@pytest.mark.parametrize(
    ("libc", "result"),
    [("glibc", ("fd00::1", "2001:db8::1", "10.0.0.1")), ("musl", ("2001:db8::1", "10.0.0.1", "fd00::1"))],
)
def test_unique_local_addresses_rank_differently(libc: str, result: tuple[str, ...]) -> None:
    """glibc's table is RFC 3484's, musl's is RFC 6724's."""
    assert ask("dual.test", conf(), libc, "unspec").result == result


SILENT, ALIVE = "10.0.0.50", "10.0.0.51"


@pytest.mark.parametrize(
    ("libc", "options", "servers", "dead", "queries", "seconds"),
    named(
        {
            "glibc waits for the first": ("glibc", "", 2, (SILENT,), ["0 host A", "0 host AAAA", "1 host A", "1 host AAAA"], 5),
            "one at a time, only A is lost": (
                "glibc", "single-request", 2, (SILENT,), ["0 host A", "1 host A", "1 host AAAA"], 5,
            ),
            "musl asks both at once": ("musl", "", 2, (SILENT,), ["0 host A", "1 host A", "0 host AAAA", "1 host AAAA"], 0),
            "glibc asks a dead one twice": ("glibc", "", 1, (SILENT,), ["0 host A", "0 host AAAA"] * 2, 10),
            "the second of two is given as long": (
                "glibc", "attempts:1", 2, (SILENT, ALIVE), ["0 host A", "0 host AAAA", "1 host A", "1 host AAAA"], 10,
            ),
            "of three: 5, 3 and 6": (
                "glibc", "attempts:1", 3, (SILENT, ALIVE, "10.0.0.52"),
                [f"{n} host {kind}" for n in range(3) for kind in ("A", "AAAA")], 14,
            ),
            "timeout:0 is a second": ("glibc", "timeout:0 attempts:1", 1, (SILENT,), ["0 host A", "0 host AAAA"], 1),
            "more than 30 are 30": ("glibc", "timeout:99 attempts:1", 1, (SILENT,), ["0 host A", "0 host AAAA"], 30),
            "more than 5 attempts are 5": ("glibc", "timeout:1 attempts:9", 1, (SILENT,), ["0 host A", "0 host AAAA"] * 5, 5),
            "attempts:0: glibc asks nothing": ("glibc", "attempts:0", 1, (SILENT,), [], 0),
            "musl: timeout is for all attempts": ("musl", "timeout:4 attempts:2", 1, (SILENT,), ["0 host A", "0 host AAAA"] * 2, 4),
            "attempts:3 are three, though a third of a second thrice is none": (
                "musl",
                "timeout:1 attempts:3",
                1,
                (SILENT,),
                ["0 host A", "0 host AAAA"] * 3,
                1,
            ),
            "timeout:0: musl asks nothing": ("musl", "timeout:0", 1, (SILENT,), [], 0),
            "no-aaaa is glibc's": ("glibc", "no-aaaa", 1, (), ["0 host A"], 0),
            "musl does not know it": ("musl", "no-aaaa", 1, (), ["0 host A", "0 host AAAA"], 0),
            "over TCP the order is the same": ("glibc", "use-vc", 1, (), ["0 host A", "0 host AAAA"], 0),
        }
    ),
)  # fmt: skip
def test_silence(
    libc: str, options: str, servers: int, dead: tuple[str, ...], queries: list[str], seconds: int
) -> None:
    found = ask("host.", conf(options, servers=servers), libc, "unspec", *dead)
    assert (short(found), found.seconds) == (queries, seconds)
    alive = servers > len(dead)
    assert (found.result, found.error) == ((("10.0.0.9",), "") if alive else ((), "EAI_AGAIN"))


@pytest.mark.parametrize(
    ("libc", "ndots", "queries"),
    [
        ("glibc", 1, ["0 none.a.test A", "0 none A"]),
        ("glibc", 0, ["0 none A", "0 none.a.test A"]),
        ("musl", 1, ["0 none.a.test A"]),
    ],
)
def test_after_silence_the_list_is_over(libc: str, ndots: int, queries: list[str]) -> None:
    """glibc still asks the name as it is, musl no more."""
    attempts = f"ndots:{ndots} timeout:1 attempts:1"
    found = ask("none", conf(attempts, "a.test b.test"), libc, "inet", SILENT)
    assert (short(found), found.error) == (queries, "EAI_AGAIN")


@pytest.mark.parametrize(
    ("libc", "name", "options", "queries", "error"),
    named(
        {
            "AAAA alone": ("glibc", "host.", "", ["0 host AAAA"], "EAI_NODATA"),
            "a CNAME alone is no name": ("glibc", "lost.test.", "", ["0 lost.test AAAA"], "EAI_NONAME"),
            "no-aaaa asks whether the name is there": ("glibc", "host.", "no-aaaa", ["0 host A"], "EAI_NODATA"),
            "no-aaaa, and it is not": ("glibc", "none.", "no-aaaa", ["0 none A"], "EAI_NONAME"),
            "musl": ("musl", "host.", "no-aaaa", ["0 host AAAA"], "EAI_NONAME"),
        }
    ),
)
def test_ipv6_alone(libc: str, name: str, options: str, queries: list[str], error: str) -> None:
    """As `lab verify --dns` has found it, and `getent hosts` asks first."""
    found = ask(name, conf(options), libc, "inet6")
    assert (short(found), found.error) == (queries, error)


@pytest.mark.parametrize(
    ("rotation", "queries"),
    [
        (0, ["0 none.a.test A", "1 none.b.test A", "0 none A"]),
        (1, ["1 none.a.test A", "0 none.b.test A", "1 none A"]),
    ],
)
def test_rotate_goes_on_with_every_name(rotation: int, queries: list[str]) -> None:
    found = ask("none", conf("rotate", "a.test b.test", servers=2), "glibc", rotation=rotation)
    assert short(found) == queries


def test_when_each_query_leaves() -> None:
    found = ask("none", conf("", "a.test", servers=2), "glibc", "inet", SILENT)
    assert [(query.server[-1], query.at, query.rcode) for query in found.queries] == [
        ("0", 0, ""), ("1", 5, "NXDOMAIN"), ("0", 5, ""), ("1", 10, "NXDOMAIN"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("libc", "name", "options", "search", "dead", "why"),
    named(
        {
            "musl divides by attempts": ("musl", "host", "attempts:0", "", (), "attempts:0"),
            "musl 1.2.3 cannot write the root": ("musl", "host", "", ".", (), "search ."),
            "TCP's patience": ("glibc", "host", "use-vc", "", (SILENT,), "use-vc"),
            "a name with a blank": ("glibc", "a b", "", "", (), "no host name"),
            "no name": ("musl", "", "", "", (), "no host name"),
            "the root": ("glibc", ".", "", "", (), "no host name"),
        }
    ),
)
def test_what_is_refused(libc: str, name: str, options: str, search: str, dead: tuple[str, ...], why: str) -> None:
    with pytest.raises(EngineError, match=why.replace(".", r"\.")) as refused:
        ask(name, conf(options, search), libc, "inet", *dead)
    assert refused.value.zh != refused.value.en


def test_an_answer_past_512_bytes_is_refused() -> None:
    zone = {"many.test": [("A", f"10.0.0.{n}") for n in range(40)]}
    with pytest.raises(UnsupportedFeature, match="many.test takes 667 bytes"):
        lookup(resolv_conf="", name="many.test", zone=zone)
