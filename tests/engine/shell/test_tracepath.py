"""tracepath and traceroute where a rule answers in the destination's stead: who that is, and that it looks like the end."""

from __future__ import annotations

import pytest

from .clusters import opened, run

REFUSE = "iptables -I FORWARD -d 10.244.2.8 -p udp -j REJECT --reject-with {}"
# What is done before, on node2; what the two print of each hop.
REJECTED = {
    "port unreachable": ("icmp-port-unreachable", ("10.244.1.1", "10.244.2.0", "10.244.2.0 reached"), "hops 3 back 2"),
    "host unreachable": ("icmp-host-unreachable", ("10.244.1.1", "10.244.2.0", "10.244.2.0 !H"), ""),
}


@pytest.mark.parametrize("name", REJECTED)
def test_a_rule_answers_on_another_node(name: str) -> None:
    how, hops, resume = REJECTED[name]
    told = run(run(opened(), "node2", REFUSE.format(how)).shell, "pod/c", "tracepath -n 10.244.2.8").stdout
    rows = [line.split() for line in told.splitlines() if line[:2].strip().isdigit() and "?" not in line[:3]]
    found = list(dict.fromkeys((row[0], " ".join((row[1], *row[3:]))) for row in rows))
    assert [text for _, text in found] == list(hops)
    assert resume in told.splitlines()[-1]
    assert ("back" in told) is bool(resume)


def test_nftables_rejects_what_no_service_has() -> None:
    told = run(opened("nftables"), "pod/c", "traceroute -n 10.96.0.10").stdout
    assert [line.split()[:2] for line in told.splitlines()[1:]] == [["1", "10.244.1.1"], ["2", "10.244.1.1"]]
