"""The words nft prints for numbers: families, fields, priorities, durations, ct states, reject types; and the
order it lists a set's elements in.

One table each, read by the printer (nft_text.py) and, the other way round, by the parser (nft_parse.py).
Sources: nft(8); nftables 1.0.6 src/rule.c, src/ct.c, src/datatype.c, src/intervals.c.
"""

from __future__ import annotations

import ipaddress
import re

from engine.hooks import Hook
from engine.netfilter.nft import Key, LookupField
from engine.packet import L4

TABLE_FAMILY = {"ipv4": "ip", "ipv6": "ip6"}
PROTOCOL_NAME = {protocol: protocol.value.lower() for protocol in (L4.TCP, L4.UDP, L4.SCTP, L4.ICMP)}
_PROTOCOL_NUMBER = {"icmp": 1, "tcp": 6, "udp": 17, "sctp": 132}

# Standard priorities, and the one hook where the two NAT names are valid (src/rule.c, std_prios).
_PRIORITIES: tuple[tuple[str, int, Hook | None], ...] = (
    ("raw", -300, None),
    ("mangle", -150, None),
    ("dstnat", -100, Hook.PREROUTING),
    ("filter", 0, None),
    ("security", 50, None),
    ("srcnat", 100, Hook.POSTROUTING),
)

# In the order of the bits (enum ip_conntrack_info as nft_ct.c maps them), which is the order of printing.
CT_STATES = ("invalid", "established", "related", "new", "untracked")


def field_text(field: LookupField, ip: str) -> str:
    """A look-up field as printed; `ip` is "ip" or "ip6"."""
    return {
        LookupField.SADDR: f"{ip} saddr",
        LookupField.DADDR: f"{ip} daddr",
        LookupField.L4PROTO: "meta l4proto",
        LookupField.DPORT: "th dport",
    }[field]


def priority_text(priority: int, hook: Hook) -> str:
    """A base chain's priority: a standard name where one is at most 10 away, else the number."""
    for name, value, only_at in _PRIORITIES:
        offset = priority - value
        if abs(offset) <= 10 and only_at in (None, hook):
            return name if not offset else f"{name} {'-' if offset < 0 else '+'} {abs(offset)}"
    return str(priority)


def priority_number(text: str) -> int:
    """The reverse of priority_text; raises ValueError for anything else."""
    found = re.fullmatch(r"([a-z]+)(?: ([+-]) (\d+))?", text)
    if found is None:
        return int(text)
    base = next((value for name, value, _ in _PRIORITIES if name == found[1]), None)
    if base is None:
        raise ValueError(f"unknown priority {text!r}")
    return base + int(f"{found[2] or '+'}{found[3] or 0}")


_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def duration_text(seconds: int) -> str:
    """`1d3h46m40s`."""
    parts = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def duration_seconds(text: str) -> int:
    """The reverse of duration_text; raises ValueError for anything else."""
    found = re.fullmatch(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text)
    if found is None or not text:
        raise ValueError(f"unknown duration {text!r}")
    return sum(int(count or 0) * size for count, (_, size) in zip(found.groups(), _UNITS, strict=True))


def reject_text(reject_with: str) -> str:
    """The `reject` statement for a type in iptables' spelling (icmp-port-unreachable, icmp6-no-route, tcp-reset)."""
    if reject_with == "tcp-reset":
        return "reject with tcp reset"
    prefix, _, kind = reject_with.partition("-")
    if kind == "port-unreachable":
        return "reject"
    return f"reject with {'icmpv6' if prefix == 'icmp6' else 'icmp'} {kind}"


def reject_type(text: str, family: str) -> str:
    """The reverse of reject_text."""
    if text == "reject":
        return "icmp6-port-unreachable" if family == "ipv6" else "icmp-port-unreachable"
    if text == "reject with tcp reset":
        return "tcp-reset"
    found = re.fullmatch(r"reject with (icmp|icmpv6) ([a-z-]+)", text)
    if found is None:
        raise ValueError(f"unknown statement {text!r}")
    return f"{'icmp6' if found[1] == 'icmpv6' else 'icmp'}-{found[2]}"


def element_order(key: Key, key_types: tuple[str, ...]) -> tuple[int, ...]:
    """Sort key that lists elements as nft does.

    A single value sorts by its number. A concatenation is compared as one number in the host's byte order (here
    little-endian, as on x86 and arm64): the last component counts most, and within one the last byte.
    """
    if len(key) == 1:
        return (int.from_bytes(_packed(key[0], key_types[0]), "big"),)
    pairs = zip(reversed(key), reversed(key_types), strict=True)
    return tuple(int.from_bytes(_packed(value, kind), "little") for value, kind in pairs)


def _packed(value: str, kind: str) -> bytes:
    """A component in network byte order; raises ValueError for what the type cannot hold."""
    if kind in ("ipv4_addr", "ipv6_addr"):
        return ipaddress.ip_address(value.partition("/")[0].partition("-")[0]).packed
    if kind == "inet_proto":
        number = _PROTOCOL_NUMBER.get(value)
        return bytes([int(value) if number is None else number])
    if kind == "inet_service":
        port = int(value)
        if not 0 <= port <= 65535:
            raise ValueError(f"port {value} is not between 0 and 65535")
        return port.to_bytes(2, "big")
    raise ValueError(f"the set type {kind} is not modelled")
