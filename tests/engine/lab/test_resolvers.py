"""Real resolvers and NodeLocal DNSCache in this machine's namespaces. More: `k8squiz lab verify --dns --cases 200`."""

from __future__ import annotations

import dataclasses
import itertools
import struct

import pytest

from engine.cluster import Mode
from engine.dns.zone import NOERROR, ZoneAnswer
from engine.lab.cases import networks
from engine.lab.drawn_lookups import LookupCase, lookup_cases
from engine.lab.drawn_node_caches import node_cache_scenes
from engine.lab.name_server import answer_to, read_question
from engine.lab.requirements import why_not
from engine.lab.resolvers import verify_lookups
from engine.lab.verify import enough, run_all

_REASON = why_not()
needs_lab = pytest.mark.skipif(_REASON is not None, reason=f"the lab cannot run here: {_REASON}")
BOTH = (Mode.IPTABLES, Mode.NFTABLES)
RESOLV_CONF = "nameserver 10.96.0.10\nsearch default.svc.cluster.local svc.cluster.local\noptions ndots:5\n"
ZONE = {"web.default.svc.cluster.local": (("A", "10.96.7.7"),)}
WEB = LookupCase("web", RESOLV_CONF, ZONE, frozenset(), (("web", "inet"),))


@needs_lab
@pytest.mark.parametrize("number", [0, 3, 5])
def test_this_libc_asks_as_the_engine_says(number: int) -> None:
    found = verify_lookups(next(itertools.islice(lookup_cases(2), number, None)), "glibc")
    assert [(one.asked, one.library, one.engine) for one in found if one.skipped is None and not one.agrees] == []
    assert any(one.queries for one in found)


@needs_lab
def test_a_wrong_expectation_is_found_out() -> None:
    (right,) = verify_lookups(WEB, "glibc")
    assert (right.agrees, right.library) == (True, "10.96.0.10 web.default.svc.cluster.local A -> 10.96.7.7")
    # What musl would do of ndots:1 is not what this library does.
    conf = RESOLV_CONF.replace("ndots:5", "ndots:1")
    (wrong,) = verify_lookups(dataclasses.replace(WEB, resolv_conf=conf, names=(("web.default", "inet"),)), "musl")
    assert not wrong.agrees
    assert wrong.library.endswith("web.default.svc.cluster.local A -> 10.96.7.7")


@needs_lab
def test_queries_past_a_cache_on_the_node() -> None:
    found = run_all(enough(node_cache_scenes(1, BOTH, networks()), 18), workers=3)
    assert [(one.request, [str(point) for point in one.differences]) for one in found if one.differences] == []
    assert sum(one.outcome is not None and not one.outcome.conntrack for one in found) > 5


def test_a_seed_draws_the_same() -> None:
    first, again = (list(itertools.islice(lookup_cases(4), 9)) for _ in range(2))
    assert first == again
    once, twice = (list(itertools.islice(node_cache_scenes(4, BOTH, networks()), 9)) for _ in range(2))
    assert once == twice
    assert {request.protocol for scene in once for request in scene.requests} == {"UDP", "TCP"}


def test_an_answer_is_written_as_rfc_1035_has_it() -> None:
    question = b"\x03web\x07default\x00" + struct.pack("!HH", 1, 1)
    query = b"\x12\x34" + struct.pack("!5H", 0x100, 1, 0, 0, 0) + question
    assert read_question(query) == ("web.default", "A", question)
    answer = answer_to(query, ZoneAnswer(NOERROR, (("web.default", "CNAME", "a.b"), ("a.b", "A", "10.0.0.1"))))
    assert answer[:12] == b"\x12\x34" + struct.pack("!5H", 0x8580, 1, 2, 0, 0)
    assert answer.endswith(b"\x01a\x01b\x00" + struct.pack("!HHIH", 1, 1, 30, 4) + bytes((10, 0, 0, 1)))
    assert answer_to(query, ZoneAnswer("NXDOMAIN"))[2:4] == struct.pack("!H", 0x8583)
