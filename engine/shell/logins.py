"""Which host one is on: ssh goes to another, exit leaves it. Data only; no line is run here."""

from __future__ import annotations

import re

from engine.shell.live import ADMINISTRATOR, LiveCluster
from engine.values import dataclass

_LEAVES = re.compile(r"(?:exit|logout)(?:\s+\d+)?")
_SSH = re.compile(r"ssh(?:\s+(?P<host>\S*))?")


@dataclass(frozen=True, slots=True)
class Logins:
    """The hosts that one has gone to, the last one at the prompt; none where one has left the first too."""

    hosts: tuple[str, ...] = (ADMINISTRATOR,)

    @property
    def here(self) -> str:
        """The host at the prompt."""
        return self.hosts[-1]

    def prompt(self, live: LiveCluster) -> str:
        """The host's own prompt."""
        if self.here == ADMINISTRATOR:
            return "$ "
        return f"root@{self.here}:~# " if self.here in live.fabric.nodes else f"{self.here}:/# "

    def entered(self, host: str) -> Logins:
        """After one more login."""
        return Logins((*self.hosts, host))

    def moved(self, live: LiveCluster, line: str) -> Logins | None:
        """After `ssh HOST`, `exit` or `logout`; None for any other line. Raises NoSuchObject for the host."""
        line = line.strip()
        if leaves(line):
            return Logins(self.hosts[:-1])
        gone = _SSH.fullmatch(line)
        return None if gone is None else self.entered(live.host_named((gone["host"] or "?").rpartition("@")[2]))


def leaves(line: str) -> bool:
    """Whether the line leaves the host one is on."""
    return bool(_LEAVES.fullmatch(line.strip()))
