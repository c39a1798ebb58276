"""Every match and target, whatever it is: its text read back is the part itself, in each tool that has it; and it is
decided, or says that it is not modelled."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fractions import Fraction

import pytest

from engine.errors import UnsupportedFeature
from engine.netfilter import nft
from engine.netfilter import rules as r
from engine.netfilter.ipt_parse import parse
from engine.netfilter.nft_parse import parse_all
from engine.netfilter.part import ModelledMatch, ModelledTarget
from engine.netfilter.parts.address_range import AddressRange
from engine.netfilter.parts.address_type import AddressTypes
from engine.netfilter.parts.connection_facts import ConnectionFact
from engine.netfilter.parts.connection_mark import (
    ConnectionMark,
    RestoreConnectionMark,
    SaveConnectionMark,
    SetConnectionMark,
)
from engine.netfilter.parts.conntrack_template import ConntrackHelper, ConntrackZone, NoTrack
from engine.netfilter.parts.devices import DeviceMatch
from engine.netfilter.parts.field_match import FieldLookup, FieldMatch, FieldVerdictMap, FieldVerdicts
from engine.netfilter.parts.icmp_type import IcmpType
from engine.netfilter.parts.mac_address import MacSource
from engine.netfilter.parts.physdev import Physdev
from engine.netfilter.parts.rate import Counter, RateLimit
from engine.netfilter.parts.redirect import Redirect
from engine.netfilter.parts.reverse_path import FibOutDevice, ReversePath
from engine.netfilter.parts.segment_size import SegmentSize
from engine.netfilter.parts.socket_owner import SocketMatch, SocketOwner
from engine.netfilter.parts.statement import OpaqueStatement, OtherFamily, PassingStatement, Statement
from engine.netfilter.parts.tcp_flags import TcpFlags
from engine.netfilter.registry import REGISTRY
from engine.netfilter.text import dump, dump_rule
from engine.packet import L4, Family

F = nft.LookupField
IPTABLES, NFTABLES = r.Backend.IPTABLES, r.Backend.NFTABLES
BOTH = (IPTABLES, NFTABLES)

# A part, and the tools that have text for it.
PARTS: list[tuple[r.Match | r.Target, tuple[r.Backend, ...]]] = [
    (r.Source("10.0.0.0/8"), BOTH),
    (r.Source("10.0.0.1/32", True), BOTH),
    (r.Destination("10.96.0.0/12"), BOTH),
    (r.Destination("10.96.0.1/32", True), BOTH),
    (r.InInterface("eth0"), BOTH),
    (r.InInterface("eth0", True), BOTH),
    (r.OutInterface("cni0"), BOTH),
    (r.OutInterface("cni0", True), BOTH),
    (nft.InInterfaceIndex("lo"), (NFTABLES,)),
    (nft.InInterfaceIndex("lo", True), (NFTABLES,)),
    (r.Protocol(L4.TCP), BOTH),
    (r.Protocol(L4.SCTP, True), BOTH),
    (r.Protocol(L4.ICMP), BOTH),
    (r.Protocol(L4.IPIP), (IPTABLES,)),
    (r.Comment("ns/svc:p cluster IP"), BOTH),
    (r.L4Module(L4.UDP), (IPTABLES,)),
    (r.SourcePort(L4.UDP, 53, 53), BOTH),
    (r.SourcePort(L4.TCP, 1, 9, True), BOTH),
    (r.DestinationPort(L4.TCP, 80, 80), BOTH),
    (r.DestinationPort(L4.SCTP, 80, 90, True), BOTH),
    (r.Multiport("src", ((53, 53),)), (IPTABLES,)),
    (r.Multiport("dst", ((80, 80), (8000, 8100)), True), (IPTABLES,)),
    (r.Multiport("either", ((0, 65535),)), (IPTABLES,)),
    (r.MarkMatch(0x4000, 0x4000), BOTH),
    (r.MarkMatch(0x4000, 0x4000, True), BOTH),
    (r.MarkMatch(0x80000000, 0x80000000), BOTH),
    (r.MarkMatch(1, 0xFFFFFFFF), BOTH),
    (r.ConntrackState(("INVALID",)), BOTH),
    (r.ConntrackState(("ESTABLISHED", "RELATED"), True), BOTH),
    (r.ConntrackState(("DNAT",)), BOTH),
    (r.ConntrackState(("DNAT",), True), BOTH),
    (r.ConntrackState(("RELATED", "DNAT")), (IPTABLES,)),
    (r.AddressType("dst"), BOTH),
    (r.AddressType("src", "BROADCAST", True), BOTH),
    (r.StatisticRandom(Fraction(1, 3)), BOTH),
    (r.StatisticRandom(Fraction(1)), BOTH),
    (r.Recent("rcheck", "KUBE-SEP-A", 10800, True), (IPTABLES,)),
    (r.Recent("update", "A", None, False, "255.255.0.0", "rdest", True), (IPTABLES,)),
    (r.SetMatch("KUBE-CLUSTER-IP", ("dst", "dst")), (IPTABLES,)),
    (r.SetMatch("KUBE-LOOP-BACK", ("dst", "dst", "src"), True), (IPTABLES,)),
    (r.PhysdevIsIn(), (IPTABLES,)),
    (r.IpvsService(L4.TCP, "10.96.0.10", 80), (IPTABLES,)),
    (r.NfacctCounter("ct_state_invalid_dropped_pkts"), (IPTABLES,)),
    (nft.MarkStatement(0x4000, 0), (NFTABLES,)),
    (nft.MarkStatement(0x4000, 0x4000), (NFTABLES,)),
    (r.OpaqueMatch("-m u32 --u32 0x0=0x1"), (IPTABLES,)),
    (AddressTypes(r.AddressType("src", limit="in"), r.AddressType("dst", "UNICAST", True, "in")), (IPTABLES,)),
    (r.AddressType("src", "LOCAL", True, "out"), BOTH),
    (AddressRange("src", "10.0.0.1", "10.0.0.9"), BOTH),
    (AddressRange("dst", "10.0.0.1", "10.0.0.9", True), BOTH),
    (ConnectionFact("--ctdir", "REPLY"), BOTH),
    (ConnectionFact("--ctstatus", "ASSURED", True), BOTH),
    (ConnectionFact("--ctorigdst", "10.0.0.0/8"), BOTH),
    (ConnectionFact("--ctrepldstport", "80:90", True), BOTH),
    (ConnectionFact("--ctproto", "6"), (IPTABLES,)),
    (ConnectionMark(0x111, 0xFFF), BOTH),
    (ConnectionMark(1, negate=True), BOTH),
    (FibOutDevice("saddr . iif"), (NFTABLES,)),
    (FibOutDevice("saddr . mark . iif", False), (NFTABLES,)),
    (IcmpType(8), BOTH),
    (IcmpType(3, (4, 4), True), (IPTABLES,)),
    (MacSource("00:11:22:33:44:55"), BOTH),
    (r.NfacctCounter("localhost_nps_accepted_pkts"), (IPTABLES,)),
    (Physdev((("--physdev-is-bridged", None, False),)), (IPTABLES,)),
    (Physdev((("--physdev-in", "veth+", False), ("--physdev-out", "veth0", True))), (IPTABLES,)),
    (RateLimit("-m limit --limit 5/min"), (IPTABLES,)),
    (RateLimit("-m hashlimit --hashlimit-above 5/sec --hashlimit-mode srcip --hashlimit-name h", True), (IPTABLES,)),
    (RateLimit("limit rate over 5/minute burst 5 packets", True), (NFTABLES,)),
    (Counter(), (NFTABLES,)),
    (ReversePath(validmark=True, invert=True), (IPTABLES,)),
    (ReversePath(loose=True, accept_local=True), (IPTABLES,)),
    (SocketOwner((("--uid-owner", "1337", True),)), BOTH),
    (SocketOwner((("--socket-exists", None, False),)), (IPTABLES,)),
    (SocketMatch(("--transparent", "--nowildcard")), (IPTABLES,)),
    (TcpFlags(("FIN", "SYN", "RST", "ACK"), ("SYN",)), BOTH),
    (TcpFlags(("SYN", "RST"), ("SYN",), True), BOTH),
    (FieldMatch(("tcp dport",), (("80",), ("443",), ("8000-8100",))), (NFTABLES,)),
    (FieldMatch(("iifname", "ip daddr"), (("eth0", "10.0.0.0/8"),), True), (NFTABLES,)),
    (FieldMatch(("meta nfproto",), (("ipv4",),)), (NFTABLES,)),
    (FieldLookup(("ip saddr", "tcp dport"), "S", True), (NFTABLES,)),
    (Statement(SetConnectionMark(1)), (NFTABLES,)),
    (nft.SetLookup((F.DADDR,), "S"), (NFTABLES,)),
    (nft.SetLookup((F.SADDR, F.L4PROTO, F.DPORT), "S", True), (NFTABLES,)),
    (nft.AddressSet("src", ("10.0.0.0/8", "192.168.0.1", "192.168.1.1-192.168.1.9")), (NFTABLES,)),
    (nft.AddressSet("dst", ("10.0.0.0/8", "192.168.0.1"), True), (NFTABLES,)),
    (FieldVerdicts(("ct state",), ((("established",), r.Accept()), (("invalid",), r.Drop()))), (NFTABLES,)),
    (FieldVerdicts(("iifname",), ((("eth*",), r.Jump("MINE")), (("*",), r.Drop()))), (NFTABLES,)),
    (FieldVerdictMap(("iifname",), "M"), (NFTABLES,)),
    (PassingStatement('log prefix "a b" level warn flags all'), (NFTABLES,)),
    (OpaqueStatement("queue num 1"), (NFTABLES,)),
    (r.Reject("icmp-admin-prohibited", "admin-prohibited"), (NFTABLES,)),
    (r.Jump("MINE"), BOTH),
    (r.Goto("MINE"), BOTH),
    (r.Return(), BOTH),
    (r.Accept(), BOTH),
    (r.Drop(), BOTH),
    (r.Reject(), BOTH),
    (r.Reject("icmp-host-prohibited"), BOTH),
    (r.Reject("tcp-reset"), BOTH),
    (r.Masquerade(), BOTH),
    (r.Masquerade(True), BOTH),
    (r.DestinationNat("10.244.1.5", 8080), BOTH),
    (r.DestinationNat("10.244.1.5"), BOTH),
    (r.SourceNat("192.168.1.10"), BOTH),
    (r.SourceNat("192.168.1.10", 99, True), BOTH),
    (r.SetMark(0x4000, 0x4000), BOTH),
    (r.SetMark(0x4000, 0), BOTH),
    (r.SetMark(0, 0xFF), BOTH),
    (r.SetMark(1, 0xFFFFFFFF), BOTH),
    (r.SetMark(1, 3), BOTH),
    (r.PassingTarget("LOG --log-level 7"), (IPTABLES,)),
    (SegmentSize(None), BOTH),
    (SegmentSize(1360), BOTH),
    (r.OpaqueTarget("TPROXY --on-port 15001 --on-ip 0.0.0.0 --tproxy-mark 0x1/0x1"), (IPTABLES,)),
    (ConntrackHelper("ftp"), BOTH),
    (ConntrackZone(1), BOTH),
    (NoTrack(), BOTH),
    (Redirect((15001, 15001)), BOTH),
    (Redirect((15001, 15010), "random"), BOTH),
    (Redirect(), BOTH),
    (RestoreConnectionMark(connection_mask=0x80), BOTH),
    (RestoreConnectionMark(0x80, 0x80), (IPTABLES,)),
    (SaveConnectionMark(), BOTH),
    (SaveConnectionMark(0x4000, 0x4000), (IPTABLES,)),
    (SetConnectionMark(0x80, 0x80), BOTH),
    (SetConnectionMark(0, 0xFF), BOTH),
    (r.Masquerade(True, (4790, 65535)), BOTH),
    (r.Masquerade(as_random=True), BOTH),
    (r.DestinationNat("", 8080), BOTH),
    (r.DestinationNat("10.244.1.5", 80, 90, True), BOTH),
    (r.SourceNat("192.168.1.10", 1024, False, 2000, True), BOTH),
    (nft.VerdictMap((F.DADDR, F.L4PROTO, F.DPORT), "M"), (NFTABLES,)),
    (nft.RandomVerdict((r.Goto("MINE"), r.Jump("MINE"), r.Drop(), r.Accept(), r.Return())), (NFTABLES,)),
    (nft.RandomDestinationNat((("10.244.1.5", 8080), ("10.244.2.8", 9090))), (NFTABLES,)),
    (nft.SetUpdate("S", (F.SADDR,)), (NFTABLES,)),
]  # fmt: skip
# iptables' spellings that nft does not have: it prints its own, which is read as that.
RESPELT = [
    (r.InInterface("veth+"), r.InInterface("veth*")),
    (r.ConntrackState(("NEW",), module="state"), r.ConntrackState(("NEW",))),
]
# nft's statements that decide nothing, as they stand before others.
MIDWAY = [
    "log", 'log prefix "a b"', "log level warn", "log group 1 snaplen 64 queue-threshold 1", "log flags tcp sequence,options",
    "meta nftrace set 1", "ip dscp set cs1", "ip6 dscp set cs1", "meta priority set 1:2",
]  # fmt: skip
# What only the other family has: a line's words, the matches or the target they are.
IPV6 = [
    ("-s fd00::1/128", r.Source("fd00::1/128")),
    ("-p ipv6-icmp", r.Protocol(L4.ICMP)),
    ("-p ipv6-icmp -m icmp6 --icmpv6-type 128", IcmpType(128, family=Family.IPV6)),
    ("-j REJECT --reject-with icmp6-adm-prohibited", r.Reject("icmp6-adm-prohibited")),
]
# Targets that are told from chains by their names alone.
PASSING = ["LOG", "NFLOG", "ULOG", "TCPOPTSTRIP", "CHECKSUM", "AUDIT", "CLASSIFY", "DSCP", "TOS", "TTL", "HL", "ECN", "IDLETIMER", "LED", "RATEEST", "TRACE"]  # fmt: skip
OPAQUE = ["QUEUE", "NFQUEUE", "CONNSECMARK", "SECMARK", "NETMAP", "TPROXY", "CLUSTERIP", "SET", "SYNPROXY", "TEE", "HMARK", "DNPT", "SNPT", "SAME", "MIRROR"]  # fmt: skip
# Stands for a whole rule (test_nft_listing).
WHOLE = {OtherFamily}
UNMODELLED = {r.OpaqueMatch, r.OpaqueTarget, OpaqueStatement}


def ruleset(part: r.Match | r.Target, backend: r.Backend) -> r.Ruleset:
    made = r.Rule((part,), r.Accept()) if isinstance(part, r.Match) else r.Rule((), part)
    chains = {"TEST": r.Chain("TEST", [made]), "MINE": r.Chain("MINE")}
    return r.Ruleset(backend, Family.IPV4, {"filter": r.Table("filter", chains)})


def read(text: str, backend: r.Backend) -> r.Rule:
    found = parse(text) if backend is IPTABLES else parse_all(text)[Family.IPV4]
    return found.tables["filter"].chains["TEST"].rules[0]


def subclasses(base: type) -> Iterator[type]:
    """The classes that the engine's modules hold: a class with slots is made twice, and the first one is no one's."""
    found: type
    for found in base.__subclasses__():
        if getattr(sys.modules[found.__module__], found.__name__, None) is found and found.__module__.startswith(
            "engine."
        ):
            yield found
        yield from subclasses(found)


ALL = sorted({*subclasses(r.Match), *subclasses(r.Target)} - {ModelledMatch, ModelledTarget, DeviceMatch}, key=lambda kind: kind.__name__)  # fmt: skip


@pytest.mark.parametrize(("part", "tools"), PARTS, ids=[repr(part) for part, _ in PARTS])
@pytest.mark.parametrize("backend", BOTH)
def test_a_part_is_read_back_from_its_text(
    part: r.Match | r.Target, tools: tuple[r.Backend, ...], backend: r.Backend
) -> None:
    rule = ruleset(part, backend).tables["filter"].chains["TEST"].rules[0]
    if backend not in tools:
        with pytest.raises(UnsupportedFeature):
            dump_rule("TEST", rule, backend)
        return
    again = read(dump(ruleset(part, backend)), backend)
    assert again == rule
    assert dump_rule("TEST", again, backend) == dump_rule("TEST", rule, backend)


@pytest.mark.parametrize(("part", "spelt"), RESPELT, ids=[repr(part) for part, _ in RESPELT])
def test_nft_respells_what_only_iptables_says(part: r.Match, spelt: r.Match) -> None:
    assert read(dump(ruleset(part, IPTABLES)), IPTABLES).matches == (part,)
    assert read(dump(ruleset(part, NFTABLES)), NFTABLES).matches == (spelt,)


@pytest.mark.parametrize(("words", "part"), IPV6, ids=[words for words, _ in IPV6])
def test_a_part_of_ipv6_is_read_back_from_its_text(words: str, part: r.Match | r.Target) -> None:
    text = f"*filter\n:TEST -\n-A TEST {words}{' -j ACCEPT' if isinstance(part, r.Match) else ''}\nCOMMIT\n"
    found = parse(text, Family.IPV6)
    rule = found.tables["filter"].chains["TEST"].rules[0]
    assert part in (*rule.matches, rule.target)
    assert dump(found) == text


@pytest.mark.parametrize("text", MIDWAY)
def test_behind_a_statement_that_decides_nothing_the_rule_goes_on(text: str) -> None:
    listing = f"table ip filter {{\n\tchain TEST {{\n\t\t{text} drop\n\t}}\n}}\n"
    assert read(listing, NFTABLES) == r.Rule((Statement(PassingStatement(text)),), r.Drop())


@pytest.mark.parametrize("name", [*PASSING, *OPAQUE])
def test_a_target_that_is_not_modelled_is_no_chain(name: str) -> None:
    text = f"*filter\n:TEST -\n-A TEST -j {name}\nCOMMIT\n"
    assert read(text, IPTABLES).target == (r.PassingTarget(name) if name in PASSING else r.OpaqueTarget(name))


@pytest.mark.parametrize("kind", ALL)
def test_every_part_is_tried_here_and_stands_in_the_registry(kind: type) -> None:
    assert kind in WHOLE or [part for part, _ in PARTS if type(part) is kind]
    assert [part for part in REGISTRY.parts if kind in part.classes]


@pytest.mark.parametrize("kind", ALL)
def test_a_part_is_decided_or_not_modelled(kind: type) -> None:
    own = [base for base in kind.__mro__ if base not in (ModelledMatch, ModelledTarget)]
    decides = [name for name in ("holds", "act") if any(name in vars(base) for base in own)]
    assert (kind in UNMODELLED) is (decides == [])
    assert issubclass(kind, ModelledMatch | ModelledTarget) is (kind not in UNMODELLED)


def test_no_text_is_read_by_two_parts() -> None:
    for table in ("header", "modules", "jumps"):
        names = [name for part in REGISTRY.parts for name in getattr(part, table)]
        assert len(names) == len(set(names))
