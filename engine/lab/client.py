"""Sending the request from inside a namespace, and what the program that sends it learns."""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import errno
import socket

from engine.lab.namespaces import Namespace
from engine.packet import L4, FiveTuple

_REFUSED = (errno.ECONNREFUSED, errno.ECONNRESET)
_UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EINVAL, errno.EACCES, errno.ENETDOWN, errno.EPERM)


class Heard(enum.StrEnum):
    """What the client's system calls said."""

    CONNECTED = "connected"
    STALLED = "stalled"  # connect() succeeds, and nothing more comes through
    REFUSED = "refused"
    UNREACHABLE = "unreachable"  # an ICMP error, or no route on the sender itself
    TIMEOUT = "timeout"


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """`server`, `seen` and `seen_port` are what the server's own greeting says; None where none came."""

    heard: Heard
    server: str | None = None
    seen: str | None = None
    seen_port: int | None = None


class Call:
    """One request. The connection stays open until close(), so that its conntrack entries can be read."""

    def __init__(self, inside: Namespace, protocol: L4, dst: str, dport: int, sport: int, src: str | None) -> None:
        family = socket.AF_INET6 if ":" in dst else socket.AF_INET
        with inside.entered():
            self._sock = socket.socket(family, socket.SOCK_STREAM if protocol is L4.TCP else socket.SOCK_DGRAM)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # A source address from outside the host's own would be a mistake of the caller's: bind() says so.
        self._sock.bind((src or ("::" if ":" in dst else ""), sport))
        self.protocol, self._to = protocol, (dst, dport)

    def send(self, timeout: float, asks: bytes = b"") -> Reply:
        """Connect (UDP: send one datagram) and wait for the greeting, `timeout` seconds for each; of a server that waits to be
        asked, `asks` is what is sent first."""
        self._sock.settimeout(timeout)
        try:
            self._sock.connect(self._to)
            if self.protocol is L4.UDP:
                # A datagram that a rule stops in OUTPUT fails at once with EPERM, rejected or dropped alike; whether
                # an ICMP error tells of it, the next call says.
                with contextlib.suppress(PermissionError):
                    self._sock.send(asks or b"?")
            elif asks:
                self._sock.sendall(asks)
        except OSError as error:
            return Reply(failed(error))
        try:
            text = self._sock.recv(4096).decode("ascii", "replace").split()
        except OSError as error:
            heard = failed(error)
            stalled = heard is Heard.TIMEOUT and self.protocol is L4.TCP
            return Reply(Heard.STALLED if stalled else heard)
        if len(text) != 3:
            # A name server's answer says nothing of whom it saw.
            return Reply(Heard.CONNECTED if asks and self.protocol is L4.UDP else Heard.REFUSED)
        return Reply(Heard.CONNECTED, text[0], text[1], int(text[2]))

    @property
    def opened(self) -> socket.socket:
        return self._sock

    @property
    def flow(self) -> FiveTuple:
        own = self._sock.getsockname()
        return FiveTuple(self.protocol, own[0], own[1], *self._to)

    def close(self) -> None:
        self._sock.close()


def failed(error: OSError) -> Heard:
    """What a system call's error says of the request; raises one that says nothing of it."""
    if isinstance(error, TimeoutError):
        return Heard.TIMEOUT
    if error.errno in _REFUSED:
        return Heard.REFUSED
    if error.errno in _UNREACHABLE:
        return Heard.UNREACHABLE
    raise error
