"""Large packets: what a tunnel leaves of the MTU, three nets that catch what is too large, and what lies beyond all of them."""

from __future__ import annotations

from engine.netfilter.parts.segment_size import HEADERS
from engine.trace import Outcome, Stage, Text, Verdict
from k8squiz.explain import mtu_words as words
from k8squiz.explain.clusters import TARGET_PORT
from k8squiz.explain.live_world import LiveWorld, Typed, pod_ip
from k8squiz.explain.walked import first
from k8squiz.story.blocks import Claim, Grid, Paragraph, Rules, Section, Story, same
from k8squiz.story.endings import reason

WITHOUT = ("pod-mtu", "icmp", "clamp", "underlay-1500")
_A, _B = "pod/pod-a", f"pod/pod-b:{TARGET_PORT}"
_CARD, _SWITCH = 1500, 1400
_UDP_PORT = 9000
# What ping's -s leaves out: the IP header and its own (icmp(7)).
_PING_HEADERS = 28
_TCP_HEADERS = HEADERS[False]
_CLAMP = "iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS"
_NODES = ("node1", "node2")


def build(without: frozenset[str] = frozenset()) -> Story:
    """The story, with the parts in `without` taken away."""
    world = _world(without)
    return Story(
        topic="mtu",
        title=words.TITLE,
        summary=words.SUMMARY,
        sections=(_arithmetic(), _full(world), _nets(), _sizes(), _beyond(), _cut()),
        claims=_claims(),
        points=words.points(_largest(_world(_BARE)), _PING_HEADERS),
        spoken=words.spoken(_figures()),
        follow_ups=words.FOLLOW_UPS,
        sources=(
            "RFC 1191 (path MTU discovery), RFC 4821 (packetization layer), RFC 7348 (VXLAN), RFC 2003 (IP in IP)",
            "linux net/ipv4/ip_forward.c, tcp_timer.c tcp_mtu_probing(); Documentation/networking/ip-sysctl.rst",
            "what becomes of each size is held against Linux 6.18 (tests/engine/walk/test_sizes.py)",
        ),
        without=WITHOUT,
    )


_BARE = frozenset({"pod-mtu", "icmp", "clamp"})


def _world(without: frozenset[str] = frozenset(), *more: str, clamp: str = "--clamp-mss-to-pmtu") -> LiveWorld:
    """flannel's VXLAN with all three nets but those in `without`; `clamp` is how a node lowers the MSS."""
    facts = [f"podMTU: {_CARD}"] if "pod-mtu" in without else []
    facts += [f"underlayMTU: {_SWITCH}"] if "underlay-1500" in without else []
    typed = [Typed(node, "iptables -A OUTPUT -p icmp --icmp-type 3 -j DROP") for node in _NODES if "icmp" in without]
    typed += [Typed(node, f"{_CLAMP} {clamp}") for node in _NODES if "clamp" not in without]
    return LiveWorld(*facts, *more, changes=typed)


def _sent(world: LiveWorld, size: int = 0) -> Outcome:
    """A connection on which pod-a then sends a packet of that size, else the largest that its own device takes."""
    return world.walk(_A, _B, size=size or world.mtu("pod-a", "eth0"))


def _datagram(without: frozenset[str], size: int = 0) -> Outcome:
    """The same by UDP with DF set, to another port of pod-b's."""
    world = _world(without, f"listeners: [{{pod: default/pod-b, ports: [{_UDP_PORT}/UDP]}}]")
    return world.walk(_A, f"pod/pod-b:{_UDP_PORT}", protocol="UDP", size=size or world.mtu("pod-a", "eth0"))


def _fate(outcome: Outcome) -> Text:
    """What becomes of the large packet."""
    if outcome.verdict is not Verdict.DELIVERED:
        return reason(outcome)
    if outcome.stalls is not None:
        return words.STUCK.get(outcome.stalls.code, words.hangs)(outcome.stalls.reason)
    return outcome.assumed[-1] if outcome.assumed else words.WHOLE


def _arrives(world: LiveWorld, size: int) -> bool:
    found = _sent(world, size)
    return found.stalls is None and not found.assumed


def _largest(world: LiveWorld) -> int:
    """The largest packet with DF that arrives as it was sent, found by halving."""
    low, high = 576, 9001
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _arrives(world, middle) else (low, middle)
    return low


_BACKENDS = (("flannel", "vxlan"), ("flannel", "host-gw"), ("calico", "ipip"), ("calico", "bgp"))


def _arithmetic() -> Section:
    rows = []
    for plugin, backend in _BACKENDS:
        worlds = [LiveWorld(f"cni: {{plugin: {plugin}, backend: {backend}}}", f"mtu: {card}") for card in (_CARD, 9000)]
        sent = first(worlds[0].walk(_A, _B).hops, Stage.WIRE)
        over = sent.encapsulation.overhead if sent is not None and sent.encapsulation is not None else 0
        small, jumbo = (world.mtu("pod-a", "eth0") for world in worlds)
        rows.append(
            tuple(map(same, (f"{plugin} {backend}", str(over), str(small), str(small - _TCP_HEADERS), str(jumbo))))
        )
    return Section(
        words.ARITHMETIC,
        (Grid(words.ARITHMETIC_CAPTION, words.ARITHMETIC_HEADERS, tuple(rows)), Paragraph(words.ARITHMETIC_TOLD)),
    )


def _full(world: LiveWorld) -> Section:
    outcome = _sent(world)
    size = world.mtu("pod-a", "eth0")
    return Section(
        words.FULL,
        (
            world.told(words.FULL_CAPTION, outcome),
            Paragraph(words.full(size, _fate(outcome))),
            Rules(words.MTUS, tuple(f"{host} {device}: mtu {world.mtu(host, device)}" for host, device in _DEVICES)),
        ),
    )


_DEVICES = (("pod-a", "eth0"), ("node1", "cni0"), ("node1", "flannel.1"), ("node1", "eth0"), ("node2", "flannel.1"), ("pod-b", "eth0"))  # fmt: skip


def _nets() -> Section:
    rows = []
    for parts in words.COMBINATIONS:
        world = _world(parts)
        rows.append((words.case(parts), same(str(world.mtu("pod-a", "eth0"))), _fate(_sent(world))))
    return Section(
        words.NETS,
        (Paragraph(words.NETS_TOLD), Grid(words.NETS_CAPTION, words.NETS_HEADERS, tuple(rows))),
    )


def _sizes() -> Section:
    """Around the limit, where nothing catches."""
    limit = _largest(_world(_BARE))
    rows = []
    for size in (limit - 50, limit, limit + 1, _CARD, _CARD + 1):
        figures = (size, size - _PING_HEADERS, size - _TCP_HEADERS)
        rows.append((*(same(str(figure)) for figure in figures), _fate(_datagram(_BARE, size))))
    grid = Grid(words.SIZES_CAPTION, words.SIZES_HEADERS, tuple(rows))
    ping = Typed("pod-a", f"ping -M do -s {limit + 1 - _PING_HEADERS} -c 2 -W 1 {pod_ip('pod-b')}")
    heard, eaten = _world(frozenset({"pod-mtu", "clamp"})), _world(_BARE)
    shown = (heard.session(words.PING_HEARD, ping), eaten.session(words.PING_EATEN, ping))
    return Section(words.SIZES, (grid, Paragraph(words.sizes(limit)), *shown))


def _beyond() -> Section:
    switch = frozenset({"underlay-1500"})
    inner = _SWITCH - _overhead()
    cures = (
        (words.NO_CURE, _world(switch | {"clamp"})),
        (words.CURE_CLAMP, _world(switch)),
        (words.cure_set(inner - _TCP_HEADERS), _world(switch, clamp=f"--set-mss {inner - _TCP_HEADERS}")),
        (words.CURE_PROBING, _world(switch | {"clamp"}, "tcpMTUProbing: 1")),
        (words.cure_pods(inner), _world(switch | {"clamp"}, f"podMTU: {inner}")),
        (words.cure_cards(_SWITCH), _world(switch | {"clamp"}, f"mtu: {_SWITCH}")),
    )
    rows = tuple((name, same(str(world.mtu("pod-a", "eth0"))), _fate(_sent(world))) for name, world in cures)
    return Section(
        words.beyond(_SWITCH), (Paragraph(words.BEYOND_TOLD), Grid(words.BEYOND_CAPTION, words.BEYOND_HEADERS, rows))
    )


def _overhead() -> int:
    sent = first(LiveWorld().walk(_A, _B).hops, Stage.WIRE)
    assert sent is not None
    assert sent.encapsulation is not None
    return sent.encapsulation.overhead


def _cut() -> Section:
    """A tunnel that believes in the card's MTU."""
    wide = ("podMTU: 1500", "tunnelMTU: 1500")
    cases = ((words.CUT, LiveWorld(*wide)), (words.CUT_DROPPED, LiveWorld(*wide, "underlayDropsFragments: true")))
    rows = tuple((name, _fate(_sent(world))) for name, world in cases)
    return Section(
        words.CUTTING, (Grid(words.CUT_CAPTION, (words.CLUSTER, words.BECOMES), rows), Paragraph(words.CUT_TOLD))
    )


def _figures() -> words.Figures:
    bare = _world(_BARE)
    return words.Figures(card=_CARD, overhead=_overhead(), pods=LiveWorld().mtu("pod-a", "eth0"), limit=_largest(bare))


def _claims() -> tuple[Claim, ...]:
    bare = _world(_BARE)
    healed = _world(frozenset({"pod-mtu", "clamp"}))
    small = LiveWorld("podMTU: 1400")
    switch = frozenset({"underlay-1500"})
    return (
        words.claim_connects(_sent(bare).verdict, _fate(_sent(bare))),
        words.claim_ping(_fate(_sent(bare, 56 + _PING_HEADERS)), _largest(bare) - _PING_HEADERS),
        words.claim_1450(
            *(LiveWorld(f"cni: {{plugin: {p}, backend: {b}}}").mtu("pod-a", "eth0") for p, b in _BACKENDS[:3])
        ),
        words.claim_discovery(_fate(_sent(healed)), _fate(_sent(bare))),
        words.claim_clamp(
            _fate(_sent(_world(frozenset({"pod-mtu", "icmp"})))),
            _fate(_datagram(frozenset({"pod-mtu", "icmp"}))),
            _fate(_sent(_world(switch))),
        ),
        words.claim_small(_fate(_sent(small)), small.mtu("pod-a", "eth0")),
        words.claim_tunnel(
            _fate(_sent(LiveWorld("podMTU: 1500", "tunnelMTU: 1500"))),
            _fate(_sent(LiveWorld("podMTU: 1500", "tunnelMTU: 1500", "underlayDropsFragments: true"))),
        ),
        words.claim_probing(_fate(_sent(_world(_BARE, "tcpMTUProbing: 1")))),
    )
