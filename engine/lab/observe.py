"""What is read off the kernel: the tuples that passed each hook (nftables sets), and conntrack's entries.

The observer's chains stand just after the nat chains (dstnat -100, srcnat 100) and, in INPUT, FORWARD and OUTPUT, after
the filter chains, so that a tuple is seen there as the hook leaves it.
"""

from __future__ import annotations

import dataclasses
import json
import re

from engine.cluster import Mode
from engine.hooks import Hook
from engine.lab.namespaces import Namespace
from engine.packet import FAMILY_OF_VERSION, L4, FiveTuple

TABLE = "k8squiz_lab"
# Where each hook is watched: kube-proxy's last chain of that hook is before, the end of the hook after.
_PRIORITY = {Hook.PREROUTING: -90, Hook.INPUT: 110, Hook.FORWARD: 110, Hook.OUTPUT: 10, Hook.POSTROUTING: 110}
TUNNEL_PORTS = (4789, 8472)
# The sets of ICMP echoes, which have no ports, are named so.
_ECHOES = "-echoes"


@dataclasses.dataclass(frozen=True, slots=True)
class Sighting:
    """A first packet, or the first answer, as it left a hook of a host."""

    host: str
    hook: Hook
    flow: FiveTuple


@dataclasses.dataclass(frozen=True, slots=True)
class ConntrackEntryText:
    """One conntrack entry."""

    host: str
    original: FiveTuple
    reply: FiveTuple
    replied: bool


def observer(version: int, hooks: tuple[Hook, ...], mode: Mode) -> str:
    """An nft script that makes the observer's table. It looks at nothing but headers, so conntrack is not switched on."""
    family, address = ("ip", "ipv4_addr") if version == 4 else ("ip6", "ipv6_addr")
    lines = [f"table {family} {TABLE} {{"]
    for hook in hooks:
        name = hook.value.lower()
        # IPVS takes what it sends on out of INPUT, at 98 and 99.
        priority = 97 if mode is Mode.IPVS and hook is Hook.INPUT else _PRIORITY[hook]
        echo = "icmp type { echo-request, echo-reply }" if version == 4 else "icmpv6 type { echo-request, echo-reply }"
        key = f"{family} saddr . th sport . {family} daddr . th dport"
        kind = f"{address} . inet_service . {address} . inet_service"
        lines += [
            f"  set {name} {{ type {kind}; size 65535; flags dynamic; }}",
            f"  set {name}{_ECHOES} {{ type {address} . {address}; size 65535; flags dynamic; }}",
            f"  chain at-{name} {{",
            f"    type filter hook {name} priority {priority}; policy accept;",
            f"    tcp flags & syn == syn update @{name} {{ {key} }}",
            f"    udp dport != {{ {', '.join(map(str, TUNNEL_PORTS))} }} update @{name} {{ {key} }}",
            f"    {echo} update @{name}{_ECHOES} {{ {family} saddr . {family} daddr }}",
            "  }",
        ]
    return "\n".join([*lines, "}", ""])


def forget(version: int, hooks: tuple[Hook, ...]) -> str:
    """An nft script that empties the sets."""
    family = "ip" if version == 4 else "ip6"
    names = [hook.value.lower() + kind for hook in hooks for kind in ("", _ECHOES)]
    return "".join(f"flush set {family} {TABLE} {name}\n" for name in names)


def sightings(host: str, inside: Namespace, version: int, protocol: L4) -> set[Sighting]:
    """What passed the hooks of `host` since the sets were emptied; `protocol` is the one that was sent."""
    family = "ip" if version == 4 else "ip6"
    listed = json.loads(inside.run("nft", "-j", "list", "table", family, TABLE))
    found = set()
    for item in listed["nftables"]:
        made = item.get("set")
        if made is None or made["name"].endswith(_ECHOES) is not (protocol is L4.ICMP):
            continue
        hook = Hook(made["name"].removesuffix(_ECHOES).upper())
        for element in made.get("elem", ()):
            ends = _concatenation(element)
            src, sport, dst, dport = ends if protocol is not L4.ICMP else (ends[0], 0, ends[1], 0)
            found.add(Sighting(host, hook, FiveTuple(protocol, str(src), int(sport), str(dst), int(dport))))
    return found


def _concatenation(element: object) -> list[str | int]:
    while isinstance(element, dict):
        element = element.get("concat", element.get("elem", element.get("val")))
    assert isinstance(element, list), element
    return element


_ENTRY = re.compile(r"src=(\S+) dst=(\S+)(?: sport=(\d+) dport=(\d+))?")
# As conntrack calls the protocols, and as the engine does.
_PROTOCOLS = {"tcp": L4.TCP, "udp": L4.UDP, "icmp": L4.ICMP, "icmpv6": L4.ICMP}


def connections(host: str, inside: Namespace, version: int) -> list[ConntrackEntryText]:
    """The TCP, UDP and ICMP entries of `host`, the tunnels' own left out."""
    listed = inside.run("conntrack", "-L", "-f", FAMILY_OF_VERSION[version])
    found = []
    for line in listed.splitlines():
        words = line.split()
        protocol = _PROTOCOLS.get(words[0]) if words else None
        if protocol is None:
            continue
        (a, b) = _ENTRY.findall(line)
        original, reply = (FiveTuple(protocol, t[0], int(t[2] or 0), t[1], int(t[3] or 0)) for t in (a, b))
        if protocol is L4.UDP and original.dport in TUNNEL_PORTS:
            continue
        found.append(ConntrackEntryText(host, original, reply, "[UNREPLIED]" not in line))
    return found
