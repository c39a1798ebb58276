"""Requests drawn by a seed for a drawn cluster: who sends, and where to. Pure."""

from __future__ import annotations

import random

from engine.cluster import Cluster, Node, Service
from engine.lab.drawn_addresses import Addresses
from engine.lab.drawn_clusters import HOST_PORT, TARGET
from engine.packet import L4, join_host_port
from engine.trace import Request

# What every node listens on, whatever its pods do, and a port of the world's that nobody listens on.
KUBELET, WORLD = 10250, 443


def draw_request(draw: random.Random, cluster: Cluster, where: Addresses) -> Request:
    service = draw.choice(cluster.services)
    port = service.ports[0]
    source = _source(draw, cluster, service)
    node = draw.choice(cluster.nodes)
    kinds = ["vip"] * 3 + ["pod", "closed", "wrong"] + ["hostport"] * 2
    kinds += ["world", "process"] * 2 if source.startswith("pod/") else []
    kinds += ["local hostport"] if source.startswith("node/") else []
    kinds += ["nodeport"] * 4 + ["gateway"] * 2 if port.node_port else []
    kinds += ["further"] if port.node_port and node.addresses else []
    kinds += ["balancer"] * 3 if service.load_balancer_ingress else []
    kinds += ["external"] if service.external_ips else []
    kinds += ["localhost"] if port.node_port and source.startswith("node/") else []
    kind = draw.choice(kinds)
    address, number = _target(draw, kind, cluster, service, node, where)
    # The router is told where to send what lies in no network of its own.
    foreign = source in ("client", "outsider") and kind not in ("nodeport", "balancer", "further", "hostport")
    protocol = L4.TCP if kind in ("world", "process") else port.protocol
    return Request(source, join_host_port(address, number), protocol.value, node.name if foreign else None)


def _target(
    draw: random.Random, kind: str, cluster: Cluster, service: Service, node: Node, where: Addresses
) -> tuple[str, int]:
    port = service.ports[0]
    if kind in ("pod", "closed"):
        pod = draw.choice([pod for pod in cluster.pods if not pod.host_network])
        return pod.ips[0], TARGET[port.protocol] if kind == "pod" else 9999
    if kind == "balancer":
        return service.load_balancer_ingress[0].ip, port.port
    if kind == "external":
        return service.external_ips[0], port.port
    if kind in ("vip", "wrong"):
        return service.cluster_ips[0], port.port + (kind == "wrong")
    if kind in ("hostport", "local hostport", "world", "process"):
        localhost = "127.0.0.1" if where.version == 4 else "::1"
        host_port = HOST_PORT[port.protocol]
        return {
            "hostport": (node.internal_ips[0], host_port),
            "local hostport": (localhost, host_port),
            "world": (where.outsider, WORLD),
            "process": (node.internal_ips[0], KUBELET),
        }[kind]
    own = {
        "nodeport": node.internal_ips[0],
        "gateway": where.gateway(int(node.name[4:])),
        "further": node.addresses[0] if node.addresses else "",
        "localhost": "127.0.0.1" if where.version == 4 else "::1",
    }
    return own[kind], port.node_port


def _source(draw: random.Random, cluster: Cluster, service: Service) -> str:
    """Who sends: as often as not one who may be its own server."""
    pods = [pod for pod in cluster.pods if not pod.host_network]
    servers = {e.pod for slice_ in cluster.slices if slice_.service_name == service.name for e in slice_.endpoints}
    own = [pod for pod in pods if f"{pod.namespace}/{pod.name}" in servers]
    senders = ["client", "client", "outsider", f"node/{draw.choice(cluster.nodes).name}"]
    return draw.choice([*senders, f"pod/{draw.choice(pods).name}", *[f"pod/{draw.choice(own or pods).name}"] * 2])
