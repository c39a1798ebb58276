"""Packets of a given length sent from inside a namespace, and what their sender learns of its way.

Sources: ip(7) (IP_MTU_DISCOVER, IP_RECVERR), include/uapi/linux/{errqueue,tcp}.h.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
import time

from engine.lab.client import Call
from engine.lab.namespaces import Namespace
from engine.lab.ping import echo_request
from engine.packet import L4
from engine.trace import LearnedMTU
from engine.values import dataclass
from engine.walk.locate import ResolvedRequest

_IP_MTU_DISCOVER, _IP_RECVERR = 10, 11
_PMTUDISC_DONT, _PMTUDISC_DO = 0, 2
_LOCAL, _ICMP = 1, 2
_IP, _UDP, _TCP = 20, 8, 32
_SND_MSS, _BYTES_ACKED = 16, 120
# A way tells of one narrower link after the other.
_MOST_LEARNED = 8


@dataclass(frozen=True, slots=True)
class SentPackets:
    """Whether a small packet was answered, whether a large one came through, how long it was in the end (engine.trace.Outcome:
    `sent`), and what the sender learned before (of TCP nobody says)."""

    small: bool
    through: bool = False
    sent: int = 0
    learned: tuple[LearnedMTU, ...] = ()


def send_sized(
    inside: Namespace, resolved: ResolvedRequest, source: str | None, own: int, patience: float
) -> SentPackets:
    """Open the connection, send packets of the size that is asked for; `own` is the MTU of the device they leave by."""
    if resolved.protocol is L4.TCP:
        return _stream(inside, resolved, source, patience)
    sender = _Datagrams(inside, resolved, source)
    try:
        if sender.send(0, patience) is not True:
            return SentPackets(False)
        return _learned(sender, resolved.size, own, patience)
    finally:
        sender.close()


def _learned(sender: _Datagrams, size: int, own: int, patience: float) -> SentPackets:
    learned: list[LearnedMTU] = []
    lost = False
    while len(learned) < _MOST_LEARNED:
        heard = sender.send(size, patience)
        if isinstance(heard, LearnedMTU):
            if not heard.told_by and heard.mtu >= own:
                break
            learned.append(heard)
            size, lost = heard.mtu, False
        elif heard:
            return SentPackets(True, True, size, tuple(learned))
        elif lost:
            break
        else:
            lost = True
    return SentPackets(True, False, size, tuple(learned))


class _Datagrams:
    """A socket of UDP, or of echo requests."""

    def __init__(self, inside: Namespace, resolved: ResolvedRequest, source: str | None) -> None:
        self._echo = resolved.protocol is L4.ICMP
        with inside.entered():
            self._sock = (
                socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
                if self._echo
                else socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            )
        discover = _PMTUDISC_DONT if resolved.may_fragment else _PMTUDISC_DO
        self._sock.setsockopt(socket.SOL_IP, _IP_MTU_DISCOVER, discover)
        self._sock.setsockopt(socket.SOL_IP, _IP_RECVERR, 1)
        self._identifier, self._sequence = os.getpid() & 0xFFFF, 0
        self._sock.bind((source or "", 0 if self._echo else resolved.sport))
        self._to = (resolved.dst, resolved.dport)

    def send(self, size: int, patience: float) -> bool | LearnedMTU:
        """Whether a packet of that length (0: a small one) is answered, or what is heard of it instead."""
        self._sequence += 1
        until = time.monotonic() + patience
        payload = b"x" * max(size - _IP - _UDP, 1)
        try:
            self._sock.connect(self._to)
            message = echo_request(4, self._identifier, self._sequence, payload) if self._echo else payload
            self._sock.send(message)
            while (left := until - time.monotonic()) > 0:
                self._sock.settimeout(left)
                if self._is_answer(self._sock.recv(65535)):
                    return True
        except TimeoutError:
            return False
        except OSError as error:
            heard = self._error()
            if heard is not None and error.errno == errno.EMSGSIZE:
                return heard
        return False

    def _is_answer(self, packet: bytes) -> bool:
        if not self._echo:
            return True
        kind, _, _, identifier, sequence = struct.unpack_from("!BBHHH", packet, (packet[0] & 15) * 4)
        return (kind, identifier, sequence) == (0, self._identifier, self._sequence)

    def _error(self) -> LearnedMTU | None:
        """struct sock_extended_err and who sent it."""
        found = None
        self._sock.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                _, ancillary, _, _ = self._sock.recvmsg(1, 512, socket.MSG_ERRQUEUE)
                for _, _, data in ancillary:
                    number, origin, _, _, _, info, _ = struct.unpack_from("=IBBBBII", data)
                    if number == errno.EMSGSIZE and origin in (_LOCAL, _ICMP):
                        told_by = "" if origin == _LOCAL else socket.inet_ntoa(data[20:24])
                        found = LearnedMTU(info, told_by)
        return found

    def close(self) -> None:
        self._sock.close()


def _stream(inside: Namespace, resolved: ResolvedRequest, source: str | None, patience: float) -> SentPackets:
    """A connection, and one full packet on it: with timestamps the header takes 32 bytes."""
    call = Call(inside, L4.TCP, resolved.dst, resolved.dport, resolved.sport, source)
    try:
        if call.send(patience).server is None:
            return SentPackets(False)
        sock = call.opened
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        through = upload(sock, resolved.size, patience)
        (segment,) = struct.unpack_from("=I", _info(sock), _SND_MSS)
        return SentPackets(True, through, min(resolved.size, segment + _IP + _TCP))
    finally:
        call.close()


def upload(sock: socket.socket, size: int, patience: float) -> bool:
    """Whether what an IP packet of `size` bytes holds is acknowledged within four times `patience` seconds, in segments as the
    connection has them."""
    payload = size - _IP - _TCP
    before = _acked(sock)
    sock.sendall(b"x" * payload)
    until = time.monotonic() + 4 * patience
    while _acked(sock) < before + payload:
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def _acked(sock: socket.socket) -> int:
    """Bytes of the connection that the other side has acknowledged."""
    (acked,) = struct.unpack_from("=Q", _info(sock), _BYTES_ACKED)
    return int(acked)


def _info(sock: socket.socket) -> bytes:
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 232)
