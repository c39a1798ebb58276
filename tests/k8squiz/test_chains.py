"""Which card a chain of kube-proxy's gets in each mode."""

from __future__ import annotations

import pytest

from k8squiz.kinds.chains import CHAINS, card

CARDS = [
    ("iptables", "KUBE-SEP-ABC", "KUBE-SEP-"),
    ("iptables", "KUBE-SERVICES", "KUBE-SERVICES"),
    ("iptables", "KUBE-PROXY-CANARY", None),
    ("ipvs", "KUBE-NODE-PORT", "KUBE-NODE-PORT"),
    ("ipvs", "KUBE-SEP-ABC", None),
    ("nftables", "service-ABC-demo/web/tcp/", "service-"),
    ("nftables", "service-endpoints-check", "service-endpoints-check"),
    ("nftables", "services", "services"),
    ("nftables", "nat-prerouting", None),
]


@pytest.mark.parametrize(("mode", "chain", "name"), CARDS)
def test_card(mode: str, chain: str, name: str | None) -> None:
    found = card(chain, mode)
    assert (found and found[0]) == name


@pytest.mark.parametrize("mode", CHAINS)
def test_cards_name_their_host(mode: str) -> None:
    assert all("{host}" in text for row in CHAINS[mode] for text in row[1:])
