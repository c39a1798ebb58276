"""Network policies at the pods' doors: who enforces them, where the packet is judged, and as whose it counts there.

Sources: the rules of Calico (felix), kube-router and kube-network-policies, see engine.cni.enforcement.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from engine import ManifestError, Request, load_cluster, outcomes
from engine.cluster import Cluster, CNIConfig, NetworkFacts, Node
from engine.errors import NoSuchObject, UnsupportedFeature
from engine.fabric.fabric import build_fabric
from engine.netfilter.ipt_parse import parse
from engine.trace import Hop, Outcome, Stage
from tests.engine.clusters import NODE1, A, B, C, cluster

CALICO = CNIConfig("calico", "bgp", assumed=False)
TUNNEL = CNIConfig("calico", "ipip", assumed=False)
FLANNEL = CNIConfig(assumed=False)
# name -> the CNI, and what a Network document says of who enforces
PLUGINS: dict[str, tuple[CNIConfig, str | None]] = {
    "calico": (CALICO, None),
    "calico ipip": (TUNNEL, None),
    "kube-router": (FLANNEL, "kube-router"),
    "kindnet": (CALICO, "kindnet"),
    "flannel": (FLANNEL, None),
}


def policies(ingress: str = "", egress: str = "", kinds: str = "Ingress, Egress", pods: str = "{}") -> str:
    """One NetworkPolicy of namespace default that isolates the pods."""
    return f"""
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: p, namespace: default}}
spec:
  podSelector: {pods}
  policyTypes: [{kinds}]
  ingress: [{ingress}]
  egress: [{egress}]
"""


def block(cidr: str, way: str = "from") -> str:
    return f"{{{way}: [{{ipBlock: {{cidr: {cidr}}}}}]}}"


def scene(plugin: str, text: str, *backends: str, network: NetworkFacts | None = None, **more: Any) -> Cluster:
    """The measured cluster on that plugin with the policies of `text`."""
    cni, word = PLUGINS[plugin]
    facts = dataclasses.replace(network or NetworkFacts(), policy_enforcement=word)
    read = load_cluster(text=text)
    made = cluster(*backends, cni=cni, network=facts, **more)
    pods = tuple(dataclasses.replace(pod, labels={**pod.labels, "name": pod.name}) for pod in made.pods)
    return dataclasses.replace(
        made, pods=pods, network_policies=read.network_policies, cluster_network_policies=read.cluster_network_policies
    )


def walk(made: Cluster, source: str, destination: str, mode: str = "iptables", node: str | None = None) -> Outcome:
    (way,) = outcomes(made, Request(source, destination, node=node), mode)
    return way


def end(way: Outcome) -> str:
    return f"{way.verdict} {way.where.code} at {way.where.host}" if way.where else str(way.verdict)


def doors(hops: tuple[Hop, ...]) -> list[str]:
    return [f"{hop.host} {hop.hook}" for hop in hops if hop.stage is Stage.POLICY]


DENY_IN = policies(kinds="Ingress")
DENY_OUT = policies(kinds="Egress")
FROM_A = policies(ingress=block(f"{A}/32"), kinds="Ingress")
FROM_NODE1 = policies(ingress=block(f"{NODE1}/32"), kinds="Ingress")
FROM_CLIENT = policies(ingress=block("1.2.3.4/32"), kinds="Ingress")
TO_B = policies(egress=block(f"{B}/32", "to"), kinds="Egress")
TO_VIP = policies(egress=block("10.96.0.10/32", "to"), kinds="Egress")
PORT_80 = policies(ingress="{ports: [{port: 80}]}", kinds="Ingress")
PORT_8080 = policies(ingress="{ports: [{port: 8080}]}", kinds="Ingress")

# what is asked -> policies, backend, from, to, what becomes of it on Calico
PATHS: dict[str, tuple[str, str, str, str, str]] = {
    "one node, ingress denied": (DENY_IN, C, "pod/pod-a", "pod/pod-c:8080", "DROP network-policy at node1"),
    "one node, egress denied": (DENY_OUT, C, "pod/pod-a", "pod/pod-c:8080", "DROP network-policy at node1"),
    "one node, allowed": (FROM_A, C, "pod/pod-a", "pod/pod-c:8080", "DELIVERED"),
    "other node, ingress denied there": (DENY_IN, B, "pod/pod-a", "pod/pod-b:8080", "DROP network-policy at node2"),
    "other node, egress denied here": (DENY_OUT, B, "pod/pod-a", "pod/pod-b:8080", "DROP network-policy at node1"),
    "other node, allowed": (FROM_A, B, "pod/pod-a", "pod/pod-b:8080", "DELIVERED"),
    "a ClusterIP is judged after DNAT": (TO_B, B, "pod/pod-a", "svc/web", "DELIVERED"),
    "not by the Service's address": (TO_VIP, B, "pod/pod-a", "svc/web", "DROP network-policy at node1"),
    "nor by its port": (PORT_80, B, "pod/pod-a", "svc/web", "DROP network-policy at node2"),
    "by the pod's port": (PORT_8080, B, "pod/pod-a", "svc/web", "DELIVERED"),
    "NodePort on the pod's node: the client's own address": (FROM_CLIENT, A, "client", "node/node1:30080", "DELIVERED"),
    "not the masqueraded one": (FROM_NODE1, A, "client", "node/node1:30080", "DROP network-policy at node1"),
    "NodePort on another node: the masqueraded address": (FROM_NODE1, B, "client", "node/node1:30080", "DELIVERED"),
    "no more the client's": (FROM_CLIENT, B, "client", "node/node1:30080", "DROP network-policy at node2"),
    "the pod's own node is not judged": (DENY_IN, A, "node/node1", "svc/web", "DELIVERED"),
    "another node is": (DENY_IN, B, "node/node1", "svc/web", "DROP network-policy at node2"),
    "to its own node: egress is judged": (DENY_OUT, A, "pod/pod-a", "node/node1:10250", "DROP network-policy at node1"),
    "to itself through the Service": (DENY_IN, A, "pod/pod-a", "svc/web", "DROP network-policy at node1"),
    "to itself, let in by its address": (FROM_A, A, "pod/pod-a", "svc/web", "DELIVERED"),
    "to itself directly, which leaves the pod never": (DENY_IN, A, "pod/pod-a", "pod/pod-a:8080", "DELIVERED"),
    "the answer of a pod that may send nothing": (
        policies(kinds="Egress", pods="{matchLabels: {name: pod-b}}"),
        B,
        "pod/pod-a",
        "svc/web",
        "DELIVERED",
    ),
}
# what is otherwise elsewhere
OTHERWISE: dict[tuple[str, str], str] = {
    # Through the tunnel another node's processes and its masquerade come from the tunnel's address.
    ("calico ipip", "NodePort on another node: the masqueraded address"): "DROP network-policy at node2",
    ("kube-router", "NodePort on another node: the masqueraded address"): "REJECT network-policy at node2",
    ("kindnet", "to its own node: egress is judged"): "DELIVERED",
}


@pytest.mark.parametrize("mode", ["iptables", "nftables", "ipvs"])
@pytest.mark.parametrize("plugin", ["calico", "calico ipip", "kindnet"])
@pytest.mark.parametrize("name", PATHS)
def test_paths(name: str, plugin: str, mode: str) -> None:
    text, backend, source, destination, expected = PATHS[name]
    way = walk(scene(plugin, text, backend), source, destination, mode)
    assert end(way) == OTHERWISE.get((plugin, name), expected)


@pytest.mark.parametrize("mode", ["iptables", "nftables"])
@pytest.mark.parametrize("name", PATHS)
def test_kube_router_rejects(name: str, mode: str) -> None:
    text, backend, source, destination, expected = PATHS[name]
    way = walk(scene("kube-router", text, backend), source, destination, mode)
    assert end(way) == OTHERWISE.get(("kube-router", name), expected.replace("DROP", "REJECT"))
    if way.verdict == "REJECT":
        assert way.reply[-1].stage is Stage.SOCKET  # and the client hears of it


@pytest.mark.parametrize("name", PATHS)
def test_flannel_enforces_nothing_and_says_so(name: str) -> None:
    text, backend, source, destination, _ = PATHS[name]
    way = walk(scene("flannel", text, backend), source, destination)
    assert way.verdict == "DELIVERED"
    assert not doors(way.hops) + doors(way.reply)
    told = [one for one in way.assumed if "enforces none" in one.en and "不执行" in one.zh]
    # A pod that reaches itself inside, and what its own node sends it, no plugin judges.
    assert bool(told) != (name in ("the pod's own node is not judged", "to itself directly, which leaves the pod never", "the answer of a pod that may send nothing"))  # fmt: skip


@pytest.mark.parametrize(
    ("plugin", "source", "destination", "there"),
    [
        ("calico", "pod/pod-a", "pod/pod-c:8080", ["node1 FORWARD", "node1 FORWARD"]),
        ("calico", "pod/pod-a", "svc/web", ["node1 FORWARD", "node2 FORWARD"]),
        ("kube-router", "pod/pod-a", "svc/web", ["node1 FORWARD", "node2 FORWARD"]),
        ("kindnet", "pod/pod-a", "svc/web", ["node1 POSTROUTING", "node2 POSTROUTING"]),
        ("calico", "client", "node/node1:30080", ["node2 FORWARD"]),
        ("calico", "pod/pod-b", "node/node2:10250", ["node2 INPUT"]),
    ],
)
def test_where_it_is_judged(plugin: str, source: str, destination: str, there: list[str]) -> None:
    way = walk(scene(plugin, policies(ingress="{}", egress="{}"), B), source, destination)
    assert way.verdict == "DELIVERED"
    assert doors(way.hops) == there
    back = [hop for hop in way.reply if hop.stage is Stage.POLICY]
    assert all("conntrack knows the connection" in hop.note.en for hop in back)


def test_before_the_source_is_rewritten() -> None:
    way = walk(scene("calico", FROM_CLIENT, A), "client", "node/node1:30080")
    stages = [hop.stage for hop in way.hops if hop.host == "node1"]
    assert stages.index(Stage.DNAT) < stages.index(Stage.POLICY) < stages.index(Stage.SNAT)


def test_a_refusal_says_which_rule_is_missing() -> None:
    way = walk(scene("calico", DENY_IN, B), "pod/pod-a", "svc/web")
    assert way.where is not None
    assert "isolated for ingress by default/p" in way.where.reason.en
    assert "隔离" in way.where.reason.zh


def test_a_step_says_which_rule_lets_it_pass() -> None:
    way = walk(scene("calico", FROM_A, B), "pod/pod-a", "svc/web")
    notes = [hop.note.en for hop in way.hops if hop.stage is Stage.POLICY]
    assert "No policy isolates pod default/pod-a for egress" in notes[0]
    assert "spec.ingress[0]: from[0] (addresses in 10.244.1.5/32)" in notes[1]


def test_without_policies_there_is_no_step() -> None:
    way = walk(cluster(B, cni=CALICO), "pod/pod-a", "svc/web")
    assert not doors(way.hops)
    assert way.assumed == ()


def test_bridged_frames_pass_no_policy_without_br_netfilter() -> None:
    off = NetworkFacts(bridge_nf_call_iptables=False)
    way = walk(scene("kube-router", DENY_IN, C, network=off), "pod/pod-a", "pod/pod-c:8080")
    assert way.verdict == "DELIVERED"
    assert [one.en for one in way.assumed if "bridge-nf-call-iptables is 0" in one.en]


K3S = {"k3s.io/node-args": '["server","--flannel-backend","vxlan"]'}
K3S_OFF = {"k3s.io/node-args": '["server","--disable-network-policy"]'}
K3S_ON_AGAIN = {"k3s.io/node-args": '["server","--disable-network-policy","false"]'}


@pytest.mark.parametrize(
    ("annotations", "verdict"), [(K3S, "REJECT"), (K3S_OFF, "DELIVERED"), (K3S_ON_AGAIN, "REJECT"), ({}, "DELIVERED")]
)
def test_k3s_enforces_beside_flannel(annotations: dict[str, str], verdict: str) -> None:
    made = scene("flannel", DENY_IN, B)
    nodes: tuple[Node, ...] = tuple(dataclasses.replace(node, annotations=annotations) for node in made.nodes)
    assert walk(dataclasses.replace(made, nodes=nodes), "pod/pod-a", "svc/web").verdict == verdict


CHAINS = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n{}COMMIT\n"


@pytest.mark.parametrize(
    ("chain", "verdict", "told"),
    [("", "DROP", True), (":cali-tw-cali2f5353dd8c5 - [0:0]\n", "DELIVERED", False)],
    ids=["rules without the plugin's chains", "rules with them decide themselves"],
)
def test_rules_that_were_given(chain: str, verdict: str, told: bool) -> None:
    made = scene("calico", DENY_IN, B)
    fabric = build_fabric(made, "iptables", {"node2": parse(CHAINS.format(chain))})
    (way,) = outcomes(made, Request("pod/pod-a", f"{B}:8080"), fabric=fabric)
    assert way.verdict == verdict
    assert bool([one for one in way.assumed if "rules given for node2" in one.en]) == told


CLUSTER_POLICY = """
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: c}
spec:
  tier: Admin
  priority: 1
  subject: {namespaces: {}}
  ingress: [{action: Deny, from: [{namespaces: {}}]}]
"""


@pytest.mark.parametrize(
    ("plugin", "verdict", "said"),
    [("calico", "DROP", "taken to be enforced too"), ("kube-router", "DELIVERED", "does not know"), ("flannel", "DELIVERED", "enforces none")],
)  # fmt: skip
def test_cluster_network_policies(plugin: str, verdict: str, said: str) -> None:
    way = walk(scene(plugin, CLUSTER_POLICY, B), "pod/pod-a", "svc/web")
    assert way.verdict == verdict
    assert [one for one in way.assumed if said in one.en]


def test_policies_of_other_kinds_refuse_only_what_reaches_a_door() -> None:
    made = dataclasses.replace(cluster(B, cni=CALICO), other_policies=("GlobalNetworkPolicy (x) y",))
    with pytest.raises(UnsupportedFeature, match="GlobalNetworkPolicy"):
        walk(made, "pod/pod-a", "svc/web")
    assert walk(made, "client", f"{NODE1}:10250").verdict == "DELIVERED"
    on_flannel = dataclasses.replace(made, cni=FLANNEL)
    assert "enforces none" in walk(on_flannel, "pod/pod-a", "svc/web").assumed[0].en


def test_a_pod_without_a_manifest_is_not_guessed_at() -> None:
    made = scene("calico", DENY_IN, B)
    made = dataclasses.replace(made, pods=tuple(pod for pod in made.pods if pod.name != "pod-b"))
    with pytest.raises(NoSuchObject, match="add the Pod"):
        walk(made, "pod/pod-a", "svc/web")


def test_the_fact_is_read() -> None:
    text = "apiVersion: k8squiz.dev/v1\nkind: Network\nspec: {policyEnforcement: %s}\n"
    assert load_cluster(text=text % "kindnet").network.policy_enforcement == "kindnet"
    with pytest.raises(ManifestError, match=r"policyEnforcement") as caught:
        load_cluster(text=text % "felix")
    assert caught.value.line == 3


@pytest.mark.parametrize("mode", ["iptables", "nftables", "ipvs"])
@pytest.mark.parametrize("plugin", ["calico", "kube-router"])
def test_what_is_refused_at_the_end_of_a_hook_leaves_no_conntrack_entry(plugin: str, mode: str) -> None:
    """The nftables and ipvs modes' own rules come first at INPUT; conntrack confirms after all of them."""
    way = walk(scene(plugin, DENY_OUT, B), "pod/pod-a", f"{NODE1}:10250", mode)
    assert (way.where and way.where.code, way.conntrack) == ("network-policy", ())


# With net.ipv4.vs.conntrack=0 the pod's answer belongs to no connection that conntrack knows, and IPVS comes behind the filter.
@pytest.mark.parametrize("source", ["pod/pod-c", "client"])
@pytest.mark.parametrize(
    ("cni", "cni_rules", "word", "dropped"),
    [
        pytest.param(CALICO, True, None, True, id="felix"),
        pytest.param(CNIConfig("canal", "vxlan", assumed=False), True, None, True, id="felix on Canal"),
        pytest.param(FLANNEL, True, "calico", True, id="calico-node beside flannel"),
        pytest.param(CALICO, False, None, False, id="felix' rules taken away"),
        pytest.param(CALICO, True, "none", False, id="nobody, as a Network document says"),
        pytest.param(CALICO, True, "kindnet", False, id="kindnet drops none"),
        pytest.param(FLANNEL, True, None, False, id="flannel"),
    ],
)
def test_felix_drops_invalid_packets_without_any_policy(
    source: str, cni: CNIConfig, cni_rules: bool, word: str | None, dropped: bool
) -> None:
    facts = NetworkFacts(without=frozenset({"vs-conntrack"}), policy_enforcement=word)
    made = cluster(A, cni=cni, cni_rules=cni_rules, network=facts)
    (outcome,) = outcomes(made, Request(source, f"{NODE1}:30080"), mode="ipvs")
    ends = None if outcome.where is None else (str(outcome.verdict), outcome.where.code, outcome.where.hook)
    assert ends == (("DROP", "invalid-state", "FORWARD") if dropped else None)
    assert not [hop for hop in (*outcome.hops, *outcome.reply) if hop.stage is Stage.POLICY]


def test_given_rules_say_themselves_what_is_dropped() -> None:
    made = cluster(A, cni=CALICO, cni_rules=True)
    rules = parse("*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n")
    assert build_fabric(made).drops_invalid("node1")
    assert not build_fabric(made, rulesets={"node1": rules}).drops_invalid("node1")
