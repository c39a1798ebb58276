"""A thread that waits for many sockets at once, and ends with them."""

from __future__ import annotations

import os
import selectors
import socket
import threading
from collections.abc import Callable
from typing import Any


class SocketLoop:
    """Calls `ready` with each socket that can be read from, and what was said of it when it was added, until close()."""

    def __init__(self, ready: Callable[[socket.socket, Any], None]) -> None:
        self._ready = ready
        self._selector = selectors.DefaultSelector()
        self._woken, self._wake = os.pipe()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._stop = False

    def add(self, sock: socket.socket, data: Any) -> None:
        """Wait for this one too."""
        self._selector.register(sock, selectors.EVENT_READ, data)

    def drop(self, sock: socket.socket) -> None:
        """Close one, and wait for it no more."""
        self._selector.unregister(sock)
        sock.close()

    def sockets(self) -> list[tuple[socket.socket, Any]]:
        """Those that it waits for, and what was said of each."""
        keys = list(self._selector.get_map().values())
        return [(key.fileobj, key.data) for key in keys if isinstance(key.fileobj, socket.socket)]

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """End the thread, and close all sockets."""
        self._stop = True
        os.write(self._wake, b"x")
        if self._thread.is_alive():
            self._thread.join()
        for sock, _ in self.sockets():
            sock.close()
        self._selector.close()
        os.close(self._wake)
        os.close(self._woken)

    def _serve(self) -> None:
        while not self._stop:
            for key, _ in self._selector.select():
                if isinstance(key.fileobj, socket.socket):
                    self._ready(key.fileobj, key.data)
