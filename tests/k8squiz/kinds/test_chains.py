"""Which card a chain of kube-proxy's gets in each mode."""

from __future__ import annotations

import pytest

from engine.cluster import Mode
from engine.trace import Hop, Stage, Text
from k8squiz.kinds.chains import CHAINS, card, is_own, short

CARDS = [
    (Mode.IPTABLES, "KUBE-SEP-ABC", "KUBE-SEP-"),
    (Mode.IPTABLES, "KUBE-SERVICES", "KUBE-SERVICES"),
    (Mode.IPTABLES, "KUBE-PROXY-CANARY", None),
    (Mode.IPVS, "KUBE-NODE-PORT", "KUBE-NODE-PORT"),
    (Mode.IPVS, "KUBE-SEP-ABC", None),
    (Mode.NFTABLES, "service-ABC-demo/web/tcp/", "service-"),
    (Mode.NFTABLES, "service-endpoints-check", "service-endpoints-check"),
    (Mode.NFTABLES, "services", "services"),
    (Mode.NFTABLES, "local-ABC-demo/web/tcp/", "local-"),
    (Mode.NFTABLES, "nat-prerouting", None),
]


@pytest.mark.parametrize(("mode", "chain", "name"), CARDS)
def test_card(mode: Mode, chain: str, name: str | None) -> None:
    found = card(chain, mode)
    assert (found and found[0]) == name


@pytest.mark.parametrize("mode", CHAINS)
def test_cards_name_their_host(mode: Mode) -> None:
    assert all("{host}" in text for row in CHAINS[mode] for text in row[1:])


SHORT = [
    ("KUBE-SERVICES", "KUBE-SERVICES"),
    ("KUBE-SVC-LOLE4ISW44XBNF3G", "KUBE-SVC-LOLE…"),
    ("service-PFISGYVC-default/web/tcp/", "service-…default/web/tcp"),
    ("external-ULMVA6XW-ns1/svc1/tcp/p80", "external-…ns1/svc1/tcp/p80"),
    ("endpoint-YVBLONRQ-default/web/tcp/__10.244.2.8/8080", "endpoint-…10.244.2.8/8080"),
    ("endpoint-YVBLONRQ-default/web/tcp/http__fd00..8/8080", "endpoint-…fd00..8/8080"),
    ("mark-for-masquerade", "mark-for-masquerade"),
]


@pytest.mark.parametrize(("chain", "shown"), SHORT)
def test_short(chain: str, shown: str) -> None:
    assert short(chain) == shown


OWN = [
    ("nat", "PREROUTING", False),
    ("nat", "KUBE-SERVICES", True),
    ("filter", "KUBE-FORWARD", True),
    ("kube-proxy", "nat-prerouting", False),
    ("kube-proxy", "filter-output-post-dnat", False),
    ("kube-proxy", "filter-prerouting-pre-dnat", False),
    ("kube-proxy", "services", True),
    ("kube-proxy", "masquerading", True),
    ("filter", "DOCKER-USER", False),
    (None, None, False),
]


@pytest.mark.parametrize(("table", "chain", "own"), OWN)
def test_own(table: str | None, chain: str | None, own: bool) -> None:
    hop = Hop(1, "node1", "eth0", Stage.PREROUTING, "", "", Text("", ""), table=table, chain=chain)
    assert is_own(hop) is own
