"""Fixed scenes: the paths whose outcome is known from measurements, in every mode; the first thing a lab shows."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from engine.cluster import (
    Cluster,
    CNIConfig,
    ContainerPort,
    EndpointPort,
    EndpointSlice,
    Mode,
    NetworkFacts,
    Node,
    Pod,
    ProxyConfig,
    Service,
    ServicePort,
    SliceEndpoint,
)
from engine.cni import PLUGINS
from engine.lab.scene import Scene
from engine.packet import L4
from engine.trace import Request

A, C, B = "10.244.1.5", "10.244.1.6", "10.244.2.8"
NODE1, NODE2, VIP = "192.168.1.10", "192.168.1.11", "10.96.0.10"
_PODS = (("pod-a", A, "node1"), ("pod-c", C, "node1"), ("pod-b", B, "node2"))
_CNI = CNIConfig(assumed=False)

_ALL_WAYS = (
    Request("client", f"{NODE1}:30080"),
    Request("client", f"{NODE2}:30080"),
    Request("node/node1", f"{VIP}:80"),
    Request("node/node1", f"{NODE1}:30080"),
    Request("node/node1", "127.0.0.1:30080"),
    Request("pod/pod-a", f"{VIP}:80"),
    Request("pod/pod-a", f"{NODE1}:30080"),
    Request("pod/pod-a", f"{NODE2}:30080"),
    Request("pod/pod-a", f"{VIP}:81"),
    Request("client", f"{VIP}:80", node="node1"),
    Request("client", f"{B}:8080", node="node1"),
)
# What the CNI's own rules decide.
_BESIDE = (
    Request("pod/pod-a", "1.2.3.4:443"),
    Request("pod/pod-a", f"{NODE2}:10250"),
    Request("pod/pod-a", f"{NODE1}:10250"),
    Request("pod/pod-a", f"{NODE2}:30080"),
    Request("pod/pod-b", f"{NODE1}:30080"),
    Request("client", f"{B}:8080", node="node1"),
)
_SELF = (Request("pod/pod-a", f"{VIP}:80"), Request("pod/pod-a", f"{NODE1}:30080"))


def known(modes: tuple[Mode, ...] = (Mode.IPTABLES, Mode.NFTABLES)) -> Iterator[Scene]:
    """Every scene in each of the modes; ipvs mode also without the parts of its own."""
    for mode in modes:
        for backend in PLUGINS[_CNI.plugin].backends:
            cni = dataclasses.replace(_CNI, backend=backend)
            for endpoint in (A, B):
                yield Scene(f"{backend}, endpoint {endpoint}", _cluster((endpoint,), cni), mode, _ALL_WAYS)
        yield Scene("no endpoint", _cluster(()), mode, _ALL_WAYS)
        for endpoint in (A, B):
            local = _cluster((endpoint,), external="Local")
            yield Scene(f"external policy Local, endpoint {endpoint}", local, mode, _ALL_WAYS)
        for rules in (frozenset[str](), frozenset({"cni-rules"})):
            local = _cluster((B,), facts=NetworkFacts(without=rules), external="Local")
            yield Scene(f"{'without' if rules else 'with'} the CNI's rules", local, mode, _BESIDE)
        yield Scene("internal policy Local, endpoint elsewhere", _cluster((B,), internal="Local"), mode, _ALL_WAYS)
        yield from _hairpins(mode)
        for bridged in (True, False):
            facts = NetworkFacts(bridge_nf_call_iptables=bridged)
            name = f"neighbour on the same bridge, br_netfilter {'on' if bridged else 'off'}"
            yield Scene(name, _cluster((C,), facts=facts), mode, _SELF)
        if mode is Mode.IPVS:
            yield from _without_parts()


def _without_parts() -> Iterator[Scene]:
    for part in ("vs-conntrack", "kube-ipvs0"):
        facts = NetworkFacts(without=frozenset({part}))
        for endpoint in (A, B):
            yield Scene(f"no {part}, endpoint {endpoint}", _cluster((endpoint,), facts=facts), Mode.IPVS, _ALL_WAYS)


def _hairpins(mode: Mode) -> Iterator[Scene]:
    for hairpin in (True, False):
        for masquerade in (True, False):
            for bridged in (True, False):
                facts = NetworkFacts(
                    hairpin_mode=hairpin,
                    bridge_nf_call_iptables=bridged,
                    without=frozenset() if masquerade else frozenset({"hairpin-masquerade"}),
                )
                name = f"hairpin mode {hairpin}, masquerade {masquerade}, br_netfilter {bridged}"
                yield Scene(name, _cluster((A,), facts=facts), mode, _SELF)


def _cluster(
    endpoints: tuple[str, ...],
    cni: CNIConfig | None = None,
    facts: NetworkFacts | None = None,
    external: str = "Cluster",
    internal: str = "Cluster",
) -> Cluster:
    where = {address: (name, node) for name, address, node in _PODS}
    found = tuple(SliceEndpoint((a,), node_name=where[a][1], pod=f"default/{where[a][0]}") for a in endpoints)
    return Cluster(
        nodes=(
            Node("node1", (NODE1,), pod_cidrs=("10.244.1.0/24",)),
            Node("node2", (NODE2,), pod_cidrs=("10.244.2.0/24",)),
        ),
        pods=tuple(
            Pod("default", name, node, (address,), ports=(ContainerPort("http", 8080),))
            for name, address, node in _PODS
        ),
        services=(
            Service(
                "default",
                "web",
                "NodePort",
                (VIP,),
                ports=(ServicePort("", L4.TCP, 80, 8080, 30080),),
                external_traffic_policy=external,
                internal_traffic_policy=internal,
                ip_families=("IPv4",),
            ),
        ),
        slices=(EndpointSlice("default", "web-1", "web", "IPv4", (EndpointPort("", L4.TCP, 8080),), found),),
        proxy=ProxyConfig(cluster_cidrs=("10.244.0.0/16",)),
        cni=cni or _CNI,
        network=facts or NetworkFacts(),
    )
