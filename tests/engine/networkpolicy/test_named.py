"""The question in names: what is found, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from engine import EngineError, NoSuchObject, UnsupportedFeature, load_cluster
from engine.cluster.policies import PolicyType
from engine.networkpolicy import allowed, at_pod, index_policies
from engine.packet import L4

from .scene import ask, objects, policy, scene

SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"clusterIP": "10.96.0.10"}}
DONE = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "done"}, "status": {"phase": "Succeeded"}}
NEW = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "new"}}
BY_ADDRESS = policy({"ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]})
CALICO = {"apiVersion": "crd.projectcalico.org/v1", "kind": "GlobalNetworkPolicy", "metadata": {"name": "g"}}
CILIUM = {"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": {"name": "c", "namespace": "x"}}
OLDER = {"apiVersion": "policy.networking.k8s.io/v1alpha1", "kind": "AdminNetworkPolicy", "metadata": {"name": "a"}}
STAGED = {"apiVersion": "crd.projectcalico.org/v1", "kind": "StagedNetworkPolicy", "metadata": {"name": "s"}}


@pytest.mark.parametrize(
    ("more", "asked", "error", "message"),
    [
        ([], "pod/nobody > pod/web 80", NoSuchObject, "there is no pod/nobody; known pods: pod/default/api, pod/default/bare"),
        ([], "pod/other/api > pod/web 80", NoSuchObject, "there is no pod/other/api"),
        ([], "node/node9 > pod/web 80", NoSuchObject, "there is no node 'node9'; known nodes: node1, node2"),
        ([DONE], "pod/done > pod/web 80", NoSuchObject, "pod/done has ended"),
        ([], "svc/web > pod/web 80", EngineError, "'svc/web' is not understood; write pod/NAME"),
        ([], "pod/ > pod/web 80", EngineError, "'pod/' is not understood"),
        ([], "10.0.0.1:80 > pod/web 80", EngineError, "'10.0.0.1:80' is not understood"),
        ([], "127.0.0.1 > pod/web 80", UnsupportedFeature, "127.0.0.1 is no single host's address"),
        ([], "224.0.0.1 > pod/web 80", UnsupportedFeature, "224.0.0.1 is no single host's address"),
        ([], "9.9.9.9 > 2001:db8::1 80", EngineError, "are of different address families"),
        ([], "2001:db8::1 > pod/bare 80", NoSuchObject, "pod/bare has no IPv6 address"),
        ([], "pod/web > pod/api 0", EngineError, "0 is not a port between 1 and 65535"),
        ([], "pod/web > pod/api 80/ICMP", UnsupportedFeature, "policies are defined for TCP, UDP and SCTP"),
        ([SERVICE], "pod/web > 10.96.0.10 80", UnsupportedFeature, "10.96.0.10 is the clusterIP of Service default/web"),
        ([policy({})], "10.244.2.99 > pod/web 80", NoSuchObject, "10.244.2.99 lies in node2's pod network, but no Pod"),
        ([policy({})], "pod/web > 10.244.2.99 80", NoSuchObject, "no Pod among the manifests has that address"),
        ([NEW], "pod/new > pod/web 80", None, ""),
        ([NEW, BY_ADDRESS], "pod/new > pod/web 80", NoSuchObject, "pod/default/new has no address in the manifests"),
        ([CALICO, CILIUM], "pod/api > pod/web 80", UnsupportedFeature, "not modelled: GlobalNetworkPolicy (crd.projectcalico.org/v1) g, CiliumNetworkPolicy (cilium.io/v2) x/c"),
        ([OLDER], "pod/api > pod/web 80", UnsupportedFeature, "AdminNetworkPolicy (policy.networking.k8s.io/v1alpha1) a"),
        ([STAGED], "pod/api > pod/web 80", None, ""),
    ],
)  # fmt: skip
def test_what_is_not_there_or_not_modelled(
    more: Any, asked: str, error: type[EngineError] | None, message: str
) -> None:
    if error is None:
        ask(scene(*more), asked)
        return
    with pytest.raises(error) as caught:
        ask(scene(*more), asked)
    assert message in str(caught.value)
    assert caught.value.zh != caught.value.en


@pytest.mark.parametrize(
    ("peer", "answer"),
    [
        ({"podSelector": {}}, None),
        ({"ipBlock": {"cidr": "10.244.2.0/24"}}, True),
        ({"ipBlock": {"cidr": "9.0.0.0/8"}}, False),
    ],
    ids=["labels nobody told", "an address", "another address"],
)
def test_a_pod_that_no_manifest_describes(peer: Any, answer: bool | None) -> None:
    cluster = scene(policy({"ingress": [{"from": [peer]}]}))
    index = index_policies(cluster)
    web = index.pods["default", "web"]

    def at_door() -> bool:
        found = at_pod(index, PolicyType.INGRESS, web, peer_address="10.244.2.99", protocol=L4.TCP, port=80)
        return found.allowed

    if answer is None:
        with pytest.raises(NoSuchObject, match="10.244.2.99 lies in node2's pod network"):
            at_door()
    else:
        assert at_door() is answer


def test_an_address_says_its_family_and_names_follow_it() -> None:
    cluster = scene(policy({"ingress": [{"from": [{"ipBlock": {"cidr": "2001:db8::/32"}}]}]}))
    assert ask(cluster, "2001:db8::1 > pod/web 80").ingress


@pytest.mark.parametrize(("family", "fits"), [("ipv4", True), ("ipv6", True), ("ipx", False)])
def test_family(family: str, fits: bool) -> None:
    if fits:
        assert ask(scene(), "pod/api > pod/web 80", family).allowed
    else:
        with pytest.raises(EngineError, match="'ipx' is no address family; ipv4 or ipv6"):
            ask(scene(), "pod/api > pod/web 80", family)


def test_a_protocol_is_read_in_any_case() -> None:
    assert allowed(scene(), source="pod/api", destination="pod/web", port=80, protocol="udp").allowed


def test_a_node_without_an_address_of_the_family() -> None:
    cluster = load_cluster(text="apiVersion: v1\nkind: Node\nmetadata: {name: n}")
    with pytest.raises(NoSuchObject, match="node n has no IPv4 InternalIP"):
        ask(cluster, "node/n > 9.9.9.9 80")


def test_the_scene_holds_no_policy() -> None:
    assert not [one for one in objects() if "Policy" in one["kind"]]
