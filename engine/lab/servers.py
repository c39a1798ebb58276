"""Servers that say whom they see: one thread answers for all hosts of a lab, through sockets made in each namespace."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable

from engine.lab.errors import NotInThisLab
from engine.lab.namespaces import Namespace
from engine.lab.socket_loop import SocketLoop
from engine.packet import L4

_IP_PKTINFO = 8
_IPV6_RECVPKTINFO = 49
_IPV6_PKTINFO = 50
_SOMAXCONN = 4096


# What a server of HTTP answers: its host and whom it sees, a line each, as engine.shell.tools.curl has it.
_HTTP = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {size}\r\n\r\n{body}"
_REQUESTS = (b"GET ", b"HEAD ")


class Servers:
    """Answers on every socket it is given with `HOST ADDRESS PORT`: the server's host, and the peer it sees. `http`: it waits
    for a word first, and answers a request of HTTP as such."""

    def __init__(self, http: bool = False) -> None:
        self._http = http
        self._loop = SocketLoop(self._ready)

    def listen(self, host: str, inside: Namespace, version: int, ports: Iterable[tuple[L4, int]]) -> None:
        """Open the ports of a host on all of its addresses. Before start()."""
        with inside.entered():
            for protocol, port in ports:
                sock = listener(protocol, port, version, as_go=self._http)
                self._loop.add(sock, (host, protocol))

    def forget(self, host: str) -> None:
        """Close what listens on a host that is gone: an open socket keeps its namespace."""
        for sock, data in self._loop.sockets():
            if data[0] == host:
                self._loop.drop(sock)

    def start(self) -> None:
        self._loop.start()

    def close(self) -> None:
        self._loop.close()

    def _ready(self, sock: socket.socket, data: tuple[str, L4 | None]) -> None:
        host, protocol = data
        try:
            if protocol is L4.UDP:
                answer_datagram(sock, host)
            elif protocol is not None:
                peer, address = sock.accept()
                if not self._http:
                    peer.sendall(_says(host, address))
                self._loop.add(peer, (host, None))
            elif not (asked := sock.recv(4096)):
                self._loop.drop(sock)
            elif self._http:
                self._answer(sock, host, asked)
        except OSError:
            if protocol is None:
                self._loop.drop(sock)

    def _answer(self, sock: socket.socket, host: str, asked: bytes) -> None:
        says = _says(host, sock.getpeername())
        if not asked.startswith(_REQUESTS):
            sock.sendall(says)
            return
        body = "server: {}\nclient: {}\n".format(*says.decode().split()[:2])
        head = _HTTP.format(size=len(body), body="" if asked.startswith(b"HEAD") else body)
        sock.sendall(head.encode())


def listener(protocol: L4, port: int, version: int, *, as_go: bool = False) -> socket.socket:
    """`as_go`: on both families at once and with somaxconn, as the kubelet and CoreDNS listen (net.Listen)."""
    family = socket.AF_INET if version == 4 and not as_go else socket.AF_INET6
    if protocol not in (L4.TCP, L4.UDP):
        raise NotInThisLab(
            f"the lab serves TCP and UDP, not {protocol}", zh=f"实验环境支持 TCP 和 UDP，不支持 {protocol}"
        )
    sock = socket.socket(family, socket.SOCK_STREAM if protocol is L4.TCP else socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if as_go:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    if protocol is L4.UDP:
        level, option = (
            (socket.SOL_IP, _IP_PKTINFO) if family is socket.AF_INET else (socket.IPPROTO_IPV6, _IPV6_RECVPKTINFO)
        )
        sock.setsockopt(level, option, 1)
    sock.bind(("" if family is socket.AF_INET else "::", port))
    if protocol is L4.TCP:
        sock.listen(_SOMAXCONN if as_go else 16)
    sock.setblocking(False)
    return sock


def _says(host: str, address: tuple[str, int] | tuple[str, int, int, int]) -> bytes:
    return f"{host} {address[0].removeprefix('::ffff:')} {address[1]}\n".encode()


def answer_datagram(sock: socket.socket, host: str) -> None:
    """Answer a datagram with the host's greeting. It leaves from the address that was spoken to, as a server bound to it would have it."""
    _, ancillary, _, address = sock.recvmsg(4096, 256)
    back = []
    for level, kind, data in ancillary:
        if level == socket.SOL_IP and kind == _IP_PKTINFO:
            # struct in_pktinfo: interface index, the local address, the destination of the header.
            back.append((level, kind, struct.pack("=I4s4s", 0, data[8:12], b"\0" * 4)))
        elif level == socket.IPPROTO_IPV6 and kind == _IPV6_PKTINFO:
            back.append((level, kind, data[:16] + struct.pack("=I", 0)))
    sock.sendmsg([_says(host, address)], back, 0, address)
