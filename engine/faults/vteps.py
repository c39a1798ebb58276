"""Faults of a tunnel's ends: what the others have written down of one that is another now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from engine.faults.interface import Case, KnownFault, Line, ToolEvidence
from engine.faults.networks import TUNNELLED
from engine.faults.restarts import all_proxies
from engine.faults.routes import tunnel_of
from engine.faults.scene import IncidentScene
from engine.faults.services import restart
from engine.network.devices import hardware_address
from engine.shell import Shell
from engine.shell.live import LiveCluster
from engine.trace import Text


def _stale_mac(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    """A node came up with another MAC address at its tunnel device, and told nobody."""
    for node in scene.nodes:
        device = tunnel_of(live, node)
        old = hardware_address(node, live.fabric.host(node).devices[device])
        new = "0a:" + hashlib.sha256(f"{live.seed} {node}".encode()).hexdigest()[:10]
        new = ":".join([new[:2], *(new[at : at + 2] for at in range(3, 13, 2))])
        hop, outer = scene.pods_network(node).removesuffix("/24"), scene.addresses[node]
        others = [one for one in scene.nodes if one != node]
        shown = Shell(live).run(node, f"ip neigh show dev {device}").stdout.splitlines()
        # flannel writes down the others when it starts; with the MAC address a device loses them.
        own = tuple(_known(node, device, one, mac) for one, _, mac, *_ in map(str.split, shown))
        told: tuple[Line, ...] = tuple(_known(one, device, hop, new) for one in others)
        yield Case(
            (node, device),
            (_address(node, device, new), *own),
            (
                ToolEvidence(node, f"ip link show {device}", rf"link/ether {new}"),
                ToolEvidence(others[0], f"ip neigh show dev {device}", rf"{hop} lladdr {old} PERMANENT"),
                ToolEvidence(others[0], f"bridge fdb show dev {device}", rf"{old} dst {outer} "),
            ),
            (
                (*told, *((one, f"bridge fdb append {new} dev {device} dst {outer}") for one in others)),
                (_address(node, device, old), *own),
            ),
            (
                *all_proxies(),
                restart(scene, live, scene.front),
                told,
                ((node, f"ip link set {device} up"),),
            ),
        )


def _address(node: str, device: str, mac: str) -> Line:
    return (node, f"ip link set dev {device} address {mac}")


def _known(node: str, device: str, hop: str, mac: str) -> Line:
    return (node, f"ip neigh replace {hop} lladdr {mac} dev {device} nud permanent")


FAULTS = (
    KnownFault(
        "stale-vtep-mac", 4,
        Text("a node's flannel.1 has another MAC address than the other nodes have written down: it drops what they send", "某节点的 flannel.1 换了 MAC 地址，而其他节点记录的仍是旧地址：它丢弃它们发来的包"),
        Text("on all other nodes: the neighbour and forwarding entries of their tunnel", "在其他所有节点上：隧道的邻居表项和转发表项"),
        Text("a node was rebooted", "有个节点重启过"),
        (r"\bmac\b|vtep|lladdr|hardware address|MAC 地址",), _stale_mac, TUNNELLED,
    ),
)  # fmt: skip
