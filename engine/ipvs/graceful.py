"""How kube-proxy takes an endpoint out of a virtual server: weight 0 first, removal once it has no connections left.

Source: pkg/proxy/ipvs/graceful_termination.go. UDP and SCTP servers are removed at once, because nothing tells when
their conversations end; a TCP server is looked at every minute and removed when it has neither active nor inactive
connections. An endpoint that comes back in the meantime is removed and added anew with weight 1 (proxier.go,
syncEndpoint: MoveRSOutofGracefulDeleteList, then AddRealServer), so it moves to the head of the list. Whether its
connections survive that is a race: kube-proxy sets net.ipv4.vs.expire_nodest_conn to 1, and the kernel cuts the
connections of a removed server a jiffy after the removal. Added again within it, the server keeps its counts (the
kernel's trash); measured with kube-proxy v1.30.5 on a slow machine, they were cut.
"""

from __future__ import annotations

from engine.ipvs.service import VirtualServer
from engine.packet import L4

CHECK_INTERVAL = 60.0


class GracefulTermination:
    """The servers of `service` that wait for their connections to end. Times are the service's own, in seconds."""

    def __init__(self, service: VirtualServer) -> None:
        self._service = service
        self._waiting: list[tuple[str, int]] = []

    @property
    def waiting(self) -> tuple[tuple[str, int], ...]:
        return tuple(self._waiting)

    def retire(self, address: str, port: int) -> None:
        """Take a server out: at once if nothing keeps it, else drain it and leave the rest to `check`."""
        if self._service.protocol is not L4.TCP or not self._busy(address, port):
            self._service.remove_server(address, port)
            return
        self._service.set_weight(address, port, 0)
        if (address, port) not in self._waiting:
            self._waiting.append((address, port))

    def restore(self, address: str, port: int, pause: float = 0.0) -> None:
        """The endpoint is back: it takes connections again. `pause` are the seconds between its removal and its return;
        with expire_nodest_conn its connections are lost from a jiffy on (engine.ipvs.service.JIFFY)."""
        if (address, port) in self._waiting:
            self._waiting.remove((address, port))
            self._service.remove_server(address, port)
            self._service.advance(self._service.now + pause)
        self._service.add_server(address, port, 1)

    def check(self, now: float) -> None:
        """The look that kube-proxy takes every CHECK_INTERVAL."""
        self._service.advance(now)
        for address, port in self.waiting:
            if not self._busy(address, port):
                self._service.remove_server(address, port)
                self._waiting.remove((address, port))

    def _busy(self, address: str, port: int) -> bool:
        return any(
            server.active + server.inactive
            for server in self._service.servers()
            if (server.address, server.port) == (address, port)
        )
