"""The cluster that engine/network was measured on: two nodes, three pods, one Service."""

from __future__ import annotations

import dataclasses
from typing import Any

from engine.cluster import (
    Cluster,
    CNIConfig,
    ContainerPort,
    EndpointPort,
    EndpointSlice,
    NetworkFacts,
    Node,
    Pod,
    ProxyConfig,
    Service,
    ServicePort,
    SliceEndpoint,
)
from engine.packet import L4

A, B, C = "10.244.1.5", "10.244.2.8", "10.244.1.6"
NODE1, NODE2 = "192.168.1.10", "192.168.1.11"
VIP = "10.96.0.10"
NODES = {A: "node1", C: "node1", B: "node2"}
NAMES = {A: "pod-a", B: "pod-b", C: "pod-c"}


def pod(address: str) -> Pod:
    port = ContainerPort("http", 8080)
    return Pod("default", NAMES[address], NODES[address], (address,), labels={"app": "web"}, ports=(port,))


def web(**fields: Any) -> Service:
    ports = (ServicePort("", L4.TCP, 80, 8080, 30080),)
    service = Service("default", "web", "NodePort", (VIP,), ports=ports, selector={"app": "web"})
    return dataclasses.replace(service, **fields)


def endpoints(*addresses: str) -> EndpointSlice:
    found = tuple(SliceEndpoint((a,), node_name=NODES[a], pod=f"default/{NAMES[a]}") for a in addresses)
    return EndpointSlice("default", "web-1", "web", "IPv4", (EndpointPort("", L4.TCP, 8080),), found)


def cluster(
    *backends: str,
    service: Service | None = None,
    cni: CNIConfig | None = None,
    network: NetworkFacts | None = None,
    cni_rules: bool = False,
    **more: Any,
) -> Cluster:
    """The measured cluster with the Service's endpoints at `backends`. Most of what it was measured for was measured with
    kube-proxy's rules alone on the nodes; `cni_rules` has the CNI's own too, as a real node does."""
    facts = network or NetworkFacts()
    if not cni_rules:
        facts = dataclasses.replace(facts, without=facts.without | {"cni-rules"})
    return Cluster(
        nodes=(
            Node("node1", (NODE1,), pod_cidrs=("10.244.1.0/24",)),
            Node("node2", (NODE2,), pod_cidrs=("10.244.2.0/24",)),
        ),
        pods=tuple(pod(address) for address in (A, B, C)),
        services=(service or web(),),
        slices=(endpoints(*backends),),
        proxy=ProxyConfig(cluster_cidrs=("10.244.0.0/16",)),
        cni=cni or CNIConfig(assumed=False),
        network=facts,
        **more,
    )
