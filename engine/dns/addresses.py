"""Addresses as getaddrinfo takes and gives them: names that are addresses already, and the order of a result.

Sources: inet_aton(3); RFC 6724; glibc's sysdeps/posix/getaddrinfo.c (rfc3484_sort, default_precedence), musl's
src/network/lookup_name.c (defpolicy).
"""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Address, IPv6Address
from typing import Literal

Libc = Literal["glibc", "musl"]

# The two tables differ: RFC 6724's, which musl has, puts unique local addresses below IPv4; RFC 3484's, glibc's, does not.
_PRECEDENCE: dict[Libc, tuple[tuple[str, int], ...]] = {
    "glibc": (("::1/128", 50), ("2002::/16", 30), ("::ffff:0:0/96", 10), ("::/96", 20), ("::/0", 40)),
    "musl": (
        ("::1/128", 50),
        ("::ffff:0:0/96", 35),
        ("2002::/16", 30),
        ("2001::/32", 5),
        ("fc00::/7", 3),
        ("::/0", 40),
    ),
}


def literal(text: str) -> str | None:
    """The address that `text` is, canonical, in any form that inet_aton(3) or inet_pton(3) takes; None for a name."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return _aton(text)


def _aton(text: str) -> str | None:
    """One to four numbers, decimal, octal (0...) or hexadecimal (0x...), the last of which fills what is left."""
    parts = text.split(".")
    if len(parts) > 4:
        return None
    numbers = [_number(part) for part in parts]
    total = 0
    for position, number in enumerate(numbers):
        width = 8 if position < len(numbers) - 1 else 8 * (5 - len(numbers))
        if number is None or number >> width:
            return None
        total = total << width | number
    return str(IPv4Address(total))


def _number(text: str) -> int | None:
    if not text.isascii() or not text.isalnum() or len(text) > 20:
        return None
    base = 16 if text[:2].lower() == "0x" else 8 if text[0] == "0" else 10
    try:
        return int(text[2:] if base == 16 else text, base)
    except ValueError:
        return None


def in_order(libc: Libc, addresses: tuple[str, ...]) -> tuple[str, ...]:
    """The addresses as `libc` hands them on, for a host whose own addresses tell none of them apart: by precedence, then
    smaller scope (RFC 6724, rules 6 and 8), else as answered. A result of IPv4 alone stays as answered."""
    if not any(":" in address for address in addresses):
        return addresses
    return tuple(sorted(addresses, key=lambda address: _rank(libc, address)))


def _rank(libc: Libc, address: str) -> tuple[int, int]:
    parsed = ipaddress.ip_address(address)
    mapped = parsed if isinstance(parsed, IPv6Address) else IPv6Address(f"::ffff:{parsed}")
    precedence = next(value for network, value in _PRECEDENCE[libc] if mapped in ipaddress.ip_network(network))
    return -precedence, _scope(parsed)


def _scope(address: IPv4Address | IPv6Address) -> int:
    """RFC 4007's numbers: link-local 2, site-local 5, global 14; IPv4 loopback counts as link-local (RFC 6724, 3.2)."""
    if address.is_loopback or address.is_link_local:
        return 2
    return 5 if isinstance(address, IPv6Address) and address.is_site_local else 14
