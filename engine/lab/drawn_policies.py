"""NetworkPolicies drawn by a seed, for pods that wear one of two labels. Pure."""

from __future__ import annotations

import random

from engine.cluster.policies import (
    IPBlock,
    LabelSelector,
    NetworkPolicy,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicyRule,
    PolicyType,
)
from engine.lab.drawn_addresses import Addresses
from engine.packet import L4

TIERS = ("front", "back")
_DIRECTIONS = (
    (PolicyType.INGRESS,),
    (PolicyType.INGRESS,),
    (PolicyType.EGRESS,),
    (PolicyType.INGRESS, PolicyType.EGRESS),
)
_PORTS = (
    *((), ()),
    (NetworkPolicyPort(L4.TCP, 8080), NetworkPolicyPort(L4.UDP, 5353)),
    (NetworkPolicyPort(L4.TCP, "http"), NetworkPolicyPort(L4.UDP, "dns")),
    (NetworkPolicyPort(L4.TCP, 8000, 8999),),
    (NetworkPolicyPort(L4.UDP),),
)


def draw_policies(draw: random.Random, where: Addresses) -> tuple[NetworkPolicy, ...]:
    """One or two policies."""
    return tuple(_policy(draw, where, number) for number in range(draw.choice((1, 1, 2))))


def _policy(draw: random.Random, where: Addresses, number: int) -> NetworkPolicy:
    directions = draw.choice(_DIRECTIONS)
    rules = {one: tuple(_rule(draw, where) for _ in range(draw.choice((0, 1, 1, 2)))) for one in directions}
    return NetworkPolicy(
        "default",
        f"policy-{number + 1}",
        draw.choice((LabelSelector(), _tier(draw), _tier(draw))),
        directions,
        rules.get(PolicyType.INGRESS, ()),
        rules.get(PolicyType.EGRESS, ()),
    )


def _rule(draw: random.Random, where: Addresses) -> NetworkPolicyRule:
    peers = tuple(_peer(draw, where) for _ in range(draw.choice((0, 1, 1, 2))))
    return NetworkPolicyRule(peers, draw.choice(_PORTS))


def _peer(draw: random.Random, where: Addresses) -> NetworkPolicyPeer:
    block = draw.choice(
        (
            IPBlock(where.everywhere, (where.pods,)),
            IPBlock(where.pods, (where.cidr(2),)),
            IPBlock(where.lan),
            *(IPBlock(network) for network in where.ranges()),
        )
    )
    return draw.choice(
        (
            NetworkPolicyPeer(pod_selector=_tier(draw)),
            NetworkPolicyPeer(pod_selector=_tier(draw), namespace_selector=LabelSelector()),
            NetworkPolicyPeer(namespace_selector=LabelSelector()),
            NetworkPolicyPeer(ip_block=block),
            NetworkPolicyPeer(ip_block=block),
        )
    )


def _tier(draw: random.Random) -> LabelSelector:
    return LabelSelector({"tier": draw.choice(TIERS)})
