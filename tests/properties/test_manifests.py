"""What must hold of loading and of choosing endpoints on any cluster."""

from __future__ import annotations

import dataclasses

from hypothesis import given, settings
from hypothesis import strategies as st

from engine import EngineError, ManifestError, check_cluster, load_cluster
from engine.cluster import Cluster
from engine.packet import Family
from engine.proxy.endpoints import categorize, service_ports
from engine.proxy.releases import NEWEST, behaviour_of
from tests.strategies import as_manifests, clusters

NEWEST_RULES = behaviour_of(NEWEST).endpoints
FAMILY = st.sampled_from(Family)


@settings(max_examples=60, deadline=None)
@given(clusters())
def test_a_cluster_written_as_manifests_is_read_back(cluster: Cluster) -> None:
    loaded = load_cluster(text=as_manifests(cluster))
    check_cluster(loaded)
    bare = dataclasses.replace(
        loaded,
        nodes=tuple(dataclasses.replace(node, annotations={}) for node in loaded.nodes),
        cni=cluster.cni,
        # That Calico's IPPools are not told is said of what was read.
        notices=cluster.notices,
        assumed=cluster.assumed,
    )
    assert bare == cluster
    assert (loaded.cni.plugin, loaded.cni.backend, loaded.cni.assumed) == (
        cluster.cni.plugin,
        cluster.cni.backend,
        False,
    )


@settings(max_examples=100, deadline=None)
@given(clusters(), FAMILY)
def test_which_endpoints_a_node_uses(cluster: Cluster, family: Family) -> None:
    views = service_ports(cluster, family, NEWEST_RULES)
    assert [view.label for view in views] == sorted(view.label for view in views)
    for view in views:
        everything = set(view.endpoints)
        somewhere = set()
        answers = []
        for node in cluster.nodes:
            found = categorize(view, node)
            assert set(found.reachable) == set(found.cluster) | set(found.local) <= everything
            assert all(e.node_name == node.name for e in found.local)
            assert all(e.ready for e in found.cluster) or not any(e.ready for e in everything)
            assert all(e.ready or (e.serving and e.terminating) for e in found.reachable)
            somewhere |= set(found.reachable)
            answers.append(found.has_any)
        usable = {e for e in everything if e.ready or (e.serving and e.terminating)}
        assert set(answers) == {bool(usable)}
        assert somewhere <= usable


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("aAvk1:-[]{}&*<>!|?'\"%@`, \n\t#~\x1b😀"), max_size=60))
def test_no_text_ever_ends_in_anything_but_our_own_error(text: str) -> None:
    try:
        load_cluster(text=text)
    except EngineError as error:
        assert isinstance(error, ManifestError) and str(error).isprintable()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_manifest_is_read_or_refused(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(_SAMPLES))
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 12))
    put = data.draw(st.sampled_from(["", "5", "no", "12:30", "[]", "{}", "null", "'", "\n", "*a", "&a ", "-", "\x00"]))
    try:
        cluster = load_cluster(text=text[:at] + put + text[at + cut :])
        service_ports(cluster, Family.IPV4, NEWEST_RULES)
        check_cluster(cluster)
    except EngineError as error:
        assert str(error).isprintable()


_NODE = "apiVersion: v1\nkind: Node\nmetadata: {name: n, labels: {a: b}}\nspec: {podCIDR: 10.244.1.0/24}\n"
_SAMPLES = (
    _NODE + "status:\n  addresses:\n  - {type: InternalIP, address: 192.168.1.10}\n",
    "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  type: NodePort\n  clusterIP: 10.96.0.1\n  selector:\n"
    "    app: web\n  ports:\n  - port: 80\n    targetPort: http\n    nodePort: 30080\n---\n" + _NODE,
    (
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a, labels: {app: web}}\n  spec:"
        " {nodeName: n, containers: [{ports: [{containerPort: 8080, name: http}]}]}\n  status: {podIP: 10.244.1.5}\n"
    ),
    "apiVersion: k8squiz.dev/v1\nkind: Network\nspec:\n  rpFilter: 1\n  missingRoutes:\n  - {node: a, to: b}\n  without: [route]\n",
)
