"""The words nft prints for numbers: families, protocols, priorities, durations; and the order it lists a set's
elements in.

One table each, read by the printer (nft_text.py) and, the other way round, by the parser (nft_parse.py). What one part
alone prints stands in parts/.
Sources: nft(8); nftables 1.0.6 src/rule.c, src/datatype.c, src/intervals.c.
"""

from __future__ import annotations

import functools
import re

from engine.hooks import Hook
from engine.netfilter.nft_sets import Key
from engine.netfilter.ruleset import Table
from engine.packet import L4, Family, packed

# A name as nft takes it, in patterns.
NAME = r"[A-Za-z0-9_./-]+"

TABLE_FAMILY = {Family.IPV4: "ip", Family.IPV6: "ip6"}
PROTOCOL_NAME = {protocol: protocol.value.lower() for protocol in (L4.TCP, L4.UDP, L4.SCTP, L4.ICMP)}
PROTOCOL_NAMED = {name: protocol for protocol, name in PROTOCOL_NAME.items()}
_PROTOCOL_NUMBER = {"icmp": 1, "tcp": 6, "udp": 17, "sctp": 132}
_PROTOCOL_NAME = {str(number): name for name, number in _PROTOCOL_NUMBER.items()}

# Standard priorities, and the one hook where the two NAT names are valid (src/rule.c, std_prios).
_PRIORITIES: tuple[tuple[str, int, Hook | None], ...] = (
    ("raw", -300, None),
    ("mangle", -150, None),
    ("dstnat", -100, Hook.PREROUTING),
    ("filter", 0, None),
    ("security", 50, None),
    ("srcnat", 100, Hook.POSTROUTING),
)


def priority_text(priority: int, hook: Hook) -> str:
    """A base chain's priority: a standard name where one is at most 10 away, else the number."""
    for name, value, only_at in _PRIORITIES:
        offset = priority - value
        if abs(offset) <= 10 and only_at in (None, hook):
            return name if not offset else f"{name} {'-' if offset < 0 else '+'} {abs(offset)}"
    return str(priority)


def priority_number(text: str) -> int:
    """The reverse of priority_text; raises ValueError for anything else."""
    found = re.fullmatch(r"([a-z]+)(?: ([+-]) ([0-9]+))?", text)
    if found is None:
        return int(text)
    base = next((value for name, value, _ in _PRIORITIES if name == found[1]), None)
    if base is None:
        raise ValueError(f"unknown priority {text!r}")
    return base + int(f"{found[2] or '+'}{found[3] or 0}")


_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def memory_name(table: Table, name: str, family: Family) -> str:
    """What a dynamic set is called among what a kernel remembers (engine.trace.Remembered)."""
    return f"{table.family or TABLE_FAMILY[family]} {table.name} {name}"


def duration_text(seconds: int) -> str:
    """`1d3h46m40s`."""
    parts = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def remaining_text(seconds: float) -> str:
    """`2h59m58s123ms`, as time_print has it: what is nothing is left out."""
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    if not milliseconds:
        return duration_text(whole)
    return f"{duration_text(whole) if whole else ''}{milliseconds}ms"


def duration_seconds(text: str) -> int:
    """The reverse of duration_text; raises ValueError for anything else."""
    found = re.fullmatch(r"(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?", text)
    if found is None or not text:
        raise ValueError(f"unknown duration {text!r}")
    return sum(int(count or 0) * size for count, (_, size) in zip(found.groups(), _UNITS, strict=True))


def not_equal(negate: bool) -> str:
    """The `!= ` before a value that must not be."""
    return "!= " if negate else ""


def split_commas(text: str) -> list[str]:
    """The parts between commas that stand outside quotes."""
    return [part.strip() for part in re.findall(r'(?:[^,"]|"[^"]*")+', text) if part.strip()]


def element_order(key: Key, key_types: tuple[str, ...]) -> tuple[int, ...]:
    """Sort key that lists elements as nft does.

    A single value sorts by its number. A concatenation is compared as one number in the host's byte order (here
    little-endian, as on x86 and arm64): the last component counts most, and within one the last byte.
    """
    if len(key) == 1:
        return (int.from_bytes(_packed(key[0], key_types[0]), "big"),)
    pairs = zip(reversed(key), reversed(key_types), strict=True)
    return tuple(int.from_bytes(_packed(value, kind), "little") for value, kind in pairs)


def protocol_names(key: Key, key_types: tuple[str, ...]) -> Key:
    """A key whose protocols are named, as `nft` prints them without -n."""
    if len(key) != len(key_types) or "inet_proto" not in key_types:
        return key
    return tuple(
        _PROTOCOL_NAME.get(value, value) if kind == "inet_proto" else value
        for value, kind in zip(key, key_types, strict=True)
    )


def _packed(value: str, kind: str) -> bytes:
    """A component in network byte order; raises ValueError for what the type cannot hold."""
    if kind in ("ipv4_addr", "ipv6_addr"):
        return packed(value.partition("/")[0].partition("-")[0])
    return _packed_word(value, kind)


@functools.lru_cache(maxsize=1024)
def _packed_word(value: str, kind: str) -> bytes:
    if kind == "inet_proto":
        number = _PROTOCOL_NUMBER.get(value)
        return bytes([int(value) if number is None else number])
    if kind == "inet_service":
        port = int(value.partition("-")[0])
        if not 0 <= port <= 65535:
            raise ValueError(f"port {value} is not between 0 and 65535")
        return port.to_bytes(2, "big")
    # Sets of other types only real nodes have; their order in a listing is the listing's own.
    return value.encode()
