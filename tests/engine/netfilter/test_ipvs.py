"""IPVS among netfilter's hooks: what it takes, what it rewrites, what it leaves to masquerading; ipsets; what is printed."""

from __future__ import annotations

import dataclasses

import pytest

from engine.hooks import Hook
from engine.netfilter.choose import every_path, seeded
from engine.netfilter.ipset import IpSet, SetType
from engine.netfilter.ipvs import IpvsRuleset
from engine.netfilter.ipvsadm_text import save_service
from engine.netfilter.rules import Backend
from engine.netfilter.stack import HostNetfilter, IpvsEvent, Segment, Skb
from engine.netfilter.virtual_service import VirtualService
from engine.packet import L4, Family, FiveTuple
from engine.proxy import ipvs_sets
from engine.proxy.ipvs_rules import Frame, build_tables

VIP, NODE, POD, CLIENT = "10.96.0.10", "192.168.1.10", "10.244.2.8", "1.2.3.4"
MASQUERADE = "10.244.1.0"


def ruleset(
    services: tuple[VirtualService, ...], entries: dict[str, set[str]] | None = None, **frame: object
) -> IpvsRuleset:
    """A node's ruleset with these virtual servers and set entries; tells off-cluster traffic by nothing."""
    ipsets = {name: IpSet(name, kind) for name, (kind, _) in ipvs_sets.SETS.items()}
    for name, found in (entries or {}).items():
        ipsets[name].entries |= found
    options: dict[str, object] = {
        "family": Family.IPV4,
        "mark": 0x4000,
        "masquerade_all": False,
        "off_cluster": (),
        "blocked": (),
    }
    tables = build_tables(Frame(**{**options, **frame}), ipsets)  # type: ignore[arg-type]
    return IpvsRuleset(
        Backend.IPTABLES, Family.IPV4, tables, services=services, ipsets=tuple(ipsets.values()), dummy_addresses=(VIP,)
    )


def host(rules: IpvsRuleset, local: tuple[str, ...] = (NODE, VIP)) -> HostNetfilter:
    return HostNetfilter("node1", rules, lambda address: address in local, seeded(0))


def service(*servers: str, port: int = 80, address: str = VIP) -> VirtualService:
    return VirtualService(L4.TCP, address, port, "rr", servers=tuple((server, 8080) for server in servers))


NODE_PORT = {ipvs_sets.NODE_PORT[L4.TCP]: {"30080"}}


def through(netfilter: HostNetfilter, skb: Skb) -> str:
    """A packet from outside to the node and, if IPVS takes it, on; the verdict of the last hook."""
    for hook in (Hook.PREROUTING, Hook.INPUT):
        passage = netfilter.traverse(hook, skb, in_device="eth0")
        if passage.verdict not in ("ACCEPT", "STOLEN"):
            return passage.verdict
    if passage.verdict == "ACCEPT":
        return "ACCEPT"
    assert netfilter.traverse(Hook.OUTPUT, skb, out_device="flannel.1").verdict == "ACCEPT"
    return netfilter.traverse(
        Hook.POSTROUTING, skb, out_device="flannel.1", masquerade_address=lambda: MASQUERADE
    ).verdict


def test_a_nodeport_request_and_its_answer() -> None:
    netfilter = host(ruleset((service(POD, port=30080, address=NODE),), NODE_PORT))
    request = Skb(FiveTuple(L4.TCP, CLIENT, 54321, NODE, 30080))
    assert through(netfilter, request) == "ACCEPT"
    assert (request.flow.src, request.flow.destination) == (MASQUERADE, f"{POD}:8080")
    assert request.mark == 0
    (entry,) = netfilter.connections()
    assert (entry.original.destination, entry.reply.source, entry.reply.dst) == (
        f"{NODE}:30080",
        f"{POD}:8080",
        MASQUERADE,
    )
    answer = Skb(request.flow.reply(), segment=Segment.ANSWER)
    netfilter.traverse(Hook.PREROUTING, answer, in_device="flannel.1")
    assert answer.flow.destination == f"{CLIENT}:54321"
    passage = netfilter.traverse(Hook.FORWARD, answer, in_device="flannel.1", out_device="eth0")
    assert passage.verdict == "ACCEPT"
    netfilter.traverse(Hook.POSTROUTING, answer, out_device="eth0")
    assert str(answer.flow) == f"{NODE}:30080 -> {CLIENT}:54321"
    undone = [event for event in passage.events if isinstance(event, IpvsEvent)]
    assert [(event.service, event.undo) for event in undone] == [(f"{NODE}:30080", True)]


def test_later_packets_follow_the_connection() -> None:
    netfilter = host(ruleset((service(POD, "10.244.2.9", port=30080, address=NODE),), NODE_PORT))
    first = Skb(FiveTuple(L4.TCP, CLIENT, 54321, NODE, 30080))
    through(netfilter, first)
    netfilter.traverse(Hook.PREROUTING, Skb(first.flow.reply(), segment=Segment.ANSWER), in_device="flannel.1")
    later = Skb(FiveTuple(L4.TCP, CLIENT, 54321, NODE, 30080), segment=Segment.DATA)
    assert through(netfilter, later) == "ACCEPT"
    assert later.flow == first.flow


def test_the_nodes_own_process_is_taken_at_output() -> None:
    netfilter = host(ruleset((service(POD),), {ipvs_sets.CLUSTER_IP: {f"{VIP},tcp:80"}}))
    skb = Skb(FiveTuple(L4.TCP, VIP, 40000, VIP, 80))
    assert netfilter.traverse(Hook.OUTPUT, skb, out_device="lo").verdict == "STOLEN"
    assert skb.flow.destination == f"{POD}:8080"
    assert netfilter.traverse(Hook.OUTPUT, skb, out_device="flannel.1").verdict == "ACCEPT"
    # Its source is the virtual address, which kube-ipvs0 holds: the set matched by src,dst marks it.
    netfilter.traverse(Hook.POSTROUTING, skb, out_device="flannel.1", masquerade_address=lambda: MASQUERADE)
    assert skb.flow.src == MASQUERADE


@pytest.mark.parametrize(
    ("entries", "off", "masqueraded"),
    [({ipvs_sets.NODE_PORT_LOCAL[L4.TCP]: {"30080"}, **NODE_PORT}, (), False), (NODE_PORT, (), True)],
)
def test_a_local_policy_keeps_the_source(
    entries: dict[str, set[str]], off: tuple[object, ...], masqueraded: bool
) -> None:
    netfilter = host(ruleset((service(POD, port=30080, address=NODE),), entries))
    skb = Skb(FiveTuple(L4.TCP, CLIENT, 54321, NODE, 30080))
    through(netfilter, skb)
    assert (skb.flow.src == MASQUERADE) is masqueraded


def test_hairpin_is_masqueraded_by_the_loop_back_set() -> None:
    entries = {ipvs_sets.LOOP_BACK: {f"{POD},tcp:8080,{POD}"}, ipvs_sets.CLUSTER_IP: {f"{VIP},tcp:80"}}
    netfilter = host(ruleset((service(POD),), entries))
    skb = Skb(FiveTuple(L4.TCP, POD, 40000, VIP, 80))
    assert through(netfilter, skb) == "ACCEPT"
    assert skb.flow.src == MASQUERADE


def test_no_server_is_refused_and_an_unknown_port_of_a_virtual_address_rejected() -> None:
    entries = {ipvs_sets.CLUSTER_IP: {f"{VIP},tcp:80"}, ipvs_sets.IPVS_IPS: {VIP}}
    netfilter = host(ruleset((service(),), entries))
    skb = Skb(FiveTuple(L4.TCP, CLIENT, 1, VIP, 80))
    netfilter.traverse(Hook.PREROUTING, skb, in_device="eth0")
    passage = netfilter.traverse(Hook.INPUT, skb, in_device="eth0")
    assert (passage.verdict, passage.reason, passage.where) == ("REJECT", "ipvs-no-server", None)
    assert passage.reject_with == "icmp-port-unreachable"
    other = Skb(FiveTuple(L4.TCP, CLIENT, 2, VIP, 22))
    netfilter.traverse(Hook.PREROUTING, other, in_device="eth0")
    passage = netfilter.traverse(Hook.INPUT, other, in_device="eth0")
    assert passage.verdict == "REJECT" and passage.where is not None
    assert passage.where.chain == "KUBE-IPVS-FILTER"


def test_a_server_on_this_host_is_delivered_here() -> None:
    netfilter = host(ruleset((service(NODE),)))
    skb = Skb(FiveTuple(L4.TCP, CLIENT, 1, VIP, 80))
    assert through(netfilter, skb) == "ACCEPT"
    assert skb.flow.destination == f"{NODE}:8080"
    assert len(netfilter.connections()) == 1


def test_every_server_is_as_likely_for_the_first_connection() -> None:
    rules = ruleset((service("10.244.1.5", "10.244.2.8", "10.244.2.9"),))

    def run(choose: object) -> str:
        netfilter = HostNetfilter("node1", rules, lambda address: address in (NODE, VIP), choose)  # type: ignore[arg-type]
        skb = Skb(FiveTuple(L4.TCP, CLIENT, 1, VIP, 80))
        through(netfilter, skb)
        return skb.flow.dst

    shares = {server: str(probability) for probability, server in every_path(run)}
    assert shares == {"10.244.1.5": "1/3", "10.244.2.8": "1/3", "10.244.2.9": "1/3"}


SAVED = [
    (service("10.244.10.5", "10.244.1.5"), "-A -t 10.96.0.10:80 -s rr"),
    (dataclasses.replace(service(), protocol=L4.SCTP), "-A --sctp-service 10.96.0.10:80 -s rr"),
    (
        dataclasses.replace(service(), scheduler="mh", flags=("mh-port",), persistent=10800),
        "-A -t 10.96.0.10:80 -s mh -p 10800 -b mh-port",
    ),
    (dataclasses.replace(service(), protocol=L4.UDP, address="fd00::10"), "-A -u [fd00::10]:80 -s rr"),
]


@pytest.mark.parametrize(("saved", "line"), SAVED)
def test_ipvsadm_save(saved: VirtualService, line: str) -> None:
    assert save_service(saved)[0] == line


def test_real_servers_are_saved_in_the_order_of_their_addresses() -> None:
    assert save_service(SAVED[0][0])[1:] == [
        "-a -t 10.96.0.10:80 -r 10.244.1.5:8080 -m -w 1",
        "-a -t 10.96.0.10:80 -r 10.244.10.5:8080 -m -w 1",
    ]


SETS = [
    (IpSet("A", SetType.HASH_IP_PORT, entries={"10.96.0.10,tcp:80"}), ("dst", "dst"), True),
    (IpSet("A", SetType.HASH_IP_PORT, entries={"10.96.0.10,udp:80"}), ("dst", "dst"), False),
    (IpSet("A", SetType.HASH_IP_PORT, entries={"1.2.3.4,tcp:80"}), ("src", "dst"), True),
    (IpSet("A", SetType.BITMAP_PORT, entries={"80"}), ("dst",), True),
    (IpSet("A", SetType.HASH_IP, entries={"10.96.0.10"}), ("dst",), True),
    (IpSet("A", SetType.HASH_IP_PORT_IP, entries={"10.96.0.10,tcp:80,1.2.3.4"}), ("dst", "dst", "src"), True),
    (IpSet("A", SetType.HASH_IP_PORT_NET, entries={"10.96.0.10,tcp:80,1.2.0.0/16"}), ("dst", "dst", "src"), True),
    (IpSet("A", SetType.HASH_IP_PORT_NET, entries={"10.96.0.10,tcp:80,1.3.0.0/16"}), ("dst", "dst", "src"), False),
]


@pytest.mark.parametrize(("ipset", "sides", "inside"), SETS)
def test_ipset_membership(ipset: IpSet, sides: tuple[str, ...], inside: bool) -> None:
    assert ipset.contains(FiveTuple(L4.TCP, CLIENT, 54321, VIP, 80), sides) is inside


def test_ipset_save() -> None:
    ports = IpSet("KUBE-NODE-PORT-TCP", SetType.BITMAP_PORT, entries={"30080", "443"})
    assert ports.save() == [
        "create KUBE-NODE-PORT-TCP bitmap:port range 0-65535",
        "add KUBE-NODE-PORT-TCP 443",
        "add KUBE-NODE-PORT-TCP 30080",
    ]
    v6 = IpSet("KUBE-6-CLUSTER-IP", SetType.HASH_IP_PORT, Family.IPV6, {"fd00::10,tcp:80"})
    assert v6.save() == [
        "create KUBE-6-CLUSTER-IP hash:ip,port family inet6 hashsize 1024 maxelem 65536",
        "add KUBE-6-CLUSTER-IP fd00::10,tcp:80",
    ]


def test_ipv6_set_names_are_cut() -> None:
    assert ipvs_sets.set_name(ipvs_sets.SOURCE_CIDR, Family.IPV6) == "KUBE-6-LOAD-BALANCER-SOURCE-CID"
    assert all(
        len(ipvs_sets.set_name(name, family)) <= 31 for name in ipvs_sets.SETS for family in (Family.IPV4, Family.IPV6)
    )
