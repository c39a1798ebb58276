"""Chain names, as kube-proxy v1.30.5 wrote them."""

from __future__ import annotations

import pytest

from engine.packet import L4
from engine.proxy.naming import endpoint_chain, is_service_chain, service_hash


@pytest.mark.parametrize(
    ("label", "protocol", "expected"),
    [
        ("default/web:http", L4.TCP, "CDGGSHYLG3RE2FKL"),
        ("default/web:https", L4.TCP, "54WW65JLHZHRV7HC"),
        # Known from every cluster there is.
        ("default/kubernetes:https", L4.TCP, "NPX46M4PTMTKRN6Y"),
        ("kube-system/kube-dns:dns", L4.UDP, "TCOU7JCQXEZGVUNU"),
        ("kube-system/kube-dns:dns-tcp", L4.TCP, "ERIFXISQEP7F7OF4"),
    ],
)
def test_service_hash(label: str, protocol: L4, expected: str) -> None:
    assert service_hash(label, protocol) == expected


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("10.244.1.10:8080", "KUBE-SEP-GWQABTP5GBYXHJY5"),
        ("10.244.2.11:8080", "KUBE-SEP-YYQCU4TCGTAHGAPQ"),
        ("[fd00:10:244:1::10]:8080", "KUBE-SEP-2VKVSZLPD2AB4GI7"),
    ],
)
def test_endpoint_chain(endpoint: str, expected: str) -> None:
    assert endpoint_chain("default/web:http", L4.TCP, endpoint) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("KUBE-SVC-CDGGSHYLG3RE2FKL", True),
        ("KUBE-SEP-CDGGSHYLG3RE2FKL", True),
        ("KUBE-FW-CDGGSHYLG3RE2FKL", True),
        ("KUBE-SERVICES", False),
        ("KUBE-SVC-", False),
        ("KUBE-SVC-CDGGSHYLG3RE2FKL0", False),
    ],
)
def test_is_service_chain(name: str, expected: bool) -> None:
    assert is_service_chain(name) is expected
