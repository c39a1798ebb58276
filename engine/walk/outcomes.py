"""A packet through the fabric, there and back: every distinct way it can go, or the one that a seed draws.

A connection counts as delivered only when the client gets a reply from the address it spoke to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from engine.cluster import Cluster
from engine.errors import EngineError
from engine.fabric.fabric import Fabric, build_fabric
from engine.fabric.foreign_rules import refuse_service
from engine.fabric.hosts import ROUTER
from engine.limits import MOST_STEPS_OF_ALL_WAYS
from engine.netfilter.choose import Choose, every_path, seeded, too_many_ways
from engine.netfilter.ruleset import Ruleset
from engine.netfilter.stack import Skb
from engine.network.addresses import source_address
from engine.network.host import Host, HostKind
from engine.network.routes import number
from engine.packet import FiveTuple
from engine.proxy.interface import mode_named
from engine.trace import Outcome, ReasonCode, Request, Stage, Verdict
from engine.values import replace
from engine.walk import load_balancer
from engine.walk.answer import finish
from engine.walk.locate import ResolvedRequest, locate
from engine.walk.run import run_to_end
from engine.walk.segments import announced
from engine.walk.state import Died, NeighbourLookup, Outgoing, Tap, WalkState
from engine.words import endings
from engine.words import hops as hop_words

__all__ = ["bare_outcomes", "first_node", "outcomes", "source_of", "tapped"]


def outcomes(
    cluster: Cluster,
    request: Request,
    mode: str | None = None,
    *,
    rulesets: Mapping[str, Ruleset] | None = None,
    seed: int | str | None = None,
    fabric: Fabric | None = None,
    release: str | None = None,
) -> tuple[Outcome, ...]:
    """What becomes of `request`'s first packet and its answer in the whole network.

    `mode` None is `fabric`'s, else what kube-proxy is configured for (iptables where that is left open). Without `seed`: every distinct way with its exact probability (they add to 1), in the order of the rules. With one:
    the way it draws, with that way's probability. `rulesets` replaces the rules of the nodes it names, `release` is
    kube-proxy's on every node (None: what each reports, else the newest), `fabric` is taken instead of building (or
    finding) one. Raises NoSuchObject, EngineError, UnsupportedFeature.
    """
    if mode is None:
        mode = fabric.mode if fabric is not None else cluster.proxy.effective_mode
    mode = mode_named(mode)
    built = fabric if fabric is not None else build_fabric(cluster, mode, rulesets, release)
    run = _walker(built, request)
    if seed is not None:
        drawn = seeded(seed)
        chance = Fraction(1)

        def watched(weights: tuple[Fraction, ...]) -> int:
            nonlocal chance
            index = drawn(weights)
            chance *= weights[index]
            return index

        outcome = run(watched)
        return (replace(outcome, probability=chance),)
    merged: dict[Outcome, Fraction] = {}
    for probability, outcome in every_path(run):
        merged[outcome] = merged.get(outcome, Fraction(0)) + probability
    return tuple(replace(outcome, probability=chance) for outcome, chance in merged.items())


def bare_outcomes(fabric: Fabric, request: Request) -> tuple[Outcome, ...]:
    """What becomes of each way of outcomes(), without its hops and its probability: for whoever asks whether it is delivered,
    to whom, whom the server sees. Raises as outcomes()."""
    # What a sender hears of its packets' sizes is read off the hops.
    run = _walker(fabric, request, told=request.size is not None)
    return tuple(dict.fromkeys(outcome for _, outcome in every_path(run)))


def _walker(fabric: Fabric, request: Request, *, told: bool = True) -> Callable[[Choose], Outcome]:
    """Walks a way of the request. Raises as outcomes(), and where all ways together take too many steps."""
    resolved = _walkable(fabric, request)
    taken = 0

    def run(choose: Choose) -> Outcome:
        nonlocal taken
        outcome, state = _one_way(fabric, resolved, choose, told=told)
        taken += state.steps
        if taken > MOST_STEPS_OF_ALL_WAYS:
            raise too_many_ways(f"{MOST_STEPS_OF_ALL_WAYS} steps", f"{MOST_STEPS_OF_ALL_WAYS} 步")
        return outcome

    return run


def tapped(
    fabric: Fabric, request: Request, seed: int | str
) -> tuple[Outcome, tuple[Tap, ...], tuple[NeighbourLookup, ...]]:
    """The way that `seed` draws, what packet sockets on all devices see of its first packet and its answer, and which
    neighbours its hosts ask for, in their order. Of conntrack's entries those alone that its packets belonged to: who waits
    for time to pass counts from then. Raises as outcomes()."""
    outcome, state = _one_way(fabric, _walkable(fabric, request), seeded(seed), listening=True)
    renewed = state.renewed()
    own = tuple(view for view in outcome.conntrack if (view.host, view.original) in renewed)
    outcome = replace(outcome, conntrack=own)
    return outcome, tuple(state.taps or ()), tuple(state.lookups)


def first_node(fabric: Fabric, resolved: ResolvedRequest) -> str | None:
    """The node whose kube-proxy meets the packet first: the sender's own, else the one it arrives at (None where a
    load balancer draws it)."""
    host = fabric.host(resolved.host)
    if host.kind is HostKind.NODE:
        return host.name
    if host.kind is HostKind.POD:
        pod_owner = fabric.address_index.by_address.get(resolved.src or "")
        return pod_owner.node if pod_owner else None
    owner = fabric.neighbours.get(resolved.dst)
    return owner[0] if owner and owner[0] in fabric.nodes else resolved.node


def _walkable(fabric: Fabric, request: Request) -> ResolvedRequest:
    """`request` with its names looked up. Raises where no walk can begin: nobody of that name, a foreign packet without a
    node to arrive at, a Service that programs decide of which only the rules are known."""
    resolved = locate(fabric, request)
    _check_reachable(fabric, resolved)
    if fabric.foreign:
        first = first_node(fabric, resolved) or ""
        if first in fabric.foreign:
            refuse_service(fabric.cluster, first, fabric.foreign[first], resolved.dst, resolved.dport or 0)
    return resolved


def _check_reachable(fabric: Fabric, resolved: ResolvedRequest) -> None:
    """A foreign packet to an address that is no host's own needs a node to arrive at."""
    if fabric.host(resolved.host).kind is not HostKind.EXTERNAL or resolved.node is not None:
        return
    dst = resolved.dst
    known = fabric.on_lan(dst) or dst in fabric.external or dst in fabric.service_index.virtual_addresses
    if not known and fabric.cluster.network.service_cidr_via is None:
        raise EngineError(
            f"{dst} is no host's address that {resolved.host} could reach by itself; "
            "name the node that the packet arrives at (--node)",
            zh=f"{dst} 不是 {resolved.host} 自己能到达的主机地址；请指明数据包到达的节点（--node）",
        )


def _one_way(
    fabric: Fabric, resolved: ResolvedRequest, choose: Choose, *, listening: bool = False, told: bool = True
) -> tuple[Outcome, WalkState]:
    """The way that `choose` takes, and what its packets left behind; `listening` notes what packet sockets see."""
    state = WalkState(fabric, choose, resolved, None, told=told)
    if listening:
        state.taps = []
    for text in fabric.assumed:
        state.assume(text)
    host = state.host(resolved.host)
    flow = resolved.flow(source_of(fabric, resolved))
    _note_connect(state, host, flow)
    arrived = _arrival(state, host, flow)
    if not isinstance(arrived, Died):
        state.arrival = arrived
        end = run_to_end(state, Outgoing(host.name, Skb(flow, segment_size=announced(state, host, flow))))
    else:
        end = arrived
    outcome = finish(state, end, flow, host)
    remembered = state.remembered()
    if state.assumed or remembered:
        outcome = replace(outcome, assumed=tuple(state.assumed), remembered=remembered)
    return outcome, state


def source_of(fabric: Fabric, resolved: ResolvedRequest) -> str:
    """The source address of the request; a node's process leaves the choice to its routes."""
    if resolved.src is not None:
        return resolved.src
    host = fabric.host(resolved.host)
    source = source_address(host, resolved.dst, host.lookup(resolved.dst))
    if source is None:
        raise EngineError(
            f"{host.name} has no IPv{number(resolved.dst)[0]} address to send from",
            zh=f"{host.name} 没有可用于发送的 IPv{number(resolved.dst)[0]} 地址",
        )
    return source


def _arrival(state: WalkState, host: Host, flow: FiveTuple) -> str | Died | None:
    """The node that a packet from outside arrives at, where its destination does not say so itself."""
    fabric, resolved = state.fabric, state.resolved
    if resolved.node is not None and host.kind is HostKind.EXTERNAL:
        return resolved.node
    if resolved.dst in fabric.service_index.virtual_addresses and resolved.dst not in fabric.neighbours:
        service = load_balancer.service_at(fabric, resolved.dst, flow.protocol, flow.dport)
        if host.kind is not HostKind.EXTERNAL:
            return None
        if service is None:
            return state.died(Verdict.LOST, state.host(ROUTER), ReasonCode.NOT_BALANCED, flow)
        nodes = load_balancer.candidates(fabric, service, number(resolved.dst)[0])
        if not nodes:
            return state.died(Verdict.LOST, state.host(ROUTER), ReasonCode.NO_HEALTHY_NODE, flow)
        if fabric.on_lan(resolved.dst):
            state.assume(endings.elected(resolved.dst))
        return nodes[state.choose(tuple(Fraction(1, len(nodes)) for _ in nodes))].name
    return fabric.cluster.network.service_cidr_via if host.kind is HostKind.EXTERNAL else None


def _note_connect(state: WalkState, host: Host, flow: FiveTuple) -> None:
    local = host.is_local(flow.dst)
    route = None if local else host.lookup(flow.dst, flow.src)
    if route is not None and route.kind != "unicast":
        route = None
    chosen = state.resolved.src is None
    note = hop_words.connect(host.name, flow, route if chosen else None, chosen and local)
    state.hop(host, "lo" if local else route.device if route else "eth0", Stage.CONNECT, Skb(flow), note)
