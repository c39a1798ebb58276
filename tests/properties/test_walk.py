"""What must hold for every walk through every cluster."""

from __future__ import annotations

import dataclasses
import itertools
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.cluster import NetworkFacts
from engine.hooks import Hook
from engine.packet import split_host_port
from engine.trace import Hop, Outcome, Request, Stage, Verdict
from engine.walk.jsonform import outcome_to_dict, request_to_dict
from engine.walk.outcomes import outcomes
from tests.breadth import breadth
from tests.strategies import clusters, requests

slow = settings(
    max_examples=breadth(40), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
facts = st.builds(
    NetworkFacts,
    bridge_nf_call_iptables=st.booleans(),
    hairpin_mode=st.sampled_from([None, True, False]),
    rp_filter=st.sampled_from([0, 1, 2]),
    route_localnet=st.booleans(),
    without=st.sampled_from(
        [frozenset(), *(frozenset({part}) for part in ("masquerade", "route", "hairpin-masquerade", "kube-ipvs0", "vs-conntrack"))]
    ),
)  # fmt: skip
modes = st.sampled_from(["iptables", "nftables"])
every_mode = st.sampled_from(["iptables", "ipvs", "nftables"])


def walked(
    data: st.DataObject, mode: str = "iptables", broken: bool = False
) -> tuple[Request, tuple[Outcome, ...], str]:
    """A drawn request, all its outcomes, and the address spoken to."""
    cluster = data.draw(clusters(least_nodes=2))
    if broken:
        cluster = dataclasses.replace(cluster, network=data.draw(facts))
    request = data.draw(requests(cluster))
    to = str(request_to_dict(cluster, request, mode)["to"])
    return request, outcomes(cluster, request, mode), to


@slow
@given(st.data(), every_mode)
def test_probabilities_add_to_one_and_ways_are_distinct(data: st.DataObject, mode: str) -> None:
    _, ways, _ = walked(data, mode, broken=True)
    assert sum(way.probability for way in ways) == Fraction(1)
    assert len({dataclasses.replace(way, probability=Fraction(1)) for way in ways}) == len(ways)


@slow
@given(st.data(), every_mode)
def test_a_delivered_connection_is_answered_by_the_address_spoken_to(data: st.DataObject, mode: str) -> None:
    _, ways, to = walked(data, mode, broken=True)
    for way in ways:
        if way.verdict is Verdict.DELIVERED:
            last = way.reply[-1]
            assert last.stage is Stage.SOCKET
            assert (last.src, last.dst) == (to, way.hops[0].src)
            assert way.where is None
            assert way.hops[-1].dst == way.destination
        else:
            assert way.where is not None


@slow
@given(st.data())
def test_a_whole_network_loses_nothing(data: st.DataObject) -> None:
    """With nothing taken away a packet is lost only where it was addressed to nothing. One case remains: a pod that
    speaks to another node's NodePort of a Local Service is not masqueraded there, so that an endpoint elsewhere
    answers it directly (the kernel does the same)."""
    request, ways, _ = walked(data)
    lost = {way.where.code for way in ways if way.verdict is Verdict.LOST and way.where is not None}
    from_pod_to_node = request.source.startswith("pod/") and request.destination.startswith("node/")
    assert lost <= {"no-such-host", "routing-loop"} | ({"wrong-reply-source"} if from_pod_to_node else set())


@slow
@given(st.data(), modes)
def test_external_local_keeps_the_client_and_stays_on_the_node(data: st.DataObject, mode: str) -> None:
    cluster = data.draw(clusters(least_nodes=2))
    local = [s for s in cluster.services if s.external_traffic_policy == "Local" and any(p.node_port for p in s.ports)]
    if not local:
        return
    service = data.draw(st.sampled_from(local))
    port = data.draw(st.sampled_from(service.ports))
    node = data.draw(st.sampled_from(cluster.nodes))
    request = Request("client", f"node/{node.name}:{port.node_port}", port.protocol.value)
    for way in outcomes(cluster, request, mode):
        client = split_host_port(way.hops[0].src)[0]
        assert not way.masqueraded
        assert {split_host_port(hop.src)[0] for hop in way.hops} == {client}
        nodes = {hop.host for hop in way.hops} & {n.name for n in cluster.nodes}
        assert nodes == {node.name}
        if way.verdict is Verdict.DELIVERED:
            assert way.source_seen == client


@slow
@given(st.data(), every_mode)
def test_hops_are_numbered_and_say_something_in_both_languages(data: st.DataObject, mode: str) -> None:
    _, ways, _ = walked(data, mode, broken=True)
    for way in ways:
        for leg in (way.hops, way.reply):
            assert [hop.n for hop in leg] == list(range(1, len(leg) + 1))
            assert all(hop.note.en and hop.note.zh and "{" not in hop.note.en for hop in leg)
        assert outcome_to_dict(way)["probability"] == str(way.probability)


@slow
@given(st.data(), st.integers(0, 1000))
def test_a_seed_draws_one_of_the_ways_and_always_the_same(data: st.DataObject, seed: int) -> None:
    cluster = data.draw(clusters(least_nodes=2))
    request = data.draw(requests(cluster))
    (drawn,) = outcomes(cluster, request, seed=seed)
    assert outcomes(dataclasses.replace(cluster), request, seed=seed) == (drawn,)
    certain = dataclasses.replace(drawn, probability=Fraction(1))
    assert certain in {dataclasses.replace(way, probability=Fraction(1)) for way in outcomes(cluster, request)}


def rewrites(hops: tuple[Hop, ...]) -> list[Hop]:
    return [hop for hop in hops if any(change.field in ("src", "dst") for change in hop.changes)]


@slow
@given(st.data(), modes)
def test_addresses_change_only_where_a_change_is_told(data: st.DataObject, mode: str) -> None:
    _, ways, _ = walked(data, mode, broken=True)
    for way in ways:
        for leg in (way.hops, way.reply):
            for before, after in itertools.pairwise(leg):
                if after not in rewrites(leg):
                    assert (before.src, before.dst) == (after.src, after.dst), (before, after)
            assert all(hop.hook in set(Hook) for hop in rewrites(leg))
