"""What packet sockets see of one connection: the walk's packets with what a handshake, a request and its answer put in.

The walk has a connection's first packet and its answer; what follows takes the same ways. Sequence numbers and windows are
those of any such exchange. Sources: tcpdump 4.99, print-tcp.c, print-icmp.c, print-ip.c; tcp(7) for the retries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from engine.packet import L4, FiveTuple, is_ipv6
from engine.shell.clock import time_of_day
from engine.trace import Outcome, ReasonCode, Verdict
from engine.values import dataclass
from engine.walk.state import Tap

_MSS = "{mss}"
_SYN = "Flags [S], seq 1482906112, win 64240, options [mss {mss},sackOK,TS val 815320917 ecr 0,nop,wscale 7], length 0"
_SYN_ACK = "Flags [S.], seq 2913460237, ack 1482906113, win 65160, options [mss {mss},sackOK,TS val 3078312204 ecr 815320917,nop,wscale 7], length 0"  # fmt: skip
_TIMES = "options [nop,nop,TS val 815320918 ecr 3078312205]"
# What follows the handshake: which way it goes (0 there, 1 back), what it says.
_HTTP = (
    (0, f"Flags [.], ack 1, win 502, {_TIMES}, length 0"),
    (0, f"Flags [P.], seq 1:75, ack 1, win 502, {_TIMES}, length 74"),
    (1, f"Flags [.], ack 75, win 509, {_TIMES}, length 0"),
    (1, f"Flags [P.], seq 1:149, ack 75, win 509, {_TIMES}, length 148"),
    (0, f"Flags [.], ack 149, win 501, {_TIMES}, length 0"),
    (0, f"Flags [F.], seq 75, ack 149, win 501, {_TIMES}, length 0"),
    (1, f"Flags [F.], seq 149, ack 76, win 509, {_TIMES}, length 0"),
    (0, f"Flags [.], ack 150, win 501, {_TIMES}, length 0"),
)
# By a port of HTTP's tcpdump prints the first line (print-tcp.c, HTTP_PORT and HTTP_PORT_ALT).
_HTTP_PORTS = {80, 8080}
_FIRST_LINES = {"length 74": "GET / HTTP/1.1", "length 148": "HTTP/1.1 200 OK"}
_RESET = "Flags [R.], seq 0, ack 1482906113, win 0, length 0"
# Seconds after the first at which a SYN that nobody answers is sent again: as many as one sees within some seconds.
_RETRIES = (1.0, 3.0, 7.0)
# The same of a segment that is not acknowledged (TCP_RTO_MIN, doubled each time).
_LOST = (0.2, 0.6, 1.4, 3.0)
# TCP's header with timestamps; the bytes of a request without a body.
_TCP, _SMALL = 32, 74
# Between two packets of one exchange, and between two devices of one way.
_APART, _DEVICE = 0.0002, 0.000005


@dataclass(frozen=True, slots=True)
class SeenPacket:
    """One packet on one device: when (seconds of the cluster's clock), where, and what tcpdump says of it after the
    addresses."""

    at: float
    tap: Tap
    said: str


def packets_of(
    outcome: Outcome, taps: tuple[Tap, ...], protocol: L4, clock: float, size: int | None = None
) -> list[SeenPacket]:
    """All that is seen of one attempt; `size` is Request.size."""
    last = max((tap.leg for tap in taps), default=0)
    legs = [[tap for tap in taps if tap.leg == leg] for leg in (0, 1, last)]
    upload = _payload(outcome, size) if size is not None and protocol is L4.TCP else (0, 0)
    found = [
        packet
        for number, (leg, at, said) in enumerate(_sent(outcome, protocol, bool(legs[1]), *upload))
        for packet in _along(legs[leg], clock + at + number * _APART, said)
    ]
    return sorted(found, key=lambda packet: packet.at)


def _along(way: Iterable[Tap], at: float, said: str) -> Iterator[SeenPacket]:
    for number, tap in enumerate(way):
        yield SeenPacket(at + number * _DEVICE, tap, said.replace(_MSS, str(tap.segment_size)))


def _payload(outcome: Outcome, size: int) -> tuple[int, int]:
    """Bytes that an upload has in all, and in a segment that is full; 0 where none is sent."""
    if not outcome.sent:
        return 0, 0
    headers = _TCP + (40 if is_ipv6(outcome.destination.rpartition(":")[0].strip("[]")) else 20)
    return size - headers, outcome.sent - headers


def _opened(outcome: Outcome, whole: int, segment: int) -> Iterator[tuple[int, float, str]]:
    """What follows the handshake, as _sent."""
    if segment and outcome.stalls is not None:
        yield 0, 0.0, _HTTP[0][1]
        full = f"Flags [.], seq 1:{segment + 1}, ack 1, win 502, {_TIMES}, length {segment}"
        yield from ((2, seconds, full) for seconds in (0.0, *_LOST))
    elif segment and whole > _SMALL:
        yield from _upload(whole, segment)
    else:
        for leg, said in _HTTP if outcome.stalls is None else _HTTP[:2]:
            yield leg, 0.0, said


def _upload(whole: int, segment: int) -> Iterator[tuple[int, float, str]]:
    """A request of several segments, and what follows it as in _HTTP."""
    yield _HTTP[0][0], 0.0, _HTTP[0][1]
    for first in range(1, whole + 1, segment):
        end = min(first + segment, whole + 1)
        flags = "P." if end == whole + 1 else "."
        yield 0, 0.0, f"Flags [{flags}], seq {first}:{end}, ack 1, win 502, {_TIMES}, length {end - first}"
    for leg, said in _HTTP[2:]:
        yield leg, 0.0, re.sub(r"\b7([56])\b", lambda found: str(whole + int(found[1]) - 4), said)


def _sent(
    outcome: Outcome, protocol: L4, answered: bool, whole: int = 0, segment: int = 0
) -> Iterator[tuple[int, float, str]]:
    """(which way, seconds, what it says) of each packet: 0 there, 1 back, 2 as far as the last one came. An upload has `whole`
    bytes, at most `segment` in each packet."""
    if protocol is L4.ICMP:
        yield 0, 0.0, "ICMP echo request, id 1, seq 1, length 64"
        if answered:
            yield 1, 0.0, "ICMP echo reply, id 1, seq 1, length 64"
        return
    if protocol is not L4.TCP:
        yield 0, 0.0, "UDP, length 47"
        if answered:
            yield 1, 0.0, "UDP, length 112"
        return
    yield 0, 0.0, _SYN
    if outcome.verdict in (Verdict.REFUSED, Verdict.REJECT) or _error_came(outcome):
        yield 1, 0.0, _RESET
        return
    if answered:
        yield 1, 0.0, _SYN_ACK
    if outcome.verdict is Verdict.DELIVERED:
        yield from _opened(outcome, whole, segment)
    elif outcome.where is not None and outcome.where.code is ReasonCode.WRONG_REPLY_SOURCE:
        # The client knows of no such connection.
        yield 0, 0.0, "Flags [R], seq 1482906113, win 0, length 0"
    else:
        for seconds in _RETRIES:
            yield 0, seconds, _SYN
            if answered:
                yield 1, seconds, _SYN_ACK


def _error_came(outcome: Outcome) -> bool:
    """Whether an ICMP error came back."""
    return any(hop.stage == "socket" for hop in outcome.reply) and outcome.verdict is not Verdict.DELIVERED and not outcome.source_seen  # fmt: skip


def line(packet: SeenPacket, every: bool) -> str:
    """As `tcpdump -n` prints it; `every` as with -i any, which names the device."""
    tap = packet.tap
    where = f"{tap.device:<5} {tap.way:<3} " if every else ""
    text = f"{_clock(packet.at)} {where}"
    if tap.inner is None:
        return text + _told(tap, tap.flow, packet.said)
    inner = _told(tap, tap.inner, packet.said)
    if tap.flow.protocol is not L4.UDP:
        return f"{text}IP {tap.flow.src} > {tap.flow.dst}: {inner}"
    head = f"IP {_end(tap.flow.src, tap.flow.sport)} > {_end(tap.flow.dst, tap.flow.dport)}"
    name = "OTV" if tap.flow.dport == 8472 else "VXLAN"
    vni = tap.outer.vni if tap.outer is not None else 1
    told = (
        f"{name}, flags [I] (0x08), overlay 0, instance {vni}"
        if name == "OTV"
        else f"{name}, flags [I] (0x08), vni {vni}"
    )
    return f"{text}{head}: {told}\n{inner}"


def _told(tap: Tap, flow: FiveTuple, said: str) -> str:
    """What tcpdump says of the packet itself, without what a tunnel put around it."""
    name = "IP6" if is_ipv6(flow.src) else "IP"
    if tap.error_about is not None:
        about = tap.error_about
        return f"{name} {flow.src} > {flow.dst}: ICMP {about.dst} {about.protocol.lower()} port {about.dport} unreachable, length 68"
    if flow.protocol is L4.ICMP:
        return f"{name} {flow.src} > {flow.dst}: {said}"
    said += next(
        (
            f": HTTP: {first}"
            for size, first in _FIRST_LINES.items()
            if said.endswith(size) and {flow.sport, flow.dport} & _HTTP_PORTS
        ),
        "",
    )
    return f"{name} {_end(flow.src, flow.sport)} > {_end(flow.dst, flow.dport)}: {said}"


def _end(address: str, port: int) -> str:
    return f"{address}.{port}"


def _clock(seconds: float) -> str:
    return time_of_day(seconds).strftime("%H:%M:%S.%f")
