"""Properties of the schedulers over random histories."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.ipvs import SCHEDULERS, Connection, ServerView, VirtualServer
from engine.ipvs.server import RealServer

_PORT = 8080
_ADDRESSES = [f"10.244.1.{i}" for i in range(1, 7)]
_FEW = settings(max_examples=60, deadline=None)

weights = st.lists(st.integers(0, 6), min_size=1, max_size=6)
positive = st.lists(st.integers(1, 8), min_size=1, max_size=6)
clients = st.lists(
    st.tuples(st.integers(1, 0xFFFFFFFE), st.integers(1024, 65535)), min_size=1, max_size=40, unique_by=lambda c: c
)
# What happens besides connections: which server, and the weight it gets; None removes it or brings it back.
changes = st.lists(
    st.tuples(st.integers(0, 5), st.one_of(st.none(), st.integers(0, 6)), st.integers(1, 6)), max_size=25
)


def _address(number: int) -> str:
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))


def _service(scheduler: str, servers: list[int], flags: tuple[str, ...] = ()) -> VirtualServer:
    vs = VirtualServer("TCP", "10.96.0.10", 80, scheduler=scheduler, flags=flags)
    for address, weight in zip(_ADDRESSES, servers, strict=False):
        vs.add_server(address, _PORT, weight)
    return vs


def _play(vs: VirtualServer, history: list[tuple[int, int | None, int]]) -> list[Connection]:
    """Apply changes with a few connections (some of them closed) after each."""
    made: list[Connection] = []
    for index, weight, count in history:
        address = _ADDRESSES[index]
        there = any(s.address == address for s in vs.servers())
        if weight is None and there:
            vs.remove_server(address, _PORT)
        elif there:
            vs.set_weight(address, _PORT, weight or 0)
        else:
            vs.add_server(address, _PORT, 1 if weight is None else weight)
        for _ in range(count):
            number = len(made)
            made.append(vs.connect(f"10.1.{number % 7}.{number % 11}", 10000 + number))
            if number % 3 == 0:
                made[number // 2].close()
    return made


@given(positive)
@_FEW
def test_wrr_shares_equal_the_weights_over_a_cycle(servers: list[int]) -> None:
    vs = _service("wrr", servers)
    chosen = Counter(vs.connect("10.1.1.1", 1000 + i).server for i in range(2 * sum(servers)))
    assert chosen == {f"{a}:{_PORT}": 2 * w for a, w in zip(_ADDRESSES, servers, strict=False)}


@given(positive)
@_FEW
def test_wrr_without_weights_is_rr(servers: list[int]) -> None:
    plain = [1] * len(servers)
    chosen = [[_service(s, plain).connect("10.1.1.1", 1).server for _ in range(9)] for s in ("rr", "wrr")]
    assert chosen[0] == chosen[1]


@given(positive, changes)
@_FEW
def test_wlc_with_equal_weights_is_lc(servers: list[int], history: list[tuple[int, int | None, int]]) -> None:
    same = [1] * len(servers)
    equal = [(index, None, count) for index, _, count in history]
    results = [[c.server for c in _play(_service(s, same), list(equal))] for s in ("lc", "wlc")]
    assert results[0] == results[1]


@pytest.mark.parametrize(
    ("scheduler", "flags"),
    [
        ("sh", ()),
        ("sh", ("sh-port",)),
        ("sh", ("sh-port", "sh-fallback")),
        ("mh", ()),
        ("mh", ("mh-port", "mh-fallback")),
    ],
)
@given(servers=weights, clients=clients, noise=st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_source_hashing_depends_on_the_client_and_the_table_alone(
    scheduler: str, flags: tuple[str, ...], servers: list[int], clients: list[tuple[int, int]], noise: object
) -> None:
    in_order = _service(scheduler, servers, flags)
    expected = {client: in_order.connect(_address(client[0]), client[1]).server for client in clients}
    shuffled = list(clients)
    noise.shuffle(shuffled)  # type: ignore[attr-defined]
    other = _service(scheduler, servers, flags)
    for address, port in shuffled:
        connection = other.connect(_address(address), port)
        assert connection.server == expected[address, port]
        connection.close()
    if not any("port" in flag for flag in flags):
        for address, port in clients:
            assert other.connect(_address(address), port ^ 1).server == expected[address, port]


@given(positive)
@settings(max_examples=20, deadline=None)
def test_the_maglev_table_follows_the_weights(servers: list[int]) -> None:
    vs = _service("mh", servers)
    shares: Counter[RealServer] = Counter(vs._scheduler.build())  # type: ignore[attr-defined]
    for server, share in shares.items():
        assert abs(share - 4093 * server.weight / sum(servers)) <= 8


@given(st.integers(2, 6))
@settings(max_examples=5, deadline=None)
def test_draining_under_maglev_moves_no_other_client(count: int) -> None:
    vs = _service("mh", [1] * count, ("mh-fallback",))
    people = [f"10.{i % 3}.{i % 50}.{i % 251}" for i in range(300)]
    before = {p: vs.connect(p, 1000).server for p in people}
    vs.set_weight(_ADDRESSES[0], _PORT, 0)
    after = {p: vs.connect(p, 1001).server for p in people}
    drained = f"{_ADDRESSES[0]}:{_PORT}"
    assert drained not in after.values()
    assert all(before[p] == after[p] for p in people if before[p] != drained)


def _cost(scheduler: str, server: ServerView) -> float:
    overhead = server.active * 256 + server.inactive
    costs = {"lc": overhead, "wlc": overhead / server.weight, "sed": (server.active + 1) / server.weight}
    return costs[scheduler]


@pytest.mark.parametrize("scheduler", ["lc", "wlc", "sed"])
@given(servers=weights, history=changes)
@_FEW
def test_the_least_cost_is_chosen(
    scheduler: str, servers: list[int], history: list[tuple[int, int | None, int]]
) -> None:
    vs = _service(scheduler, servers)
    _play(vs, history)
    able = {s.name: s for s in vs.servers() if s.weight > 0}
    chosen = vs.connect("10.9.9.9", 9).server
    if not able:
        assert chosen is None
    else:
        assert chosen is not None
        assert _cost(scheduler, able[chosen]) == min(_cost(scheduler, s) for s in able.values())


@given(weights, changes)
@_FEW
def test_nq_never_leaves_a_server_idle(servers: list[int], history: list[tuple[int, int | None, int]]) -> None:
    vs = _service("nq", servers)
    _play(vs, history)
    idle = {s.name for s in vs.servers() if s.weight > 0 and s.active == 0}
    chosen = vs.connect("10.9.9.9", 9).server
    assert not idle or chosen in idle


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@given(servers=weights, history=changes)
@settings(max_examples=15, deadline=None)
def test_counts_add_up_and_weight_zero_gets_nothing(
    scheduler: str, servers: list[int], history: list[tuple[int, int | None, int]]
) -> None:
    vs = _service(scheduler, servers)
    made = _play(vs, history)
    counted = Counter[str]()
    for connection in made:
        if connection.server:
            counted[connection.server] += 1
    for server in vs.servers():
        assert server.active + server.inactive == counted[server.name]
        assert min(server.active, server.inactive) >= 0
    chosen = vs.connect("10.9.9.9", 9).server
    assert chosen is None or next(s.weight for s in vs.servers() if s.name == chosen) > 0
    for connection in made:
        vs.expire(connection)
    assert sum(s.active + s.inactive for s in vs.servers()) == (chosen is not None)
