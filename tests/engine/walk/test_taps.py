"""What packet sockets see, device by device: as `tcpdump -lni any` printed it on Linux 6.18 for the same cluster.

Recorded with iptables-legacy rules of kube-proxy and flannel; the first packet and its answer. The first packet that is
switched after DNAT showed on cni0 too, once, while its neighbour was not resolved yet: that is left out.
"""

from __future__ import annotations

import functools

import pytest

from engine import Request, load_cluster
from engine.cluster import Cluster
from engine.fabric.fabric import build_fabric
from engine.walk.outcomes import tapped
from engine.walk.state import TapWay

CLUSTER = """
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Node, metadata: {name: node1}, spec: {podCIDR: 10.244.1.0/24, podCIDRs: [10.244.1.0/24]}, status: {addresses: [{type: InternalIP, address: 192.168.1.11}]}}
- {apiVersion: v1, kind: Node, metadata: {name: node2}, spec: {podCIDR: 10.244.2.0/24, podCIDRs: [10.244.2.0/24]}, status: {addresses: [{type: InternalIP, address: 192.168.1.12}]}}
- {apiVersion: v1, kind: Pod, metadata: {name: a, labels: {app: web}}, spec: {nodeName: node1, containers: [{name: c, ports: [{containerPort: 8080}]}]}, status: {podIP: 10.244.1.5, conditions: [{type: Ready, status: "True"}]}}
- {apiVersion: v1, kind: Pod, metadata: {name: c}, spec: {nodeName: node1, containers: [{name: c}]}, status: {podIP: 10.244.1.7}}
- {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: NodePort, selector: {app: web}, clusterIP: 10.96.0.10, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]}}
"""
A, C = "veth9efb3611", "veth95fe02fe"
# A request from port 40000 -> the lines of node1: device, way, source, destination; PORT is one that MASQUERADE drew.
SEEN = {
    ("pod/c", "svc/web"): [
        f"{C} P 10.244.1.7:40000 10.96.0.10:80",
        f"{A} Out 10.244.1.7:40000 10.244.1.5:8080",
        f"{A} P 10.244.1.5:8080 10.244.1.7:40000",
        f"{C} Out 10.96.0.10:80 10.244.1.7:40000",
    ],
    ("pod/a", "svc/web"): [
        f"{A} P 10.244.1.5:40000 10.96.0.10:80",
        f"{A} Out 10.244.1.1:PORT 10.244.1.5:8080",
        f"{A} P 10.244.1.5:8080 10.244.1.1:PORT",
        f"{A} Out 10.96.0.10:80 10.244.1.5:40000",
    ],
    ("client", "node/node1:30080"): [
        "eth0 In 1.2.3.4:40000 192.168.1.11:30080",
        "cni0 Out 10.244.1.1:PORT 10.244.1.5:8080",
        f"{A} Out 10.244.1.1:PORT 10.244.1.5:8080",
        f"{A} P 10.244.1.5:8080 10.244.1.1:PORT",
        "cni0 In 10.244.1.5:8080 1.2.3.4:40000",
        "eth0 Out 192.168.1.11:30080 1.2.3.4:40000",
    ],
    ("pod/c", "pod/a:8080"): [
        f"{C} P 10.244.1.7:40000 10.244.1.5:8080",
        f"{A} Out 10.244.1.7:40000 10.244.1.5:8080",
        f"{A} P 10.244.1.5:8080 10.244.1.7:40000",
        f"{C} Out 10.244.1.5:8080 10.244.1.7:40000",
    ],
    ("node/node1", "svc/web"): [
        "cni0 Out 10.244.1.1:PORT 10.244.1.5:8080",
        f"{A} Out 10.244.1.1:PORT 10.244.1.5:8080",
        f"{A} P 10.244.1.5:8080 10.244.1.1:PORT",
        "cni0 In 10.244.1.5:8080 192.168.1.11:40000",
    ],
    ("node/node2", "pod/a:8080"): [
        "eth0 In 192.168.1.12:OUTER 192.168.1.11:8472",
        "flannel.1 In 10.244.2.0:40000 10.244.1.5:8080",
        "cni0 Out 10.244.2.0:40000 10.244.1.5:8080",
        f"{A} Out 10.244.2.0:40000 10.244.1.5:8080",
        f"{A} P 10.244.1.5:8080 10.244.2.0:40000",
        "cni0 In 10.244.1.5:8080 10.244.2.0:40000",
        "flannel.1 Out 10.244.1.5:8080 10.244.2.0:40000",
        "eth0 Out 192.168.1.11:OUTER 192.168.1.12:8472",
    ],
}  # fmt: skip
# With -i cni0, which sets the bridge promiscuous.
ON_THE_BRIDGE = {
    ("pod/c", "svc/web"): ["10.244.1.7:40000 10.244.1.5:8080", "10.244.1.5:8080 10.244.1.7:40000"],
    ("pod/a", "svc/web"): ["10.244.1.5:40000 10.244.1.5:8080", "10.244.1.5:8080 10.244.1.5:40000"],
    ("pod/c", "pod/a:8080"): ["10.244.1.7:40000 10.244.1.5:8080", "10.244.1.5:8080 10.244.1.7:40000"],
}  # fmt: skip


@functools.cache
def cluster() -> Cluster:
    return load_cluster(text=CLUSTER)


def seen(source: str, destination: str) -> list[tuple[str, TapWay, str]]:
    """(device, way, addresses) of node1's devices, of the first packet and its answer."""
    _, taps, _ = tapped(build_fabric(cluster(), "iptables"), Request(source, destination, sport=40000), 1)
    found = []
    for tap in taps:
        ends = [tap.flow.source, tap.flow.destination]
        if tap.inner is not None:
            outer = f":{tap.outer.sport}" if tap.outer is not None else ""
            ends = [end.replace(outer, ":OUTER") if end.endswith(outer) else end for end in ends]
        else:
            ends = [end if end.rpartition(":")[2] in ("40000", "80", "8080", "30080") else f"{end.rpartition(':')[0]}:PORT" for end in ends]  # fmt: skip
        if tap.host == "node1" and tap.leg < 2:
            found.append((tap.device, tap.way, " ".join(ends)))
    return found


@pytest.mark.parametrize("request_", SEEN, ids=" to ".join)
def test_on_all_devices(request_: tuple[str, str]) -> None:
    shown = [f"{device} {way} {ends}" for device, way, ends in seen(*request_) if way is not TapWay.SWITCHED]
    assert shown == SEEN[request_]


@pytest.mark.parametrize("request_", ON_THE_BRIDGE, ids=" to ".join)
def test_on_the_bridge(request_: tuple[str, str]) -> None:
    assert [ends for device, _, ends in seen(*request_) if device == "cni0"] == ON_THE_BRIDGE[request_]
