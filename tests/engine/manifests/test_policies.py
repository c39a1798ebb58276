"""Namespaces and policies from manifests: what becomes of them, and what is refused as the API server refuses it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from engine import ManifestError, load_cluster
from engine.cluster.policies import (
    ClusterNetworkPolicy,
    ClusterNetworkPolicyPeer,
    ClusterNetworkPolicyProtocol,
    ClusterNetworkPolicyRule,
    IPBlock,
    LabelSelector,
    LabelSelectorRequirement,
    NamespacedPod,
    NetworkPolicy,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicyRule,
    PolicyType,
    RuleAction,
    Tier,
)
from engine.packet import L4

NP = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\n"
CNP = "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: c}\n"
ADMIN = f"{CNP}spec:\n  tier: Admin\n  priority: 1\n  subject: {{namespaces: {{}}}}\n"
ALL = LabelSelector()


def peer(text: str) -> str:
    return f"{NP}spec: {{ingress: [{{from: [{text}]}}]}}"


def port(text: str) -> str:
    return f"{NP}spec: {{ingress: [{{ports: [{text}]}}]}}"


def selector(text: str) -> str:
    return f"{NP}spec: {{podSelector: {text}}}"


def admin(text: str) -> str:
    return f"{ADMIN}  egress: [{{action: Accept, {text}}}]"


LONG = "a" * 64
TO = "to: [{namespaces: {}}]"

REFUSED = [
    # NetworkPolicySpec
    (f"{NP}spec: []", 4, "spec must be a mapping, not a list"),
    (f"{NP}spce: {{}}", 4, "spce is no field of the object; known fields: apiVersion, kind, metadata, spec, status"),
    (f"{NP}spec:\n  ingres: []", 5, "spec.ingres is no field of spec; known fields: podSelector, policyTypes, ingress, egress"),
    (f"{NP}spec:\n  ingress:\n  - form: []", 6, "spec.ingress[0].form is no field of spec.ingress[0]; known fields: from, ports"),
    (f"{NP}spec:\n  ingress:\n  - to: []", 6, "spec.ingress[0].to is no field of"),
    (f"{NP}spec:\n  egress:\n  - from: []", 6, "spec.egress[0].from is no field of"),
    (f"{NP}spec: {{ingress: {{}}}}", 4, "spec.ingress must be a list, not a mapping"),
    (f"{NP}spec: {{ingress: [x]}}", 4, "spec.ingress[0] must be a mapping, not 'x'"),
    (f"{NP}spec:\n  policyTypes:\n  - ingress", 6, "spec.policyTypes[0] must be Ingress or Egress, not 'ingress'"),
    (f"{NP}spec: {{policyTypes: Ingress}}", 4, "spec.policyTypes must be a list, not 'Ingress'"),
    (f"{NP}spec: {{policyTypes: [Ingress, Egress, Ingress]}}", 4, "spec.policyTypes must not hold more than two"),
    # NetworkPolicyPeer, IPBlock
    (peer("{}"), 4, "spec.ingress[0].from[0] names nobody: it needs podSelector, namespaceSelector or ipBlock"),
    (peer("{podSelector: null}"), 4, "spec.ingress[0].from[0] names nobody"),
    (peer("{namespaceSelectr: {}}"), 4, "namespaceSelectr is no field of spec.ingress[0].from[0]"),
    (peer("{ipBlock: {cidr: 10.0.0.0/8}, namespaceSelector: {}}"), 4, "from[0].namespaceSelector must not stand beside ipBlock"),
    (peer("{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}"), 4, "from[0].podSelector must not stand beside ipBlock"),
    (peer("{ipBlock: {}}"), 4, "ipBlock.cidr is missing"),
    (peer("{ipBlock: {cidr: 10.0.0.1}}"), 4, "ipBlock.cidr must be a network such as 10.244.0.0/16, not '10.0.0.1'"),
    (peer("{ipBlock: {cidr: 10.0.0.0/33}}"), 4, "ipBlock.cidr must be a network"),
    (peer("{ipBlock: {cidr: 010.0.0.0/8}}"), 4, "ipBlock.cidr must be a network"),
    (peer("{ipBlock: {cidr: ' 10.0.0.0/8'}}"), 4, "ipBlock.cidr must be a network"),
    (peer("{ipBlock: {cidr: '::ffff:10.0.0.0/104'}}"), 4, "is an IPv4 network written as IPv6"),
    (peer("{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}"), 4, "ipBlock.except[0] must be a part of cidr 10.0.0.0/8, and smaller than it; not 11.0.0.0/16"),
    (peer("{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}"), 4, "except[0] must be a part of cidr 10.0.0.0/8, and smaller"),
    (peer("{ipBlock: {cidr: 10.1.0.0/16, except: [10.0.0.0/8]}}"), 4, "except[0] must be a part of cidr 10.1.0.0/16"),
    (peer("{ipBlock: {cidr: 10.0.0.0/8, except: ['fd00::/64']}}"), 4, "except[0] must be a part of cidr 10.0.0.0/8"),
    (peer("{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.x/16]}}"), 4, "except[0] must be a network"),
    (peer("{ipBlock: {cidr: 10.0.0.0/8, expect: []}}"), 4, "expect is no field of spec.ingress[0].from[0].ipBlock"),
    # NetworkPolicyPort
    (port("{port: 0}"), 4, "ports[0].port must be between 1 and 65535, not 0"),
    (port("{port: 65536}"), 4, "ports[0].port must be between 1 and 65535"),
    (port("{port: '80'}"), 4, "ports[0].port is no port's name: '80'; it is at most 15 of a-z"),
    (port("{port: HTTP}"), 4, "ports[0].port is no port's name: 'HTTP'"),
    (port("{port: a--b}"), 4, "ports[0].port is no port's name: 'a--b'"),
    (port("{port: abcdefghijklmnop}"), 4, "ports[0].port is no port's name"),
    (port("{port: ''}"), 4, "ports[0].port is no port's name: ''"),
    (port("{port: 1.5}"), 4, "ports[0].port must be a number, not 1.5"),
    (port("{protocol: ICMP}"), 4, "ports[0].protocol must be one of TCP, UDP, SCTP, not 'ICMP'"),
    (port("{protocol: tcp}"), 4, "ports[0].protocol must be one of TCP, UDP, SCTP, not 'tcp'"),
    (port("{endPort: 90}"), 4, "ports[0].endPort needs port, the first port of the range"),
    (port("{port: http, endPort: 90}"), 4, "ports[0].endPort needs a number in port, not a name (http)"),
    (port("{port: 80, endPort: 79}"), 4, "ports[0].endPort must not be below port 80, but is 79"),
    (port("{port: 80, endPort: 65536}"), 4, "ports[0].endPort must be between 1 and 65535"),
    (port("{ports: 80}"), 4, "ports is no field of spec.ingress[0].ports[0]"),
    # LabelSelector
    (selector("[]"), 4, "spec.podSelector must be a mapping, not a list"),
    (selector("{app: web}"), 4, "spec.podSelector.app is no field of spec.podSelector; known fields: matchLabels, matchExpressions"),
    (selector("{matchLabels: {app: 5}}"), 4, "matchLabels.app must be a string, not 5"),
    (selector("{matchLabels: {app: 'a b'}}"), 4, "matchLabels.app is no label's value: 'a b'"),
    (selector(f"{{matchLabels: {{app: {LONG}}}}}"), 4, "matchLabels.app is no label's value"),
    (selector("{matchLabels: {'a b': x}}"), 4, "is no label's key: 'a b'"),
    (selector("{matchLabels: {'A_/b': x}}"), 4, "is no label's key: 'A_/b'"),
    (selector("{matchLabels: {'/b': x}}"), 4, "is no label's key: '/b'"),
    (selector("{matchExpressions: [{key: a, operator: in, values: [b]}]}"), 4, "operator must be one of In, NotIn, Exists, DoesNotExist, not 'in'"),
    (selector("{matchExpressions: [{key: a}]}"), 4, "operator must be one of In, NotIn, Exists, DoesNotExist, not ''"),
    (selector("{matchExpressions: [{operator: Exists}]}"), 4, "matchExpressions[0].key is no label's key: ''"),
    (selector("{matchExpressions: [{key: a, operator: In}]}"), 4, "values must hold at least one value for In"),
    (selector("{matchExpressions: [{key: a, operator: NotIn, values: []}]}"), 4, "values must hold at least one value for NotIn"),
    (selector("{matchExpressions: [{key: a, operator: Exists, values: [b]}]}"), 4, "values must not be there for Exists"),
    (selector("{matchExpressions: [{key: a, operator: In, values: [b c]}]}"), 4, "values[0] is no label's value: 'b c'"),
    (selector("{matchExpressions: [{key: a, operator: In, value: [b]}]}"), 4, "value is no field of spec.podSelector.matchExpressions[0]"),
    # Namespace
    ("apiVersion: v1\nkind: Namespace\nmetadata: {name: A}", 3, "metadata.name must be a DNS label"),
    ("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: a}", 5, "Namespace a was already given at <text>:1"),
    (f"{NP}---\n{NP}", 5, "NetworkPolicy default/p was already given at <text>:1"),
    # ClusterNetworkPolicy
    (f"{ADMIN}---\n{ADMIN}", 9, "ClusterNetworkPolicy c was already given at <text>:1"),
    (f"{CNP}spec: {{priority: 1, subject: {{namespaces: {{}}}}}}", 4, "spec.tier must be one of Admin, Baseline, not ''"),
    (f"{CNP}spec: {{tier: NetworkPolicy, priority: 1, subject: {{namespaces: {{}}}}}}", 4, "spec.tier must be one of Admin, Baseline"),
    (f"{CNP}spec: {{tier: Admin, subject: {{namespaces: {{}}}}}}", 4, "spec.priority is missing"),
    (f"{CNP}spec: {{tier: Admin, priority: 1001, subject: {{namespaces: {{}}}}}}", 4, "spec.priority must be between 0 and 1000, not 1001"),
    (f"{CNP}spec: {{tier: Admin, priority: 1}}", 4, "spec.subject must set exactly one of namespaces, pods; it sets nothing"),
    (f"{CNP}spec: {{tier: Admin, priority: 1, subject: {{namespaces: {{}}, pods: {{podSelector: {{}}}}}}}}", 4, "spec.subject must set exactly one of namespaces, pods; it sets namespaces and pods"),
    (f"{CNP}spec: {{tier: Admin, priority: 1, subject: {{pods: {{namespaceSelector: {{}}}}}}}}", 4, "spec.subject.pods.podSelector is missing"),
    (f"{ADMIN}  ingress: [{{action: Allow, from: [{{namespaces: {{}}}}]}}]", 8, "spec.ingress[0].action must be one of Accept, Deny, Pass, not 'Allow'"),
    (f"{ADMIN}  ingress: [{{from: [{{namespaces: {{}}}}]}}]", 8, "spec.ingress[0].action must be one of Accept, Deny, Pass, not ''"),
    (f"{ADMIN}  ingress: [{{action: Deny}}]", 8, "spec.ingress[0].from must hold 1 to 25 entries, not 0"),
    (f"{ADMIN}  ingress: [{{action: Deny, from: [{{}}]}}]", 8, "spec.ingress[0].from[0] must set exactly one of namespaces, pods; it sets nothing"),
    (f"{ADMIN}  ingress: [{{action: Deny, from: [{{networks: [10.0.0.0/8]}}]}}]", 8, "spec.ingress[0].from[0].networks is no field of"),
    (f"{ADMIN}  ingress: [{{action: Deny, to: [{{namespaces: {{}}}}]}}]", 8, "spec.ingress[0].to is no field of"),
    (f"{ADMIN}  ingress: [{', '.join(['{action: Deny, from: [{namespaces: {}}]}'] * 26)}]", 8, "spec.ingress must hold 0 to 25 entries, not 26"),
    (admin("to: [{networks: [10.0.0.0/8], nodes: {}}]"), 8, "to[0] must set exactly one of namespaces, pods, nodes, networks, domainNames; it sets nodes and networks"),
    (admin("to: [{networks: []}]"), 8, "to[0].networks must hold 1 to 25 entries, not 0"),
    (admin("to: [{networks: [10.0.0.1]}]"), 8, "to[0].networks[0] must be a network"),
    (admin("to: [{domainNames: [k8s]}]"), 8, "to[0].domainNames[0] is no domain name: 'k8s'"),
    (admin("to: [{services: {}}]"), 8, "to[0].services is no field of"),
    (admin(f"name: {'a' * 101}, {TO}"), 8, "spec.egress[0].name is longer than 100 characters"),
    (admin(f"{TO}, protocols: []"), 8, "spec.egress[0].protocols must hold 1 to 25 entries, not 0"),
    (admin(f"{TO}, protocols: [{{}}]"), 8, "protocols[0] must set exactly one of tcp, udp, sctp, destinationNamedPort; it sets nothing"),
    (admin(f"{TO}, protocols: [{{icmp: {{}}}}]"), 8, "protocols[0].icmp is no field of"),
    (admin(f"{TO}, protocols: [{{tcp: {{}}}}]"), 8, "protocols[0].tcp.destinationPort is missing"),
    (admin(f"{TO}, protocols: [{{tcp: {{sourcePort: {{}}}}}}]"), 8, "sourcePort is no field of"),
    (admin(f"{TO}, protocols: [{{tcp: {{destinationPort: {{}}}}}}]"), 8, "destinationPort must set exactly one of number, range; it sets nothing"),
    (admin(f"{TO}, protocols: [{{tcp: {{destinationPort: {{number: 0}}}}}}]"), 8, "number must be between 1 and 65535, not 0"),
    (admin(f"{TO}, protocols: [{{tcp: {{destinationPort: {{range: {{start: 5, end: 5}}}}}}}}]"), 8, "range.end must be above start 5, but is 5"),
    (admin(f"{TO}, protocols: [{{tcp: {{destinationPort: {{range: {{start: 5}}}}}}}}]"), 8, "range.end is missing"),
    (admin(f"{TO}, protocols: [{{destinationNamedPort: ''}}]"), 8, "protocols[0].destinationNamedPort is empty"),
    (admin("to: [{nodes: {}}], protocols: [{destinationNamedPort: http}]"), 8, "spec.egress[0].protocols must not hold destinationNamedPort where a peer is networks, nodes or domainNames"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "message"), REFUSED)
def test_refused(text: str, line: int, message: str) -> None:
    with pytest.raises(ManifestError) as caught:
        load_cluster(text=text)
    assert message in caught.value.message
    assert caught.value.line == line
    assert caught.value.message_zh != caught.value.message


def test_a_network_policy_whole() -> None:
    text = f"""{NP}spec:
  podSelector:
    matchLabels: {{app: web, empty: ""}}
    matchExpressions:
    - {{key: example.com/tier, operator: NotIn, values: [a, ""]}}
    - {{key: old, operator: DoesNotExist}}
  ingress:
  - from:
    - ipBlock: {{cidr: 10.1.2.3/8, except: [10.0.0.0/16]}}
    - podSelector: {{}}
    - namespaceSelector: {{}}
    ports:
    - {{}}
    - {{protocol: SCTP, port: 80, endPort: 90}}
    - {{port: http}}
  egress: [{{}}]
"""
    (found,) = load_cluster(text=text).network_policies
    assert found == NetworkPolicy(
        namespace="default",
        name="p",
        pod_selector=LabelSelector(
            {"app": "web", "empty": ""},
            (LabelSelectorRequirement("example.com/tier", "NotIn", ("a", "")), LabelSelectorRequirement("old", "DoesNotExist")),
        ),
        policy_types=(PolicyType.INGRESS, PolicyType.EGRESS),
        ingress=(
            NetworkPolicyRule(
                (
                    NetworkPolicyPeer(ip_block=IPBlock("10.0.0.0/8", ("10.0.0.0/16",))),
                    NetworkPolicyPeer(pod_selector=ALL),
                    NetworkPolicyPeer(namespace_selector=ALL),
                ),
                (NetworkPolicyPort(), NetworkPolicyPort(L4.SCTP, 80, 90), NetworkPolicyPort(L4.TCP, "http")),
            ),
        ),
        egress=(NetworkPolicyRule(),),
    )  # fmt: skip


def test_a_cluster_network_policy_whole() -> None:
    text = f"""{CNP}spec:
  tier: Baseline
  priority: 7
  subject: {{pods: {{namespaceSelector: {{matchLabels: {{a: b}}}}, podSelector: {{}}}}}}
  ingress:
  - {{name: first, action: Pass, from: [{{namespaces: {{}}}}], protocols: [{{destinationNamedPort: web}}]}}
  egress:
  - action: Deny
    to: [{{nodes: {{}}}}, {{networks: [10.0.0.0/8]}}, {{domainNames: ["*.example.com"]}}]
    protocols: [{{udp: {{destinationPort: {{number: 53}}}}}}, {{sctp: {{destinationPort: {{range: {{start: 1, end: 9}}}}}}}}]
"""
    (found,) = load_cluster(text=text).cluster_network_policies
    assert found == ClusterNetworkPolicy(
        "c",
        Tier.BASELINE,
        7,
        NamespacedPod(LabelSelector({"a": "b"})),
        (
            ClusterNetworkPolicyRule(
                RuleAction.PASS,
                (ClusterNetworkPolicyPeer(pods=NamespacedPod(ALL)),),
                (ClusterNetworkPolicyProtocol(named_port="web"),),
                "first",
            ),
        ),
        (
            ClusterNetworkPolicyRule(
                RuleAction.DENY,
                (
                    ClusterNetworkPolicyPeer(nodes=ALL),
                    ClusterNetworkPolicyPeer(networks=("10.0.0.0/8",)),
                    ClusterNetworkPolicyPeer(domain_names=("*.example.com",)),
                ),
                (ClusterNetworkPolicyProtocol(L4.UDP, 53, 53), ClusterNetworkPolicyProtocol(L4.SCTP, 1, 9)),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("", {"kubernetes.io/metadata.name": "shop"}),
        (", labels: {team: a}", {"team": "a", "kubernetes.io/metadata.name": "shop"}),
        (", labels: {kubernetes.io/metadata.name: other}", {"kubernetes.io/metadata.name": "shop"}),
    ],
    ids=["none", "its own", "one that the API server overwrites"],
)
def test_a_namespace_has_its_name_among_its_labels(labels: str, expected: dict[str, str]) -> None:
    cluster = load_cluster(text=f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop{labels}}}")
    assert cluster.namespaces == {"shop": expected}


def test_lists_hold_policies_too() -> None:
    text = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicyList\nitems:\n- metadata: {name: a, namespace: x}\n"
    assert [policy.key for policy in load_cluster(text=text).network_policies] == ["x/a"]


def test_policies_of_other_kinds_are_named() -> None:
    text = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: c, namespace: x}\n"
    assert load_cluster(text=text).other_policies == ("CiliumNetworkPolicy (cilium.io/v2) x/c",)


def test_a_nodes_external_addresses_are_kept_apart() -> None:
    text = (
        "apiVersion: v1\nkind: Node\nmetadata: {name: n}\nstatus: {addresses: [{type: ExternalIP, address: 1.2.3.4},"
        " {type: Hostname, address: n}, {type: InternalIP, address: 10.0.0.1}]}"
    )
    (node,) = load_cluster(text=text).nodes
    assert (node.internal_ips, node.external_ips) == (("10.0.0.1",), ("1.2.3.4",))


def test_a_cluster_without_policies_loads_nothing_for_them() -> None:
    code = (
        "import sys; from engine import load_cluster;"
        "load_cluster(text='apiVersion: v1\\nkind: Node\\nmetadata: {name: n}');"
        "print([name for name in sys.modules if 'polic' in name])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
