"""nft's listing: every form the engine prints, byte for byte, and read back; what cannot be printed or read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import RuleError, UnsupportedFeature
from engine.hooks import Hook
from engine.netfilter import nft
from engine.netfilter import rules as r
from engine.netfilter.nft_names import duration_seconds, duration_text, priority_number, priority_text
from engine.netfilter.nft_parse import parse, parse_all
from engine.netfilter.nft_text import dump, rule_text
from engine.packet import L4, Family

DNAT = r.DestinationNat("10.244.1.5", 8080)

# Printed by nft 1.0.6 for the same rule.
RULES = [
    (r.Rule((r.Source("10.0.0.1/32"),), r.Jump("b")), "ip saddr 10.0.0.1 jump b"),
    (r.Rule((r.Destination("10.0.0.0/8", negate=True),), r.Drop()), "ip daddr != 10.0.0.0/8 drop"),
    (r.Rule((r.InInterface("eth0"),), r.Accept()), 'iifname "eth0" accept'),
    (r.Rule((r.InInterface("cali*", negate=True),), r.Return()), 'iifname != "cali*" return'),
    (r.Rule((nft.InInterfaceIndex("lo", negate=True),), r.Goto("b")), 'iif != "lo" goto b'),
    (r.Rule((r.OutInterface("eth0"),), r.Accept()), 'oifname "eth0" accept'),
    (r.Rule((r.Protocol(L4.TCP),), DNAT), "meta l4proto tcp dnat to 10.244.1.5:8080"),
    (r.Rule((r.DestinationPort(L4.TCP, 80, 90),), r.Accept()), "tcp dport 80-90 accept"),
    (r.Rule((r.SourcePort(L4.UDP, 5, 5, negate=True),), r.Accept()), "udp sport != 5 accept"),
    (r.Rule((r.MarkMatch(0, 0x4000),), r.Return()), "meta mark & 0x00004000 == 0x00000000 return"),
    (r.Rule((r.MarkMatch(0, 1 << 31),), r.Return()), "meta mark 0x00000000/1 return"),
    (r.Rule((r.MarkMatch(1 << 30, 3 << 30, True),), r.Return()), "meta mark != 0x40000000/2 return"),
    (r.Rule((r.MarkMatch(2, 0xFFFFFFFE),), r.Return()), "meta mark 0x00000002/31 return"),
    (r.Rule((r.MarkMatch(2, 0xFFFFFFFF),), r.Return()), "meta mark 0x00000002 return"),
    (r.Rule((), r.SetMark(0x4000, 0)), "meta mark set meta mark ^ 0x00004000"),
    (r.Rule((), r.SetMark(0x4000, 0x4000)), "meta mark set meta mark | 0x00004000"),
    (r.Rule((), r.SetMark(0x4000, 0xFFFFFFFF)), "meta mark set 0x00004000"),
    (r.Rule((), r.SetMark(0, 0x4000)), "meta mark set meta mark & 0xffffbfff"),
    (r.Rule((), r.Masquerade(random_fully=True)), "masquerade fully-random"),
    (r.Rule((), r.Reject()), "reject"),
    (r.Rule((), r.Reject("tcp-reset")), "reject with tcp reset"),
    (r.Rule((), r.Reject("icmp-host-unreachable")), "reject with icmp host-unreachable"),
    (r.Rule((r.ConntrackState(("ESTABLISHED", "NEW")),), r.Accept()), "ct state established,new accept"),
    (
        r.Rule((r.AddressType("src"), r.Comment("masquerade local traffic")), r.Jump("b")),
        'fib saddr type local jump b comment "masquerade local traffic"',
    ),
    (
        r.Rule(
            (nft.SetLookup((nft.LookupField.DADDR,), "own"),),
            nft.VerdictMap((nft.LookupField.L4PROTO, nft.LookupField.DPORT), "np"),
        ),
        "ip daddr @own meta l4proto . th dport vmap @np",
    ),
    (
        r.Rule((), nft.RandomVerdict((r.Goto("a"), r.Drop()))),
        "numgen random mod 2 vmap { 0 : goto a, 1 : drop }",
    ),
    (r.Rule((), nft.SetUpdate("s", (nft.LookupField.SADDR,))), "update @s { ip saddr }"),
    (r.Rule((nft.address_set("src", ["0.0.0.0/0"], True),), r.Drop()), "ip saddr != 0.0.0.0/0 drop"),
]


@pytest.mark.parametrize(("rule", "text"), RULES, ids=[text for _, text in RULES])
def test_rule(rule: r.Rule, text: str) -> None:
    assert rule_text(rule, Family.IPV4) == text
    listing = f"table ip t {{\n\tchain c {{\n\t\t{text}\n\t}}\n}}\n"
    assert parse(listing).tables["t"].chains["c"].rules == [rule]
    assert dump(parse(listing)) == listing


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (r.Rule((r.Source("fd00::1/128"),), r.Jump("b")), "ip6 saddr fd00::1 jump b"),
        (r.Rule((r.Protocol(L4.TCP),), r.DestinationNat("fd00::1", 80)), "meta l4proto tcp dnat to [fd00::1]:80"),
        (r.Rule((), r.DestinationNat("fd00::1")), "dnat to fd00::1"),
        (r.Rule((), r.Reject("icmp6-port-unreachable")), "reject"),
        (r.Rule((), r.Reject("icmp6-no-route")), "reject with icmpv6 no-route"),
        (r.Rule((), nft.SetUpdate("s", (nft.LookupField.SADDR,))), "update @s { ip6 saddr }"),
    ],
)
def test_ipv6_rule(rule: r.Rule, text: str) -> None:
    assert rule_text(rule, Family.IPV6) == text
    assert parse(f"table ip6 t {{\n\tchain c {{\n\t\t{text}\n\t}}\n}}\n").tables["t"].chains["c"].rules == [rule]


# Left: what is given; right: what nft 1.0.6 makes of it.
@pytest.mark.parametrize(
    ("nets", "text"),
    [
        (["10.0.0.4/32"], "10.0.0.4"),
        (["10.0.0.0/8", "10.1.0.0/16"], "{ 10.0.0.0/8 }"),
        (["10.128.0.0/9", "10.0.0.0/9"], "{ 10.0.0.0/8 }"),
        (["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"], "{ 10.0.0.0-10.0.2.255 }"),
        (["10.0.0.4", "10.0.0.3", "10.0.0.2", "10.0.1.0/32"], "{ 10.0.0.2-10.0.0.4, 10.0.1.0 }"),
        (["10.0.0.4", "10.0.0.9", "10.0.0.2"], "{ 10.0.0.2, 10.0.0.4, 10.0.0.9 }"),
        (["0.0.0.0/1", "128.0.0.0/1"], "{ 0.0.0.0/0 }"),
        (["128.0.0.0/1", "10.0.0.0/8"], "{ 10.0.0.0/8, 128.0.0.0/1 }"),
        (["255.255.255.255", "10.0.0.0/8"], "{ 10.0.0.0/8, 255.255.255.255 }"),
        (["10.0.0.1/8", "11.0.0.7/32"], "{ 10.0.0.0/8, 11.0.0.7 }"),
    ],
)
def test_anonymous_address_set(nets: list[str], text: str) -> None:
    assert rule_text(r.Rule((nft.address_set("src", nets, True),), r.Drop()), Family.IPV4) == f"ip saddr != {text} drop"


def test_anonymous_address_set_ipv6() -> None:
    nets = ["fd00::/64", "2001:db8::1", "2001:db8::2", "2001:db8::3"]
    rule = r.Rule((nft.address_set("src", nets, True),), r.Drop())
    assert rule_text(rule, Family.IPV6) == "ip6 saddr != { 2001:db8::1-2001:db8::3, fd00::/64 } drop"


@pytest.mark.parametrize(
    ("types", "keys", "lines"),
    [
        (("ipv4_addr",), [("10.0.0.10",), ("10.0.0.9",), ("9.0.0.1",)], ["9.0.0.1, 10.0.0.9,", "10.0.0.10 }"]),
        (("ipv6_addr",), [("fd00::10",), ("fd00::9",)], ["fd00::9,", "fd00::10 }"]),
        (("inet_service",), [(str(p),) for p in (80, 9, 8, 7, 5, 4)], ["4, 5, 7, 8, 9,", "80 }"]),
        # A concatenation sorts by its last component first, bytes the wrong way round: 80 is 0x5000, 8000 is 0x401f.
        (
            ("ipv4_addr", "inet_proto", "inet_service"),
            [
                ("10.0.0.9", "tcp", "80"),
                ("10.0.0.8", "sctp", "80"),
                ("9.0.0.9", "tcp", "8000"),
                ("10.0.0.8", "tcp", "80"),
            ],
            ["9.0.0.9 . tcp . 8000,", "10.0.0.8 . tcp . 80,", "10.0.0.9 . tcp . 80,", "10.0.0.8 . sctp . 80 }"],
        ),
    ],
)
def test_elements(types: tuple[str, ...], keys: list[nft.Key], lines: list[str]) -> None:
    named = nft.NamedSet("s", types, elements={key: nft.Element() for key in keys})
    listing = dump(r.Ruleset(r.Backend.NFTABLES, Family.IPV4, {"t": r.Table("t", sets={"s": named})}))
    said = [line.removeprefix("\t\telements = { ").removeprefix("\t\t\t     ") for line in listing.splitlines()]
    assert said[3:-2] == lines


@pytest.mark.parametrize(
    ("hook", "priority", "text"),
    [
        (Hook.PREROUTING, -110, "dstnat - 10"),
        (Hook.PREROUTING, -100, "dstnat"),
        (Hook.INPUT, -110, "-110"),
        (Hook.OUTPUT, -100, "-100"),
        (Hook.OUTPUT, -90, "-90"),
        (Hook.POSTROUTING, 100, "srcnat"),
        (Hook.POSTROUTING, 101, "srcnat + 1"),
        (Hook.FORWARD, 0, "filter"),
        (Hook.FORWARD, -155, "mangle - 5"),
        (Hook.PREROUTING, -300, "raw"),
        (Hook.INPUT, 50, "security"),
    ],
)
def test_priority(hook: Hook, priority: int, text: str) -> None:
    assert priority_text(priority, hook) == text
    assert priority_number(text) == priority


@pytest.mark.parametrize(
    ("seconds", "text"), [(1, "1s"), (90, "1m30s"), (300, "5m"), (10800, "3h"), (86400, "1d"), (100000, "1d3h46m40s")]
)
def test_duration(seconds: int, text: str) -> None:
    assert duration_text(seconds) == text
    assert duration_seconds(text) == seconds


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("chain c {\n}\n", 1),
        ("table inet6 t {\n}\n", 1),
        ("table ip t {\n\tchain c {\n\t\tfrobnicate\n\t}\n}\n", 3),
        ("table ip t {\n\tchain c {\n\t\tip6 saddr fd00::1 drop\n\t}\n}\n", 3),
        ("table ip t {\n\tchain c {\n\t\tip saddr 10.0.0.300 drop\n\t}\n}\n", 3),
        ("table ip t {\n\tchain c {\n\t\ttcp dport 90-80 drop\n\t}\n}\n", 3),
        ("table ip t {\n\tchain c {\n\t\tct state novel drop\n\t}\n}\n", 3),
        ("table ip t {\n\tchain c {\n\t\tnumgen random mod 2 vmap { 0 : drop }\n\t}\n}\n", 3),
        ("table ip t {\n\tchain c {\n\t\tnumgen random mod 1 vmap { 1 : drop }\n\t}\n}\n", 3),
        ("table ip t {\n\tchain c {\n\t\ttype nat hook sideways priority 0; policy accept;\n\t}\n}\n", 3),
        ("table ip t {\n\tchain c {\n\t\ttype nat hook input priority early; policy accept;\n\t}\n}\n", 3),
        ("table ip t {\n\tset s {\n\t\ttype ipv4_addr\n\t\ttimeout soon\n\t}\n}\n", 4),
        ("table ip t {\n\tset s {\n\t\ttype ipv4_addr\n\t\telements = { 1.2.3.4 : drop }\n\t}\n}\n", 4),
        ("table ip t {\n\tmap s {\n\t\ttype ipv4_addr : verdict\n\t\telements = { 1.2.3.4 . tcp : drop }\n\t}\n}\n", 4),
        ("table ip t {\n\tmap s {\n\t\ttype ipv4_addr : verdict\n\t\telements = { 1.2.3.4 : explode }\n\t}\n}\n", 4),
        ("table ip t {\n\tset s {\n\t\ttype ipv4_addr\n\t\telements = { somewhere }\n\t}\n}\n", 4),
        ("table ip t {\n\tset s {\n\t\ttype inet_service\n\t\telements = { 70000 }\n\t}\n}\n", 4),
        ("table ip t {\n\tset s {\n\t\telements = { 1.2.3.4,\n", 4),
        ("table ip t {\n", 2),
    ],
)
def test_text_that_nft_would_not_print(text: str, line: int) -> None:
    with pytest.raises(RuleError) as caught:
        parse(text)
    assert caught.value.line == line


def test_two_families() -> None:
    both = "table ip t {\n}\ntable ip6 t {\n}\n"
    assert list(parse_all(both)) == ["ipv4", "ipv6"]
    assert parse(both, Family.IPV6).family == Family.IPV6
    with pytest.raises(RuleError, match="name the family"):
        parse(both)
    assert parse("").tables == {}


@pytest.mark.parametrize(
    "rule",
    [
        r.Rule((r.Recent("set", "x"),)),
        r.Rule((r.ConntrackState(("NEW", "DNAT")),)),
        r.Rule((), nft.RandomVerdict((DNAT,))),
    ],
)
def test_what_nft_has_no_words_for(rule: r.Rule) -> None:
    with pytest.raises(UnsupportedFeature):
        rule_text(rule, Family.IPV4)


def test_a_comment_cannot_leave_its_quotes() -> None:
    with pytest.raises(RuleError):
        rule_text(r.Rule((r.Comment('a" drop'),)), Family.IPV4)


# --- any ruleset is read back as it was ---

_names = st.from_regex(r"[a-z][a-z0-9/._-]{0,12}", fullmatch=True)
_texts = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "Zs"), exclude_characters='"\\'), max_size=20)
_addresses = st.ip_addresses(v=4).map(str)
_nets = st.tuples(st.ip_addresses(v=4), st.integers(0, 32)).map(lambda pair: f"{pair[0]}/{pair[1]}")
_verdicts = st.one_of(
    st.builds(r.Jump, _names), st.builds(r.Goto, _names), st.just(r.Drop()), st.just(r.Accept()), st.just(r.Return())
)
_ports = st.integers(0, 65535)


def _canonical(net: str) -> r.Match:
    return nft.address_set("src", [net])


_matches = st.one_of(
    _nets.map(_canonical),
    st.lists(_nets, min_size=2, max_size=4).map(lambda nets: nft.address_set("dst", nets, True)),
    st.builds(r.DestinationPort, st.sampled_from([L4.TCP, L4.UDP, L4.SCTP]), _ports, st.just(65535), st.booleans()),
    st.builds(r.InInterface, _names, st.booleans()),
    st.builds(r.MarkMatch, st.integers(0, 0xFFFFFFFF), st.integers(1, 0xFFFFFFFF), st.booleans()),
    st.builds(nft.SetLookup, st.just((nft.LookupField.SADDR,)), _names, st.booleans()),
    st.builds(r.AddressType, st.sampled_from(["src", "dst"]), st.just("LOCAL"), st.booleans()),
)
_targets = st.one_of(
    _verdicts,
    st.builds(r.DestinationNat, _addresses, st.one_of(st.none(), _ports)),
    st.builds(r.Masquerade, st.booleans()),
    st.builds(nft.VerdictMap, st.just((nft.LookupField.DADDR, nft.LookupField.DPORT)), _names),
    st.lists(_verdicts, min_size=1, max_size=5).map(lambda verdicts: nft.RandomVerdict(tuple(verdicts))),
    st.integers(1, 0xFFFFFFFE).map(lambda mark: r.SetMark(mark, 0)),
)


@st.composite
def _rulesets(draw: st.DrawFn) -> r.Ruleset:
    def rule() -> r.Rule:
        matches = draw(st.lists(_matches, max_size=3))
        comment = draw(st.one_of(st.none(), _texts))
        return r.Rule((*matches, *(() if comment is None else (r.Comment(comment),))), draw(_targets))

    table = r.Table("t", comment=draw(st.one_of(st.none(), _texts)))
    sets: dict[str, nft.NamedSet] = {}
    for name in draw(st.lists(_names, max_size=3, unique=True)):
        keys = draw(st.lists(st.tuples(_addresses, _ports.map(str)), max_size=4))
        keys.sort(key=lambda key: (int(key[1]).to_bytes(2, "big")[::-1], [int(b) for b in key[0].split(".")][::-1]))
        elements: dict[nft.Key, nft.Element] = {
            key: nft.Element(draw(_verdicts), draw(st.one_of(st.none(), _texts))) for key in keys
        }
        sets[name] = nft.NamedSet(name, ("ipv4_addr", "inet_service"), True, draw(_texts), elements=elements)
    table.sets = sets
    for name in draw(st.lists(_names, max_size=4, unique=True)):
        chain = r.Chain(name, [rule() for _ in range(draw(st.integers(0, 4)))])
        if draw(st.booleans()):
            chain.hook, chain.priority = draw(st.sampled_from(list(Hook)[1:6])), draw(st.integers(-400, 400))
            chain.policy, chain.kind = "ACCEPT", draw(st.sampled_from(["filter", "nat"]))
        table.chains[name] = chain
    return r.Ruleset(r.Backend.NFTABLES, Family.IPV4, {"t": table})


@given(_rulesets())
def test_what_is_printed_is_read_back(ruleset: r.Ruleset) -> None:
    assert parse(dump(ruleset)) == ruleset


WORDS = {
    "a size": ("\tset s {\n\t\ttype ipv4_addr\n\t\tsize many\n\t}", 4, "'many' is not a number", "'many' 不是数字"),
    "a priority": (
        "\tchain c {\n\t\ttype nat hook output priority dstnat - x; policy accept;\n\t}", 3, "'dstnat - x'", "'dstnat - x'",
    ),
    "a network": (
        "\tchain c {\n\t\tip daddr 10.0.0.0/40 drop\n\t}", 3,
        "'10.0.0.0/40' is not an IP address or network", "'10.0.0.0/40' 不是 IP 地址或网段",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("block", "line", "en", "zh"), WORDS.values(), ids=list(WORDS))
def test_nothing_is_told_in_pythons_words(block: str, line: int, en: str, zh: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse(f"table ip t {{\n{block}\n}}\n")
    assert f":{line}: " in caught.value.en and en in caught.value.en and zh in caught.value.zh
    assert not any(word in caught.value.zh for word in ("invalid literal", "does not appear", "valid "))
