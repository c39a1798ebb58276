"""What looks mended and is not: each is tried on an incident that it would seem to mend, and none counts as mended."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from engine.faults import draw_incident
from engine.faults.dangers import taken_away
from engine.faults.incident import Incident
from engine.faults.interface import Line, run_lines
from engine.faults.scene import pod_of

from .script import after


def _pods(incident: Incident, workload: str) -> list[tuple[str, str, str]]:
    """(name, address, node) of a workload's pods as the incident finds them."""
    found = (pod_of(incident.broken, one) for one in incident.scene.of(workload))
    return [(pod.name, pod.ips[0], pod.node_name or "") for pod in found if pod is not None]


def _address(incident: Incident, service: str) -> str:
    return next(one.cluster_ips[0] for one in incident.broken.cluster.services if one.name == service)


def _patched(kind: str, name: str, patch: object, where: str = "") -> Line:
    return ("", f"kubectl patch {kind} {name}{where} -p '{json.dumps(patch)}'")


def _on_each(incident: Incident, line: str) -> Iterator[Line]:
    return ((node, line) for node in incident.scene.nodes)


def other_pods(incident: Incident) -> Iterator[Line]:
    scene = incident.scene
    yield _patched("svc", scene.front, {"spec": {"selector": {"app": scene.other}}})


def no_service(incident: Incident) -> Iterator[Line]:
    yield ("", f"kubectl delete svc {incident.scene.front}")


def no_callers(incident: Incident) -> Iterator[Line]:
    yield ("", f"kubectl scale deploy {incident.scene.caller} --replicas=0")


def nobody_serves(incident: Incident) -> Iterator[Line]:
    yield ("", f"kubectl scale deploy {incident.scene.front} --replicas=0")


def callers_deleted(incident: Incident) -> Iterator[Line]:
    yield from (("", f"kubectl delete pod {name}") for name, _, _ in _pods(incident, incident.scene.caller))


def labels_by_hand(incident: Incident) -> Iterator[Line]:
    name = incident.scene.front
    yield from (("", f"kubectl label pod {pod} app={name}-v2 --overwrite") for pod, _, _ in _pods(incident, name))


def labels_of_everything(incident: Incident) -> Iterator[Line]:
    name = incident.scene.front
    yield from (("", f"kubectl label pod {pod} app={name}-v2 --overwrite") for pod, _, _ in _pods(incident, incident.scene.other))  # fmt: skip


def endpoints_by_hand(incident: Incident) -> Iterator[Line]:
    scene = incident.scene
    yield ("", f'kubectl patch svc {scene.front} --type=json -p \'[{{"op": "remove", "path": "/spec/selector"}}]\'')
    addresses = [{"addresses": [address]} for _, address, _ in _pods(incident, scene.front)]
    given = {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4", "endpoints": addresses,
        "metadata": {"name": f"{scene.front}-hand", "namespace": "default", "labels": {"kubernetes.io/service-name": scene.front}},
        "ports": [{"name": "http", "port": scene.port, "protocol": "TCP"}],
    }  # fmt: skip
    yield ("", f"echo '{json.dumps(given)}' | kubectl apply -f -")


def _translated(incident: Incident, name: str, service: str, protocol: str, port: int, target: int) -> Iterator[Line]:
    to = f"{_pods(incident, name)[0][1]}:{target}"
    rule = f"-d {_address(incident, service)} -p {protocol} --dport {port} -j DNAT --to-destination {to}"
    for chain in ("PREROUTING", "OUTPUT"):
        yield from _on_each(incident, f"iptables -t nat -I {chain} {rule}")


def translated_by_hand(incident: Incident) -> Iterator[Line]:
    scene = incident.scene
    yield from _translated(incident, scene.front, scene.front, "tcp", 80, scene.port)
    to = f"{_pods(incident, scene.front)[0][1]}:{scene.port}"
    for node in scene.nodes:
        own = scene.addresses[node]
        yield (
            node,
            f"iptables -t nat -I PREROUTING -d {own} -p tcp --dport {scene.node_port} -j DNAT --to-destination {to}",
        )
        yield (node, "iptables -t nat -I POSTROUTING -o eth0 -p tcp -j MASQUERADE")


def dns_translated_by_hand(incident: Incident) -> Iterator[Line]:
    yield from _translated(incident, "coredns", "kube-dns", "udp", 53, 53)


def proxies_stopped(incident: Incident) -> Iterator[Line]:
    yield from _on_each(incident, "systemctl stop kube-proxy")
    yield from translated_by_hand(incident)


def translated_in_the_clients(incident: Incident) -> Iterator[Line]:
    scene = incident.scene
    to = f"{_pods(incident, 'coredns')[0][1]}:53"
    for name, _, _ in _pods(incident, scene.caller):
        yield (f"pod/default/{name}", f"iptables -t nat -A OUTPUT -d 10.96.0.10 -p udp -j DNAT --to-destination {to}")


def policies_gone(incident: Incident) -> Iterator[Line]:
    yield ("", "kubectl delete netpol egress")


def everything_allowed(incident: Incident) -> Iterator[Line]:
    yield ("", 'kubectl patch netpol egress --type=json -p \'[{"op": "add", "path": "/spec/egress/-", "value": {}}]\'')


def another_label(incident: Incident) -> Iterator[Line]:
    for name, _, _ in _pods(incident, incident.scene.caller):
        yield ("", f"kubectl label pod {name} app=free --overwrite")


def of_all_sources(incident: Incident) -> Iterator[Line]:
    yield (incident.case.place[0], "iptables -I FORWARD -s 0.0.0.0/0 -j ACCEPT")


def of_every_state(incident: Incident) -> Iterator[Line]:
    yield (incident.case.place[0], "iptables -I FORWARD -m conntrack --ctstate NEW,ESTABLISHED,RELATED -j ACCEPT")


def of_a_card(incident: Incident) -> Iterator[Line]:
    yield (incident.case.place[0], "iptables -I FORWARD -i eth0 -j ACCEPT")
    yield (incident.case.place[0], "iptables -I FORWARD -o eth0 -j ACCEPT")


def tables_restored_empty(incident: Incident) -> Iterator[Line]:
    yield (
        incident.case.place[0],
        "echo '*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\nCOMMIT' | iptables-restore",
    )


def masqueraded(incident: Incident) -> Iterator[Line]:
    pods = incident.scene.pods_network(incident.case.place[0])
    yield (incident.case.place[0], f"iptables -t nat -I POSTROUTING -s {pods} -d {pods} -j MASQUERADE")


def on_the_host(incident: Incident) -> Iterator[Line]:
    for name, _, _ in (*_pods(incident, incident.scene.caller), *_pods(incident, incident.scene.front)):
        yield _patched("pod", name, {"spec": {"hostNetwork": True}})


def others_moved(incident: Incident) -> Iterator[Line]:
    yield from incident.case.cures[0]
    yield _patched("svc", incident.scene.other, {"spec": {"selector": {"app": incident.scene.front}}})


CHEATS: dict[str, tuple[str, Callable[[Incident], Iterator[Line]]]] = {
    "the selector names other pods": ("endpoints-empty", other_pods),
    "the Service is deleted": ("endpoints-empty", no_service),
    "nobody calls": ("endpoints-empty", no_callers),
    "nobody serves": ("target-port-wrong", nobody_serves),
    "the callers come again": ("endpoints-empty", callers_deleted),
    "the pods are labelled by hand": ("endpoints-empty", labels_by_hand),
    "other pods are labelled": ("endpoints-empty", labels_of_everything),
    "endpoints are written by hand": ("endpoints-empty", endpoints_by_hand),
    "DNAT is written by hand": ("endpoints-empty", translated_by_hand),
    "DNAT of DNS is written by hand": ("dns-endpoints-empty", dns_translated_by_hand),
    "kube-proxy is stopped, DNAT written by hand": ("endpoints-empty", proxies_stopped),
    "the clients are changed": ("dns-endpoints-empty", translated_in_the_clients),
    "the policy is deleted": ("policy-wrong-selector", policies_gone),
    "the policy allows all": ("egress-deny-no-dns", everything_allowed),
    "the callers have another label": ("egress-deny-no-dns", another_label),
    "all is accepted, of whatever source": ("forward-drop", of_all_sources),
    "all is accepted, of whatever state": ("forward-drop", of_every_state),
    "all is accepted on a card": ("forward-drop", of_a_card),
    "the filter table is restored empty": ("leftover-reject", tables_restored_empty),
    "the callers' addresses are hidden": ("br-netfilter-off", masqueraded),
    "the pods share the host's network": ("missing-pod-route", on_the_host),
    "another Service is broken beside": ("endpoints-empty", others_moved),
}  # fmt: skip


@pytest.mark.parametrize(("fault", "cheat"), CHEATS.values(), ids=CHEATS)
def test_a_cheat_does_not_mend_it(fault: str, cheat: Callable[[Incident], Iterator[Line]]) -> None:
    incident = draw_incident(fault, seed=1)
    grade = after(incident, tuple(cheat(incident)))
    assert not grade.mended
    assert grade.score <= 0.3


def test_tables_may_be_restored_without_the_one_rule() -> None:
    incident = draw_incident("leftover-reject", seed=1)
    line = "iptables-save | grep -v icmp-host-prohibited | iptables-restore"
    grade = after(incident, ((incident.case.place[0], line),))
    assert (grade.mended, grade.dangers) == (True, ())


def test_what_another_wrote_is_not_to_be_taken_away() -> None:
    incident = draw_incident("app-port-dropped", seed=5)
    node = incident.case.place[0]
    rule = "FORWARD -s 198.18.0.0/15 -j DROP"
    before = run_lines(incident.healthy, ((node, f"iptables -A {rule}"),))
    assert taken_away(before, incident.healthy) == (f"{node}: -A {rule}",)
    assert taken_away(before, before) == ()
