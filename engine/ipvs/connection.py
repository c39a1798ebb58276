"""An entry of the connection table, and the template that persistence keeps for a client (struct ip_vs_conn)."""

from __future__ import annotations

import math
from typing import Protocol

from engine.ipvs.server import RealServer
from engine.packet import L4
from engine.values import dataclass

TCP_TIME_WAIT = 120.0
SCTP_CLOSED = 10.0
_RETRY = 60.0


@dataclass(slots=True, eq=False)
class PersistenceTemplate:
    """Persistence: the server a client (or network of clients) stays on.

    Its timer starts anew with every connection; while it still has connections it lives on in steps of a minute.
    `network` is whom it is kept for.
    """

    network: str
    server: RealServer
    timeout: float
    controls: int = 0
    deadline: float = math.inf

    def use(self, now: float) -> None:
        """One more connection hangs on it."""
        self.renew(now)
        self.controls += 1

    def renew(self, now: float) -> None:
        """Its timer starts anew: as long as before, or a minute once it has been put off."""
        if self.deadline <= now:
            self.timeout = _RETRY
        self.deadline = now + self.timeout

    def release(self, moment: float) -> bool:
        """A connection that hung on it ended; whether it was the last. While there are some the timer that runs out only puts
        the template off, by a minute each time (ip_vs_conn_expire)."""
        self.controls -= 1
        if self.controls:
            return False
        if self.deadline < moment:
            self.timeout = _RETRY
            self.deadline += _RETRY * math.ceil((moment - self.deadline) / _RETRY)
        return True


class ConnectionTable(Protocol):
    """What a connection asks of the virtual server whose table it stands in. `now` is in seconds."""

    protocol: L4
    now: float
    expire_nodest_conn: bool

    def advance(self, now: float) -> None: ...

    def note_closed(self, connection: Connection) -> None: ...

    def note_reopened(self, connection: Connection) -> None: ...

    def note_expired(self, connection: Connection) -> None: ...

    def note_idle(self, template: PersistenceTemplate) -> None: ...


class Connection:
    """What `VirtualServer.connect` returns. `server` is "ip:port", or None where no server could take it."""

    def __init__(
        self,
        owner: ConnectionTable,
        key: tuple[str, int, str],
        real: RealServer | None,
        template: PersistenceTemplate | None,
    ) -> None:
        self.owner = owner
        self.key = key
        self.real = real
        self.template = template
        self.closed = False
        self.expired = real is None
        self.deadline = 0.0
        if real is not None:
            if owner.protocol is L4.UDP:
                real.inactive += 1
            else:
                real.active += 1
            real.bound()
        if template is not None:
            template.use(owner.now)

    def __repr__(self) -> str:
        return f"<{self.key[0]}:{self.key[1]} -> {self.server}>"

    @property
    def server(self) -> str | None:
        return self.real.name if self.real else None

    @property
    def is_active(self) -> bool:
        """TCP and SCTP count as active once set up and until closed; a UDP "connection" is always inactive."""
        return not (self.closed or self.expired) and self.owner.protocol is not L4.UDP

    def close(self, now: float | None = None) -> None:
        """The client closes: active becomes inactive, and the entry stays until its timer ends (TCP: 120 s).

        While its server is out the packet gets no further than IPVS (ip_vs_in: the server is not available): it is
        dropped and the connection stays active, until a close() after the server's return, which is the client's
        retransmitted FIN; with expire_nodest_conn the entry goes at once.
        """
        if now is not None:
            self.owner.advance(now)
        if self.closed or self.expired or self.owner.protocol is L4.UDP:
            return
        if self.real is not None and not self.real.available:
            if self.owner.expire_nodest_conn:
                self.expire()
            return
        if self.real is not None:
            self.real.active -= 1
            self.real.inactive += 1
        self.closed = True
        self.deadline = self.owner.now + (TCP_TIME_WAIT if self.owner.protocol is L4.TCP else SCTP_CLOSED)
        self.owner.note_closed(self)

    def reopen(self) -> None:
        """The same client port again: the entry becomes active once more, on the server it has."""
        if self.closed and not self.expired:
            self.owner.note_reopened(self)
            self._count(-1)
            self.closed = False
            self._count(1)
            if self.template is not None:
                self.template.renew(self.owner.now)

    def expire(self, moment: float | None = None) -> None:
        """Drop the entry from the table, at `moment` (None: now)."""
        if self.expired or self.real is None:
            return
        self._count(-1)
        self.owner.note_expired(self)
        self.expired = True
        self.real.unbound()
        if self.template is not None and self.template.release(self.owner.now if moment is None else moment):
            self.owner.note_idle(self.template)

    def _count(self, by: int) -> None:
        assert self.real is not None
        if self.is_active:
            self.real.active += by
        else:
            self.real.inactive += by
