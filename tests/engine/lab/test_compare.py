"""What the kernel's client hears, and the ends of a walk that this is an instance of."""

from __future__ import annotations

from fractions import Fraction

import pytest

from engine.fabric.fabric import build_fabric
from engine.lab.client import Heard, Reply
from engine.lab.compare import reply_points
from engine.lab.known import known
from engine.trace import Outcome, ReasonCode, Text, Verdict, Where

AT = "10.244.2.8:8080"
FABRIC = build_fabric(next(known()).cluster, "iptables")
HEARD: dict[Verdict, set[Heard]] = {
    Verdict.DELIVERED: {Heard.CONNECTED},
    Verdict.REJECT: {Heard.REFUSED},
    Verdict.REFUSED: {Heard.REFUSED},
    Verdict.DROP: {Heard.TIMEOUT},
    Verdict.LOST: {Heard.TIMEOUT, Heard.UNREACHABLE},
}


def agrees(heard: Heard, verdict: Verdict, where: Where | None = None) -> bool:
    told = Outcome(Fraction(1), verdict, AT, None, False, (), where=where)
    return reply_points(FABRIC, Reply(heard), told)[0].equal


@pytest.mark.parametrize("verdict", Verdict)
def test_what_is_heard_of_a_verdict(verdict: Verdict) -> None:
    assert {heard for heard in Heard if agrees(heard, verdict)} == HEARD[verdict]


# Where the sender's own kernel, or a router by an ICMP error, says so; of all else that is lost nothing is heard.
TOLD = {
    ReasonCode.NO_ROUTE,
    ReasonCode.ROUTING_LOOP,
    ReasonCode.BLACKHOLE,
    ReasonCode.IP_FORWARD_OFF,
    ReasonCode.NO_NEIGHBOUR,
    ReasonCode.LOCALNET_OUTPUT,
}


@pytest.mark.parametrize("code", ReasonCode)
def test_who_loses_a_packet_and_says_so(code: ReasonCode) -> None:
    where = Where("node1", code, Text("lost", "丢失"))
    assert agrees(Heard.TIMEOUT, Verdict.LOST, where)
    assert agrees(Heard.UNREACHABLE, Verdict.LOST, where) is (code in TOLD)
