"""What can be said of one way a packet goes: the vocabulary of predicates and values (questions/README.md)."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

from engine.packet import split_host_port
from engine.trace import ConntrackView, Hop, Outcome
from k8squiz.errors import unknown
from k8squiz.world.world import World, host_name


def fact(name: str, world: World, request: str, way: Outcome) -> Any:
    """The fact `name` of `way`: a string, a number or a bool; None where the walk has no such thing."""
    if name not in FACTS:
        raise unknown("fact", name, FACTS)
    return FACTS[name](world, request, way)


def _split(endpoint: str, part: int) -> Any:
    try:
        return split_host_port(endpoint)[part]
    except ValueError:
        return endpoint if part == 0 else None


def _seen(world: World, request: str, way: Outcome) -> str | None:
    if way.source_seen is None:
        return None
    try:
        return str(ipaddress.ip_address(way.source_seen))
    except ValueError:
        return str(_split(way.source_seen, 0))


def _died(read: Callable[[Any], Any]) -> Callable[[World, str, Outcome], Any]:
    return lambda world, request, way: None if way.where is None else read(way.where)


def _nodes(world: World, request: str, way: Outcome) -> int:
    nodes = {node.name for node in world.cluster(request).nodes}
    return len({host_name(hop.host) for hop in way.hops} & nodes)


def _encapsulation(way: Outcome) -> Any:
    return next((hop.encapsulation for hop in way.hops if hop.encapsulation is not None), None)


def _overhead(world: World, request: str, way: Outcome) -> int:
    outer = _encapsulation(way)
    return 0 if outer is None else int(outer.overhead)


def _kind(world: World, request: str, way: Outcome) -> str:
    outer = _encapsulation(way)
    return "none" if outer is None else str(outer.kind).lower()


FACTS: dict[str, Callable[[World, str, Outcome], Any]] = {
    "verdict": lambda world, request, way: str(way.verdict),
    "code": _died(lambda where: where.code),
    "died_on": _died(lambda where: host_name(where.host)),
    "died_in": _died(lambda where: where.chain),
    "died_at": _died(lambda where: None if where.hook is None else str(where.hook)),
    "direction": _died(lambda where: where.direction),
    "destination": lambda world, request, way: way.destination,
    "destination_ip": lambda world, request, way: _split(way.destination, 0),
    "destination_port": lambda world, request, way: _split(way.destination, 1),
    "endpoint": lambda world, request, way: world.endpoint(request, way)[0],
    "endpoint_node": lambda world, request, way: world.endpoint(request, way)[1],
    "source_seen": _seen,
    "source_kept": lambda world, request, way: (
        way.source_seen is not None and _seen(world, request, way) == _split(way.hops[0].src, 0)
    ),
    "masqueraded": lambda world, request, way: way.masqueraded,
    "nodes": _nodes,
    "encapsulation": _kind,
    "overhead": _overhead,
    "path_mtu": lambda world, request, way: world.cluster(request).cni.mtu - _overhead(world, request, way),
    "rules_evaluated": lambda world, request, way: way.cost.rules_evaluated,
    "hash_lookups": lambda world, request, way: way.cost.hash_lookups,
    "hops": lambda world, request, way: len(way.hops),
    "ways": lambda world, request, way: len(world.all_ways(request)),
}


def hop_fact(name: str, hop: Hop) -> Any:
    """A field of a hop, as predicates name it."""
    if name == "host":
        return host_name(hop.host)
    if name in ("src", "dst"):
        return _split(getattr(hop, name), 0)
    if name == "encapsulation":
        return "none" if hop.encapsulation is None else str(hop.encapsulation.kind).lower()
    value = getattr(hop, name)
    return str(value) if name in ("stage", "hook") and value is not None else value


def conntrack_fact(name: str, entry: ConntrackView) -> Any:
    """A field of a conntrack entry: host, state, replied, and src, dst (ip:port), src_ip, dst_ip of either tuple."""
    if name == "host":
        return host_name(entry.host)
    if name in ("state", "replied"):
        return getattr(entry, name)
    flow = entry.reply if name.startswith("reply_") else entry.original
    part = name.removeprefix("reply_")
    if part == "src":
        return flow.source
    if part == "dst":
        return flow.destination
    return flow.src if part == "src_ip" else flow.dst
