"""In which order a library hands addresses on: glibc's precedences are RFC 3484's, musl's its own (RFC 6724 but for IPv4)."""

from __future__ import annotations

import pytest

from engine.dns.addresses import Libc, in_order

ORDERS: dict[Libc, tuple[str, ...]] = {
    "glibc": ("::1", "2001:db8::1", "2002::1", "::7", "1.2.3.4"),
    "musl": ("::1", "2001:db8::1", "1.2.3.4", "2002::1", "2001::1", "fc00::1"),
}


@pytest.mark.parametrize("libc", ORDERS)
def test_addresses_are_in_order_of_precedence(libc: Libc) -> None:
    assert in_order(libc, ORDERS[libc][::-1]) == ORDERS[libc]
