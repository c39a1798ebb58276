"""The virtual server beyond what the recordings hold: bad input, the trash, persistence, time, thresholds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.errors import EngineError, NoSuchObject
from engine.ipvs import SCHEDULERS, VirtualServer
from engine.netfilter.choose import every_path

A, B, C = "10.244.1.1", "10.244.1.2", "10.244.1.3"
CLIENT = "10.1.1.1"


def service(scheduler: str = "rr", **options: object) -> VirtualServer:
    return VirtualServer("TCP", "10.96.0.10", 80, scheduler=scheduler, **options)  # type: ignore[arg-type]


def filled(scheduler: str = "rr", *weights: int, **options: object) -> VirtualServer:
    """Servers A, B, C, ... with those weights; A is added first, so it stands last in the kernel's list."""
    vs = service(scheduler, **options)
    for address, weight in zip((A, B, C), weights or (1, 1, 1), strict=False):
        vs.add_server(address, 80, weight)
    return vs


def taken(vs: VirtualServer, count: int, first_port: int = 20000) -> str:
    """The last digits of the servers that take `count` connections, "-" for none."""
    chosen = [vs.connect(CLIENT, first_port + i).server for i in range(count)]
    return "".join(name.rpartition(":")[0][-1] if name else "-" for name in chosen)


def view(vs: VirtualServer, address: str) -> tuple[int, int]:
    return next((s.active, s.inactive) for s in vs.servers() if s.address == address)


BAD: list[tuple[str, Callable[[], object], type[EngineError], str]] = [
    ("scheduler", lambda: service("rand"), EngineError, "unknown IPVS scheduler 'rand'"),
    ("flag", lambda: service("sh", flags=("sticky",)), EngineError, "unknown scheduler flag 'sticky'"),
    ("foreign flag", lambda: service("mh", flags=("sh-port",)), EngineError, "belongs to scheduler 'sh'"),
    ("flag without", lambda: service("rr", flags=("mh-port",)), EngineError, "belongs to scheduler 'mh'"),
    ("protocol", lambda: VirtualServer("ICMP", "10.0.0.1", 80), EngineError, "TCP, UDP and SCTP"),
    ("address", lambda: VirtualServer("TCP", "web", 80), EngineError, "not an IP address"),
    ("port", lambda: VirtualServer("TCP", "10.0.0.1", 65536), EngineError, "port 65536"),
    ("persistence", lambda: service(persistent=0), EngineError, "persistence timeout 0"),
    ("netmask", lambda: service(persistent=9, netmask="255.0.255.0"), EngineError, "netmask"),
    ("server port", lambda: service().add_server(A, 0), EngineError, "port 0"),
    ("server port above", lambda: service().add_server(A, 70000), EngineError, "port 70000"),
    ("server address", lambda: service().add_server("10.1.1", 80), EngineError, "not an IP address"),
    ("server family", lambda: service().add_server("fd00::1", 80), EngineError, "family"),
    ("weight", lambda: service().add_server(A, 80, -1), EngineError, "weight -1"),
    ("new weight", lambda: filled().set_weight(A, 80, -5), EngineError, "weight -5"),
    ("thresholds", lambda: service().add_server(A, 80, upper=1, lower=2), EngineError, "lower threshold 2"),
    ("duplicate", lambda: filled().add_server(A, 80), EngineError, "exists already"),
    ("unknown removed", lambda: filled().remove_server(A, 81), NoSuchObject, "no real server 10.244.1.1:81"),
    ("unknown weighted", lambda: service().set_weight(A, 80, 1), NoSuchObject, "there are: none"),
    ("client", lambda: filled().connect("me", 1), EngineError, "not an IP address"),
    ("client port", lambda: filled().connect(CLIENT, 0), EngineError, "port 0"),
    ("zero port", lambda: VirtualServer("TCP", "0.0.0.0", 0).connect(CLIENT, 1), EngineError, "needs persistence"),
    ("foreign", lambda: filled().expire(filled().connect(CLIENT, 1)), EngineError, "does not belong"),
]


# As lists show them: the oldest of the kernel's first, fo, ovf, mh and twos having come later, in this order.
NAMES = "rr wrr lc wlc lblc lblcr dh sh sed nq fo ovf mh twos"


def test_the_schedulers_of_the_kernel() -> None:
    assert " ".join(SCHEDULERS) == NAMES
    assert [kind.name for kind in SCHEDULERS.values()] == NAMES.split()


@pytest.mark.parametrize(("call", "kind", "message"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_bad_input_is_refused(call: Callable[[], object], kind: type[EngineError], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_nobody_to_take_it(scheduler: str) -> None:
    assert taken(service(scheduler), 2) == "--"
    drained = filled(scheduler, 0, 0)
    assert taken(drained, 2) == "--"
    drained.remove_server(A, 80)
    drained.remove_server(B, 80)
    assert taken(drained, 2, 30000) == "--"


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_a_drained_server_gets_nothing_new(scheduler: str) -> None:
    vs = filled(scheduler, 1, 1, 1)
    vs.set_weight(B, 80, 0)
    clients = [vs.connect(f"10.1.{i}.{i}", 20000 + i).server for i in range(60)]
    assert f"{B}:80" not in clients


ROUND_ROBIN = [
    # what happens after three connections of A, B, C (newest first: C B A), and who is next
    ("nothing", lambda vs: None, "321321"),
    ("the one whose turn it was goes", lambda vs: vs.remove_server(A, 80), "323232"),
    ("the next one goes", lambda vs: vs.remove_server(C, 80), "212121"),
    ("a new one comes to the head", lambda vs: vs.add_server("10.244.1.4", 80), "432143"),
    ("one is drained", lambda vs: vs.set_weight(B, 80, 0), "313131"),
]


@pytest.mark.parametrize(("change", "then"), [case[1:] for case in ROUND_ROBIN], ids=[case[0] for case in ROUND_ROBIN])
def test_round_robin_keeps_its_place(change: Callable[[VirtualServer], None], then: str) -> None:
    vs = filled("rr")
    assert taken(vs, 3) == "321"
    change(vs)
    assert taken(vs, 6, 30000) == then


WEIGHTED = [
    ((1, 1, 1), "321321"),
    # The servers came one by one, each time from the head again, so the first pass is the one with the lowest threshold.
    ((3, 2, 1), "321121321121"),
    ((4, 2, 2), "32113211"),
    ((2, 0, 1), "311311"),
]


@pytest.mark.parametrize(("weights", "order"), WEIGHTED)
def test_weighted_round_robin_order(weights: tuple[int, ...], order: str) -> None:
    assert taken(filled("wrr", *weights), len(order)) == order


def test_a_removed_server_comes_back_with_its_counts() -> None:
    vs = filled("lc", 1)
    first, second = vs.connect(CLIENT, 1), vs.connect(CLIENT, 2)
    first.close()
    vs.remove_server(A, 80)
    assert vs.servers() == ()
    vs.add_server(A, 80, 7)
    assert (vs.servers()[0].weight, *view(vs, A)) == (7, 1, 1)
    vs.expire(second)
    vs.expire(first)
    assert view(vs, A) == (0, 0)


# Measured on Linux 6.1 (tests/recordings/measured/ipvs-server-returns.csv): two connections on a server that is removed.
# expire_nodest_conn, seconds until it is added again (None: never): active and inactive then, what a later packet gets
NO_DESTINATION = [
    (False, 0.0, (2, 0), "goes on"),
    (False, 4.0, (2, 0), "goes on"),
    (False, None, None, "stalls"),
    (True, 0.0, (2, 0), "goes on"),  # both in one ipvsadm process: within a jiffy
    (True, 4.0, (0, 0), "cut"),
    (True, None, None, "cut"),
]


@pytest.mark.parametrize(("expires", "pause", "counts", "later"), NO_DESTINATION)
def test_the_connections_of_a_removed_server(
    expires: bool, pause: float | None, counts: tuple[int, int] | None, later: str
) -> None:
    vs = filled("rr", 1, expire_nodest_conn=expires)
    first, _second = vs.connect(CLIENT, 1), vs.connect(CLIENT, 2)
    vs.remove_server(A, 80)
    vs.advance(pause if pause is not None else 4.0)
    if pause is not None:
        vs.add_server(A, 80)
    assert counts is None or view(vs, A) == counts
    assert first.expired is (later == "cut")
    assert (vs.connect(CLIENT, 1).server == f"{A}:80") is (pause is not None)


# Measured on Linux 6.1: the kernel drops the client's FIN while the server is out.
def test_a_connection_that_closes_while_its_server_is_out_stays_active() -> None:
    vs = filled("lc", 1)
    made = [vs.connect(CLIENT, port) for port in (1, 2)]
    vs.remove_server(A, 80)
    for connection in made:
        connection.close(now=1)
    vs.add_server(A, 80)
    vs.advance(4)
    assert view(vs, A) == (2, 0)
    made[0].close()  # the retransmitted FIN gets through
    assert view(vs, A) == (1, 1)


def test_with_expire_nodest_conn_such_a_connection_is_gone() -> None:
    vs = filled("lc", 1, expire_nodest_conn=True)
    made = vs.connect(CLIENT, 1)
    vs.remove_server(A, 80)
    made.close()
    vs.add_server(A, 80)
    assert view(vs, A) == (0, 0)


# One client port used again, its server drained in between: measured with closed connections (Linux 6.1,
# conn_reuse_mode 1); an open one follows its entry, unless expire_nodest_conn lets go of it (ip_vs_in).
@pytest.mark.parametrize(
    ("closed", "expires", "goes"), [(True, False, "2"), (True, True, "2"), (False, False, "3"), (False, True, "2")]
)
def test_a_client_port_used_again_on_a_drained_server(closed: bool, expires: bool, goes: str) -> None:
    vs = filled("rr", expire_nodest_conn=expires)
    connection = vs.connect(CLIENT, 1)
    assert connection.server == f"{C}:80"
    if closed:
        connection.close()
    vs.set_weight(C, 80, 0)
    assert taken(vs, 1, 1) == goes


def test_counts_follow_the_connection() -> None:
    vs = filled("rr", 1)
    connection = vs.connect(CLIENT, 1)
    assert view(vs, A) == (1, 0)
    connection.close()
    connection.close()
    assert view(vs, A) == (0, 1)
    vs.advance(119)
    assert view(vs, A) == (0, 1)
    vs.advance(120)
    assert view(vs, A) == (0, 0)
    vs.expire(connection)
    assert view(vs, A) == (0, 0)


def test_udp_is_never_active() -> None:
    vs = VirtualServer("UDP", "10.96.0.10", 53, scheduler="lc")
    vs.add_server(A, 53)
    vs.connect(CLIENT, 1).close()
    assert view(vs, A) == (0, 1)


def test_the_same_client_port_while_the_entry_lives() -> None:
    vs = filled("rr")
    first = vs.connect(CLIENT, 1)
    assert vs.connect(CLIENT, 1) is first
    first.close()
    again = vs.connect(CLIENT, 1)
    assert (first.server, again.server) == (f"{C}:80", f"{B}:80")
    assert view(vs, C) == (0, 0)


def test_persistence_keeps_a_client_on_its_server() -> None:
    vs = filled("rr", persistent=300)
    assert taken(vs, 4) == "3333"
    assert vs.connect("10.1.1.2", 1).server == f"{B}:80"
    vs.set_weight(C, 80, 0)
    assert taken(vs, 2, 30000) == "33"  # a drained server keeps its persistent clients
    vs.remove_server(C, 80)
    assert taken(vs, 2, 31000) == "11"
    vs.add_server(C, 80)
    assert taken(vs, 1, 32000) == "1"


def test_kube_proxys_sysctl_ends_persistence_of_a_drained_server() -> None:
    vs = filled("rr", persistent=300, expire_quiescent_template=True)
    assert taken(vs, 1) == "3"
    vs.set_weight(C, 80, 0)
    assert taken(vs, 2, 30000) == "22"


def test_persistence_counts_by_network() -> None:
    vs = filled("rr", persistent=300, netmask="255.255.255.0")
    assert {vs.connect(f"10.1.1.{i}", 1).server for i in range(1, 9)} == {f"{C}:80"}
    assert vs.connect("10.1.2.1", 1).server == f"{B}:80"


def test_persistence_ends_by_time_but_not_while_connections_live() -> None:
    vs = filled("rr", persistent=300)
    connection = vs.connect(CLIENT, 1, now=0)
    assert vs.connect(CLIENT, 2, now=299).server == f"{C}:80"
    vs.advance(700)  # past 299 + 300, but two connections are still there
    assert vs.connect(CLIENT, 3, now=701).server == f"{C}:80"
    other = filled("rr", persistent=300)
    connection = other.connect(CLIENT, 1, now=0)
    connection.close()
    assert other.connect(CLIENT, 2, now=301).server == f"{B}:80"


def test_a_firewall_mark_service_hashes_the_destination() -> None:
    vs = VirtualServer("TCP", "0.0.0.0", 0, scheduler="dh")
    for address in (A, B, C):
        vs.add_server(address, 80)
    by_destination = {
        target: {vs.connect(f"10.1.1.{i}", 9, destination=target).server for i in range(1, 20)}
        for target in (f"10.96.0.{n}" for n in range(10, 30))
    }
    assert all(len(servers) == 1 for servers in by_destination.values())
    assert len(set().union(*by_destination.values())) == 3


def test_lblcr_adds_servers_to_a_busy_address_and_drops_one_after_a_day() -> None:
    vs = filled("lblcr", 2, 2)
    held = [vs.connect(CLIENT, 1000 + i) for i in range(4)]
    # B takes three (busier than its weight only then), and A, with less than half of its weight, joins the set.
    assert [c.server for c in held] == [f"{B}:80"] * 3 + [f"{A}:80"]
    for connection in held:
        connection.close()
    # A day after the set last changed it is cut back by its busiest; both tie, so by its newest member, A.
    times = (20 * 3600, 25 * 3600, 25 * 3600 + 1)
    chosen = []
    for port, now in enumerate(times, 2000):
        connection = vs.connect(CLIENT, port, now=now)
        connection.close()
        chosen.append(connection.server)
    assert chosen == [f"{A}:80", f"{A}:80", f"{B}:80"]


def test_lblc_forgets_an_unused_address_after_a_day() -> None:
    vs = filled("lblc", 1, 1)
    assert vs.connect(CLIENT, 1).server == f"{B}:80"
    assert vs.connect(CLIENT, 2).server == f"{B}:80"
    # Without the entry the least loaded is chosen anew.
    assert vs.connect(CLIENT, 3, now=24 * 3600 + 1800).server == f"{A}:80"


def test_a_threshold_overloads_a_server_and_lifts_at_three_quarters() -> None:
    vs = service("rr")
    vs.add_server(A, 80)
    vs.add_server(B, 80, upper=2)
    held = [vs.connect(CLIENT, port) for port in range(1, 7)]
    assert [c.server[9:10] for c in held if c.server] == ["2", "1", "2", "1", "1", "1"]
    vs.expire(held[0])
    assert vs.connect(CLIENT, 10).server == f"{B}:80"


def test_two_choices_draw_by_weight_with_the_kernels_extra_chance_for_the_newest() -> None:
    shares: dict[str | None, object] = {}
    for probability, name in every_path(lambda choose: filled("twos", 1, 2, choose=choose).connect(CLIENT, 1).server):
        shares[name] = shares.get(name, 0) + probability  # type: ignore[operator]
    assert {name: str(share) for name, share in shares.items()} == {f"{B}:80": "3/4", f"{A}:80": "1/4"}


def test_active_ftp_data_is_not_scheduled() -> None:
    assert filled("rr").connect(CLIENT, 20).server is None


def test_ipv6_addresses_are_folded() -> None:
    vs = VirtualServer("TCP", "fd00::10", 80, scheduler="sh")
    for i in range(1, 4):
        vs.add_server(f"fd00:244::{i}", 80)
    assert {vs.connect(f"fd00:1::{i:x}", 1).server for i in range(1, 40)} == {f"[fd00:244::{i}]:80" for i in (1, 2, 3)}
