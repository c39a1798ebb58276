"""NodeLocal DNSCache on the nodes that it runs on: its device and its rules. Clusters without it load nothing of it."""

from __future__ import annotations

from collections.abc import Iterator

from engine.cluster import Cluster
from engine.cni.interface import WrittenRules
from engine.network.devices import Device, DeviceKind, InterfaceAddress
from engine.network.routes import number
from engine.packet import Family


def dns_cache_rules(cluster: Cluster, node: str, family: Family) -> Iterator[WrittenRules]:
    """What it writes on the node for one family."""
    cache = cluster.node_local_dns
    if cache is not None and cache.runs_on(node):
        from engine.dns.node_cache import written_rules

        yield from written_rules(cache, family)


def dns_cache_devices(cluster: Cluster, node: str) -> Iterator[Device]:
    """The dummy device that holds its addresses, which it leaves down (kubernetes/dns pkg/netif/netif.go)."""
    cache = cluster.node_local_dns
    if cache is not None and cache.device and cache.runs_on(node):
        own = tuple(InterfaceAddress(a, 32 if number(a)[0] == 4 else 128) for a in cache.addresses)
        yield Device(cache.device, DeviceKind.DUMMY, own, up=False)
