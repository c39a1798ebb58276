"""How likely each server is for the first connection after a sync of kube-proxy, which adds servers in no fixed order: all
orders are alike. What a scheduler then does with weights it says itself (Scheduler.first_choice).
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from fractions import Fraction

from engine.errors import UnsupportedFeature
from engine.ipvs.interface import FirstChoice
from engine.ipvs.registry import SCHEDULERS
from engine.ipvs.service import VirtualServer
from engine.netfilter.virtual_service import VirtualService, equal_chances, even_shares, shares
from engine.packet import FiveTuple

_MOST_IN_ANY_ORDER = 5


def first_connection_chances(service: VirtualService, flow: FiveTuple) -> tuple[Fraction, ...]:
    """The chances of each server. Raises UnsupportedFeature where they hang on an order of too many, or on weights that
    the scheduler weighs against connections."""
    scheduler = SCHEDULERS.get(service.scheduler)
    choice = FirstChoice.OF_EQUALS if scheduler is None else scheduler.first_choice
    if choice is FirstChoice.UNWEIGHTED:
        return even_shares(service.server_weights)
    if choice is FirstChoice.SHARES:
        return shares(service.server_weights)
    return _over_all_orders(service, flow) if choice is FirstChoice.BY_CLIENT else equal_chances(service, flow)


def _over_all_orders(service: VirtualService, flow: FiveTuple) -> tuple[Fraction, ...]:
    """A table depends on the order at its edges alone, so all are tried."""
    if len(service.servers) > _MOST_IN_ANY_ORDER:
        raise UnsupportedFeature(
            f"scheduler {service.scheduler} with {len(service.servers)} endpoints: their order in the kernel is not known;"
            f" up to {_MOST_IN_ANY_ORDER} are modelled",
            zh=f"调度算法 {service.scheduler} 带 {len(service.servers)} 个端点：它们在内核中的顺序不可知；最多建模 {_MOST_IN_ANY_ORDER} 个",
        )
    return _chances(service, flow.src, flow.sport)


@functools.lru_cache(maxsize=256)
def _chances(service: VirtualService, client: str, port: int) -> tuple[Fraction, ...]:
    orders = list(itertools.permutations(zip(service.servers, service.server_weights, strict=True)))
    chosen = [
        _chosen(
            dataclasses.replace(service, servers=tuple(s for s, _ in order), weights=tuple(w for _, w in order)),
            client,
            port,
        )
        for order in orders
    ]
    return tuple(Fraction(chosen.count(server), len(orders)) for server in service.servers)


def _chosen(service: VirtualService, client: str, port: int) -> tuple[str, int] | None:
    virtual = VirtualServer(
        service.protocol, service.address, service.port, scheduler=service.scheduler, flags=service.flags
    )
    for (address, server_port), weight in zip(service.servers, service.server_weights, strict=True):
        virtual.add_server(address, server_port, weight)
    real = virtual.connect(client, port).real
    return (real.address, real.port) if real else None
