"""The pods' processes while a timeline happens: they listen, stop to listen, hold requests back, and end. One thread does all,
so that what happens first is what is done first."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterable

from engine.lab.namespaces import Namespace
from engine.lab.servers import answer_datagram, listener
from engine.packet import L4


class Processes:
    """Answers `ask N` at once with its host's name, `hold N` when N is released. In the place of Servers in a Lab."""

    def __init__(self) -> None:
        self._ports: dict[str, tuple[Namespace, int, tuple[tuple[L4, int], ...]]] = {}
        self._listening: dict[str, list[tuple[socket.socket, L4]]] = {}
        self._accepted: dict[str, list[socket.socket]] = {}
        self._held: dict[str, list[tuple[str, socket.socket]]] = {}

    def listen(self, host: str, inside: Namespace, version: int, ports: Iterable[tuple[L4, int]]) -> None:
        """What the host's process listens on once it is opened."""
        self._ports[host] = (inside, version, tuple(ports))

    def start(self) -> None:
        """Nothing runs by itself."""

    def close(self) -> None:
        for host in list(self._ports):
            self.end(host)

    def open(self, host: str) -> None:
        """The host's process listens."""
        if host in self._listening or host not in self._ports:
            return
        inside, version, ports = self._ports[host]
        with inside.entered():
            self._listening[host] = [(listener(protocol, port, version), protocol) for protocol, port in ports]

    def shut(self, host: str, *, idle: bool = False) -> None:
        """It listens no more; `idle`: it closes the connections that have no request in flight."""
        self.pump(0.01)
        for sock, _ in self._listening.pop(host, ()):
            sock.close()
        if idle:
            busy = [sock for waiting in self._held.values() for name, sock in waiting if name == host]
            for sock in [sock for sock in self._accepted.get(host, ()) if sock not in busy]:
                self._forget(host, sock)

    def end(self, host: str) -> None:
        """It ends: its kernel closes what it had open."""
        self.shut(host)
        for sock in list(self._accepted.get(host, ())):
            self._forget(host, sock)
        self._held = {n: [one for one in waiting if one[0] != host] for n, waiting in self._held.items()}

    def release(self, number: str) -> None:
        """Answer the requests of that number that are held back."""
        for host, sock in self._held.pop(number, ()):
            self._answer(host, sock)

    def pump(self, seconds: float) -> None:
        """Let every process do what it has to do, until there is nothing to do for so long."""
        while True:
            listening = {sock: (host, protocol) for host, found in self._listening.items() for sock, protocol in found}
            accepted = {sock: host for host, found in self._accepted.items() for sock in found}
            ready, _, _ = select.select([*listening, *accepted], [], [], seconds)
            if not ready:
                return
            for sock in ready:
                if sock in listening:
                    self._take(sock, *listening[sock])
                elif sock in self._accepted.get(accepted[sock], ()):
                    self._read(sock, accepted[sock])

    def _take(self, sock: socket.socket, host: str, protocol: L4) -> None:
        try:
            if protocol is L4.UDP:
                answer_datagram(sock, host)
                return
            peer, _ = sock.accept()
        except OSError:
            return
        peer.setblocking(False)
        self._accepted.setdefault(host, []).append(peer)

    def _read(self, sock: socket.socket, host: str) -> None:
        try:
            data = sock.recv(4096)
        except OSError:
            data = b""
        if not data:
            self._forget(host, sock)
            return
        for line in data.decode().splitlines():
            word, _, number = line.partition(" ")
            if word == "hold":
                self._held.setdefault(number, []).append((host, sock))
            else:
                self._answer(host, sock)

    def _answer(self, host: str, sock: socket.socket) -> None:
        try:
            sock.sendall(f"{host}\n".encode())
        except OSError:
            self._forget(host, sock)

    def _forget(self, host: str, sock: socket.socket) -> None:
        if sock in self._accepted.get(host, ()):
            self._accepted[host].remove(sock)
        sock.close()
