"""Out of the cluster: whose address leaves, which rule makes it so, and what is lost where nobody does."""

from __future__ import annotations

from fractions import Fraction

from engine.timeline.ports import LOCAL_PORTS, MASQUERADE_PORTS, PortUse
from engine.trace import Outcome, Stage, Text
from k8squiz.explain import egress_words as words
from k8squiz.explain.clusters import NODE_PORT, NODES, TARGET_PORT, Shape, cluster_yaml
from k8squiz.explain.live_world import LiveWorld, Typed, fates, pod_ip
from k8squiz.explain.walked import first, last
from k8squiz.story.blocks import Claim, Grid, Live, Paragraph, Section, Story, same
from k8squiz.story.endings import address

WITHOUT = ("masquerade", "ip_forward", "default-route")
_A = "pod/pod-a"
# A server in the world, and one in a network of the company's own.
_API, _DB = "5.6.7.8", "172.16.5.9"
_OUT, _IN = f"{_API}:443", f"{_DB}:443"

_PARTNER = f"""\
---
apiVersion: v1
kind: Service
metadata: {{name: partner, namespace: default}}
spec:
  clusterIP: 10.96.0.77
  ports: [{{port: 443}}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: partner-1, namespace: default, labels: {{kubernetes.io/service-name: partner}}}}
addressType: IPv4
ports: [{{port: 443}}]
endpoints: [{{addresses: [{_API}]}}, {{addresses: [{_DB}]}}]
"""
_AGENT = """\
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: ip-masq-agent, namespace: kube-system}
spec:
  template:
    spec:
      hostNetwork: true
      containers: [{name: ip-masq-agent, args: [--masq-chain=IP-MASQ]}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: ip-masq-agent, namespace: kube-system}
data:
  config: |
    nonMasqueradeCIDRs: [10.0.0.0/8]
"""
_OUTSIDE = f"externalHosts: {{api: {_API}, db: {_DB}}}"
# GKE's nodes are told by their labels; its network knows each node's podCIDR.
_NATIVE = (
    "  annotations:\n    flannel.alpha.coreos.com/backend-type: vxlan\n",
    "  labels: {cloud.google.com/gke-nodepool: pool}\n",
)


def build(without: frozenset[str] = frozenset()) -> Story:
    """The story, with the parts in `without` taken away from node1, or from the network."""
    world, whole = _world(without), _world()
    outcome, working = world.walk(_A, _OUT), whole.walk(_A, _OUT)
    figures = _figures(working)
    return Story(
        topic="egress",
        title=words.TITLE,
        summary=words.summary(_API),
        sections=(_path(world, outcome), _evidence(world), _who(), _knowing(), _ports(), _what_breaks()),
        claims=_claims(working),
        points=words.points(figures),
        spoken=words.spoken(figures),
        follow_ups=words.FOLLOW_UPS,
        sources=(
            "flannel pkg/trafficmngr/iptables/iptables.go: masqRules; Calico felix/rules/nat.go: natOutgoing",
            "kubernetes-sigs/ip-masq-agent README: nonMasqueradeCIDRs, masqLinkLocal",
            "linux net/netfilter/nf_nat_core.c: how a source port is found; net/ipv4/inet_hashtables.c: ip_local_port_range",
        ),
        without=WITHOUT,
        live=_live(without),
    )


def _world(without: frozenset[str] = frozenset(), *facts: str) -> LiveWorld:
    parts = ["without: [masquerade]"] if "masquerade" in without else []
    parts += ["ipForward: false"] if "ip_forward" in without else []
    typed = [Typed("node1", "ip route del default")] if "default-route" in without else []
    return LiveWorld(_OUTSIDE, *parts, *facts, manifests=cluster_yaml(Shape()) + _PARTNER, changes=typed)


def _live(without: frozenset[str]) -> tuple[Live, ...]:
    """The default route is deleted by hand, which the lab does not do."""
    cases = (frozenset[str](), frozenset({"masquerade"}), frozenset({"ip_forward"}))
    return tuple(_world(parts).live(words.case(parts), _A, _OUT) for parts in cases if without in (frozenset(), parts))


def _native(*, agent: bool = False) -> LiveWorld:
    """Nodes of GKE; `agent`: ip-masq-agent's ConfigMap says what is not to be masqueraded."""
    manifests = cluster_yaml(Shape()).replace(*_NATIVE) + _PARTNER + (_AGENT if agent else "")
    return LiveWorld(_OUTSIDE, manifests=manifests)


def _path(world: LiveWorld, outcome: Outcome) -> Section:
    there, back = outcome.hops, outcome.reply
    hops = (
        there[0],
        first(there, Stage.ROUTING),
        first(there, Stage.POSTROUTING, lambda hop: hop.chain == "KUBE-POSTROUTING"),
        first(there, Stage.SNAT),
        first(there, Stage.WIRE),
        first(there, Stage.SOCKET),
        next((hop for hop in back if hop.changes), None),
        last(back[1:], Stage.SOCKET),
    )
    return world.stepped(words.PATH, words.path(_OUT), zip(words.STEPS, hops, strict=True), outcome)


def _evidence(world: LiveWorld) -> Section:
    shown = world.session(
        words.TYPED,
        Typed("node1", "iptables-save -t nat | grep FLANNEL-POSTRTG"),
        Typed("pod-a", f"curl -sk -m 2 https://{_API}"),
        Typed("node1", "conntrack -L 2>/dev/null"),
    )
    return Section(words.EVIDENCE, (shown, Paragraph(words.EVIDENCE_TOLD)))


def _arrives_as(outcome: Outcome) -> str:
    """The source that the packet had where it went furthest."""
    return address(outcome.hops[-1].src)


_TARGETS = (
    (words.TO_WORLD, _OUT),
    (words.TO_NODE, f"{NODES['node2'][0]}:22"),
    (words.TO_POD, f"pod/pod-b:{TARGET_PORT}"),
    (words.TO_SERVICE, "svc/web"),
    (words.TO_OUTSIDE_SERVICE, "svc/partner"),
    (words.TO_NODE_PORT, f"{NODES['node2'][0]}:{NODE_PORT}"),
)
_PLUGINS = ("{plugin: flannel, backend: vxlan}", "{plugin: calico, backend: vxlan}", "{plugin: kindnet}")


def _who() -> Section:
    worlds = [_world(frozenset(), f"cni: {plugin}") for plugin in _PLUGINS]
    rows = []
    for name, target in _TARGETS:
        # Of a Service the endpoint on node2, which is not pod-a itself.
        walks = (world.walk(_A, target, to=pod_ip("pod-b")) for world in worlds)
        rows.append((name, *(same(_arrives_as(outcome)) for outcome in walks)))
    headers = (words.DESTINATION, same("flannel"), same("Calico"), same("kindnet"))
    return Section(words.WHO, (Grid(words.who(pod_ip("pod-a")), headers, tuple(rows)), Paragraph(words.WHO_TOLD)))


def _knowing() -> Section:
    worlds = (
        (words.FLANNEL, _world()),
        (words.FLANNEL_BARE, _world(frozenset({"masquerade"}))),
        (words.NATIVE, _native()),
        (words.NATIVE_AGENT, _native(agent=True)),
    )
    rows = tuple((name, *(_seen(world.walk(_A, target)) for target in (_OUT, _IN))) for name, world in worlds)
    grid = Grid(words.KNOWING_CAPTION, (words.CLUSTER, same(_API), same(_DB)), rows)
    agent = _native(agent=True).session(words.AGENT, Typed("node1", "iptables-save -t nat | grep 'A IP-MASQ'"))
    return Section(words.KNOWING, (grid, agent, Paragraph(words.KNOWING_TOLD)))


def _seen(outcome: Outcome) -> Text:
    return words.seen(str(outcome.verdict), _arrives_as(outcome))


_USES = (
    PortUse(500, 60),
    PortUse(500, 240),
    PortUse(500, 240, destinations=4),
    PortUse(500, 240, sources=2),
    PortUse(500, 240, ports=LOCAL_PORTS),
)


def _ports() -> Section:
    rows = []
    for name, use in zip(words.USES, _USES, strict=True):
        runs_out = use.runs_out_after
        after = words.NEVER if runs_out is None else words.seconds(runs_out)
        rows.append((name, same(f"{use.available:,}"), same(f"{_figure(use.wanted)}"), after))
    return Section(
        words.PORTS, (Grid(words.PORTS_CAPTION, words.PORTS_HEADERS, tuple(rows)), Paragraph(words.PORTS_TOLD))
    )


def _figure(value: Fraction) -> str:
    return f"{float(value):,.0f}"


def _what_breaks() -> Section:
    cases = (frozenset[str](), *(frozenset({part}) for part in WITHOUT))
    walks = [(words.case(parts), _world(parts).walk(_A, _OUT)) for parts in cases]
    walks += [
        (words.FORWARD_DROP, _world(frozenset(), "forwardPolicy: DROP", "without: [cni-rules]").walk(_A, _OUT)),
        (words.HOST_NETWORK, _world(frozenset({"masquerade"})).walk("node/node1", _OUT)),
    ]
    return Section(words.BREAKS, (fates(words.breaks(_OUT), walks),))


def _figures(working: Outcome) -> words.Figures:
    changed = first(working.hops, Stage.SNAT)
    assert changed is not None
    return words.Figures(
        pod=working.hops[0].src,
        seen=changed.src,
        chain=changed.chain or "",
        ports=MASQUERADE_PORTS[1] - MASQUERADE_PORTS[0] + 1,
        local=LOCAL_PORTS[1] - LOCAL_PORTS[0] + 1,
    )


def _claims(working: Outcome) -> tuple[Claim, ...]:
    figures = _figures(working)
    whole, bare = _world(), _world(frozenset({"masquerade"}))
    kindnet = first(_world(frozenset(), f"cni: {_PLUGINS[2]}").walk(_A, _OUT).hops, Stage.SNAT)
    return (
        words.claim_kube_proxy(figures),
        words.claim_node(figures, _seen(_native().walk(_A, _IN))),
        words.claim_one_address(_arrives_as(working), _arrives_as(whole.walk("pod/pod-b", _OUT))),
        words.claim_never_leaves(bare.walk(_A, _OUT)),
        words.claim_inside(_arrives_as(whole.walk(_A, _TARGETS[1][1])), _arrives_as(whole.walk(_A, _TARGETS[2][1]))),
        words.claim_port(figures, kindnet.src if kindnet is not None else ""),
        words.claim_local_ports(figures, _USES[1], _USES[4]),
        words.claim_agent(_seen(_native().walk(_A, _IN)), bare.walk(_A, _IN)),
    )
