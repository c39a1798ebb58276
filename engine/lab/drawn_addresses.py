"""Where the hosts of a drawn cluster are: the position of a thing is in its address. Pure."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses for one IP version."""

    version: int

    def _pick(self, four: str, six: str) -> str:
        return four if self.version == 4 else six

    @property
    def family(self) -> str:
        return self._pick("IPv4", "IPv6")

    @property
    def everywhere(self) -> str:
        return self._pick("0.0.0.0/0", "::/0")

    def far(self, index: int) -> str:
        """A node's address in a network of its own, behind the router."""
        return self._pick(f"172.16.{index}.4", f"fd00:172:{index}::4")

    @property
    def outsider(self) -> str:
        """A host outside the cluster, which may be an endpoint."""
        return self._pick("9.9.9.9", "2001:db8:9::9")

    def node(self, index: int) -> str:
        return self._pick(f"192.168.1.{9 + index}", f"fd00:168::{9 + index}")

    def further(self, index: int) -> str:
        return self._pick(f"192.168.99.{10 + index}", f"fd00:99::{10 + index}")

    @property
    def lan(self) -> str:
        return self._pick("192.168.1.0/24", "fd00:168::/64")

    def cidr(self, index: int) -> str:
        return self._pick(f"10.244.{index}.0/24", f"fd00:244:0:{index}::/64")

    @property
    def pods(self) -> str:
        return self._pick("10.244.0.0/16", "fd00:244::/48")

    def pod(self, index: int, number: int) -> str:
        return self._pick(f"10.244.{index}.{5 + number}", f"fd00:244:0:{index}::{5 + number}")

    def gateway(self, index: int) -> str:
        return self._pick(f"10.244.{index}.1", f"fd00:244:0:{index}::1")

    def vip(self, index: int) -> str:
        return self._pick(f"10.96.0.{10 + index}", f"fd00:96::{10 + index}")

    def external(self, index: int) -> str:
        return self._pick(f"198.51.100.{index}", f"2001:db8:51::{index}")

    def balancer(self, index: int) -> str:
        return self._pick(f"203.0.113.{10 + index}", f"2001:db8:113::{10 + index}")

    def ranges(self) -> tuple[str, str]:
        """Source ranges: one that holds the client, one that does not."""
        return (self._pick("1.2.3.0/24", "2001:db8:ffff::/64"), self._pick("9.9.9.0/24", "2001:db8:9::/64"))
