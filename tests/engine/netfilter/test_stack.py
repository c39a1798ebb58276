"""One host's netfilter: order of tables, NAT once per connection, answers, errors. Facts of the kernel, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pytest

from engine.errors import RuleError, UnsupportedFeature
from engine.hooks import Hook
from engine.netfilter.rules import (
    Accept,
    AddressType,
    Backend,
    Chain,
    ConntrackState,
    Destination,
    DestinationNat,
    DestinationPort,
    Drop,
    Goto,
    InInterface,
    Jump,
    MarkMatch,
    Masquerade,
    Match,
    OutInterface,
    Protocol,
    Recent,
    Reject,
    Return,
    Rule,
    Ruleset,
    SetMark,
    Source,
    SourceNat,
    SourcePort,
    StatisticRandom,
    Table,
    Target,
)
from engine.netfilter.stack import ConntrackEvent, MarkEvent, NatEvent, RuleEvent, Segment, Skb
from engine.packet import L4, Family, FiveTuple
from tests.rows import named

from .builders import CLIENT, NODE, POD, VIP, forward, host, iptables, rule, tcp

DNAT_TO_POD = iptables(
    nat={
        "PREROUTING": [rule(Destination(f"{VIP}/32"), DestinationNat(POD, 8080))],
        "POSTROUTING": [rule(MarkMatch(0x4000, 0x4000), Masquerade(random_fully=True))],
    }
)
DNAT_AND_MASQUERADE = iptables(
    nat={
        "PREROUTING": [
            rule(Destination(f"{VIP}/32"), SetMark(0x4000, 0x4000)),
            rule(Destination(f"{VIP}/32"), DestinationNat(POD, 8080)),
        ],
        "POSTROUTING": [rule(MarkMatch(0x4000, 0x4000), Masquerade())],
    }
)


def test_dnat_rewrites_the_request_and_its_answer_is_rewritten_back() -> None:
    netfilter = host(DNAT_TO_POD)
    request = Skb(tcp(CLIENT, VIP))
    forward(netfilter, request)
    assert str(request.flow) == "1.2.3.4:40000 -> 10.244.1.5:8080"
    answer = Skb(request.flow.reply(), segment=Segment.ANSWER)
    forward(netfilter, answer)
    assert answer.state == "ESTABLISHED"
    assert str(answer.flow) == "10.96.0.10:80 -> 1.2.3.4:40000"


def test_the_answer_is_dnated_back_at_prerouting_and_snated_back_at_postrouting() -> None:
    netfilter = host(DNAT_AND_MASQUERADE)
    request = Skb(tcp(CLIENT, VIP))
    forward(netfilter, request, masquerade="10.244.1.1")
    answer = Skb(request.flow.reply(), segment=Segment.ANSWER)
    netfilter.traverse(Hook.PREROUTING, answer)
    assert str(answer.flow) == "10.244.1.5:8080 -> 1.2.3.4:40000"
    netfilter.traverse(Hook.POSTROUTING, answer)
    assert str(answer.flow) == "10.96.0.10:80 -> 1.2.3.4:40000"


def test_conntrack_shows_both_tuples_and_whether_an_answer_came() -> None:
    netfilter = host(DNAT_AND_MASQUERADE)
    request = Skb(tcp(CLIENT, VIP))
    forward(netfilter, request, masquerade="10.244.1.1")
    (view,) = netfilter.connections()
    assert (str(view.original), str(view.reply), view.state, view.replied) == (
        "1.2.3.4:40000 -> 10.96.0.10:80",
        "10.244.1.5:8080 -> 10.244.1.1:40000",
        "SYN_SENT",
        False,
    )
    forward(netfilter, Skb(request.flow.reply(), segment=Segment.ANSWER))
    (view,) = netfilter.connections()
    assert (view.state, view.replied) == ("ESTABLISHED", True)


def test_only_the_first_packet_sees_the_nat_table() -> None:
    netfilter = host(DNAT_AND_MASQUERADE)
    counts = []
    for _ in range(3):
        packet = Skb(tcp(CLIENT, VIP))
        counts.append(sum(passage.rules_evaluated for passage in forward(netfilter, packet)))
        assert packet.flow.dst == POD
    assert counts == [3, 0, 0]


def test_a_packet_dropped_leaves_no_entry() -> None:
    netfilter = host(iptables(nat={}, filter={"FORWARD": [rule(Drop())]}))
    passage = forward(netfilter, Skb(tcp(CLIENT, POD)))[-1]
    assert passage.verdict == "DROP"
    assert passage.where is not None and passage.where.chain == "FORWARD"
    assert netfilter.connections() == ()


def test_tables_run_in_the_order_of_their_priorities_with_conntrack_between() -> None:
    seen = [rule(SetMark(0, 0))]
    netfilter = host(
        iptables(
            raw={"PREROUTING": seen}, mangle={"PREROUTING": seen}, nat={"PREROUTING": seen}, filter={"INPUT": seen}
        )
    )
    skb = Skb(tcp(CLIENT, NODE))
    events = netfilter.traverse(Hook.PREROUTING, skb).events
    names = [event.table if isinstance(event, RuleEvent) else type(event).__name__ for event in events]
    assert names == ["raw", "ConntrackEvent", "mangle", "nat"]


@pytest.mark.parametrize(
    ("segment", "protocol", "state"),
    [
        (Segment.OPEN, L4.TCP, "NEW"),
        (Segment.ANSWER, L4.TCP, "INVALID"),
        (Segment.DATA, L4.TCP, "NEW"),
        (Segment.RESET, L4.TCP, "INVALID"),
        (Segment.ANSWER, L4.UDP, "NEW"),
        (Segment.OPEN, L4.SCTP, "NEW"),
        (Segment.ANSWER, L4.SCTP, "INVALID"),
    ],
)
def test_what_a_packet_without_an_entry_is_to_conntrack(segment: Segment, protocol: L4, state: str) -> None:
    skb = Skb(FiveTuple(protocol, CLIENT, 40000, NODE, 80), segment=segment)
    host(iptables(nat={})).traverse(Hook.PREROUTING, skb)
    assert skb.state == state


def test_no_ruleset_means_no_conntrack_and_nothing_changes() -> None:
    netfilter = host(None)
    skb = Skb(tcp(CLIENT, NODE))
    assert netfilter.traverse(Hook.PREROUTING, skb).verdict == "ACCEPT"
    assert (skb.state, skb.connection, netfilter.connections()) == (None, None, ())


@pytest.mark.parametrize(
    ("ports", "random_fully", "expected"),
    [
        ([40000], False, [40000]),
        ([40000, 40000], False, [40000, None]),
        ([40000], True, [None]),
        ([80], True, ["low"]),
    ],
)
def test_masquerade_keeps_the_port_unless_it_is_taken_or_random_fully(
    ports: list[int], random_fully: bool, expected: list[int | str | None]
) -> None:
    netfilter = host(iptables(nat={"POSTROUTING": [rule(Masquerade(random_fully))]}))
    for number, (port, wanted) in enumerate(zip(ports, expected, strict=True)):
        skb = Skb(tcp(f"10.244.1.{number + 5}", "8.8.8.8", sport=port, dport=53))
        assert forward(netfilter, skb)[-1].verdict == "ACCEPT"
        assert skb.flow.src == NODE
        if wanted is None:
            assert skb.flow.sport != port and skb.flow.sport >= 1024
        elif wanted == "low":
            assert skb.flow.sport < 512
        else:
            assert skb.flow.sport == wanted
    assert len({view.reply for view in netfilter.connections()}) == len(ports)


def test_one_client_socket_keeps_one_mapping_towards_several_servers() -> None:
    netfilter = host(iptables(nat={"POSTROUTING": [rule(SourceNat(NODE))]}))
    first, taken, second = (
        Skb(tcp("10.244.1.9", "8.8.8.8")),
        Skb(tcp("10.244.1.5", "8.8.8.8")),
        Skb(tcp("10.244.1.5", "9.9.9.9")),
    )
    for skb in (first, taken, second):
        forward(netfilter, skb)
    assert taken.flow.sport != 40000
    assert second.flow.sport == taken.flow.sport


def test_a_null_binding_moves_the_port_where_two_tuples_would_clash() -> None:
    netfilter = host(DNAT_TO_POD)
    forward(netfilter, Skb(tcp(CLIENT, POD, dport=8080)))
    clashing = Skb(tcp(CLIENT, VIP))
    assert forward(netfilter, clashing)[-1].verdict == "ACCEPT"
    assert clashing.flow.dst == POD and clashing.flow.sport != 40000


def test_masquerade_without_an_address_drops() -> None:
    netfilter = host(iptables(nat={"POSTROUTING": [rule(Masquerade())]}))
    passage = forward(netfilter, Skb(tcp(POD, "8.8.8.8")), masquerade=None)[-1]
    assert (passage.verdict, passage.reason) == ("DROP", "no-masquerade-address")


def test_the_port_that_nat_invents_can_be_handed_in() -> None:
    netfilter = host(
        iptables(nat={"POSTROUTING": [rule(Masquerade(random_fully=True))]}), pick_port=lambda flow, low, high: 2000
    )
    skb = Skb(tcp(POD, "8.8.8.8"))
    forward(netfilter, skb)
    assert skb.flow.sport == 2000


def reject_at(hook: Hook, reject: Reject, nat: dict[str, list[Rule]] | None = None) -> Ruleset:
    return iptables(nat=nat or {}, filter={hook.value: [rule(Protocol(L4.TCP), reject)]})


def test_the_icmp_error_of_a_reject_is_related_and_comes_from_the_address_spoken_to() -> None:
    netfilter = host(
        reject_at(Hook.FORWARD, Reject(), {"PREROUTING": [rule(Destination(f"{VIP}/32"), DestinationNat(POD, 8080))]})
    )
    request = Skb(tcp(CLIENT, VIP))
    passage = forward(netfilter, request)[-1]
    assert (passage.verdict, passage.reject_with) == ("REJECT", "icmp-port-unreachable")
    error = netfilter.reject_error(request, NODE, passage)
    assert error is not None
    for hook in (Hook.OUTPUT, Hook.POSTROUTING):
        assert netfilter.traverse(hook, error).verdict == "ACCEPT"
    assert error.state == "RELATED"
    assert (error.flow.src, error.flow.dst) == (VIP, CLIENT)
    assert error.error_about == tcp(CLIENT, VIP)


def test_a_tcp_reset_comes_back_in_the_destinations_name() -> None:
    netfilter = host(reject_at(Hook.INPUT, Reject("tcp-reset")))
    request = Skb(tcp(CLIENT, NODE))
    netfilter.traverse(Hook.PREROUTING, request)
    passage = netfilter.traverse(Hook.INPUT, request)
    answer = netfilter.reject_error(request, NODE, passage)
    assert answer is not None and answer.segment is Segment.RESET and answer.flow == tcp(CLIENT, NODE).reply()
    assert netfilter.reject_error(answer, NODE, passage) is None


def test_no_error_answers_an_error_or_a_packet_that_was_not_rejected() -> None:
    netfilter = host(reject_at(Hook.INPUT, Reject()))
    request = Skb(tcp(CLIENT, NODE))
    accepted = netfilter.traverse(Hook.PREROUTING, request)
    assert netfilter.reject_error(request, NODE, accepted) is None
    passage = netfilter.traverse(Hook.INPUT, request)
    error = netfilter.reject_error(request, NODE, passage)
    assert error is not None and netfilter.reject_error(error, NODE, passage) is None


def test_an_error_from_further_on_is_translated_back_to_the_client() -> None:
    netfilter = host(DNAT_AND_MASQUERADE)
    request = Skb(tcp(CLIENT, VIP))
    forward(netfilter, request, masquerade="10.244.1.1")
    error = Skb(FiveTuple(L4.ICMP, "192.168.1.11", 0, "10.244.1.1", 0), error_about=request.flow)
    forward(netfilter, error)
    assert error.state == "RELATED" and error.reply
    assert error.flow.dst == CLIENT
    assert error.error_about == tcp(CLIENT, VIP)


@pytest.mark.parametrize("to", ["10.244.1.1", "10.9.9.9"])
def test_an_error_about_no_known_packet_or_sent_elsewhere_is_invalid(to: str) -> None:
    netfilter = host(DNAT_TO_POD)
    forward(netfilter, Skb(tcp(CLIENT, POD)))
    quoted = tcp(CLIENT, POD) if to == "10.9.9.9" else tcp(CLIENT, POD, sport=1)
    error = Skb(FiveTuple(L4.ICMP, "192.168.1.11", 0, to, 0), error_about=quoted)
    netfilter.traverse(Hook.PREROUTING, error)
    assert error.state == "INVALID"


def test_a_local_process_reaches_a_local_address_without_a_second_dnat() -> None:
    netfilter = host(
        iptables(
            nat={
                "OUTPUT": [rule(Destination(f"{VIP}/32"), DestinationNat(NODE, 6443))],
                "PREROUTING": [rule(DestinationNat("10.9.9.9"))],
            }
        )
    )
    skb = Skb(tcp(NODE, VIP))
    for hook in (Hook.OUTPUT, Hook.POSTROUTING, Hook.PREROUTING, Hook.INPUT):
        assert netfilter.traverse(hook, skb).verdict == "ACCEPT"
    assert str(skb.flow) == "192.168.1.10:40000 -> 192.168.1.10:6443"
    answer = Skb(skb.flow.reply(), segment=Segment.ANSWER)
    for hook in (Hook.OUTPUT, Hook.POSTROUTING):
        netfilter.traverse(hook, answer)
    assert str(answer.flow) == "10.96.0.10:80 -> 192.168.1.10:40000"


MATCH_CASES: list[tuple[Match, bool]] = [
    (Source("1.2.0.0/16"), True),
    (Source("1.2.0.0/16", negate=True), False),
    (Source("fd00::/8"), False),
    (Destination("192.168.1.10/32"), True),
    (Protocol(L4.TCP), True),
    (Protocol(L4.UDP, negate=True), True),
    (DestinationPort(L4.TCP, 1, 80), True),
    (DestinationPort(L4.TCP, 80, 80, negate=True), False),
    (DestinationPort(L4.UDP, 80, 80), False),
    (SourcePort(L4.TCP, 40000, 40000), True),
    (MarkMatch(0, 0x4000), True),
    (MarkMatch(0x4000, 0x4000), False),
    (ConntrackState(("NEW", "RELATED")), True),
    (ConntrackState(("ESTABLISHED", "DNAT"), negate=True), True),
    (AddressType("dst"), True),
    (AddressType("src"), False),
    (AddressType("src", negate=True), True),
    (InInterface("eth0"), True),
    (InInterface("eth+"), True),
    (InInterface("cni0", negate=True), True),
    (InInterface("cni+"), False),
]


@pytest.mark.parametrize(("match", "expected"), MATCH_CASES, ids=str)
def test_matches(match: Match, expected: bool) -> None:
    netfilter = host(iptables(nat={}, filter={"INPUT": [rule(match, Drop())]}))
    skb = Skb(tcp(CLIENT, NODE))
    netfilter.traverse(Hook.PREROUTING, skb, in_device="eth0")
    assert netfilter.traverse(Hook.INPUT, skb, in_device="eth0").verdict == ("DROP" if expected else "ACCEPT")


def test_ctstate_dnat_matches_once_dnat_is_set_up() -> None:
    netfilter = host(
        iptables(
            nat={"PREROUTING": [rule(DestinationNat(POD))]},
            filter={"FORWARD": [rule(ConntrackState(("DNAT",)), Drop())]},
        )
    )
    assert forward(netfilter, Skb(tcp(CLIENT, VIP)))[-1].verdict == "DROP"


RECENT = [
    rule(Recent("rcheck", "a", seconds=10, reap=True), Drop()),
    rule(Recent("set", "a"), Accept()),
]


@pytest.mark.parametrize(("elapsed", "verdict"), [(0, "DROP"), (10, "DROP"), (11, "ACCEPT")])
def test_recent_remembers_a_source_for_its_seconds(elapsed: int, verdict: str) -> None:
    netfilter = host(iptables(filter={"INPUT": RECENT}))
    assert netfilter.traverse(Hook.INPUT, Skb(tcp(CLIENT, NODE))).verdict == "ACCEPT"
    netfilter.now += elapsed
    assert netfilter.traverse(Hook.INPUT, Skb(tcp("9.9.9.9", NODE))).verdict == "ACCEPT"
    assert netfilter.traverse(Hook.INPUT, Skb(tcp(CLIENT, NODE))).verdict == verdict


def test_recent_update_remove_mask_and_side() -> None:
    chain = [rule(Recent("update", "a", mask="255.255.255.0"), Drop()), rule(Recent("set", "a", mask="255.255.255.0"))]
    netfilter = host(iptables(filter={"INPUT": chain, "FORWARD": [rule(Recent("remove", "a", side="rdest"), Drop())]}))
    assert netfilter.traverse(Hook.INPUT, Skb(tcp("1.2.3.4", NODE))).verdict == "ACCEPT"
    assert netfilter.traverse(Hook.INPUT, Skb(tcp("1.2.3.9", NODE))).verdict == "DROP"
    assert netfilter.traverse(Hook.FORWARD, Skb(tcp(CLIENT, "1.2.3.0"))).verdict == "DROP"
    assert netfilter.traverse(Hook.FORWARD, Skb(tcp(CLIENT, "1.2.3.0"))).verdict == "ACCEPT"


def run_filter(chains: dict[str, list[Rule]]) -> tuple[str, int, list[str]]:
    passage = host(iptables(filter=chains)).traverse(Hook.INPUT, Skb(tcp(CLIENT, NODE)))
    actions: list[str] = [event.action for event in passage.events if isinstance(event, RuleEvent)]
    return passage.verdict, passage.rules_evaluated, actions


JUMPS: dict[str, tuple[dict[str, list[Rule]], tuple[str, int]]] = {
    "RETURN goes on behind the jump": ({"INPUT": [rule(Jump("A")), rule(Drop())], "A": [rule(Return()), rule(Accept())]}, ("DROP", 3)),
    "the end of a chain goes on behind the jump": ({"INPUT": [rule(Jump("A")), rule(Drop())], "A": []}, ("DROP", 2)),
    "a chain gone to returns past the one that went": ({"INPUT": [rule(Goto("A")), rule(Drop())], "A": [rule(Return())]}, ("ACCEPT", 2)),
    "GOTO within a jump returns to who jumped": (
        {"INPUT": [rule(Jump("A")), rule(Drop())], "A": [rule(Goto("B")), rule(Accept())], "B": []}, ("DROP", 3)
    ),
    "RETURN in a built-in chain is its policy": ({"INPUT": [rule(Return()), rule(Drop())]}, ("ACCEPT", 1)),
    "no target, and a mark, go on": ({"INPUT": [rule(), rule(SetMark(1, 1)), rule(MarkMatch(1, 1), Drop())]}, ("DROP", 3)),
    "a rule that does not match is counted": (
        {"INPUT": [rule(Protocol(L4.UDP), Drop()), rule(DestinationPort(L4.TCP, 81, 81), Drop())]}, ("ACCEPT", 2)
    ),
}  # fmt: skip


@pytest.mark.parametrize(("chains", "expected"), named(JUMPS))
def test_jumps_returns_and_gotos(chains: dict[str, list[Rule]], expected: tuple[str, int]) -> None:
    assert run_filter(chains)[:2] == expected


def test_a_policy_of_drop_decides_at_the_end() -> None:
    ruleset = iptables(filter={"INPUT": [rule(Jump("A"))], "A": []})
    ruleset.tables["filter"].chains["INPUT"].policy = "DROP"
    passage = host(ruleset).traverse(Hook.INPUT, Skb(tcp(CLIENT, NODE)))
    assert passage.verdict == "DROP"
    assert passage.where is not None
    assert (passage.where.action, passage.where.chain, passage.where.rule) == ("POLICY", "INPUT", None)


def test_events_tell_the_way_through_the_chains() -> None:
    netfilter = host(
        iptables(
            nat={
                "PREROUTING": [rule(Jump("SVC"))],
                "SVC": [rule(Jump("MARK")), rule(DestinationNat(POD, 8080))],
                "MARK": [rule(SetMark(0x4000, 0x4000))],
            }
        )
    )
    events = netfilter.traverse(Hook.PREROUTING, Skb(tcp(CLIENT, VIP))).events
    told: list[tuple[object, ...]] = []
    for event in events:
        match event:
            case RuleEvent():
                told.append(("/".join(event.path), event.position, event.action))
            case MarkEvent():
                told.append(("mark", event.before, event.after))
            case NatEvent():
                assert event.cause is not None
                told.append((event.cause.action, str(event.before), str(event.after)))
            case ConntrackEvent():
                told.append(("conntrack", event.state, event.created))
    assert told == [
        ("conntrack", "NEW", True),
        ("PREROUTING", 0, "JUMP"),
        ("PREROUTING/SVC", 0, "JUMP"),
        ("PREROUTING/SVC/MARK", 0, "MARK"),
        ("mark", 0, 0x4000),
        ("PREROUTING/SVC", 1, "DNAT"),
        ("DNAT", "1.2.3.4:40000 -> 10.96.0.10:80", "1.2.3.4:40000 -> 10.244.1.5:8080"),
    ]


class OpaqueMatch(Match):
    pass


class OpaqueTarget(Target):
    pass


@pytest.mark.parametrize(
    ("parts", "refused"),
    named(
        {
            "an unknown match decides": ((OpaqueMatch(), Drop()), True),
            "another match decides before it": ((OpaqueMatch(), Protocol(L4.UDP), Drop()), False),
            "no target depends on it": ((OpaqueMatch(),), False),
            "an unknown target": ((OpaqueTarget(),), True),
            "an unknown target that is not reached": ((Protocol(L4.UDP), OpaqueTarget()), False),
            "a type of address that is not modelled": ((AddressType("dst", "MULTICAST"), Drop()), True),
        }
    ),
)
def test_what_is_not_modelled_is_refused_only_where_it_matters(
    parts: tuple[Match | Target, ...], refused: bool
) -> None:
    netfilter = host(iptables(filter={"INPUT": [rule(*parts)]}))
    if refused:
        with pytest.raises(UnsupportedFeature):
            netfilter.traverse(Hook.INPUT, Skb(tcp(CLIENT, NODE)))
    else:
        assert netfilter.traverse(Hook.INPUT, Skb(tcp(CLIENT, NODE))).verdict == "ACCEPT"


@pytest.mark.parametrize(
    ("chains", "message"),
    [
        ({"INPUT": [rule(Jump("A"))], "A": [rule(Jump("B"))], "B": [rule(Jump("A"))]}, "A -> B -> A"),
        ({"INPUT": [rule(Goto("A"))], "A": [rule(Goto("A"))]}, "A -> A"),
        ({"INPUT": [rule(Jump("GONE"))]}, "does not exist"),
    ],
)
def test_circles_and_missing_chains_are_refused(chains: dict[str, list[Rule]], message: str) -> None:
    with pytest.raises(RuleError, match=message):
        run_filter(chains)


@pytest.mark.parametrize(
    ("hook", "target"), [(Hook.PREROUTING, SourceNat(NODE)), (Hook.POSTROUTING, DestinationNat(POD))]
)
def test_nat_of_the_wrong_kind_for_the_hook_is_refused(hook: Hook, target: Target) -> None:
    netfilter = host(iptables(nat={hook.value: [rule(target)]}))
    with pytest.raises(RuleError):
        forward(netfilter, Skb(tcp(CLIENT, VIP)))


def test_an_impossible_policy_and_an_unknown_table_are_refused() -> None:
    ruleset = iptables(filter={})
    ruleset.tables["filter"].chains["INPUT"].policy = "QUEUE"
    with pytest.raises(RuleError):
        host(ruleset).traverse(Hook.INPUT, Skb(tcp(CLIENT, NODE)))
    unknown = Ruleset(Backend.IPTABLES, Family.IPV4, {"broute": Table("broute", {"INPUT": Chain("INPUT")})})
    with pytest.raises(UnsupportedFeature):
        host(unknown).traverse(Hook.INPUT, Skb(tcp(CLIENT, NODE)))


def test_nft_base_chains_run_by_priority_and_an_accept_does_not_end_the_hook() -> None:
    table = Table(
        "mine",
        {
            "late": Chain("late", [rule(Drop())], Hook.INPUT, 10),
            "early": Chain("early", [rule(Accept())], Hook.INPUT, -10),
            "dnat": Chain("dnat", [rule(DestinationNat(NODE, 8080))], Hook.PREROUTING, -100, kind="nat"),
        },
    )
    netfilter = host(Ruleset(Backend.NFTABLES, Family.IPV4, {"mine": table}))
    skb = Skb(tcp(CLIENT, VIP))
    netfilter.traverse(Hook.PREROUTING, skb)
    assert skb.flow.destination == "192.168.1.10:8080"
    passage = netfilter.traverse(Hook.INPUT, skb)
    assert passage.verdict == "DROP"
    assert [event.chain for event in passage.events if isinstance(event, RuleEvent)] == ["early", "late"]


def test_udp_and_resets_in_the_conntrack_list() -> None:
    netfilter = host(iptables(nat={}))
    datagram = Skb(FiveTuple(L4.UDP, CLIENT, 5, POD, 53))
    forward(netfilter, datagram)
    forward(netfilter, Skb(tcp(CLIENT, POD)))
    forward(netfilter, Skb(tcp(CLIENT, POD).reply(), segment=Segment.RESET))
    init = FiveTuple(L4.SCTP, CLIENT, 5, POD, 53)
    forward(netfilter, Skb(init))
    assert [view.state for view in netfilter.connections()] == ["", "CLOSE", "COOKIE_WAIT"]
    forward(netfilter, Skb(init.reply(), segment=Segment.ANSWER))
    assert netfilter.connections()[-1].state == "ESTABLISHED"
    forward(netfilter, Skb(init, segment=Segment.RESET))
    assert netfilter.connections()[-1].state == "CLOSED"
    view = netfilter.entry_of(datagram)
    assert view is not None and view.original == datagram.flow
    assert netfilter.entry_of(Skb(tcp(CLIENT, POD))) is None


def test_two_connections_that_end_in_one_tuple_clash_and_the_later_is_dropped() -> None:
    netfilter = host(iptables(nat={"POSTROUTING": [rule(SourceNat(NODE, 5000))]}))
    assert forward(netfilter, Skb(tcp("10.244.1.5", "8.8.8.8")))[-1].verdict == "ACCEPT"
    passage = forward(netfilter, Skb(tcp("10.244.1.6", "8.8.8.8")))[-1]
    assert (passage.verdict, passage.reason) == ("DROP", "clash")


def test_an_answer_that_conntrack_does_not_know_is_invalid_and_kube_proxy_drops_it() -> None:
    netfilter = host(iptables(nat={}, filter={"FORWARD": [rule(ConntrackState(("INVALID",)), Drop())]}))
    stray = Skb(tcp(POD, CLIENT), segment=Segment.ANSWER)
    assert forward(netfilter, stray)[-1].verdict == "DROP"
    assert stray.connection is None


@pytest.mark.parametrize(("device", "verdict"), [("flannel.1", "DROP"), ("eth0", "ACCEPT"), (None, "ACCEPT")])
def test_the_device_a_packet_leaves_by(device: str | None, verdict: str) -> None:
    netfilter = host(iptables(filter={"FORWARD": [rule(OutInterface("flannel.1"), Drop())]}))
    skb = Skb(tcp(CLIENT, POD))
    assert netfilter.traverse(Hook.FORWARD, skb, in_device="eth0", out_device=device).verdict == verdict


def test_a_port_between_512_and_1024_stays_there() -> None:
    netfilter = host(iptables(nat={"POSTROUTING": [rule(Masquerade(random_fully=True))]}))
    skb = Skb(tcp(POD, "8.8.8.8", sport=700))
    forward(netfilter, skb)
    assert 600 <= skb.flow.sport <= 1023


def test_dnat_without_a_port_keeps_it_even_where_the_tuple_is_taken() -> None:
    netfilter = host(iptables(nat={"PREROUTING": [rule(Destination(f"{VIP}/32"), DestinationNat(POD))]}))
    forward(netfilter, Skb(tcp(CLIENT, POD)))
    clashing = Skb(tcp(CLIENT, VIP))
    forward(netfilter, clashing)
    assert clashing.flow.destination == f"{POD}:80"
    assert clashing.flow.sport != 40000


def test_a_statistic_of_one_always_matches_without_asking() -> None:
    def never(weights: Sequence[Fraction]) -> int:
        raise AssertionError(f"asked for {weights}")

    netfilter = host(iptables(filter={"INPUT": [rule(StatisticRandom(Fraction(1)), Drop())]}), never)
    assert netfilter.traverse(Hook.INPUT, Skb(tcp(CLIENT, NODE))).verdict == "DROP"


def test_an_entry_made_at_the_first_packet_keeps_the_nat_it_then_had() -> None:
    ruleset = iptables(nat={})
    netfilter = host(ruleset)
    forward(netfilter, Skb(tcp(CLIENT, VIP)))
    ruleset.tables["nat"].chains["PREROUTING"].rules.append(rule(DestinationNat(POD)))
    later = Skb(tcp(CLIENT, VIP))
    forward(netfilter, later)
    assert later.flow.dst == VIP
