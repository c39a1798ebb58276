"""pcap-filter(7), as far as one types it: host, net, port, src and dst, protocols, and, or, not, parentheses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

from engine.packet import FiveTuple

Filter: TypeAlias = Callable[[FiveTuple], bool]
_OPEN, _CLOSE = "()"
_PROTOCOLS = ("tcp", "udp", "icmp", "sctp")
_SERVICES = {"http": "80", "https": "443", "domain": "53", "ssh": "22"}
# Of a packet these filters see its tuple.
_NOT_HERE = frozenset({"arp", "ether", "vlan", "greater", "less", "broadcast", "multicast", "icmp6", "len", "proto", "inbound", "outbound", "rarp", "gateway"})  # fmt: skip


class BadFilter(Exception):
    """What tcpdump says of an expression."""


def read_filter(words: Sequence[str]) -> Filter:
    """The filter that the words are. Raises BadFilter."""
    text = " ".join(words)
    tokens = re.findall(r"\(|\)|&&|\|\||!|[^\s()!&|]+", text)
    if not tokens:
        return lambda flow: True
    if len(tokens) > 200:
        raise BadFilter("tcpdump: expression is too long")
    reader = _Reader(tokens)
    found = reader.either()
    if reader.left:
        raise BadFilter("tcpdump: can't parse filter expression: syntax error")
    return found


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self.left = tokens

    def either(self) -> Filter:
        parts = [self.both()]
        while self.left and self.left[0] in ("or", "||"):
            self.left.pop(0)
            parts.append(self.both())
        return lambda flow: any(part(flow) for part in parts)

    def both(self) -> Filter:
        parts = [self.one()]
        while self.left and self.left[0] not in ("or", "||", _CLOSE):
            if self.left[0] in ("and", "&&"):
                self.left.pop(0)
            parts.append(self.one())
        return lambda flow: all(part(flow) for part in parts)

    def one(self) -> Filter:
        if not self.left:
            raise BadFilter("tcpdump: can't parse filter expression: syntax error")
        token = self.left.pop(0)
        if token in ("not", "!"):
            inner = self.one()
            return lambda flow: not inner(flow)
        if token == _OPEN:
            found = self.either()
            if not self.left or self.left.pop(0) != _CLOSE:
                raise BadFilter("tcpdump: can't parse filter expression: syntax error")
            return found
        return self.primitive(token)

    def primitive(self, token: str) -> Filter:
        if token in ("ip", "ip6"):
            six = token.endswith("6")
            return lambda flow: (":" in flow.src) == six
        if token in _PROTOCOLS:
            of = self.of_protocol(token)
            if self.left and self.left[0] in ("port", "portrange", "src", "dst"):
                rest = self.one()
                return lambda flow: of(flow) and rest(flow)
            return of
        if "[" in token or token in _NOT_HERE:
            raise BadFilter(
                f"tcpdump: {token[:50]} is not simulated here; there are host, net, port, portrange, src, dst, tcp, udp, icmp"
            )
        side = ""
        if token in ("src", "dst"):
            side, token = token, self.left.pop(0) if self.left else ""
        if token in ("host", "net", "port", "portrange"):
            value = self.left.pop(0) if self.left else ""
            return _matching(token, side, value)
        return _matching("host", side, token)

    @staticmethod
    def of_protocol(token: str) -> Filter:
        return lambda flow: flow.protocol.lower() == token


def _matching(kind: str, side: str, value: str) -> Filter:
    if kind == "portrange":
        ports = re.fullmatch(r"([0-9]{1,5})-([0-9]{1,5})", value)
        if ports is None:
            raise BadFilter(f"tcpdump: illegal port range: {value}")
        within_range = range(int(ports[1]), int(ports[2]) + 1)
        return lambda flow: (
            (side != "dst" and flow.sport in within_range) or (side != "src" and flow.dport in within_range)
        )
    if kind == "port":
        value = _SERVICES.get(value, value)
        if not re.fullmatch(r"[0-9]{1,5}", value):
            raise BadFilter(f"tcpdump: illegal port: {value}")
        number = int(value)
        return lambda flow: (side != "dst" and flow.sport == number) or (side != "src" and flow.dport == number)
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise BadFilter(
            f"tcpdump: unknown host '{value}'" if kind == "host" else f"tcpdump: unknown network '{value}'"
        ) from None

    def within(address: str) -> bool:
        parsed = ipaddress.ip_address(address)
        return parsed.version == network.version and parsed in network

    return lambda flow: (side != "dst" and within(flow.src)) or (side != "src" and within(flow.dst))
