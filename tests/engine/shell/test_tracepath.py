"""tracepath and traceroute: who answers in the destination's stead, and what becomes of probes that are as long as allowed."""

from __future__ import annotations

from typing import Any

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


_EATEN = "iptables -A OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP"
# The network's facts, what is typed on node1, and what tracepath prints (times aside) as on Linux 6.18 with flannel's VXLAN.
LARGE: dict[str, tuple[dict[str, Any], str, list[str]]] = {
    "pods 1450": ({}, "true", [
        "1?: [LOCALHOST] pmtu 1450", "1: 10.244.1.1", "1: 10.244.1.1", "2: 10.244.2.0", "3: 10.244.2.8 reached",
        "Resume: pmtu 1450 hops 3 back 3",
    ]),
    "pods 1500": ({"pod_mtu": 1500}, "true", [
        "1?: [LOCALHOST] pmtu 1500", "1: 10.244.1.1", "1: 10.244.1.1", "2: 10.244.1.1 pmtu 1450", "2: 10.244.2.0",
        "3: 10.244.2.8 reached", "Resume: pmtu 1450 hops 3 back 3",
    ]),
    "pods 1500, ICMP errors dropped": ({"pod_mtu": 1500}, _EATEN, [
        "1?: [LOCALHOST] pmtu 1500", "1: 10.244.1.1", "1: 10.244.1.1", "2: no reply", "3: no reply", "4: no reply",
        "Too many hops: pmtu 1500", "Resume: pmtu 1500",
    ]),
    "a switch of 1400": ({"underlay_mtu": 1400}, "true", [
        "1?: [LOCALHOST] pmtu 1450", "1: 10.244.1.1", "1: 10.244.1.1", "2: no reply", "3: no reply", "4: no reply",
        "Too many hops: pmtu 1450", "Resume: pmtu 1450",
    ]),
}  # fmt: skip


@pytest.mark.parametrize(("facts", "typed", "printed"), LARGE.values(), ids=LARGE)
def test_probes_are_as_long_as_the_device_carries(facts: dict[str, Any], typed: str, printed: list[str]) -> None:
    shell = run(opened(**facts), "node1", typed).shell
    told = shell.run("pod/c", "tracepath -n -m 4 10.244.2.8").stdout
    words = (" ".join(word for word in line.split() if not word.endswith("ms")) for line in told.splitlines())
    assert list(words) == printed
