"""The hashes the schedulers look servers up by.

Sources: include/linux/hash.h (hash_32), lib/siphash.c (hsiphash on 64-bit kernels is SipHash-1-3, cut to 32 bits),
the *_hashkey functions of net/netfilter/ipvs/ip_vs_{sh,mh,dh}.c.
"""

from __future__ import annotations

import functools
import ipaddress

_MASK32 = 0xFFFFFFFF
_MASK64 = 0xFFFFFFFFFFFFFFFF
_GOLDEN_RATIO_32 = 0x61C88647


def hash_32(value: int, bits: int) -> int:
    """The upper `bits` bits of `value` times the golden ratio, as an unsigned 32-bit product."""
    return ((value * _GOLDEN_RATIO_32) & _MASK32) >> (32 - bits)


@functools.lru_cache(maxsize=65536)
def folded(address: str) -> int:
    """An IPv4 address as a number; an IPv6 address as the exclusive or of its four 32-bit words."""
    parsed = ipaddress.ip_address(address)
    value = int(parsed)
    if parsed.version == 6:
        value = value ^ (value >> 32) ^ (value >> 64) ^ (value >> 96)
    return value & _MASK32


def _rotate(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (64 - bits))) & _MASK64


def _round(v0: int, v1: int, v2: int, v3: int) -> tuple[int, int, int, int]:
    v0 = (v0 + v1) & _MASK64
    v1 = _rotate(v1, 13) ^ v0
    v0 = _rotate(v0, 32)
    v2 = (v2 + v3) & _MASK64
    v3 = _rotate(v3, 16) ^ v2
    v0 = (v0 + v3) & _MASK64
    v3 = _rotate(v3, 21) ^ v0
    v2 = (v2 + v1) & _MASK64
    v1 = _rotate(v1, 17) ^ v2
    v2 = _rotate(v2, 32)
    return v0, v1, v2, v3


@functools.lru_cache(maxsize=65536)
def hsiphash_u32(value: int, key: int) -> int:
    """hsiphash of one 32-bit number under the 128-bit key whose two halves are both `key`; 32 bits."""
    # SipHash pads a message with its length in the last word's top byte: four bytes here.
    word = (4 << 56) | (value & _MASK32)
    state = (
        0x736F6D6570736575 ^ key,
        0x646F72616E646F6D ^ key,
        0x6C7967656E657261 ^ key,
        0x7465646279746573 ^ key ^ word,
    )
    v0, v1, v2, v3 = _round(*state)
    v0, v2 = v0 ^ word, v2 ^ 0xFF
    for _ in range(3):
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    return (v0 ^ v1 ^ v2 ^ v3) & _MASK32
