"""What a client does over time, and what becomes of it."""

from __future__ import annotations

import enum
from fractions import Fraction

from engine.errors import EngineError
from engine.trace import Request, Text
from engine.values import dataclass


class Fate(enum.StrEnum):
    """What a client hears of one request of its."""

    ANSWERED = "answered"
    REFUSED = "refused"  # ECONNREFUSED at once: a RST of a host where nobody listens, or a REJECT
    NO_ANSWER = "no answer"  # EHOSTUNREACH after some seconds, or a time-out
    RESET = "reset"  # the connection ends while the request is in flight
    HANGS = "hangs"  # the connection stands, and nobody is there any more who could say that it does not


@dataclass(frozen=True, slots=True)
class Connection:
    """A client's connection, or UDP socket: its first request `opened`, one more `every` so many milliseconds before
    `until` (None: one request alone), each answered `lasts` milliseconds after it is sent.

    `reuses`: all go over one connection (UDP: from one source port) as long as that stands; else each has one of its own.
    `max_age`: a connection is closed in good order once it is so old (gRPC's MAX_CONNECTION_AGE, a client's own limit).
    `timeout`: after how long without an answer the client gives a connection up; None: not within the timeline, as TCP
    itself does not (tcp_retries2 15: some fifteen minutes).
    """

    name: str
    request: Request
    opened: int
    every: int | None = None
    until: int | None = None
    lasts: int = 0
    reuses: bool = True
    max_age: int | None = None
    timeout: int | None = None

    def requests(self) -> range:
        """When each request is sent. Raises EngineError for a period of no time."""
        if self.every is None or self.until is None:
            return range(self.opened, self.opened + 1)
        if self.every < 1:
            raise EngineError(
                f"{self.name}: a request every {self.every} ms; at least 1",
                zh=f"{self.name}：每 {self.every} 毫秒一个请求；至少为 1",
            )
        return range(self.opened, self.until, self.every)


@dataclass(frozen=True, slots=True)
class Chance:
    """One thing that may become of a request, and how likely. `pod` is namespace/name of who got it, or would have (None:
    nobody), `why` in a sentence what decided."""

    probability: Fraction
    fate: Fate
    pod: str | None
    why: Text


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request of a connection: when it is sent, and what may become of it (the probabilities add to 1)."""

    connection: str
    at: int
    chances: tuple[Chance, ...]

    @property
    def fails(self) -> Fraction:
        """The probability that it is not answered."""
        return sum((c.probability for c in self.chances if c.fate is not Fate.ANSWERED), Fraction(0))
