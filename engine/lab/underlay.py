"""What the network between the nodes does not carry, as rules of the lab's bridge between them (nft, family bridge). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.cluster import NetworkFacts
from engine.fabric.fabric import Fabric
from engine.fabric.hosts import LAN
from engine.lab.plan import host_names, wires_of
from engine.packet import L4

_PROTOCOLS = {L4.TCP: "tcp", L4.UDP: "udp", L4.SCTP: "sctp", L4.IPIP: "ipip", L4.ICMP: "icmp"}
_V6_HEADER = 40


def underlay_rules(fabric: Fabric, version: int) -> str:
    """The script, "" where everything is carried."""
    cards = wires_of(fabric.host(name) for name in host_names(fabric))
    wires: dict[str, list[str]] = {"": [], **{host: [] for host, _ in cards}}
    for (host, device), wire in cards.items():
        if device.segment == LAN:
            wires[host].append(wire)
            wires[""].append(wire)
    rules = list(_rules(fabric.cluster.network, wires, version))
    if not rules:
        return ""
    lines = "".join(f"    {rule} drop\n" for rule in rules)
    return f"table bridge underlay {{\n  chain forward {{\n    type filter hook forward priority 0;\n{lines}  }}\n}}\n"


def _rules(network: NetworkFacts, wires: Mapping[str, list[str]], version: int) -> Iterator[str]:
    anywhere = f"iifname {_names(wires[''])}"
    if network.underlay_mtu:
        most = network.underlay_mtu if version == 4 else network.underlay_mtu - _V6_HEADER
        yield f"{anywhere} {'ip' if version == 4 else 'ip6'} length > {most}"
    if network.underlay_drops_fragments:
        yield f"{anywhere} {'ip frag-off & 0x3fff != 0' if version == 4 else 'exthdr frag exists'}"
    for drop in network.underlay_drops:
        protocol = _PROTOCOLS[drop.protocol]
        port = f" {protocol} dport {drop.port}" if drop.port else ""
        ends = [
            f"{word} {_names(wires[name or ''])}"
            for word, name in (("iifname", drop.source), ("oifname", drop.destination))
        ]
        yield f"{' '.join(ends)} meta l4proto {protocol}{port}"


def _names(wires: list[str]) -> str:
    return "{ " + ", ".join(wires) + " }"
