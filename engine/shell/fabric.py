"""The hosts of a cluster with what somebody changed on top: a Fabric to walk through."""

from __future__ import annotations

from collections.abc import Mapping

from engine.cluster import Cluster, Mode
from engine.fabric.fabric import Fabric, build_fabric
from engine.fabric.hosts import LAN
from engine.netfilter.ruleset import Ruleset
from engine.netfilter.skb import ConntrackEntry
from engine.network.devices import DeviceKind
from engine.network.host import Host
from engine.packet import FAMILY_OF_VERSION, Family
from engine.shell.edits import Edit, apply_all
from engine.trace import ConntrackView, Remembered


class LiveFabric(Fabric):
    """Made by over(). It shares with the cluster's own Fabric all that is the same in both."""

    _edits: Mapping[str, tuple[Edit, ...]]
    _rules: Mapping[tuple[str, Family], Ruleset]
    _seen: Mapping[str, Cluster]
    _held: Mapping[str, tuple[ConntrackView, ...]]
    _remembered: Mapping[str, tuple[Remembered, ...]]

    @classmethod
    def over(
        cls,
        cluster: Cluster,
        mode: Mode,
        release: str | None,
        *,
        edits: Mapping[str, tuple[Edit, ...]],
        rules: Mapping[tuple[str, Family], Ruleset],
        seen: Mapping[str, Cluster],
        held: Mapping[str, tuple[ConntrackView, ...]],
        remembered: Mapping[str, tuple[Remembered, ...]],
        full: frozenset[str] = frozenset(),
    ) -> LiveFabric:
        """The fabric of `cluster` with `edits` by host, `rules` by node and family in place of what is written there, what
        a kube-proxy that is behind has `seen` by node, the connections that conntrack holds, what hosts have
        `remembered` of clients, and whose conntrack table is `full`."""
        made = cls.__new__(cls)
        made.__dict__.update(build_fabric(cluster, mode, release=release).__dict__)
        made._edits, made._rules, made._seen = edits, rules, seen
        made._held, made._remembered, made.full_tables = held, remembered, full
        if edits or rules or seen:
            # kube-ipvs0's addresses follow from a node's rules, so that a host may differ without an edit of its own.
            made._hosts = {}
        if edits:
            made.neighbours = dict(made.neighbours)
            for name in edits:
                made._renew_neighbours(name)
        return made

    def host(self, name: str) -> Host:
        found = self._hosts.get(name)
        if found is None:
            found = self._hosts[name] = apply_all(self._make(name), self._edits.get(name, ()))
        return found

    def ruleset(self, node: str, version: int) -> Ruleset:
        family = FAMILY_OF_VERSION[version]
        given = self._rules.get((node, family))
        if given is not None:
            return given
        seen = self._seen.get(node)
        if seen is not None:
            return build_fabric(seen, self.mode, release=self.release).ruleset(node, version)
        return super().ruleset(node, version)

    def held_connections(self, host: str) -> tuple[ConntrackEntry, ...]:
        return (*super().held_connections(host), *(_held(view) for view in self._held.get(host, ())))

    def remembered(self, host: str) -> tuple[Remembered, ...]:
        return self._remembered.get(host, ())

    def _renew_neighbours(self, name: str) -> None:
        """Who answers for the addresses of `name`'s network cards, after its edits."""
        if name not in self.nodes:
            return
        before, after = self._make(name), self.host(name)
        for host, there in ((before, False), (after, True)):
            for device in host.devices.values():
                if device.kind is not DeviceKind.ETHERNET or device.segment != LAN:
                    continue
                for own in device.addresses:
                    if there and device.up:
                        self.neighbours[own.address] = (name, device.name)
                    elif not there and self.neighbours.get(own.address) == (name, device.name):
                        del self.neighbours[own.address]


def _held(view: ConntrackView) -> ConntrackEntry:
    return ConntrackEntry.held(view.original, view.reply, replied=view.replied, assured=view.replied)
