"""The stories of the network itself: what each walk ends with when a part is missing, and the figures that their pages tell."""

from __future__ import annotations

import functools

import pytest

from engine.trace import Direction, Verdict
from k8squiz.locale.i18n import LANGS, Lang
from k8squiz.story.blocks import Holds, Walk
from k8squiz.story.markdown import story_markdown
from tests.k8squiz.explain.told import told

Ends = tuple[Verdict, str | None, Direction | None]
LOST, DELIVERED = Verdict.LOST, Verdict.DELIVERED
THERE, BACK = Direction.REQUEST, Direction.REPLY
# The first walk of a story without some parts: how it ends, by which code, on which way.
ENDS: dict[tuple[str, str], Ends] = {
    ("pod-to-pod", ""): (DELIVERED, None, None),
    ("pod-to-pod", "route"): (LOST, "no-such-host", THERE),
    ("pod-to-pod", "route-back"): (LOST, "no-such-host", BACK),
    ("pod-to-pod", "fdb"): (LOST, "no-tunnel-peer", THERE),
    ("pod-to-pod", "ip_forward"): (LOST, "ip-forward-off", THERE),
    ("pod-to-pod", "udp-8472"): (LOST, "underlay-drop", THERE),
    ("pod-to-pod", "br_netfilter"): (DELIVERED, None, None),
    ("pod-to-pod", "loose-rp-filter"): (DELIVERED, None, None),
    ("pod-to-pod", "route-back loose-rp-filter"): (LOST, "rp-filter", THERE),
    ("pod-to-pod", "route fdb"): (LOST, "no-such-host", THERE),
    ("network-policy", ""): (DELIVERED, None, None),
    ("network-policy", "dns-rule"): (Verdict.DROP, "network-policy", THERE),
    ("network-policy", "egress-rule"): (DELIVERED, None, None),
    ("network-policy", "ingress-rule"): (DELIVERED, None, None),
    ("network-policy", "pod-port"): (DELIVERED, None, None),
    ("network-policy", "default-deny"): (DELIVERED, None, None),
    ("network-policy", "enforcement"): (DELIVERED, None, None),
    ("network-policy", "dns-rule enforcement"): (DELIVERED, None, None),
    ("dns", ""): (DELIVERED, None, None),
    ("dns", "search-list"): (DELIVERED, None, None),
    ("dns", "ndots-5"): (DELIVERED, None, None),
    ("dns", "path-to-node2"): (LOST, "underlay-drop", THERE),
    ("dns", "coredns-ready"): (Verdict.REJECT, "no-endpoints", THERE),
    ("mtu", ""): (DELIVERED, None, None),
    ("mtu", "pod-mtu"): (DELIVERED, None, None),
    ("mtu", "icmp"): (DELIVERED, None, None),
    ("mtu", "clamp"): (DELIVERED, None, None),
    ("mtu", "pod-mtu icmp clamp"): (DELIVERED, "fragmentation-needed", THERE),
    ("mtu", "underlay-1500"): (DELIVERED, "underlay-mtu", THERE),
    ("egress", ""): (DELIVERED, None, None),
    ("egress", "masquerade"): (LOST, "no-such-host", BACK),
    ("egress", "ip_forward"): (LOST, "ip-forward-off", THERE),
    ("egress", "default-route"): (LOST, "no-route", THERE),
    ("ebpf", ""): (DELIVERED, None, None),
    ("ebpf", "kube-proxy"): (LOST, "no-such-host", THERE),
    ("ebpf", "masquerade"): (DELIVERED, None, None),
}

FACTS: dict[str, tuple[str, ...]] = {
    "pod-to-pod": (
        "10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink",
        "dst 192.168.1.11 self permanent",
        "| calico ipip | via 192.168.1.11 dev tunl0 | IPIP 192.168.1.10 → 192.168.1.11 | 1480 | DELIVERED |",
        "| flannel host-gw | via 192.168.1.11 dev eth0 | none: the pods' own addresses | 1500 | LOST |",
        "addresses and ports were rewritten 0 times",
        "On node2 it is DELIVERED, seen 10.244.1.0",
        "| node2 has no route to node1's pods, rp_filter=1 (strict) | LOST | the way there | LOST on node2. rp_filter on node2:",
        "ttl=62 of 64",
    ),
    "network-policy": (
        "| everything in place | DELIVERED | DELIVERED | DROP | DROP |",
        "| no rule for DNS | DROP | DELIVERED | DROP | DROP |",
        "| front may not send to api | DELIVERED | DROP | DROP | DROP |",
        "| front's rule names the Service's port | DELIVERED | DROP | DROP | DROP |",
        "| no default deny | DELIVERED | DELIVERED | DROP | DELIVERED |",
        "| flannel: nobody enforces policies | DELIVERED | DELIVERED | DELIVERED | DELIVERED |",
        "| node/node2 | DELIVERED, seen 192.168.1.11 | DROP |",
        "At the pod's own node: DELIVERED (the door saw 1.2.3.4, before SNAT; the pod then sees 192.168.1.11). By another node: DROP",
        "passes 2 doors all the same",
        "kube-router: REJECT, connection refused at once",
        "batch/job at api: DROP; with one policy more, for namespace batch: DELIVERED, seen 10.244.1.9",
    ),
    "dns": (
        "search shop.svc.cluster.local svc.cluster.local cluster.local",
        "| api | 2: 10.96.0.20 | 2: 10.96.0.20 |",
        "| api.shop | 4: 10.96.0.20 | 4: 10.96.0.20 |",
        "| api.shop.svc.cluster.local | 8: 10.96.0.20 | 8: 10.96.0.20 |",
        "| example.org | 8: 203.0.113.9 | 8: 203.0.113.9 |",
        "| ndots:1, glibc | 2: 10.96.0.20 | 6: 10.96.0.20 | 2: 203.0.113.9 |",
        "| ndots:1, musl | 2: 10.96.0.20 | 2: EAI_NONAME | 2: 203.0.113.9 |",
        "| glibc | 5 s | 20 s |",
        "| musl | 0 s | 0 s |",
        "| the tunnel between the nodes is blocked | 1/2 DELIVERED, 1/2 LOST | some fail | some fail |",
        "| no CoreDNS pod is ready | 1 REJECT | fails | fails |",
        "the query leaves 0 conntrack entries on node1",
        "all ready addresses (2 here)",
    ),
    "mtu": (
        "| flannel vxlan | 50 | 1450 | 1410 | 8950 |",
        "| calico ipip | 20 | 1480 | 1440 | 8980 |",
        "| the pods' MTU (they believe in 1500) | 1500 | A rule on the way lowers the MSS that pod-a is told to 1410",
        "| the pods' MTU (they believe in 1500), the TCPMSS rule | 1500 | A packet of that size does not get through; pod-a hears of it",
        "| the pods' MTU (they believe in 1500), ICMP errors (filtered), the TCPMSS rule | 1500 | It hangs:",
        "| 1450 | 1422 | 1410 | It arrives as it was sent. |",
        "| 1451 | 1423 | 1411 | It hangs:",
        "| --set-mss 1310 on both nodes | 1450 | A rule on the way lowers the MSS that pod-a is told to 1310",
        "| pods' MTU 1350 | 1350 | It arrives as it was sent. |",
        "| the network drops fragments | It hangs: the packet of 1550 bytes",
        "| 1501 | 1473 | 1461 | It never leaves the pod:",
        "the handshake is DELIVERED",
        "From 10.244.1.1 icmp_seq=1 Frag needed and DF set (mtu = 1450)",
    ),
    "egress": (
        "FLANNEL-POSTRTG did, which is the CNI's: 10.244.1.5:54321 became 192.168.1.10:",
        "| a process on node2 | 192.168.1.10 | 192.168.1.10 | 192.168.1.10 |",
        "| a ClusterIP, pod-b behind it | 10.244.1.5 | 10.244.1.5 | 10.244.1.5 |",
        "| node2's NodePort, pod-b behind it | 10.244.2.1 | 192.168.1.11 | 10.244.2.1 |",
        "| flannel, nobody masquerades | LOST, arrived as 10.244.1.5 | LOST, arrived as 10.244.1.5 |",
        "as shipped | DELIVERED, arrived as 192.168.1.10 | DELIVERED, arrived as 10.244.1.5 |",
        "nonMasqueradeCIDRs 10.0.0.0/8 | DELIVERED, arrived as 192.168.1.10 | DELIVERED, arrived as 192.168.1.10 |",
        "| one server, 240 s each | 64,512 | 120,000 | 129 s |",
        "| one server, 60 s each | 64,512 | 30,000 | never |",
        "28,232 ports, used up after 56 s",
        "kindnet's rule has no such option: 192.168.1.10:54321",
        "pod-a is seen as 192.168.1.10, pod-b as 192.168.1.11",
    ),
    "ebpf": (
        "CNI plugin 'Cilium' is not modelled",
        "10.244.1.5.34457 > 10.96.0.10.80: Flags [S]",
        "10.244.1.5.34457 > 10.244.2.8.8080: Flags [S]",
        "| addresses and ports rewritten, there and back | 2 | 2 | 0 |",
        "| the first packet's cost | 40 rules, 0 look-ups | 37 rules, 13 look-ups | 35 rules, 0 look-ups |",
        "| by way of | pod-a → node1 | pod-a → node1 | pod-a |",
        "pod-b → node2 → router → client | 1.2.3.4 | LOST on client",
        "| kube-proxy's rules gone | LOST | DELIVERED | LOST | DELIVERED | REFUSED |",
        "| no MASQUERADE rule | DELIVERED | DELIVERED | LOST | DELIVERED | LOST |",
        "*not computed: Cilium documentation, read on 2026-11-30*",
    ),
}
NAMES = tuple(FACTS)


@functools.cache
def page(topic: str, lang: Lang) -> str:
    return story_markdown(told(topic), lang)


@pytest.mark.parametrize(("topic", "without"), ENDS)
def test_how_the_walk_ends_without_a_part(topic: str, without: str) -> None:
    story = told(topic, *sorted(without.split()))
    outcome = next(b for section in story.sections for b in section.blocks if isinstance(b, Walk)).outcome
    where = outcome.where or outcome.stalls
    found = (outcome.verdict, where and where.code, where and where.direction)
    assert found == ENDS[topic, without]


@pytest.mark.parametrize("topic", NAMES)
def test_every_part_can_be_taken_away(topic: str) -> None:
    """Each is walked above, and tells another page than the story with everything in place."""
    parts = told(topic).without
    assert {part for name, without in ENDS if name == topic for part in without.split()} == set(parts)
    assert all(story_markdown(told(topic, part), "en") != page(topic, "en") for part in parts)


@pytest.mark.parametrize("topic", NAMES)
def test_the_page_tells_what_was_computed(topic: str) -> None:
    assert [fact for fact in FACTS[topic] if fact not in page(topic, "en")] == []


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("topic", NAMES)
def test_it_can_be_said_in_an_interview(topic: str, lang: Lang) -> None:
    """Claims that hold and claims that do not, each with its ruling; at the end the whole of it as one would say it."""
    story = told(topic)
    assert len(story.claims) >= 5
    assert {claim.holds for claim in story.claims} > {Holds.NO}
    assert 2 <= len(story.spoken) <= 4
    rulings, said = (("Not so.", "It depends."), "## Say it in an interview") if lang == "en" else (("不对。", "看情况。"), "## 面试时可以这样说")  # fmt: skip
    assert all(ruling in page(topic, lang) for ruling in (*rulings, said))
