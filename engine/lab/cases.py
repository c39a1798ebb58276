"""Scenes drawn by a seed: every topology, policy and mode, and the broken variants, with the requests worth sending.

Of the requests that are drawn for a cluster those are kept whose kind of ending (the engine says which) has come up least
so far, so that what is rare is seen as well as what is common.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator

from engine.cluster import Cluster, Mode, Pod
from engine.cni import PLUGINS
from engine.cni.interface import LabNetwork
from engine.errors import NoSuchObject
from engine.fabric.fabric import build_fabric
from engine.lab.drawn_addresses import Addresses
from engine.lab.drawn_clusters import draw_cluster, one_in
from engine.lab.drawn_requests import KUBELET, draw_request
from engine.lab.requirements import Features
from engine.lab.scene import DELIVERED, Scene, ending
from engine.networkpolicy.selectors import selects
from engine.packet import split_host_port
from engine.trace import Outcome, Request, Stage
from engine.walk.outcomes import outcomes

MODES = (Mode.IPTABLES, Mode.NFTABLES)
# What decides beside kube-proxy's rules.
HOST_PORT_WAY, EGRESS, OTHER_PROCESS = "host port", "egress", "process on another node"
LOCAL_ELSEWHERE, POLICY = "policy Local from another node", "NetworkPolicy"
# How many requests one built cluster serves, and how many they are picked from.
REQUESTS, DRAWN = 7, 60
# How much more often than each other kind those are wanted whose way is longest.
_SHARE = dict.fromkeys(DELIVERED, 5)


def networks(devices: frozenset[str] = frozenset()) -> tuple[tuple[str, LabNetwork], ...]:
    """The plugins' networks to draw, where the kernel makes these kinds of device."""
    return tuple(
        (plugin.name, network)
        for plugin in PLUGINS.values()
        for network in plugin.in_lab
        if not network.needs or network.needs in devices
    )


def scenes(
    seed: int, modes: tuple[Mode, ...] = MODES, drawn_from: tuple[tuple[str, LabNetwork], ...] | None = None
) -> Iterator[Scene]:
    """Scenes without end in these modes and networks (None: those of every kernel); the same for the same seed."""
    number = 0
    seen: Counter[str] = Counter()
    drawn_from = networks() if drawn_from is None else drawn_from
    while True:
        draw = random.Random(f"k8squiz lab {seed} {number}")
        yield scene(draw, f"seed {seed} scene {number}", modes[number % len(modes)], drawn_from, seen)
        number += 1


def drawn_on(there: Features) -> tuple[tuple[Mode, ...], tuple[tuple[str, LabNetwork], ...]]:
    """The modes and networks to draw on a kernel with these features."""
    modes = MODES if there.nf_tables else (Mode.IPTABLES,)
    return (*modes, Mode.IPVS) if there.ipvs else modes, networks(there.devices)


def scene(
    draw: random.Random, name: str, mode: Mode, drawn_from: tuple[tuple[str, LabNetwork], ...], seen: Counter[str]
) -> Scene:
    """One scene out of `draw`. `seen` counts the kinds of ending so far, and is carried on."""
    where = Addresses(6 if one_in(draw, 5) else 4)
    plugin, network = draw.choice([one for one in drawn_from if where.version == 4 or not one[1].ipv4_only])
    cluster = draw_cluster(draw, where, mode, plugin, network)
    drawn = dict.fromkeys(draw_request(draw, cluster, where) for _ in range(DRAWN))
    return Scene(name, cluster, mode, rarest(cluster, mode, drawn, seen), where.version, draw.getrandbits(30))


def rarest(cluster: Cluster, mode: Mode, drawn: Iterable[Request], seen: Counter[str]) -> tuple[Request, ...]:
    """Up to REQUESTS of the requests, one after the other the one whose kind was seen least: the ways it goes, and how it
    ends."""
    fabric = build_fabric(cluster, mode)
    kinds: dict[str, list[Request]] = {}
    for request in drawn:
        try:
            found = outcomes(cluster, request, mode, fabric=fabric)
        except NoSuchObject:
            # A policy asks for the labels of an address in the pods' network that no pod has.
            continue
        end, ways = kind_of(found), sorted({way for one in found for way in ways_of(cluster, request, one)})
        kinds.setdefault(" ".join((*ways, end)), []).append(request)
    picked: list[Request] = []
    while kinds and len(picked) < REQUESTS:
        kind = min(kinds, key=lambda kind: seen[kind] / _SHARE.get(kind, 1))
        seen[kind] += 1
        picked.append(kinds[kind].pop(0))
        if not kinds[kind]:
            del kinds[kind]
    return tuple(picked)


def kind_of(ways: tuple[Outcome, ...]) -> str:
    """The kind of ending of a request that can go these ways: of one that can die, where it does."""
    return min((ending(way) for way in ways), key=lambda kind: kind in DELIVERED)


def ways_of(cluster: Cluster, request: Request, outcome: Outcome) -> tuple[str, ...]:
    """What besides kube-proxy's rules decides about a request that goes as `outcome` says: the CNI's own rules on the way
    out of the cluster, to a process on another node, to a host port, to another node's NodePort under policy Local; and
    NetworkPolicies that select a pod at whose door it is judged."""
    address, port = _split(request.destination)
    owners = {ip: node.name for node in cluster.nodes for ip in node.internal_ips}
    sender = next((pod for pod in cluster.pods if request.source == f"pod/{pod.name}"), None)
    found = []
    if any(own.host_port == port for pod in cluster.pods for own in pod.ports if own.host_port):
        found.append(HOST_PORT_WAY)
    elif sender is not None and address in cluster.network.external_hosts.values():
        found.append(EGRESS)
    elif sender is not None and owners.get(address) not in (None, sender.node_name):
        local = (s for s in cluster.services if s.external_policy_local and port in {p.node_port for p in s.ports})
        found += [OTHER_PROCESS] if port == KUBELET else [LOCAL_ELSEWHERE] if any(local) else []
    ends = (sender, _pod_at(cluster, _split(outcome.destination)[0]))
    selected = (any(selects(one.pod_selector, pod.labels) for one in cluster.network_policies) for pod in ends if pod)
    if any(hop.stage is Stage.POLICY for hop in outcome.hops) and any(selected):
        found.append(POLICY)
    return tuple(found)


def _split(text: str) -> tuple[str, int | None]:
    """Address and port; a ping has no port."""
    try:
        return split_host_port(text)
    except ValueError:
        return text, None


def _pod_at(cluster: Cluster, address: str) -> Pod | None:
    return next((pod for pod in cluster.pods if address in pod.ips and not pod.host_network), None)
