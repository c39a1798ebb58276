"""What an address tells: its family, and what that is called elsewhere."""

from __future__ import annotations

import pytest

from engine.packet import FAMILY_OF_VERSION, Family, family_of


@pytest.mark.parametrize(
    ("address", "family", "version", "ip_family"),
    [
        ("10.244.1.5", Family.IPV4, 4, "IPv4"),
        ("10.244.0.0/16", Family.IPV4, 4, "IPv4"),
        ("fd00::5", Family.IPV6, 6, "IPv6"),
        ("fd00::/64", Family.IPV6, 6, "IPv6"),
        ("::ffff:10.0.0.1", Family.IPV6, 6, "IPv6"),
    ],
)
def test_the_family_of_an_address(address: str, family: Family, version: int, ip_family: str) -> None:
    assert family_of(address) is family
    assert (family.version, family.ip_family) == (version, ip_family)
    assert FAMILY_OF_VERSION[version] is family
