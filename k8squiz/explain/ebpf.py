"""eBPF in kube-proxy's place: what kube-proxy does with the same request, walked; what is known of the other, told with sources.

No eBPF program is modelled. A connection whose endpoint was chosen at the socket is, from there on, one from pod to pod: that
half is walked.
"""

from __future__ import annotations

from engine import UnsupportedFeature, load_cluster, outcomes
from engine.cluster import Mode
from engine.trace import Hop, Outcome, Request, Stage, Text
from k8squiz.explain import ebpf_words as words
from k8squiz.explain.clusters import NODE_PORT, NODES, PORT, TARGET_PORT, VIP, Shape, cluster_yaml
from k8squiz.explain.live_world import LiveWorld, Typed, pod_ip
from k8squiz.explain.walked import first, last
from k8squiz.story.blocks import Claim, Grid, Live, Paragraph, Rules, Section, Story, same
from k8squiz.story.endings import brief, ending

WITHOUT = ("kube-proxy", "masquerade")
_A, _SERVICE = "pod/pod-a", "svc/web"
_DIRECT = f"pod/pod-b:{TARGET_PORT}"
_ITSELF = f"pod/pod-a:{TARGET_PORT}"
_NODE_PORT = f"{NODES['node1'][0]}:{NODE_PORT}"
_CILIUM = """\
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: cilium, namespace: kube-system}
spec: {template: {spec: {containers: [{name: cilium-agent}]}}}
"""
_FLANNEL = "  annotations:\n    flannel.alpha.coreos.com/backend-type: vxlan\n"


def build(without: frozenset[str] = frozenset()) -> Story:
    """The story, with the parts in `without` taken away from kube-proxy's rules."""
    world, whole = _world(without), _world()
    return Story(
        topic="ebpf",
        title=words.TITLE,
        summary=words.summary(VIP, PORT),
        sections=(
            _scope(),
            _by_rules(world),
            _at_the_socket(whole),
            _side_by_side(whole),
            _from_outside(),
            _tools(),
            _what_breaks(),
        ),
        claims=_claims(whole),
        points=words.POINTS,
        spoken=words.spoken(f"{VIP}:{PORT}", f"{pod_ip('pod-b')}:{TARGET_PORT}", _to_b(whole).cost.rules_evaluated),
        follow_ups=words.FOLLOW_UPS,
        sources=(
            "Cilium documentation, Kubernetes Without kube-proxy: socket load balancing, DSR, XDP (read on 2026-11-30)",
            "Cilium documentation, Command Reference (as of 2026-11): cilium-dbg service list, bpf ct list, monitor",
            "linux kernel/bpf/cgroup.c and net/ipv4/af_inet.c: BPF_CGROUP_INET4_CONNECT runs before a route is looked up",
        ),
        without=WITHOUT,
        live=_live(without),
    )


def _world(without: frozenset[str] = frozenset(), *facts: str, mode: Mode = Mode.IPTABLES) -> LiveWorld:
    parts = ["without: [masquerade]"] if "masquerade" in without else []
    flushed = [Typed(node, "iptables -t nat -F KUBE-SERVICES") for node in NODES if "kube-proxy" in without]
    return LiveWorld(*parts, *facts, changes=flushed, mode=mode)


def _live(without: frozenset[str]) -> tuple[Live, ...]:
    """kube-proxy's rules are flushed by hand, which the lab does not do."""
    asked = ((_A, _SERVICE), (_A, _DIRECT), (_A, _ITSELF), ("client", _NODE_PORT))
    cases = (frozenset[str](), frozenset({"masquerade"}))
    return tuple(
        _world(parts).live(words.case(parts), *request)
        for parts in cases
        if without in (frozenset(), parts)
        for request in asked
    )


def _to_b(world: LiveWorld) -> Outcome:
    """pod-a at the Service, pod-b picked."""
    return world.walk(_A, _SERVICE, to=pod_ip("pod-b"))


def _to_itself(world: LiveWorld) -> Outcome:
    return world.walk(_A, _SERVICE, to=pod_ip("pod-a"))


def _from_client(world: LiveWorld) -> Outcome:
    """The client outside at node1's NodePort, pod-b picked."""
    return world.walk("client", _NODE_PORT, to=pod_ip("pod-b"))


def _refusal() -> Text:
    """What the engine says of a cluster that runs Cilium."""
    manifests = cluster_yaml(Shape()).replace(_FLANNEL, "") + _CILIUM
    try:
        outcomes(load_cluster(text=manifests), Request(_A, _SERVICE))
    except UnsupportedFeature as error:
        return Text(str(error), error.zh or str(error))
    raise AssertionError("Cilium is modelled: this story has to be told anew")


def _scope() -> Section:
    refusal = _refusal()
    return Section(words.SCOPE, (Paragraph(words.SCOPE_TOLD), Paragraph(words.refused(refusal))))


def _by_rules(world: LiveWorld) -> Section:
    outcome = _to_b(world)
    there, back = outcome.hops, outcome.reply
    hops = (
        there[0],
        first(there, Stage.DNAT),
        first(there, Stage.ROUTING),
        first(there, Stage.SOCKET),
        next((hop for hop in back if hop.changes), None),
        last(back[1:], Stage.SOCKET),
    )
    return world.stepped(words.BY_RULES, words.BY_RULES_CAPTION, zip(words.STEPS, hops, strict=True), outcome)


def _captured(world: LiveWorld, caption: Text, url: str) -> Rules:
    return world.session(
        caption, Typed("pod-a", "tcpdump -ni eth0 -c 1 tcp 2>/dev/null &"), Typed("pod-a", f"curl -s {url}")
    )


def _at_the_socket(world: LiveWorld) -> Section:
    through, direct = _to_b(world), world.walk(_A, _DIRECT)
    return Section(
        words.AT_THE_SOCKET,
        (
            Paragraph(words.AT_THE_SOCKET_TOLD),
            world.beside(words.BESIDE, (words.IPTABLES, words.CHOSEN), through, direct),
            _captured(world, words.CAPTURED_RULES, f"http://{VIP}"),
            _captured(world, words.CAPTURED_CHOSEN, f"http://{pod_ip('pod-b')}:{TARGET_PORT}"),
        ),
    )


def _tracked(outcome: Outcome) -> Text:
    """node1's conntrack entry, original and reply."""
    entries = [f"{entry.original} | {entry.reply}" for entry in outcome.conntrack if entry.host == "node1"]
    return same("; ".join(entries)) if entries else words.NONE


def _changed(outcome: Outcome) -> int:
    hops = (*outcome.hops, *outcome.reply)
    return sum(1 for hop in hops for change in hop.changes if change.field != "mark")


def _side_by_side(world: LiveWorld) -> Section:
    nftables = _world(mode=Mode.NFTABLES)
    walks = (_to_b(world), _to_b(nftables), world.walk(_A, _DIRECT))
    selves = (_to_itself(world), _to_itself(nftables), world.walk(_A, _ITSELF))
    rows = (
        (words.DESTINATION, *(same(walk.hops[0].dst) for walk in walks)),
        (words.REWRITES, *(same(str(_changed(walk))) for walk in walks)),
        (words.TRACKED, *(_tracked(walk) for walk in walks)),
        (words.COST, *(words.cost(walk.cost.rules_evaluated, walk.cost.hash_lookups) for walk in walks)),
        (words.ITSELF, *(brief(walk) for walk in selves)),
        (words.ITSELF_HOSTS, *(_hosts(walk.hops) for walk in selves)),
    )
    headers = (words.WHAT, same("iptables"), same("nftables"), words.CHOSEN)
    return Section(
        words.SIDE_BY_SIDE, (Grid(words.SIDE_BY_SIDE_CAPTION, headers, rows), Paragraph(words.SIDE_BY_SIDE_TOLD))
    )


def _hosts(hops: tuple[Hop, ...]) -> Text:
    """The hosts on a way."""
    return same(" → ".join(dict.fromkeys(hop.host for hop in hops)))


def _from_outside() -> Section:
    walks = (
        (words.CLUSTER_POLICY, _from_client(_world())),
        (words.NO_MASQUERADE, _from_client(_world(frozenset({"masquerade"})))),
    )
    rows = tuple((name, _hosts(walk.reply), same(walk.source_seen or ""), ending(walk)) for name, walk in walks)
    grid = Grid(words.outside(_hosts(walks[0][1].hops).en), words.OUTSIDE_HEADERS, rows)
    return Section(
        words.OUTSIDE, (grid, Paragraph(words.OUTSIDE_TOLD), Grid(words.AS_OF, words.DSR_HEADERS, words.DSR))
    )


def _tools() -> Section:
    return Section(words.TOOLS, (Grid(words.AS_OF, words.TOOLS_HEADERS, words.TOOL_ROWS),))


def _what_breaks() -> Section:
    rows = []
    for parts in (frozenset[str](), *(frozenset({part}) for part in WITHOUT)):
        world = _world(parts)
        walks = (_to_b(world), world.walk(_A, _DIRECT), _to_itself(world), world.walk(_A, _ITSELF), _from_client(world))
        rows.append((words.case(parts), *(same(str(walk.verdict)) for walk in walks)))
    return Section(
        words.BREAKS, (Grid(words.BREAKS_CAPTION, words.BREAKS_HEADERS, tuple(rows)), Paragraph(words.BREAKS_TOLD))
    )


def _claims(whole: LiveWorld) -> tuple[Claim, ...]:
    through, direct = _to_b(whole), whole.walk(_A, _DIRECT)
    bare, masked = _world(frozenset({"kube-proxy"})), _world(frozenset({"masquerade"}))
    return (
        words.claim_no_rules(through.cost.rules_evaluated, direct.cost.rules_evaluated),
        words.claim_tcpdump(through.hops[0].dst, direct.hops[0].dst),
        words.claim_conntrack(_tracked(through).en, _tracked(direct).en),
        words.claim_hairpin(_to_itself(masked), whole.walk(_A, _ITSELF)),
        words.claim_removed(bare.walk(_A, _SERVICE), bare.walk("node/node2", _DIRECT)),
        words.claim_outside(_from_client(whole)),
        words.claim_dsr(_from_client(masked)),
        words.CLAIM_INSTALLED,
        words.CLAIM_MESH,
    )
