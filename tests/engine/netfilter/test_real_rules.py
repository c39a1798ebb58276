"""Matches and targets of the rules that other programs write on nodes: as iptables-save 1.8.9 prints what was typed
(measured), and what they say of a packet."""

from __future__ import annotations

import dataclasses

import pytest

from engine.errors import UnsupportedFeature
from engine.hooks import Hook
from engine.netfilter.ipt_parse import parse, parse_rule
from engine.netfilter.skb import UNTRACKED, Segment
from engine.netfilter.stack import HostNetfilter, Skb
from engine.netfilter.text import dump_rule
from engine.network.devices import Device, DeviceKind, interface, loopback
from engine.network.host import Host, HostKind
from engine.network.host_routing import HostRouting
from engine.network.routes import Route, RoutingTable
from engine.packet import L4, FiveTuple
from tests.engine.netfilter.builders import CLIENT, NODE, POD

# Typed, and printed by iptables-save after it was loaded.
PRINTED = [
    ("-m rpfilter --invert --validmark -j DROP", "-m rpfilter --validmark --invert -j DROP"),
    ("-m rpfilter --accept-local --loose", "-m rpfilter --loose --accept-local"),
    ("-m addrtype --dst-type local --src-type LOCAL --limit-iface-in", "-m addrtype --src-type LOCAL --dst-type LOCAL --limit-iface-in"),
    ("-m addrtype ! --src-type LOCAL ! --dst-type LOCAL", "-m addrtype ! --src-type LOCAL ! --dst-type LOCAL"),
    ("-p tcp --syn", "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN"),
    ("-p tcp -m tcp ! --syn --dport 80", "-p tcp -m tcp --dport 80 ! --tcp-flags FIN,SYN,RST,ACK SYN"),
    ("-p tcp -m tcp --tcp-flags ALL NONE", "-p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE"),
    ("-p icmp --icmp-type echo-request", "-p icmp -m icmp --icmp-type 8"),
    ("-p icmp -m icmp --icmp-type 3/4", "-p icmp -m icmp --icmp-type 3/4"),
    ("-p icmp --icmp-type fragmentation-needed", "-p icmp -m icmp --icmp-type 3/4"),
    ("-p icmp ! --icmp-type port-unreachable", "-p icmp -m icmp ! --icmp-type 3/3"),
    ("-m iprange ! --dst-range 10.1.0.1-10.1.0.9 --src-range 10.0.0.1-10.0.0.9", "-m iprange --src-range 10.0.0.1-10.0.0.9 ! --dst-range 10.1.0.1-10.1.0.9"),
    ("-m physdev ! --physdev-is-bridged --physdev-out veth0", "-m physdev --physdev-out veth0 ! --physdev-is-bridged"),
    ("-m connmark ! --mark 1", "-m connmark ! --mark 0x1"),
    ("-m conntrack --ctdir ORIGINAL --ctorigdst 10.0.0.1 --ctorigdstport 80 --ctstate NEW", "-m conntrack --ctstate NEW --ctorigdst 10.0.0.1 --ctorigdstport 80 --ctdir ORIGINAL"),
    ("-m conntrack --ctstatus ASSURED,EXPECTED", "-m conntrack --ctstatus EXPECTED,ASSURED"),
    ("-m conntrack ! --ctproto tcp", "-m conntrack ! --ctproto 6"),
    ("-m socket --nowildcard --transparent", "-m socket --transparent --nowildcard"),
    ("-j CONNMARK --save-mark", "-j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff"),
    ("-j CONNMARK --restore-mark --mask 0x80", "-j CONNMARK --restore-mark --nfmask 0x80 --ctmask 0x80"),
    ("-j CONNMARK --set-mark 0x80/0x80", "-j CONNMARK --set-xmark 0x80/0x80"),
    ("-j CONNMARK --or-mark 1", "-j CONNMARK --set-xmark 0x1/0x1"),
    ("-p tcp -j REDIRECT --to-port 15001", "-p tcp -j REDIRECT --to-ports 15001"),
    ("-j MASQUERADE --random-fully --to-ports 4790-65535", "-j MASQUERADE --to-ports 4790-65535 --random-fully"),
    ("-p tcp -j SNAT --random --to-source 10.0.0.1:1024-2000", "-p tcp -j SNAT --to-source 10.0.0.1:1024-2000 --random"),
]  # fmt: skip

DEVICES = (
    loopback(),
    Device("eth0", DeviceKind.ETHERNET, (interface(f"{NODE}/24"),)),
    Device("cni0", DeviceKind.BRIDGE, (interface("10.244.1.1/24"),)),
)
ROUTES = (Route("192.168.1.0/24", "eth0"), Route("10.244.1.0/24", "cni0"), Route("0.0.0.0/0", "eth0", "192.168.1.1"))
HOST = Host("node1", HostKind.NODE, {device.name: device for device in DEVICES}, RoutingTable(ROUTES))

# A rule's matches; a packet as source > destination, the device it came in by, and what else it is; whether they hold.
FORWARDED = f"{POD} > {CLIENT} cni0"
HOLDS: list[tuple[str, str, bool | None]] = [
    ("-m rpfilter", FORWARDED, True),
    ("-m rpfilter --invert", FORWARDED, False),
    ("-m rpfilter --invert", f"{POD} > {CLIENT} eth0", True),
    ("-m rpfilter --loose --invert", f"{POD} > {CLIENT} eth0", False),
    ("-m rpfilter --invert", f"{NODE} > {POD} eth0", True),
    ("-m rpfilter --accept-local", f"{NODE} > {POD} eth0", True),
    ("-m rpfilter --invert", f"{NODE} > {NODE} lo", False),
    ("-m addrtype --dst-type UNICAST", FORWARDED, True),
    ("-m addrtype --dst-type LOCAL,BROADCAST", f"{POD} > 10.244.1.255 cni0", True),
    ("-m addrtype --dst-type BROADCAST", f"{POD} > 255.255.255.255 cni0", True),
    ("-m addrtype --dst-type MULTICAST", f"{POD} > 224.0.0.251 cni0", True),
    ("-m addrtype --dst-type BLACKHOLE", FORWARDED, False),
    ("-m addrtype --dst-type LOCAL --limit-iface-in", f"{CLIENT} > {NODE} eth0", True),
    ("-m addrtype --dst-type LOCAL --limit-iface-in", f"{POD} > {NODE} cni0", False),
    ("-m addrtype ! --src-type LOCAL --dst-type LOCAL", f"{POD} > {NODE} cni0", True),
    ("-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN", FORWARDED, True),
    ("-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN", f"{FORWARDED} answer", False),
    ("-p tcp -m tcp --dport 80 ! --tcp-flags SYN NONE", f"{FORWARDED} data", False),
    ("-p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE", f"{FORWARDED} data", None),
    ("-p tcp -m tcp --tcp-flags RST RST", f"{FORWARDED} reset", True),
    ("-p icmp -m icmp --icmp-type 8", FORWARDED, False),
    ("-p icmp -m icmp --icmp-type 3", f"{FORWARDED} error", True),
    ("-p icmp -m icmp --icmp-type 3/4", f"{FORWARDED} error", None),
    ("-p icmp -m icmp --icmp-type 3/4", f"{FORWARDED} error 3/4", True),
    ("-p icmp -m icmp --icmp-type 3/4", f"{FORWARDED} error 3/3", False),
    ("-p icmp -m icmp ! --icmp-type 3/4", f"{FORWARDED} error 3/3", True),
    ("-p icmp -m icmp --icmp-type 8/0", FORWARDED, False),
    ("-m iprange --src-range 10.244.1.1-10.244.1.9", FORWARDED, True),
    ("-m iprange --src-range 10.244.1.1-10.244.1.9 ! --dst-range 1.2.3.0-1.2.3.9", FORWARDED, False),
    ("-m mac --mac-source 00:11:22:33:44:55", FORWARDED, None),
    ("-m mac ! --mac-source 00:11:22:33:44:55", f"{NODE} > {NODE} lo", False),
    ("-m owner --uid-owner 0", FORWARDED, False),
    ("-m owner ! --uid-owner 0", FORWARDED, True),
    ("-m owner --socket-exists", FORWARDED, False),
    ("-m owner --socket-exists", f"{NODE} > {POD} - local", True),
    ("-m owner --uid-owner 0", f"{NODE} > {POD} - local", None),
    ("-m socket --transparent", f"{CLIENT} > {NODE} eth0", False),
    ("-m socket", FORWARDED, False),
    ("-m socket", f"{CLIENT} > {NODE} eth0", None),
    ("-m physdev --physdev-is-bridged", FORWARDED, False),
    ("-m physdev ! --physdev-is-bridged", FORWARDED, True),
    ("-m physdev --physdev-in veth+", f"{FORWARDED} port", True),
    ("-m physdev --physdev-is-bridged", f"{FORWARDED} port", False),
    ("-m physdev --physdev-is-bridged", f"{FORWARDED} bridged", True),
    ("-m physdev --physdev-out veth9", f"{FORWARDED} bridged", False),
    ("-m limit --limit 1/hour", FORWARDED, True),
    ("-m hashlimit --hashlimit-above 1/sec --hashlimit-name a", FORWARDED, False),
    ("-m nfacct --nfacct-name a", FORWARDED, True),
    ("-m connmark ! --mark 0x1", FORWARDED, True),
    ("-m connmark ! --mark 0x1", f"{FORWARDED} untracked", False),
    ("-m conntrack --ctorigdst 1.2.3.4 --ctorigdstport 80", FORWARDED, True),
    ("-m conntrack ! --ctproto 6", FORWARDED, False),
    ("-m conntrack --ctdir REPLY", FORWARDED, False),
    ("-m conntrack --ctstatus ASSURED,CONFIRMED", FORWARDED, False),
    ("-m conntrack --ctstate UNTRACKED", f"{FORWARDED} untracked", True),
    ("-m multiport ! --dports 22,443", FORWARDED, True),
    ("-p tcp -m connlimit --connlimit-above 5", FORWARDED, None),
]


def packet(text: str) -> tuple[Skb, str | None]:
    src, _, dst, device, *more = text.split()
    skb = Skb(FiveTuple(L4.TCP, src, 40000, dst, 80))
    for word in more:
        match word:
            case "answer" | "data" | "reset":
                skb.segment = Segment(word)
            case "error":
                skb.error_about, skb.flow = skb.flow.reply(), FiveTuple(L4.ICMP, src, 0, dst, 0)
            case "3/3" | "3/4":
                skb.error_kind = (3, int(word[2]))
            case "port":
                skb.physdev_in = "veth1"
            case "bridged":
                skb.physdev_in, skb.physdev_out = "veth1", "veth2"
            case "untracked":
                skb.state = UNTRACKED
            case "local":
                skb.local = True
    return skb, None if device == "-" else device


def netfilter(text: str) -> HostNetfilter:
    return HostNetfilter("node1", parse(text, file="saved.txt"), HOST.is_local, lambda weights: 0, routing=HostRouting(HOST))  # fmt: skip


@pytest.mark.parametrize(("typed", "printed"), PRINTED, ids=[typed for typed, _ in PRINTED])
def test_a_rule_is_printed_as_iptables_save_does(typed: str, printed: str) -> None:
    _, found = parse_rule(f"-A TEST {typed}")
    assert dump_rule("TEST", found) == f"-A TEST {printed}"
    assert parse_rule(f"-A TEST {printed}")[1] == found


@pytest.mark.parametrize(("matches", "text", "expected"), HOLDS)
def test_what_a_match_says_of_a_packet(matches: str, text: str, expected: bool | None) -> None:
    tables = f"*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n-A FORWARD {matches} -j DROP\nCOMMIT\n"
    skb, device = packet(text)
    host = netfilter(tables)
    if skb.state is None and skb.error_about is None and skb.segment is Segment.OPEN:
        host.conntrack.track(skb)
    if expected is None:
        with pytest.raises(UnsupportedFeature) as refused:
            host.traverse(Hook.FORWARD, skb, in_device=device)
        assert str(refused.value).startswith("saved.txt:4: table filter, chain FORWARD, rule 1: ")
        assert matches[matches.index("-m") :].split()[1] in str(refused.value) and "(" not in str(refused.value)
        return
    verdict = host.traverse(Hook.FORWARD, skb, in_device=device, out_device="eth0").verdict
    assert verdict == ("DROP" if expected else "ACCEPT")


def mangle(*lines: str) -> str:
    chains = "\n".join(f":{hook} ACCEPT" for hook in ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"))
    return "\n".join(["*mangle", chains, *lines, "COMMIT", ""])


def through(host: HostNetfilter, skb: Skb, *hooks: Hook) -> Skb:
    for hook in hooks:
        assert host.traverse(hook, skb, in_device="eth0", out_device="cni0").verdict == "ACCEPT"
    return skb


def test_a_connection_keeps_its_mark_and_the_answer_gets_it_back() -> None:
    host = netfilter(
        mangle(
            "-A PREROUTING -i eth0 -m mark --mark 0x0 -m conntrack --ctdir ORIGINAL -j CONNMARK --set-xmark 0x80/0x80",
            "-A PREROUTING -m conntrack --ctdir REPLY -j CONNMARK --restore-mark --nfmask 0x80 --ctmask 0x80",
            "-A POSTROUTING -m mark --mark 0x4000/0x4000 -j CONNMARK --save-mark --nfmask 0x4000 --ctmask 0x4000",
        )
    )
    flow = FiveTuple(L4.TCP, CLIENT, 4000, POD, 80)
    asked = through(host, Skb(flow), Hook.PREROUTING, Hook.FORWARD, Hook.POSTROUTING)
    assert asked.mark == 0
    answer = through(host, Skb(flow.reply(), segment=Segment.ANSWER), Hook.PREROUTING)
    assert (answer.mark, answer.connection) == (0x80, asked.connection)


def test_notrack_leaves_nat_and_conntrack_out() -> None:
    text = (
        "*raw\n:PREROUTING ACCEPT\n-A PREROUTING -p tcp -m tcp --dport 80 -j NOTRACK\nCOMMIT\n"
        "*nat\n:PREROUTING ACCEPT\n-A PREROUTING -j DNAT --to-destination 10.244.1.9\nCOMMIT\n"
    )
    host = netfilter(text)
    skb = through(host, Skb(FiveTuple(L4.TCP, CLIENT, 4000, NODE, 80)), Hook.PREROUTING, Hook.INPUT)
    assert (skb.state, skb.flow.dst, host.connections()) == (UNTRACKED, NODE, ())


def test_the_same_tuple_in_two_zones_is_two_connections() -> None:
    host = netfilter("*raw\n:PREROUTING ACCEPT\n-A PREROUTING -m mark --mark 0x1 -j CT --zone 1\nCOMMIT\n")
    flow = FiveTuple(L4.TCP, CLIENT, 4000, NODE, 80)
    for mark in (0, 1):
        through(host, Skb(flow, mark=mark), Hook.PREROUTING, Hook.INPUT)
    assert [entry.original for entry in host.connections()] == [flow, flow]


@pytest.mark.parametrize(
    ("hook", "device", "to"),
    [(Hook.PREROUTING, "cni0", "10.244.1.1:15001"), (Hook.OUTPUT, "eth0", "127.0.0.1:15001"), (Hook.PREROUTING, "veth1", None)],
    ids=["comes-in", "own", "device-without-an-address"],
)  # fmt: skip
def test_redirect_goes_to_the_host_itself(hook: Hook, device: str, to: str | None) -> None:
    host = netfilter(f"*nat\n:{hook.value} ACCEPT\n-A {hook.value} -p tcp -j REDIRECT --to-ports 15001\nCOMMIT\n")
    skb = Skb(FiveTuple(L4.TCP, POD, 4000, "10.96.0.10", 80))
    passage = host.traverse(hook, skb, in_device=device)
    assert (passage.verdict, passage.reason) == (("ACCEPT", None) if to else ("DROP", "no-redirect-address"))
    assert to in (None, skb.flow.destination)


def test_what_a_rate_takes_for_granted_is_said() -> None:
    host = netfilter("*filter\n:INPUT ACCEPT\n-A INPUT -m limit --limit 5/min -j DROP\nCOMMIT\n")
    passage = host.traverse(Hook.INPUT, Skb(FiveTuple(L4.TCP, CLIENT, 4000, NODE, 80)))
    assert "limit" in passage.assumed[0].en and "limit" in passage.assumed[0].zh


def test_only_a_fate_that_hangs_on_the_unknown_is_refused() -> None:
    text = "*filter\n:INPUT ACCEPT\n-A INPUT -p udp -m mac --mac-source 00:11:22:33:44:55 -j DROP\nCOMMIT\n"
    skb = Skb(FiveTuple(L4.TCP, CLIENT, 4000, NODE, 80))
    assert netfilter(text).traverse(Hook.INPUT, skb, in_device="eth0").verdict == "ACCEPT"
    with pytest.raises(UnsupportedFeature, match=r"^saved.txt:3: .*-m mac --mac-source 00:11:22:33:44:55"):
        netfilter(text).traverse(Hook.INPUT, Skb(dataclasses.replace(skb.flow, protocol=L4.UDP)), in_device="eth0")
