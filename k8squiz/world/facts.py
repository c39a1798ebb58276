"""What can be said of one way a packet goes: the vocabulary of predicates and values (questions/README.md)."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from fractions import Fraction
from typing import TypeAlias

from engine.hooks import Hook
from engine.packet import Encapsulation, split_host_port
from engine.trace import ConntrackView, Direction, Hop, Outcome, ReasonCode, Stage, Verdict, Where
from k8squiz.errors import unknown
from k8squiz.world.world import World, host_name

Fact: TypeAlias = "bool | int | float | Fraction | str | None"
_Read: TypeAlias = Callable[[World, str, Outcome], Fact]


def fact(name: str, world: World, request: str, outcome: Outcome) -> Fact:
    """The fact `name` of `way`: a string, a number or a bool; None where the walk has no such thing."""
    if name not in FACTS:
        raise unknown("fact", name, FACTS)
    return FACTS[name](world, request, outcome)


def _split(endpoint: str, part: int) -> str | int | None:
    try:
        return split_host_port(endpoint)[part]
    except ValueError:
        return endpoint if part == 0 else None


def _seen(world: World, request: str, outcome: Outcome) -> str | None:
    if outcome.source_seen is None:
        return None
    try:
        return str(ipaddress.ip_address(outcome.source_seen))
    except ValueError:
        return str(_split(outcome.source_seen, 0))


def _died(read: Callable[[Where], str | None]) -> _Read:
    return lambda world, request, outcome: None if outcome.where is None else read(outcome.where)


def _stalled(read: Callable[[Where], str]) -> _Read:
    return lambda world, request, outcome: "none" if outcome.stalls is None else read(outcome.stalls)


def _masquerader(world: World, request: str, outcome: Outcome) -> str:
    # It brings all CNI plugins with it, which few questions ask about.
    from engine.fabric.chains import written_by

    hop = next((hop for hop in outcome.hops if hop.stage is Stage.SNAT and hop.chain), None)
    return "none" if hop is None else written_by(hop.table or "", hop.chain or "") or "none"


def _nodes(world: World, request: str, outcome: Outcome) -> int:
    nodes = {node.name for node in world.cluster(request).nodes}
    return len({host_name(hop.host) for hop in outcome.hops} & nodes)


def _encapsulation(outcome: Outcome) -> Encapsulation | None:
    return next((hop.encapsulation for hop in outcome.hops if hop.encapsulation is not None), None)


def _overhead(world: World, request: str, outcome: Outcome) -> int:
    outer = _encapsulation(outcome)
    return 0 if outer is None else int(outer.overhead)


def _kind(world: World, request: str, outcome: Outcome) -> str:
    outer = _encapsulation(outcome)
    return "none" if outer is None else str(outer.kind).lower()


FACTS: dict[str, _Read] = {
    "verdict": lambda world, request, outcome: str(outcome.verdict),
    "code": _died(lambda where: str(where.code)),
    "died_on": _died(lambda where: host_name(where.host)),
    "died_in": _died(lambda where: where.chain),
    "died_at": _died(lambda where: None if where.hook is None else str(where.hook)),
    "direction": _died(lambda where: str(where.direction)),
    "stalls": _stalled(lambda where: str(where.code)),
    "stalls_on": _stalled(lambda where: host_name(where.host)),
    "destination": lambda world, request, outcome: outcome.destination,
    "destination_ip": lambda world, request, outcome: _split(outcome.destination, 0),
    "destination_port": lambda world, request, outcome: _split(outcome.destination, 1),
    "endpoint": lambda world, request, outcome: world.endpoint(request, outcome)[0],
    "endpoint_node": lambda world, request, outcome: world.endpoint(request, outcome)[1],
    "source_seen": _seen,
    "source_kept": lambda world, request, outcome: (
        outcome.source_seen is not None and _seen(world, request, outcome) == _split(outcome.hops[0].src, 0)
    ),
    "masqueraded": lambda world, request, outcome: outcome.masqueraded,
    "masqueraded_by": _masquerader,
    "nodes": _nodes,
    "encapsulation": _kind,
    "overhead": _overhead,
    "path_mtu": lambda world, request, outcome: world.cluster(request).cni.mtu - _overhead(world, request, outcome),
    "rules_evaluated": lambda world, request, outcome: outcome.cost.rules_evaluated,
    "hash_lookups": lambda world, request, outcome: outcome.cost.hash_lookups,
    "hops": lambda world, request, outcome: len(outcome.hops),
    "ways": lambda world, request, outcome: len(world.all_outcomes(request)),
}


def hop_fact(name: str, hop: Hop) -> Fact:
    """A field of a hop, as predicates name it."""
    if name == "host":
        return host_name(hop.host)
    if name in ("src", "dst"):
        return _split(getattr(hop, name), 0)
    if name == "encapsulation":
        return "none" if hop.encapsulation is None else str(hop.encapsulation.kind).lower()
    value: str | int | None = getattr(hop, name)
    return str(value) if name in ("stage", "hook") and value is not None else value


def conntrack_fact(name: str, entry: ConntrackView) -> Fact:
    """A field of a conntrack entry: host, state, replied, and src, dst (ip:port), src_ip, dst_ip of either tuple."""
    if name == "host":
        return host_name(entry.host)
    if name in ("state", "replied"):
        return entry.state if name == "state" else entry.replied
    flow = entry.reply if name.startswith("reply_") else entry.original
    part = name.removeprefix("reply_")
    if part == "src":
        return flow.source
    if part == "dst":
        return flow.destination
    return flow.src if part == "src_ip" else flow.dst


# What may be asked of a hop, and of a conntrack entry, in the order in which schema.json has them.
HOP_FACTS = ("host", "device", "stage", "hook", "table", "chain", "rule", "src", "dst", "mark", "encapsulation")
CONNTRACK_FACTS = (
    "host", "src", "dst", "reply_src", "reply_dst", "state", "replied", "src_ip", "dst_ip", "reply_src_ip", "reply_dst_ip",
)  # fmt: skip

# Facts that are one of some words, of a way, a hop or an entry: another word would never be true.
WORDS: dict[str, tuple[str, ...]] = {
    "verdict": tuple(map(str, Verdict)),
    "code": tuple(map(str, ReasonCode)),
    "stalls": ("none", *map(str, ReasonCode)),
    "direction": tuple(map(str, Direction)),
    "died_at": tuple(map(str, Hook)),
    "hook": tuple(map(str, Hook)),
    "stage": tuple(map(str, Stage)),
}

# What questions/README.md tells of them, in its order: (facts, in words).
TOLD: tuple[tuple[tuple[str, ...], str], ...] = (
    (("verdict",), "`DELIVERED`, `REJECT`, `DROP`, `REFUSED`, `LOST`"),
    (
        ("code", "died_on", "died_in", "died_at", "direction"),
        "where it died: the reason's code (`no-local-endpoints`, `martian-source`, `bridge-refuses-same-port`, ...), host, chain, hook, `request` or `reply`",
    ),
    (
        ("stalls", "stalls_on"),
        "where a connection that was made comes to a halt, as a large packet may (`size`): the reason's code, the host; `none`",
    ),
    (("destination", "destination_ip", "destination_port"), "after kube-proxy's DNAT"),
    (("endpoint", "endpoint_node"), "the pod and node that is"),
    (("source_seen",), "the peer address the server sees"),
    (("source_kept",), "whether that is the address the packet left its sender with"),
    (("masqueraded",), "whether kube-proxy's rules SNAT it on its first node"),
    (
        ("masqueraded_by",),
        "whose rules SNAT it first, on any node: `kube-proxy`, `flannel`, `calico`, ..., `none`",
    ),
    (("nodes",), "how many nodes the request passes"),
    (("encapsulation", "overhead", "path_mtu"), "`none`, `vxlan`, `ipip`, ...; bytes; what is left of the nodes' MTU"),
    (("rules_evaluated", "hash_lookups"), "cost of the first packet"),
    (("hops", "ways"), "number of hops; number of ways"),
)
