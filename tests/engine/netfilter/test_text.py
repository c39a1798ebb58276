"""iptables-save text: printed, read, and read back from real nodes."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import EngineError, RuleError, UnsupportedFeature
from engine.hooks import Hook
from engine.netfilter import rules as r
from engine.netfilter.choose import seeded
from engine.netfilter.ipt_parse import parse, parse_rule
from engine.netfilter.ipt_words import number
from engine.netfilter.part import BadRule
from engine.netfilter.parts.statistic import kernel_probability, probability_text
from engine.netfilter.stack import HostNetfilter, Skb
from engine.netfilter.text import dump_rule
from engine.packet import L4, Family, FiveTuple

from .builders import iptables, rule

TCP = r.Protocol(L4.TCP)
PORT = r.DestinationPort(L4.TCP, 80, 80)

# A rule and its line; every one is read back to the same rule.
LINES = [
    ("", rule()),
    ("-j ACCEPT", rule(r.Accept())),
    ("-j MINE", rule(r.Jump("MINE"))),
    ("-g MINE", rule(r.Goto("MINE"))),
    ("-s 10.0.0.0/8 -d 10.96.0.1/32 -i eth0 -o cni+ -p tcp -j DROP", rule(
        r.Source("10.0.0.0/8"), r.Destination("10.96.0.1/32"), r.InInterface("eth0"), r.OutInterface("cni+"), TCP, r.Drop())),
    ("! -s 10.0.0.0/8 ! -d 10.96.0.1/32 ! -i eth0 ! -o cni+ ! -p udp -j RETURN", rule(
        r.Source("10.0.0.0/8", True), r.Destination("10.96.0.1/32", True), r.InInterface("eth0", True),
        r.OutInterface("cni+", True), r.Protocol(L4.UDP, True), r.Return())),
    ("! -s 0.0.0.0/0 -j DROP", rule(r.Source("0.0.0.0/0", True), r.Drop())),
    ("-p icmp -j ACCEPT", rule(r.Protocol(L4.ICMP), r.Accept())),
    ("! -p ipencap -j DROP", rule(r.Protocol(L4.IPIP, True), r.Drop())),
    ("-p tcp -m tcp --dport 80 -j ACCEPT", rule(TCP, PORT, r.Accept())),
    ("-p tcp -m tcp ! --dport 80:90 -j ACCEPT", rule(TCP, r.DestinationPort(L4.TCP, 80, 90, True), r.Accept())),
    ("-p udp -m udp --sport 53 -j ACCEPT", rule(r.Protocol(L4.UDP), r.SourcePort(L4.UDP, 53, 53), r.Accept())),
    ("-p tcp -m tcp --sport 1:9 --dport 80 -j ACCEPT", rule(TCP, r.SourcePort(L4.TCP, 1, 9), PORT, r.Accept())),
    ("-m comment --comment bare_word-1 -j ACCEPT", rule(r.Comment("bare_word-1"), r.Accept())),
    ('-m comment --comment "two words" -j ACCEPT', rule(r.Comment("two words"), r.Accept())),
    ('-m comment --comment "a\\"b\\\\c\\\'d" -j ACCEPT', rule(r.Comment("a\"b\\c'd"), r.Accept())),
    ('-m comment --comment "" -j ACCEPT', rule(r.Comment(""), r.Accept())),
    ("-m comment --comment -j -j ACCEPT", rule(r.Comment("-j"), r.Accept())),
    ("-m comment --comment --comment -j ACCEPT", rule(r.Comment("--comment"), r.Accept())),
    ('-m comment --comment "-j DROP" -j ACCEPT', rule(r.Comment("-j DROP"), r.Accept())),
    ("-m mark ! --mark 0x4000/0x4000 -j RETURN", rule(r.MarkMatch(0x4000, 0x4000, True), r.Return())),
    ("-m mark --mark 0x1 -j RETURN", rule(r.MarkMatch(1, 0xFFFFFFFF), r.Return())),
    ("-j MARK --set-xmark 0x4000/0x0", rule(r.SetMark(0x4000, 0))),
    ("-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP", rule(
        r.ConntrackState(("RELATED", "ESTABLISHED", "DNAT"), True), r.Drop())),
    ("-m state --state NEW -j ACCEPT", rule(r.ConntrackState(("NEW",), module="state"), r.Accept())),
    ("-m addrtype --dst-type LOCAL -j MINE", rule(r.AddressType("dst"), r.Jump("MINE"))),
    ("-m addrtype ! --src-type LOCAL -j MINE", rule(r.AddressType("src", negate=True), r.Jump("MINE"))),
    ("-m statistic --mode random --probability 0.33333333349 -j MINE", rule(
        r.StatisticRandom(Fraction(1, 3)), r.Jump("MINE"))),
    ("-m recent --rcheck --seconds 300 --reap --name A --mask 255.255.255.255 --rsource -j MINE", rule(
        r.Recent("rcheck", "A", 300, True), r.Jump("MINE"))),
    ("-m recent --set --name A --mask 255.255.255.255 --rsource", rule(r.Recent("set", "A"))),
    ("-m recent ! --update --name A --mask 255.255.0.0 --rdest -j DROP", rule(
        r.Recent("update", "A", mask="255.255.0.0", side="rdest", negate=True), r.Drop())),
    ("-m set ! --match-set KUBE-CLUSTER-IP dst,dst -j ACCEPT", rule(
        r.SetMatch("KUBE-CLUSTER-IP", ("dst", "dst"), True), r.Accept())),
    ("-m physdev ! --physdev-is-in -j ACCEPT", rule(r.PhysdevIsIn(negate=True), r.Accept())),
    ("-m ipvs --vproto 6 --vaddr 10.96.0.1 --vport 80 -j ACCEPT", rule(
        r.IpvsService(L4.TCP, "10.96.0.1", 80), r.Accept())),
    ("-p tcp -m multiport ! --dports 80,443,8000:8100 -j ACCEPT", rule(
        TCP, r.Multiport("dst", ((80, 80), (443, 443), (8000, 8100)), True), r.Accept())),
    ("-j REJECT --reject-with tcp-reset", rule(r.Reject("tcp-reset"))),
    ("-j MASQUERADE", rule(r.Masquerade())),
    ("-j MASQUERADE --random-fully", rule(r.Masquerade(True))),
    ("-p tcp -m tcp -j DNAT --to-destination 10.244.1.5:8080", rule(
        TCP, r.L4Module(L4.TCP), r.DestinationNat("10.244.1.5", 8080))),
    ("-j DNAT --to-destination 10.244.1.5", rule(r.DestinationNat("10.244.1.5"))),
    ("-j SNAT --to-source 192.168.1.10 --random-fully", rule(r.SourceNat("192.168.1.10", None, True))),
    ("-j SNAT --to-source 192.168.1.10:99", rule(r.SourceNat("192.168.1.10", 99))),
]  # fmt: skip

# Lines of real nodes that are kept as they stand: what is not modelled in them.
VERBATIM = [
    ('-m limit --limit 5/min -j LOG --log-prefix "dropped: " --log-level 7', r.PassingTarget),
    (
        "-p tcp -m connlimit --connlimit-above 5 --connlimit-mask 32 --connlimit-saddr -j REJECT --reject-with tcp-reset",
        r.OpaqueMatch,
    ),
    ("-p tcp -j TPROXY --on-port 15001 --on-ip 0.0.0.0 --tproxy-mark 0x1/0x1", r.OpaqueTarget),
    ("-j CT --zone-orig 1", r.OpaqueTarget),
    ('-j LOG --log-prefix "a -j DROP"', r.PassingTarget),
    ("-m statistic --mode nth --every 3 --packet 0 -j ACCEPT", r.OpaqueMatch),
    ("-m recent --rcheck --seconds 60 --hitcount 4 --name A --mask 255.255.255.255 --rsource -j DROP", r.OpaqueMatch),
    ("-p esp -j ACCEPT", r.OpaqueMatch),
    ("! -p esp -j ACCEPT", r.OpaqueMatch),
    ("-f -j DROP", r.OpaqueMatch),
    ("-s 10.0.3.0/255.0.255.0 -j DROP", r.OpaqueMatch),
    ("-m set --match-set cali40s:abc src --return-nomatch -j ACCEPT", r.OpaqueMatch),
    ("-j DNAT --to-destination 10.0.0.1-10.0.0.9", r.OpaqueTarget),
    ("-j DNAT --to-destination 10.0.0.1:80 --persistent", r.OpaqueTarget),
    ("-m addrtype --limit-iface-in -j ACCEPT", r.OpaqueMatch),
    ("-m mark --mark 0x1 --extra -j ACCEPT", r.OpaqueMatch),
    ("-m comment --comment", r.OpaqueMatch),
    ("-m multiport --ports 80 --extra -j ACCEPT", r.OpaqueMatch),
    ("-m multiport --port-knock 80 -j ACCEPT", r.OpaqueMatch),
    ("-m ipvs --ipvs -j ACCEPT", r.OpaqueMatch),
    ("-m ipvs --vproto 50 --vaddr 10.96.0.1 --vport 80 -j ACCEPT", r.OpaqueMatch),
    ("-m set --match-set A src,other -j ACCEPT", r.OpaqueMatch),
    ("-m string --string a --string b -j ACCEPT", r.OpaqueMatch),
    ("-j MARK --set-xmark 0x1/0x1 --extra", r.OpaqueTarget),
    ("-j MARK --strange 0x1", r.OpaqueTarget),
    ("-j REJECT --strange", r.OpaqueTarget),
]

# What people type instead of what iptables-save prints.
TYPED = [
    ("-j DROP -s 10.0.0.1", "-s 10.0.0.1/32 -j DROP"),
    ("--jump DROP --source 10.1.2.3/8 --destination 10.96.0.1", "-s 10.0.0.0/8 -d 10.96.0.1/32 -j DROP"),
    ("-p tcp --dport 80 -j ACCEPT", "-p tcp -m tcp --dport 80 -j ACCEPT"),
    ("-m tcp -p tcp --destination-port :80 -j ACCEPT", "-p tcp -m tcp --dport 0:80 -j ACCEPT"),
    ("-p 6 -s 0.0.0.0/0 -j ACCEPT", "-p tcp -j ACCEPT"),
    ("-p all -j ACCEPT", "-j ACCEPT"),
    ("-p 4 -s 10.0.0.0/255.0.0.0 -j DROP", "-s 10.0.0.0/8 -p ipencap -j DROP"),
    ("-p tcp -m tcp --dport 0:65535 -j DROP", "-p tcp -m tcp -j DROP"),
    ("-m recent --set", "-m recent --set --name DEFAULT --mask 255.255.255.255 --rsource"),
    ("-j MARK --or-mark 0x4000", "-j MARK --set-xmark 0x4000/0x4000"),
    ("-j MARK --xor-mark 0x4000", "-j MARK --set-xmark 0x4000/0x0"),
    ("-j MARK --and-mark 0xff", "-j MARK --set-xmark 0x0/0xffffff00"),
    ("-j MARK --set-mark 16384", "-j MARK --set-xmark 0x4000/0xffffffff"),
    ("-j REJECT", "-j REJECT --reject-with icmp-port-unreachable"),
    ("-c 1 2 -j DROP", "-j DROP"),
    ('-j ACCEPT -m comment --comment "x y"', '-m comment --comment "x y" -j ACCEPT'),
]

MINE = frozenset({"MINE"})


@pytest.mark.parametrize(("line", "expected"), LINES, ids=[line for line, _ in LINES])
def test_a_line_and_its_rule(line: str, expected: r.Rule) -> None:
    line = f"-A TEST {line}".rstrip()
    assert dump_rule("TEST", expected) == line
    assert parse_rule(line, MINE) == ("TEST", expected)


@pytest.mark.parametrize(("line", "kind"), VERBATIM, ids=[line for line, _ in VERBATIM])
def test_what_is_not_modelled_is_kept_word_for_word(line: str, kind: type) -> None:
    chain, found = parse_rule(f"-A TEST {line}")
    assert dump_rule(chain, found) == f"-A TEST {line}"
    assert any(isinstance(part, kind) for part in (*found.matches, found.target))


@pytest.mark.parametrize(("typed", "printed"), TYPED, ids=[typed for typed, _ in TYPED])
def test_the_many_ways_to_type_a_rule(typed: str, printed: str) -> None:
    chain, found = parse_rule(f"-A TEST {typed}")
    assert dump_rule(chain, found) == f"-A TEST {printed}"


@pytest.mark.parametrize(
    "line",
    [
        "-s fd00:10:244::/48 -d fd00:10:96::10/128 -p ipv6-icmp -j ACCEPT",
        "! -d ::1/128 -m addrtype --dst-type LOCAL -j MINE",
        "-p tcp -m tcp -j DNAT --to-destination [fd00:10:244:1::5]:8080",
        "-j DNAT --to-destination fd00:10:244:1::5",
        "-j REJECT --reject-with icmp6-port-unreachable",
        "-m recent --set --name A --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource",
        "-p icmp -j ACCEPT",
    ],
)
def test_ipv6(line: str) -> None:
    chain, found = parse_rule(f"-A TEST {line}", MINE, Family.IPV6)
    assert dump_rule(chain, found, family=Family.IPV6) == f"-A TEST {line}"


@pytest.mark.parametrize(
    ("n", "text"),
    [(1, "1.00000000000"), (2, "0.50000000000"), (3, "0.33333333349"), (6, "0.16666666651"), (7, "0.14285714272"),
     (10, "0.10000000009"), (1000, "0.00100000016")],
)  # fmt: skip
def test_probabilities_are_what_the_kernel_keeps_in_31_bits(n: int, text: str) -> None:
    assert probability_text(Fraction(1, n)) == text


@given(st.integers(1, 40000))
def test_the_fraction_meant_is_found_in_the_printed_probability(n: int) -> None:
    line = f"-A T -m statistic --mode random --probability {probability_text(Fraction(1, n))} -j ACCEPT"
    assert parse_rule(line)[1].matches == (r.StatisticRandom(Fraction(1, n)),)


@given(st.integers(0, 1 << 31))
def test_any_other_probability_keeps_its_31_bits(k: int) -> None:
    text = probability_text(Fraction(k, 1 << 31))
    found = parse_rule(f"-A T -m statistic --mode random --probability {text} -j ACCEPT")[1].matches[0]
    assert isinstance(found, r.StatisticRandom)
    assert probability_text(found.probability) == text
    assert kernel_probability(found.probability) == k


REAL = """\
# Generated by iptables-save v1.8.9 on Mon Nov 23 10:00:00 2026
*mangle
:PREROUTING ACCEPT [123:4567]
:KUBE-KUBELET-CANARY - [0:0]
COMMIT
# Completed on Mon Nov 23 10:00:00 2026
# Warning: iptables-legacy tables present, use iptables-legacy-save to see them
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [7:420]
:FLANNEL-POSTRTG - [0:0]
[12:720] -A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG
-A FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG -s 10.244.1.0/24 -d 10.244.0.0/16 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG ! -s 10.244.0.0/16 -d 10.244.1.0/24 -m comment --comment "flanneld masq" -j RETURN
-A FLANNEL-POSTRTG -s 10.244.0.0/16 ! -d 224.0.0.0/4 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully
COMMIT

*filter
:INPUT DROP [0:0]
:cali-INPUT - [0:0]
-A INPUT -m comment --comment "cali:Cz_u1IQiXIMmKD4c" -j cali-INPUT
-A cali-INPUT -p udp -m comment --comment "cali:w7ud0UgQSEi_zKuQ" -m multiport --dports 4789 -m set --match-set \
cali40all-vxlan-net src -m addrtype --dst-type LOCAL -j ACCEPT
-A cali-INPUT -i cali+ -m comment --comment "cali:x" -g cali-wl-to-host
:cali-wl-to-host - [0:0]
COMMIT
"""


def test_a_real_nodes_text_with_counters_and_comment_lines() -> None:
    ruleset = parse(REAL)
    assert list(ruleset.tables) == ["mangle", "nat", "filter"]
    assert ruleset.tables["filter"].chains["INPUT"].policy == "DROP"
    assert ruleset.tables["nat"].chains["POSTROUTING"].hook is Hook.POSTROUTING
    assert ruleset.tables["nat"].chains["FLANNEL-POSTRTG"].hook is None
    rules = [line for line in REAL.splitlines() if "-A " in line]
    assert [line for line in str(ruleset).splitlines() if "-A " in line] == [
        line.replace("[12:720] ", "") for line in rules
    ]
    assert parse(str(ruleset)) == ruleset


def table(*lines: str, name: str = "filter") -> str:
    return "\n".join([f"*{name}", ":INPUT ACCEPT [0:0]", ":A -", ":B -", ":C -", *lines, "COMMIT"])


# The text, the line of the error, and words of its message.
WRONG = [
    ("-A INPUT -j DROP", 1, "outside a table"),
    ("*filter\n:INPUT ACCEPT", 2, "COMMIT"),
    ("*filter\n*nat", 2, "COMMIT"),
    ("*filter\nCOMMIT\n*filter\nCOMMIT", 3, "twice"),
    (table(":A -"), 6, "twice"),
    (table(":X QUEUE"), 6, "chain line"),
    (table("nonsense"), 6, "no line of iptables-save"),
    (table("-A"), 6, "no line of iptables-save"),
    (table("-A NOWHERE -j DROP"), 6, "does not declare"),
    (table("-A A -j NOWHERE"), 6, "'NOWHERE' is neither a chain"),
    (table("-A A -g NOWHERE"), 6, "'NOWHERE' is neither a chain"),
    (table("-A A -j B", "-A B -j C", "-A C -j A"), 8, "A -> B -> C -> A"),
    (table("-A A -j A"), 6, "A -> A"),
    (table("-A INPUT -j B", "-A B -j C", "-A C -g B"), 8, "B -> C -> B"),
    (table("-A A -s 10.0.0.999"), 6, "no IP address"),
    (table("-A A -s 10.0.0.0/33"), 6, "no IP address"),
    (table("-A A -s fd00::1/64"), 6, "does not belong in ipv4"),
    (table("-A A -p tcp -m tcp --dport 70000 -j DROP"), 6, "70000"),
    (table("-A A -p tcp -m tcp --dport http -j DROP"), 6, "'http' is not a number"),
    (table("-A A -p tcp -m tcp --dport 90:80 -j DROP"), 6, "ends before it begins"),
    (table("-A A --dport 80 -j DROP"), 6, "needs a -m"),
    (table("-A A -j DROP -j ACCEPT"), 6, "one -j"),
    (table("-A A -s"), 6, "needs a value"),
    (table('-A A -m comment --comment "open -j DROP'), 6, "quote"),
    (table("-A A -m mark --mark 0xzz -j DROP"), 6, "0xzz"),
    (table("-A A -m conntrack --ctstate NOVEL -j DROP"), 6, "NOVEL"),
    (table("-A A -m statistic --mode random --probability 1.5 -j DROP"), 6, "1.5"),
    (table("-A A -m statistic --mode random --probability often -j DROP"), 6, "often"),
    (table("-A A -m ipvs --vproto 6 --vaddr 10.96.0.999 --vport 80 -j DROP"), 6, "10.96.0.999"),
]


@pytest.mark.parametrize(("text", "line", "words"), WRONG, ids=[words for _, _, words in WRONG])
def test_what_is_wrong_is_said_with_its_place(text: str, line: int, words: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse(text, file="node1.rules")
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"node1.rules:{line}: ")


@pytest.mark.parametrize("line", ["", "-I A -j DROP", "-A A -j NOWHERE", '-A A -m comment --comment "open'])
def test_a_single_rule_that_is_wrong(line: str) -> None:
    with pytest.raises(RuleError):
        parse_rule(line)


@pytest.mark.parametrize(
    "line",
    ['"' + '\\"' * 200_000, "! " * 200_000, '"a' * 200_000, 'x"' * 200_001, "-m a " * 100_000, "[1:2] " * 100_000,
     *(f"-m statistic --mode random --probability {p}" for p in ("1e-999999999", "1e-320", "1e999999999", "nan", "-0"))],
    ids=lambda line: line[:6],
)  # fmt: skip
def test_a_hostile_line_takes_no_longer_than_its_length(line: str) -> None:
    try:
        parse(f"*filter\n:A -\n-A A {line}\nCOMMIT")
    except RuleError as error:
        assert len(str(error)) < 400


def test_control_characters_do_not_reach_the_message() -> None:
    with pytest.raises(RuleError) as caught:
        parse("*filter\n\x1b[31mred")
    assert "\x1b" not in str(caught.value)


@settings(max_examples=300)
@given(st.lists(st.sampled_from(
    ["*filter", "COMMIT", ":A -", ":INPUT ACCEPT [1:2]", "-A", "A", "-j", "-m", "!", "-s", "10.0.0.1", '"', "--dport",
     "tcp", "-p", "set", "--match-set", "comment", "--comment", "\n", "\n", "*nat", "0", "-g", "recent", "--set", "MARK",
     "--set-mark", "[1:2]", "statistic", "--probability", "nan", "--mode", "random", "multiport", "--dports", ",", "-c"]
), max_size=30))  # fmt: skip
def test_nonsense_is_read_or_refused_but_nothing_else_escapes(words: list[str]) -> None:
    try:
        ruleset = parse(" ".join(words).replace(" \n ", "\n"))
    except EngineError:
        return
    assert parse(str(ruleset)) == ruleset


def outcome(ruleset: r.Ruleset) -> str:
    netfilter = HostNetfilter("node1", ruleset, lambda address: True, seeded(1))
    return netfilter.traverse(Hook.INPUT, Skb(FiveTuple(L4.TCP, "1.2.3.4", 4000, "10.0.0.1", 80))).verdict


def test_only_a_packet_that_depends_on_the_unknown_is_refused() -> None:
    unknown = "-A INPUT -p udp -m u32 --u32 0x0=0x1 -j ACCEPT"
    assert outcome(parse(table(unknown, "-A INPUT -j DROP"))) == "DROP"
    with pytest.raises(UnsupportedFeature):
        outcome(parse(table(unknown.replace("udp", "tcp"), "-A INPUT -j DROP")))
    with pytest.raises(UnsupportedFeature):
        outcome(parse(table("-A INPUT -j NFQUEUE --queue-num 1", "-A INPUT -j DROP")))


def test_logging_and_the_like_leave_the_packet_alone() -> None:
    lines = ("-A INPUT -m limit --limit 5/min -j LOG", "-A INPUT -j LOG", "-A INPUT -j DROP")
    assert outcome(parse(table(*lines))) == "DROP"


@pytest.mark.parametrize(
    ("ports", "verdict"),
    [("--dports 80", "DROP"), ("--dports 79,81:90", "ACCEPT"), ("! --dports 79,81:90", "DROP"),
     ("--sports 3999:4001", "DROP"), ("--ports 4000", "DROP"), ("--sports 80", "ACCEPT")],
)  # fmt: skip
def test_multiport(ports: str, verdict: str) -> None:
    assert outcome(parse(table(f"-A INPUT -p tcp -m multiport {ports} -j DROP"))) == verdict


def test_other_matches_have_no_iptables_text() -> None:
    class Strange(r.Match):
        pass

    with pytest.raises(UnsupportedFeature):
        dump_rule("A", rule(Strange()))


# parse(print(rules)) is the identity, for any rules that a kernel can hold.

numbers = st.integers(0, 65535)
words = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,12}", fullmatch=True)
flags = st.booleans()
nets = st.integers(1, 32).flatmap(
    lambda length: st.integers(0, (1 << length) - 1).map(lambda n: _net(n << (32 - length), length))
)
addresses = st.integers(0, (1 << 32) - 1).map(lambda n: _net(n, 32).removesuffix("/32"))
marks = st.integers(0, 0xFFFFFFFF)
protocols = st.sampled_from([L4.TCP, L4.UDP, L4.SCTP])
port_pairs = st.tuples(numbers, numbers).map(lambda pair: (min(pair), max(pair))).filter(lambda p: p != (0, 65535))
comments = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")) | st.just(" "), max_size=20)


def _net(number: int, length: int) -> str:
    return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}/{length}"


headers = [
    st.builds(r.Source, nets, flags),
    st.builds(r.Destination, nets, flags),
    st.builds(r.InInterface, words, flags),
    st.builds(r.OutInterface, words, flags),
    st.builds(r.Protocol, st.sampled_from(L4), flags),
]
matches = st.one_of(
    st.builds(r.Comment, comments),
    st.builds(r.L4Module, protocols),
    st.builds(lambda p, pair, no: r.DestinationPort(p, pair[0], pair[1], no), protocols, port_pairs, flags),
    st.builds(lambda p, pair, no: r.SourcePort(p, pair[0], pair[1], no), protocols, port_pairs, flags),
    st.builds(r.MarkMatch, marks, marks, flags),
    st.builds(
        r.ConntrackState,
        st.lists(st.sampled_from(["NEW", "RELATED", "ESTABLISHED", "INVALID"]), min_size=1, unique=True).map(tuple),
        flags,
        st.sampled_from(["conntrack", "state"]),
    ),
    st.builds(r.AddressType, st.sampled_from(["src", "dst"]), st.sampled_from(["LOCAL", "UNICAST"]), flags),
    st.builds(r.StatisticRandom, st.integers(1, 40000).map(lambda n: Fraction(1, n))),
    st.builds(
        r.Recent,
        st.sampled_from(["rcheck", "set", "update", "remove"]),
        words,
        st.none() | st.integers(1, 86400),
        flags,
        addresses,
        st.sampled_from(["rsource", "rdest"]),
        flags,
    ),
    st.builds(r.SetMatch, words, st.sampled_from([("dst",), ("dst", "src"), ("src", "dst", "dst")]), flags),
    st.builds(r.IpvsService, protocols, addresses, numbers),
    st.builds(
        r.Multiport, st.sampled_from(["src", "dst", "either"]), st.lists(port_pairs, min_size=1).map(tuple), flags
    ),
)
ports = st.none() | st.integers(1, 65535)
targets = st.one_of(
    st.none(),
    st.sampled_from([r.Return(), r.Accept(), r.Drop(), r.Jump("LAST"), r.Goto("LAST")]),
    st.builds(r.Reject, st.sampled_from(["icmp-port-unreachable", "tcp-reset"])),
    st.builds(r.Masquerade, flags),
    st.builds(r.DestinationNat, addresses, ports),
    st.builds(r.SourceNat, addresses, ports, flags),
    st.builds(r.SetMark, marks, marks),
)


@st.composite
def any_rule(draw: st.DrawFn) -> r.Rule:
    head = [draw(header) for header in headers if draw(flags)]
    return r.Rule((*head, *draw(st.lists(matches, max_size=4))), draw(targets))


@settings(deadline=None)
@given(st.lists(any_rule(), max_size=5), st.lists(any_rule(), max_size=3))
def test_reading_what_is_printed_is_the_identity(first: list[r.Rule], second: list[r.Rule]) -> None:
    ruleset = iptables(nat={"PREROUTING": first, "MY-CHAIN": second, "LAST": []}, filter={"INPUT": second, "LAST": []})
    assert parse(str(ruleset)) == ruleset


@pytest.mark.parametrize("mask", ["255.255.255.255rce", "255.255.255.25节", "ffff::", "24", "x"])
def test_recents_mask_is_one_of_the_family(mask: str) -> None:
    rule = f"-A PREROUTING -m recent --set --name A --mask {mask} --rsource"
    with pytest.raises(RuleError, match=rf"^f:3: --mask '{mask}' is not a mask of ipv4"):
        parse(f"*nat\n:PREROUTING ACCEPT [0:0]\n{rule}\nCOMMIT\n", file="f")


@pytest.mark.parametrize(
    ("text", "value"),
    [("80", 80), ("0x50", 80), ("0X50", 80), ("0120", 80), ("0", 0), ("00", 0), ("4294967295", 4294967295)],
)
def test_numbers_as_strtoul_reads_them(text: str, value: int) -> None:
    assert number(text) == value


@pytest.mark.parametrize("text", ["", "08", "1_0", "²", "٣", " 1", "+1", "-1", "0x", "0x_1", "9" * 40, None])
def test_what_iptables_reads_as_no_number(text: str | None) -> None:
    with pytest.raises(BadRule):
        number(text)
