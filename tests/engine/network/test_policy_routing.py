"""`ip rule` and `ip route show table all`, read and asked."""

from __future__ import annotations

import pytest

from engine.errors import ManifestError, UnsupportedFeature
from engine.network.policy_routing import read_policy_routing
from engine.network.routes import Route, RoutingTable

MAIN = RoutingTable([Route("10.0.0.0/22", "eth0"), Route("0.0.0.0/0", "eth0", "10.0.0.1")])
RULES = """0:	from all lookup local
512:	from all to 10.0.1.77 lookup main
1024:	from all fwmark 0x80/0x80 lookup main
1536:	from 10.0.1.99 lookup 2 proto static
1600:	not from 10.0.0.0/16 iif eth1 lookup 3
1700:	from all fwmark 0x5 lookup empty
32766:	from all lookup main
32767:	from all lookup default
"""
ROUTES = """default via 10.0.1.1 dev eth1 table 2
10.0.1.1 dev eth1 table 2 scope link
default via 10.0.0.1 dev eth0
blackhole 192.0.2.0/24 table 2
203.0.113.0/24 via 10.0.2.1 dev eth2 table 3
local 10.0.1.20 dev eth0 table local proto kernel scope host src 10.0.1.20
"""


def error(en: str, zh: str) -> ManifestError:
    return ManifestError(en, "network.yaml", 7, zh)


@pytest.mark.parametrize(
    ("destination", "source", "mark", "in_device", "device"),
    [
        ("8.8.8.8", "10.0.1.99", 0, "eni1", "eth1"),
        ("8.8.8.8", "10.0.1.99", 0x80, "eni1", "eth0"),
        ("8.8.8.8", "10.0.1.99", 0x1080, "eni1", "eth0"),
        ("8.8.8.8", "10.0.1.98", 0, "eni1", "eth0"),
        ("192.0.2.9", "10.0.1.99", 0, "eni1", "lo"),
        ("10.0.1.77", "10.0.1.99", 0, "eni1", "eth0"),
        ("203.0.113.9", "192.0.2.1", 0, "eth1", "eth2"),
        ("203.0.113.9", "10.0.5.5", 0, "eth1", "eth0"),
        ("203.0.113.9", "192.0.2.1", 0, "eth0", "eth2"),
        # A table without a route for it leaves the packet to the next rule.
        ("8.8.8.8", "192.0.2.1", 0, "eth1", "eth0"),
        ("8.8.8.8", "192.0.2.1", 5, None, "eth0"),
        ("8.8.8.8", None, 0, None, "eth0"),
    ],
)
def test_which_table_is_asked(
    destination: str, source: str | None, mark: int, in_device: str | None, device: str
) -> None:
    found = read_policy_routing(RULES, ROUTES, error).lookup(MAIN, destination, source, mark, in_device)
    assert found is not None
    assert found.device == device


def test_without_the_main_table_s_rule_nothing_leads_there() -> None:
    assert read_policy_routing("5: from all lookup 2\n", "", error).lookup(MAIN, "8.8.8.8", None, 0, None) is None


def test_where_a_pod_s_packets_leave_and_who_the_gateways_are() -> None:
    read = read_policy_routing(RULES, ROUTES, error)
    assert (list(read.devices_of("10.0.1.99")), list(read.devices_of("10.0.1.77"))) == (["eth1"], [])
    assert list(read.gateways()) == ["10.0.1.1", "10.0.2.1"]


@pytest.mark.parametrize(
    ("rules", "routes", "word"),
    [("from all lookup main\n", "", "ip rule"), ("5: from nowhere lookup main\n", "", "ip rule"),
     ("5: from all fwmark red lookup main\n", "", "ip rule"), (RULES, "default via 10.0.1.1 table 2\n", "ip route"),
     (RULES, "default via gateway dev eth1 table 2\n", "ip route"), (RULES, "hello dev eth1 table 2\n", "ip route")],
)  # fmt: skip
def test_what_is_no_such_line_is_refused_with_its_place(rules: str, routes: str, word: str) -> None:
    with pytest.raises(ManifestError, match=rf"network\.yaml:7: .*is no line of `{word}`") as refused:
        read_policy_routing(rules, routes, error)
    assert "输出行" in refused.value.zh


@pytest.mark.parametrize(
    ("rules", "routes", "what"),
    [("5: from all ipproto tcp lookup 2\n", "", "ipproto"), ("5: from all uidrange 0-99 lookup 2\n", "", "uidrange"),
     ("5: from all unreachable\n", "", "unreachable"), (RULES, "prohibit 10.9.0.0/16 table 2\n", "prohibit")],
)  # fmt: skip
def test_what_is_not_modelled_is_refused_by_name(rules: str, routes: str, what: str) -> None:
    with pytest.raises(UnsupportedFeature, match=f"{what} of `ip r.*not modelled"):
        read_policy_routing(rules, routes, error)
