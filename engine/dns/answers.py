"""What a look-up is made of: the queries that leave the host, and what comes of them."""

from __future__ import annotations

from collections.abc import Callable

from engine.dns.zone import ZoneAnswer
from engine.errors import UnsupportedFeature
from engine.values import dataclass

# RFC 1035, 2.3.4: what fits into a UDP answer of a resolver without EDNS0; and the sizes of what is in it (4.1).
_UDP_ANSWER, _HEADER = 512, 12
_SIZES = {"A": 16, "AAAA": 28}

MAX_NAME = 253
MAX_LABEL = 63


@dataclass(frozen=True, slots=True)
class DNSQuery:
    """One query as it leaves. `at`: seconds since the look-up began. `rcode` is "" where no answer came; `answers` counts
    the records of the answer section."""

    server: str
    name: str
    type: str
    rcode: str = ""
    answers: int = 0
    at: float = 0


@dataclass(frozen=True, slots=True)
class Lookup:
    """What getaddrinfo did. `result` holds the addresses in its order, empty where it failed; `error` is then its code:
    EAI_NONAME, EAI_AGAIN or EAI_NODATA, else "". `seconds` went by with waiting."""

    queries: tuple[DNSQuery, ...] = ()
    result: tuple[str, ...] = ()
    seconds: float = 0
    error: str = ""


Ask = Callable[[str, str], ZoneAnswer]
"""A name and a type: what every server that is alive answers."""


def can_be_asked(name: str) -> bool:
    """Whether a name (without the dot at its end) fits into a query: RFC 1035, 2.3.4."""
    return len(name) <= MAX_NAME and all(1 <= len(label) <= MAX_LABEL for label in name.split("."))


def in_one_datagram(name: str, answer: ZoneAnswer) -> ZoneAnswer:
    """The answer, if it fits into 512 bytes. Raises UnsupportedFeature where it does not: glibc then asks again over TCP,
    and musl takes what has come (before 1.2.4)."""
    size = _HEADER + len(name) + 6 + sum(_SIZES.get(kind, 14 + len(value)) for _, kind, value in answer.records)
    if size > _UDP_ANSWER:
        raise UnsupportedFeature(
            f"the answer for {name} takes {size} bytes, more than the 512 of a datagram; what a resolver does then is not "
            "modelled",
            zh=f"{name} 的响应有 {size} 字节，超过 UDP 报文的 512 字节；解析器此时的行为不在模型之内",
        )
    return answer
