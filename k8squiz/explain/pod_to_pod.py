"""Pod to pod across two nodes: routes, a tunnel, no NAT; what each table holds, and what is missing when it is not there."""

from __future__ import annotations

from engine.shell.edits import TunnelPeerSet
from engine.trace import Hop, Outcome, Stage, Text
from k8squiz.explain import pod_to_pod_words as words
from k8squiz.explain.clusters import NODES, PODS, TARGET_PORT
from k8squiz.explain.live_world import Edited, LiveWorld, Typed, fates, pod_ip
from k8squiz.explain.walked import first, last
from k8squiz.story.blocks import Claim, Grid, Live, Paragraph, Section, Story, same
from k8squiz.story.endings import address

WITHOUT = ("route", "route-back", "fdb", "ip_forward", "udp-8472", "br_netfilter", "loose-rp-filter")
_A, _B, _C = "pod/pod-a", f"pod/pod-b:{TARGET_PORT}", f"pod/pod-c:{TARGET_PORT}"
_TUNNEL = "flannel.1"
# The next hop by the tunnel: the network address of node2's pods, which flannel gives node2's end.
_NEXT_HOP = NODES["node2"][1].partition("/")[0]
_PORT = 8472
_OTHER_SUBNET = "172.16.2.11"


def build(without: frozenset[str] = frozenset()) -> Story:
    """The story, with the parts in `without` taken away from the live trace."""
    world, whole = _world(without), _world()
    outcome, working = world.walk(_A, _B), whole.walk(_A, _B)
    return Story(
        topic="pod-to-pod",
        title=words.TITLE,
        summary=words.summary(pod_ip("pod-a"), pod_ip("pod-b"), str(TARGET_PORT)),
        sections=(
            _tables(world),
            _path(world, outcome),
            _seen_from_outside(world),
            _same_node(world),
            _backends(),
            _what_breaks(),
        ),
        claims=_claims(working),
        points=words.points(_facts(whole, working)),
        spoken=words.spoken(_facts(whole, working)),
        follow_ups=words.FOLLOW_UPS,
        sources=(
            "Kubernetes documentation, Cluster Networking: the Kubernetes network model",
            "flannel, Documentation/backends.md and pkg/backend/vxlan: one route, one neighbour and one FDB entry a node",
            "RFC 7348 (VXLAN), RFC 2003 (IP in IP)",
            "linux net/ipv4/fib_frontend.c fib_validate_source() (rp_filter), net/bridge/br_netfilter_hooks.c",
        ),
        without=WITHOUT,
        live=_live(without),
    )


def _world(without: frozenset[str] = frozenset(), *more: str) -> LiveWorld:
    """The cluster without those parts, with `more` fields of its Network document."""
    gaps = {"route": "{node: node1, to: node2}", "route-back": "{node: node2, to: node1}"}
    missing = [gap for part, gap in gaps.items() if part in without]
    fields = [f"missingRoutes: [{', '.join(missing)}]"] if missing else []
    fields += ["ipForward: false"] if "ip_forward" in without else []
    fields += [f"underlayDrops: [{{protocol: UDP, port: {_PORT}}}]"] if "udp-8472" in without else []
    fields += ["bridgeNfCallIptables: false"] if "br_netfilter" in without else []
    fields += ["rpFilter: 1"] if "loose-rp-filter" in without else []
    changes = [Edited("node1", TunnelPeerSet(_TUNNEL, _NEXT_HOP, None))] if "fdb" in without else []
    return LiveWorld(*fields, *more, changes=changes)


# What is missing in manifests or facts, so that the lab builds it too: it has no switch that drops, and FDB entries are flannel's.
_BUILT = ("route", "route-back", "ip_forward", "br_netfilter", "loose-rp-filter")


def _live(without: frozenset[str]) -> tuple[Live, ...]:
    cases = [
        (words.case(parts), _world(parts))
        for parts in (frozenset[str](), *(frozenset({part}) for part in _BUILT), _ONE_WAY)
        if without in (frozenset(), parts)
    ]
    if not without:
        cases += [(name, _world(frozenset(), *facts)) for name, facts in _FURTHER]
    return tuple(world.live(name, _A, _B) for name, world in cases)


def _tables(world: LiveWorld) -> Section:
    shown = world.session(
        words.TABLES_SHOWN,
        Typed("pod-a", "ip route"),
        Typed("node1", "ip route"),
        Typed("node1", f"ip neigh show dev {_TUNNEL}"),
        Typed("node1", f"bridge fdb show dev {_TUNNEL}"),
    )
    return Section(words.TABLES, (Paragraph(words.tables(_NEXT_HOP, NODES["node2"][0])), shown))


def _path(world: LiveWorld, outcome: Outcome) -> Section:
    there, back = outcome.hops, outcome.reply
    hops = (
        there[0],
        first(there, Stage.VETH),
        first(there, Stage.ROUTING),
        _on_node1(there, Stage.FORWARD),
        _on_node1(there, Stage.POSTROUTING),
        first(there, Stage.ENCAPSULATE),
        first(there, Stage.WIRE),
        first(there, Stage.DECAPSULATE),
        first(there, Stage.ROUTING, lambda hop: hop.host == "node2"),
        first(there, Stage.BRIDGE, lambda hop: hop.host == "node2"),
        first(there, Stage.SOCKET),
        first(back, Stage.ENCAPSULATE),
        last(back[1:], Stage.SOCKET),
    )
    return world.stepped(words.PATH, words.PATH_CAPTION, zip(words.STEPS, hops, strict=True), outcome)


def _on_node1(hops: tuple[Hop, ...], stage: Stage) -> Hop | None:
    """The hop that had the last word in that stage on node1."""
    return last((hop for hop in hops if hop.host == "node1"), stage)


def _seen_from_outside(world: LiveWorld) -> Section:
    shown = world.session(
        words.CAPTURED,
        Typed("node1", "tcpdump -ni cni0 icmp 2>/dev/null &"),
        Typed("node1", f"tcpdump -ni eth0 udp port {_PORT} 2>/dev/null &"),
        Typed("pod-a", f"ping -c 1 -W 1 {pod_ip('pod-b')}"),
    )
    return Section(words.CAPTURE, (Paragraph(words.captured(_TUNNEL)), shown))


def _same_node(world: LiveWorld) -> Section:
    outcome = world.walk(_A, _C)
    bridged = LiveWorld("bridgeNfCallIptables: false").walk(_A, _C)
    passed = LiveWorld().walk(_A, _C)
    told = words.same_node(pod_ip("pod-c"), passed.cost.rules_evaluated, bridged.cost.rules_evaluated)
    return Section(words.SAME_NODE, (world.told(words.SAME_NODE_CAPTION, outcome), Paragraph(told)))


_BACKENDS = (("flannel", "vxlan"), ("flannel", "host-gw"), ("calico", "ipip"), ("calico", "bgp"), ("calico", "vxlan"))


def _backend(plugin: str, backend: str, apart: bool = False) -> LiveWorld:
    """The cluster with another CNI; `apart`: node2 in another subnet, a router between them."""
    manifests = LiveWorld().yaml.replace(NODES["node2"][0], _OTHER_SUBNET) if apart else None
    return LiveWorld(f"cni: {{plugin: {plugin}, backend: {backend}}}", manifests=manifests)


def _backends() -> Section:
    rows = []
    for plugin, backend in _BACKENDS:
        world = _backend(plugin, backend)
        sent = first(world.walk(_A, _B).hops, Stage.WIRE)
        outer = sent.encapsulation if sent is not None else None
        rows.append(
            (
                same(f"{plugin} {backend}"),
                same(_route(world)),
                words.PLAIN if outer is None else same(f"{outer.kind} {outer.src} → {outer.dst}"),
                same(str(world.mtu("pod-a", "eth0"))),
                same(str(_backend(plugin, backend, apart=True).walk(_A, _B).verdict)),
            )
        )
    return Section(
        words.BACKENDS,
        (
            Grid(words.BACKENDS_CAPTION, words.BACKENDS_HEADERS, tuple(rows)),
            Paragraph(words.backends(_OTHER_SUBNET)),
        ),
    )


def _route(world: LiveWorld) -> str:
    """node1's route to the pods of node2, as `ip route` prints it, without what it goes to and who wrote it."""
    listed = world.shell.run("node1", "ip route").stdout.splitlines()
    return next(
        line.partition(" ")[2].partition(" proto")[0].strip() for line in listed if line.startswith(NODES["node2"][1])
    )


def _what_breaks() -> Section:
    walks = [(words.case(parts), _world(parts).walk(_A, _B)) for parts in _CASES]
    walks += [(name, _world(frozenset(), *facts).walk(_A, _B)) for name, facts in _FURTHER]
    return Section(words.BREAKS, (fates(words.BREAKS_CAPTION, walks), Paragraph(words.BREAKS_TOLD)))


# What else is asked of it: fields of the Network document.
_FURTHER: tuple[tuple[Text, tuple[str, ...]], ...] = (
    (words.FORWARD_DROP, ("forwardPolicy: DROP",)),
    (words.FORWARD_DROP_BARE, ("forwardPolicy: DROP", "without: [cni-rules]")),
)
_ONE_WAY = frozenset({"route-back", "loose-rp-filter"})
_CASES = (frozenset[str](), *(frozenset({part}) for part in WITHOUT), _ONE_WAY)


def _facts(world: LiveWorld, working: Outcome) -> words.Figures:
    sent = first(working.hops, Stage.ENCAPSULATE)
    assert sent is not None
    assert sent.encapsulation is not None
    assert working.later_cost is not None
    answered = world.shell.run("pod-a", f"ping -c 1 {pod_ip('pod-b')}").stdout
    return words.Figures(
        seen=address(working.source_seen or ""),
        outer=f"{sent.encapsulation.src} → {sent.encapsulation.dst}",
        overhead=sent.encapsulation.overhead,
        mtu=world.mtu("pod-a", "eth0"),
        card=world.mtu("node1", "eth0"),
        next_hop=_NEXT_HOP,
        first=working.cost.rules_evaluated,
        later=working.later_cost.rules_evaluated,
        ttl=answered.partition("ttl=")[2].partition(" ")[0],
        changes=sum(1 for hop in (*working.hops, *working.reply) for change in hop.changes if change.field != "mark"),
    )


def _claims(working: Outcome) -> tuple[Claim, ...]:
    figures = _facts(_world(), working)
    no_route = _world(frozenset({"route"})).walk(_A, _B)
    bridged = LiveWorld("bridgeNfCallIptables: false").walk(_A, _C)
    return (
        words.claim_no_nat(figures),
        words.claim_kube_proxy(figures),
        words.claim_node_seen(
            _world().walk("node/node1", _B), _backend("flannel", "host-gw").walk("node/node1", _B), PODS["pod-b"][1]
        ),
        words.claim_overlay(
            _backend("flannel", "host-gw").walk(_A, _B), _backend("flannel", "host-gw", apart=True).walk(_A, _B)
        ),
        words.claim_no_route(no_route),
        words.claim_bridge(_world().walk(_A, _C).cost.rules_evaluated, bridged.cost.rules_evaluated),
        words.claim_rp_filter(
            _world(frozenset({"loose-rp-filter"})).walk(_A, _B),
            _world(_ONE_WAY).walk(_A, _B),
            _world(frozenset({"route-back"})).walk(_A, _B),
        ),
    )
