"""Graceful termination as kube-proxy does it."""

from __future__ import annotations

import pytest

from engine.ipvs import GracefulTermination, VirtualServer

A, B = ("10.244.1.1", 80), ("10.244.1.2", 80)


def service(protocol: str) -> VirtualServer:
    vs = VirtualServer(protocol, "10.96.0.10", 80, scheduler="rr")
    vs.add_server(*A)
    vs.add_server(*B)
    return vs


def weights(vs: VirtualServer) -> dict[str, int]:
    return {server.address: server.weight for server in vs.servers()}


def test_a_tcp_server_drains_and_goes_when_its_last_connection_has_left_the_table() -> None:
    vs = service("TCP")
    graceful = GracefulTermination(vs)
    connection = vs.connect("10.1.1.1", 1)
    assert connection.server == "10.244.1.2:80"
    graceful.retire(*B)
    assert weights(vs) == {"10.244.1.1": 1, "10.244.1.2": 0}
    connection.close(now=30)
    graceful.check(60)  # inactive connections count too: TIME_WAIT lasts two minutes
    assert graceful.waiting == (B,)
    graceful.check(180)
    assert weights(vs) == {"10.244.1.1": 1}
    assert not graceful.waiting


def test_an_endpoint_that_comes_back_keeps_its_connections_and_moves_to_the_head() -> None:
    vs = service("TCP")
    graceful = GracefulTermination(vs)
    vs.connect("10.1.1.1", 1)
    graceful.retire(*A)
    graceful.retire(*B)
    graceful.restore(*B)
    assert [(s.address, s.weight, s.active) for s in vs.servers()] == [("10.244.1.2", 1, 1)]
    graceful.restore(*A)
    assert [s.address for s in vs.servers()] == ["10.244.1.1", "10.244.1.2"]
    assert not graceful.waiting


# Measured with kube-proxy v1.30.5 on Linux 6.1: A, B and C with two connections each, A leaves and
# returns; the guest was slow, and its connections were cut. Within a jiffy they would have been kept.
@pytest.mark.parametrize(("pause", "active"), [(0.05, 0), (0.0, 2)])
def test_whether_connections_survive_the_way_back_is_a_race(pause: float, active: int) -> None:
    vs = VirtualServer("TCP", "10.96.0.10", 80, scheduler="rr", expire_nodest_conn=True)
    for address in ("10.244.0.7", "10.244.0.6", "10.244.0.5"):
        vs.add_server(address, 80)
    for port in range(1, 7):
        vs.connect("10.1.1.1", port)
    graceful = GracefulTermination(vs)
    graceful.retire("10.244.0.5", 80)
    assert [(s.weight, s.active) for s in vs.servers() if s.address == "10.244.0.5"] == [(0, 2)]
    assert {vs.connect("10.1.1.1", port).server for port in range(7, 11)} == {"10.244.0.6:80", "10.244.0.7:80"}
    graceful.restore("10.244.0.5", 80, pause)
    assert [(s.weight, s.active, s.inactive) for s in vs.servers() if s.address == "10.244.0.5"] == [(1, active, 0)]


def test_without_connections_or_without_tcp_it_goes_at_once() -> None:
    for protocol in ("TCP", "UDP", "SCTP"):
        vs = service(protocol)
        if protocol != "TCP":
            vs.connect("10.1.1.1", 1)
        GracefulTermination(vs).retire(*B)
        assert weights(vs) == {"10.244.1.1": 1}
