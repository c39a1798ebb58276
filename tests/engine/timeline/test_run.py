"""What becomes of connections while the cluster changes: the facts of rollouts, stale UDP entries, affinity, stopped proxies."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import pytest

from engine.cluster import Cluster, Mode
from engine.errors import EngineError, UnsupportedFeature
from engine.timeline import (
    Connection,
    Fate,
    HealthChecks,
    Lifecycle,
    PodLife,
    SigtermAnswer,
    Timeline,
    expected_failures,
    run,
)
from engine.timeline.run import first_impossible
from engine.timeline.view import Lags, ProxyStop
from engine.trace import Request

from .clusters import cluster

THREE = {"a": "node1", "b": "node2", "c": "node2"}
TCP, UDP = Request("pod/caller", "svc/web"), Request("pod/caller", "svc/web", "UDP")
B_GOES = (PodLife("default/b", deleted=1000),)
DNS = {"protocol": "UDP", "port": 53, "targetPort": 53}
# node1, which the caller is on, is a second behind the API server, node2 a half.
LAGS = Lags(200, 800, {"node2": 300})
EACH = Connection("each", TCP, 0, 500, 4000, reuses=False)


def failures(of: Cluster, connection: Connection, **more: object) -> list[str]:
    """`AT SHARE FATE` of every request that may fail."""
    given: dict[str, object] = {"lives": B_GOES, "lags": LAGS, **more}
    attempts = run(Timeline(of, (connection,), **given))  # type: ignore[arg-type]
    assert all(sum(c.probability for c in attempt.chances) == 1 for attempt in attempts)
    return [
        f"{attempt.at} {chance.probability} {chance.fate}"
        for attempt in attempts
        for chance in attempt.chances
        if chance.fate is not Fate.ANSWERED
    ]


@pytest.mark.parametrize(
    ("more", "failed"),
    [
        # Rules lag a second behind; meanwhile one new connection in three goes to the pod that is gone.
        pytest.param({}, ["1000 1/3 no answer", "1500 1/3 no answer"], id="no preStop"),
        pytest.param({"lifecycle": Lifecycle(pre_stop=1000)}, [], id="preStop as long as the lag"),
        pytest.param({"lifecycle": Lifecycle(pre_stop=300)}, ["1500 1/3 no answer"], id="preStop shorter than the lag"),
        pytest.param(
            {"lifecycle": Lifecycle(on_sigterm=SigtermAnswer.DRAINS)}, ["1000 1/3 refused", "1500 1/3 refused"],
            id="draining alone only changes the error",
        ),
        pytest.param({"lifecycle": Lifecycle(on_sigterm=SigtermAnswer.IGNORES)}, [], id="it goes on for its grace period"),
        pytest.param({"lags": Lags(0, 0)}, [], id="nobody is behind"),
        pytest.param({"lags": LAGS, "mode": Mode.NFTABLES}, ["1000 1/3 no answer", "1500 1/3 no answer"], id="nftables"),
        pytest.param({"lags": LAGS, "mode": Mode.IPVS}, ["1000 1/3 no answer", "1500 1/3 no answer"], id="ipvs"),
        pytest.param(
            {"lives": (PodLife("default/b", created=1000),), "lags": Lags(0, 0),
             "lifecycle": Lifecycle(listens_after=700, ready_after=None)},
            ["1000 1/3 refused", "1500 1/3 refused"], id="no readiness probe",
        ),
        pytest.param(
            {"lives": (PodLife("default/b", created=1000),), "lifecycle": Lifecycle(listens_after=700, ready_after=300)},
            [], id="a readiness probe",
        ),
        pytest.param(
            {"lives": (PodLife("default/b", vanishes=3100),)}, ["3500 1/3 no answer"], id="its node loses power",
        ),
        pytest.param(
            {"stops": (ProxyStop("node1", 1100),)}, [f"{at} 1/3 no answer" for at in range(1000, 4000, 500)],
            id="this node's kube-proxy stops",
        ),
        pytest.param({"stops": (ProxyStop("node2", 1100),)}, ["1000 1/3 no answer", "1500 1/3 no answer"], id="another's does"),
        pytest.param(
            {"stops": (ProxyStop("node1", 1100, 2700),)}, [f"{at} 1/3 no answer" for at in (1000, 1500, 2000, 2500)],
            id="until it starts again",
        ),
    ],
)  # fmt: skip
def test_new_connections_while_a_pod_goes(more: dict[str, object], failed: list[str]) -> None:
    assert failures(cluster(THREE), EACH, **more) == failed


@pytest.mark.parametrize(
    ("lasts", "more", "failed"),
    [
        pytest.param(0, {}, [], id="an idle connection is closed in good order"),
        # Nobody is behind: what fails is what is in flight.
        pytest.param(600, {}, ["500 1/3 reset"], id="a request in flight is cut"),
        pytest.param(1200, {}, ["0 1/3 reset", "500 1/3 reset"], id="all that are in flight are"),
        pytest.param(600, {"lifecycle": Lifecycle(on_sigterm=SigtermAnswer.DRAINS, drain=200)}, [], id="a drain finishes it"),
        pytest.param(600, {"lifecycle": Lifecycle(pre_stop=5000)}, [], id="preStop lets it finish"),
        pytest.param(
            600, {"lifecycle": Lifecycle(on_sigterm=SigtermAnswer.IGNORES, grace=50)}, ["500 1/3 reset", "1000 1/3 reset"],
            id="a grace period that is too short",
        ),
    ],
)  # fmt: skip
def test_a_connection_that_is_kept(lasts: int, more: dict[str, object], failed: list[str]) -> None:
    kept = Connection("kept", TCP, 0, 500, 3000, lasts=lasts)
    assert failures(cluster(THREE), kept, **{"lags": Lags(), **more}) == failed


def test_a_connection_outlives_the_rules_that_made_it() -> None:
    """kube-proxy has taken b out long since; who holds a connection to it stays there."""
    kept = Connection("kept", TCP, 0, 500, 20_000)
    attempts = run(Timeline(cluster(THREE), (kept,), (PodLife("default/b", unready=(1000, None)),), lags=Lags(0, 0)))
    last = {chance.pod: chance.probability for chance in attempts[-1].chances}
    assert last == {f"default/{pod}": Fraction(1, 3) for pod in THREE}


@pytest.mark.parametrize(("max_age", "share"), [(None, Fraction(0)), (2000, Fraction(1, 4))])
def test_long_connections_do_not_move_to_new_pods(max_age: int | None, share: Fraction) -> None:
    """A fourth pod comes: nobody of those that are connected goes to it before a connection ends."""
    of = cluster({**THREE, "d": "node1"})
    grpc = Connection("grpc", TCP, 0, 500, 9000, max_age=max_age)
    attempts = run(Timeline(of, (grpc,), (PodLife("default/d", created=1000),)))
    assert sum(c.probability for c in attempts[-1].chances if c.pod == "default/d") == share


def test_a_dead_node_says_nothing() -> None:
    """The client waits on its connection until it gives up by itself."""
    lives = (PodLife("default/b", vanishes=1000),)
    kept = Connection("kept", TCP, 0, 500, 3000)
    assert failures(cluster(THREE), kept, lives=lives) == [f"{at} 1/3 hangs" for at in (1000, 1500, 2000, 2500)]
    told = Connection("kept", TCP, 0, 500, 3000, timeout=1000)
    found = failures(cluster(THREE), told, lives=lives)
    assert found[:2] == ["1000 1/3 hangs", "1500 1/3 hangs"]
    assert found[2].startswith("2000 1/9 no answer")


@pytest.mark.parametrize(
    ("more", "failed"),
    [
        pytest.param({}, [1000, 1500], id="the node's kube-proxy deletes the entry when it syncs"),
        pytest.param({"stops": (ProxyStop("node1", 500),)}, list(range(1000, 4000, 500)), id="none does: stuck"),
        pytest.param({"stops": (ProxyStop("node2", 500),)}, [1000, 1500], id="it is the client's node that counts"),
        *(
            pytest.param({"stops": (ProxyStop("node1", 500, 2700),), "release": release}, [1000, 1500, 2000, 2500], id=release)
            for release in ("1.31", "1.32", "1.37")
        ),
    ],
)  # fmt: skip
def test_a_udp_client_that_keeps_its_port(more: dict[str, object], failed: list[int]) -> None:
    socket = Connection("dns", UDP, 0, 500, 4000)
    wanted = [f"{at} 1/3 no answer" for at in failed]
    assert failures(cluster(THREE, port=DNS), socket, **more) == wanted


@pytest.mark.parametrize(
    ("release", "failed"),
    [
        ("1.31", ["1000 1 no answer", "1500 1 no answer", "2000 1 refused", "2500 1 refused"]),
        ("1.32", [f"{at} 1 no answer" for at in (1000, 1500, 2000, 2500)]),
        ("1.36", [f"{at} 1 no answer" for at in (1000, 1500, 2000, 2500)]),
        ("1.37", ["1000 1 no answer", "1500 1 no answer", "2000 1 refused", "2500 1 refused"]),
    ],
)
def test_a_udp_service_loses_its_last_endpoint(release: str, failed: list[str]) -> None:
    socket = Connection("statsd", UDP, 0, 500, 3000)
    assert failures(cluster({"b": "node2"}, port=DNS), socket, release=release) == failed


@pytest.mark.parametrize(
    ("every", "led"),
    [
        # nf_conntrack_udp_timeout is 30 s; the stream's 120 s count once an entry is two seconds old and answered.
        pytest.param(29_000, "the conntrack entry on node1 still leads there", id="each query renews it"),
        pytest.param(31_000, "node1's rules still send there", id="silent for 31 s: it is drawn anew"),
    ],
)
def test_an_entry_ends_by_silence(every: int, led: str) -> None:
    socket = Connection("dns", UDP, 0, every, 70_000)
    lags, stops = Lags(), (ProxyStop("node1", 500),)
    attempts = run(Timeline(cluster(THREE, port=DNS), (socket,), B_GOES, lags=lags, stops=stops))
    said = {chance.why.en for attempt in attempts for chance in attempt.chances if chance.fate is not Fate.ANSWERED}
    assert said == {f"b is gone since 1 s; {led}"}


def test_udp_in_ipvs_mode_is_refused() -> None:
    with pytest.raises(UnsupportedFeature, match="UDP connection in ipvs mode"):
        failures(cluster(THREE, port=DNS), Connection("dns", UDP, 0), mode=Mode.IPVS)


AFFINE = {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 3}}}


@pytest.mark.parametrize(
    ("every", "lives", "failed"),
    [
        # A listed endpoint that refuses: affinity knows no health.
        pytest.param(
            1000, (PodLife("default/b", vanishes=500),), [f"{at} 1/3" for at in (1000, 2000, 3000)], id="pinned"
        ),
        pytest.param(3000, (PodLife("default/b", vanishes=500),), ["3000 1/3"], id="drawn anew after the timeout"),
        pytest.param(1000, B_GOES, ["1000 1/3"], id="drawn anew once it is no endpoint any more"),
    ],
)
def test_session_affinity(every: int, lives: tuple[PodLife, ...], failed: list[str]) -> None:
    of = cluster(THREE, service=AFFINE)
    client = Connection("client", TCP, 0, every, 4000, reuses=False)
    found = failures(of, client, lives=lives, lags=Lags(0, 800))
    assert [" ".join(line.split()[:2]) for line in found] == failed


@pytest.mark.parametrize("mode", [Mode.IPTABLES, Mode.NFTABLES, Mode.IPVS])
@pytest.mark.parametrize(
    ("lives", "stops", "moves"),
    [
        pytest.param((), (), False, id="nothing happens"),
        pytest.param((), (ProxyStop("node1", 500, 1500),), False, id="kube-proxy starts anew"),
        # The chain, the set, the real server went, and what was remembered with it; what comes back knows nothing.
        pytest.param((PodLife("default/b", unready=(500, 1500)),), (), True, id="its endpoint was away"),
        pytest.param((PodLife("default/a", unready=(500, 1500)),), (), False, id="another endpoint was away"),
        pytest.param(
            (PodLife("default/b", unready=(500, 1500)),), (ProxyStop("node1", 400, 2500),), False,
            id="its endpoint was away and kube-proxy did not see it",
        ),
    ],
)  # fmt: skip
def test_an_endpoint_that_comes_back_is_not_remembered(
    mode: Mode, lives: tuple[PodLife, ...], stops: tuple[ProxyStop, ...], moves: bool
) -> None:
    client = Connection("client", TCP, 0, 3000, 3001, reuses=False)
    of = cluster(THREE, service={"sessionAffinity": "ClientIP"})
    timeline = Timeline(of, (client,), lives, stops=stops, mode=mode)
    seen = [(Fate.ANSWERED, "default/b"), (Fate.ANSWERED, "default/a")]
    assert first_impossible(timeline, client, seen) == (None if moves else 1)


LOCAL = {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "healthCheckNodePort": 32000}
OUTSIDE = Connection("outside", Request("client", "203.0.113.7:80"), 0, 500, 6000, reuses=False)


@pytest.mark.parametrize(
    ("service", "more", "failed"),
    [
        pytest.param(LOCAL, {}, [1000, 1500, 2000, 2500], id="until two checks have failed"),
        pytest.param(LOCAL, {"lifecycle": Lifecycle(pre_stop=1000)}, [2000, 2500], id="preStop of a second"),
        pytest.param(LOCAL, {"lifecycle": Lifecycle(pre_stop=2000)}, [], id="preStop as long as the checks take"),
        pytest.param(
            LOCAL, {"stops": (ProxyStop("node2", 0),), "lives": ()}, [], id="a node whose kube-proxy stopped is taken out",
        ),
        pytest.param({"type": "LoadBalancer"}, {"lags": Lags()}, [], id="policy Cluster needs no check"),
    ],
)  # fmt: skip
def test_behind_a_load_balancer(service: dict[str, object], more: dict[str, object], failed: list[int]) -> None:
    of = cluster({"a": "node1", "b": "node2"}, service=service)
    given = {"checks": HealthChecks(1000, 2, 2), **more}
    assert [int(line.split()[0]) for line in failures(of, OUTSIDE, **given)] == failed


def test_expected_failures_are_summed() -> None:
    attempts = run(Timeline(cluster(THREE), (EACH,), B_GOES, lags=LAGS))
    assert expected_failures(attempts) == Fraction(2, 3)


BAD = {
    "no such protocol": Connection("c", Request("pod/caller", "svc/web", "$X"), 0),
    "echo requests": Connection("c", Request("pod/caller", "pod/a", "ICMP"), 0),
    "a period of no time": Connection("c", TCP, 0, 0, 1000),
    "an address without a port": Connection("c", Request("pod/caller", "10.96.0.10"), 0),
    "one of IPv6": Connection("c", Request("pod/caller", "fd00::5"), 0),
    "a blank before it": Connection("c", Request("pod/caller", " 10.96.0.10:80"), 0),
    "nothing": Connection("c", Request("", ""), 0),
}


@pytest.mark.parametrize("connection", BAD.values(), ids=BAD)
@pytest.mark.parametrize("reuses", [True, False])
def test_bad_input_is_told(connection: Connection, reuses: bool) -> None:
    with pytest.raises(EngineError):
        run(Timeline(cluster(THREE), (dataclasses.replace(connection, reuses=reuses),), lives=B_GOES, lags=LAGS))
