"""What a fault at a named place changes; where an incident's does the same, the same is changed."""

from __future__ import annotations

import pytest

from engine.faults import draw_incident
from engine.faults.interface import FaultError
from engine.faults.placed import PLACED, put_fault
from engine.shell import Shell, open_shell
from engine.trace import ReasonCode, Request
from tests.engine.clusters import A, B, C, cluster

# A fault, the incident's, and where: its place and the other node that it is about, among the incident's nodes.
SAME = {"route-missing": "missing-pod-route", "forwarding-off": "ip-forward-off", "tunnel-down": "tunnel-down"}


@pytest.mark.parametrize(("placed", "fault"), SAME.items(), ids=SAME)
def test_an_incident_breaks_the_same(placed: str, fault: str) -> None:
    incident = draw_incident(fault, seed=1)
    (node,) = incident.case.place
    broken = [put_fault(incident.healthy, placed, node, other).hosts for other in incident.scene.nodes if other != node]
    assert incident.broken.hosts in broken


# Where it is put, a line there, what that prints.
PRINTED = {
    "route-missing": ("node1", "ip route show 10.244.2.0/24", ""),
    "forwarding-off": ("node1", "sysctl net.ipv4.ip_forward", "net.ipv4.ip_forward = 0\n"),
    "tunnel-down": ("node1", "ip -br link show flannel.1 | grep -c DOWN", "1\n"),
    "tunnel-peer-missing": ("node1", "bridge fdb show dev flannel.1", ""),
    "hairpin-off": ("node1", "bridge -d link show | grep -c 'hairpin on'", "0\n"),
    "selector": ("web", "kubectl get svc web -o jsonpath='{.spec.selector}'", '{"app":"backend"}'),
    "target-port": ("web", "kubectl get svc web -o jsonpath='{.spec.ports[0].targetPort}'", "8079"),
    "local-policy": ("web", "kubectl get svc web -o jsonpath='{.spec.externalTrafficPolicy}'", "Local"),
    "not-ready": ("pod-a", "kubectl get pods pod-a --no-headers | awk '{print $2}'", "0/1\n"),
    "policy": (
        "pod-a",
        "kubectl get networkpolicies default -o jsonpath='{.spec.podSelector.matchLabels} {.spec.policyTypes}'",
        '{"app":"web"} ["Ingress"]',
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "where", "line", "printed"), [(name, *row) for name, row in PRINTED.items()], ids=PRINTED
)
def test_what_it_changes_is_printed(name: str, where: str, line: str, printed: str) -> None:
    live = open_shell(cluster(A, C), "iptables").live
    shell = Shell(put_fault(live, name, where))
    assert shell.run("" if line.startswith("kubectl") else where, line).stdout == printed


def test_the_network_drops_what_leaves_in_the_tunnel() -> None:
    live = put_fault(open_shell(cluster(B), "iptables").live, "underlay-drops", "node1")
    outcome, _ = live.walk(Request("pod/pod-a", "svc/web"))
    assert outcome.where is not None
    assert outcome.where.code is ReasonCode.UNDERLAY_DROP


REFUSED = {
    "a fault": ("nothing", "node1", "no cause 'nothing'; there are route-missing"),
    "a node": ("forwarding-off", "node9", "no node 'node9'; there are node1"),
    "a pod": ("not-ready", "pod-z", "no pod 'pod-z'; there are pod-a"),
    "a Service": ("selector", "shop", "no Service 'shop'; there are web"),
}


@pytest.mark.parametrize(("name", "where", "said"), REFUSED.values(), ids=REFUSED)
def test_what_there_is_not_is_refused(name: str, where: str, said: str) -> None:
    with pytest.raises(FaultError, match=said):
        put_fault(open_shell(cluster(A), "iptables").live, name, where)


def test_every_fault_is_tried_here() -> None:
    assert {*PRINTED, "underlay-drops"} == set(PLACED)
