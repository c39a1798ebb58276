"""What a whole cluster needs beyond each object being right: wanted before a packet is walked through it."""

from __future__ import annotations

from collections.abc import Iterator

from engine.cluster import Cluster
from engine.errors import ManifestError


def check_cluster(cluster: Cluster) -> None:
    """Raise ManifestError where something lies on a node that no Node object describes, or two nodes or pods
    share an address.

    The rules of one node do not need this (load_cluster takes such clusters); a walk through all hosts does.
    """
    if not cluster.nodes:
        raise ManifestError(
            "there is no Node among the manifests; add what `kubectl get nodes -o yaml` prints",
            zh="清单中没有 Node；请加上 `kubectl get nodes -o yaml` 的输出",
        )
    known = {node.name for node in cluster.nodes}
    for name, what in _mentions(cluster):
        if name in known:
            continue
        first, file, line = cluster.node_mentions.get(name, (what, None, None))
        nodes = ", ".join(sorted(known))
        raise ManifestError(
            f"{first} is on node {name!r}, but no Node object has that name (known nodes: {nodes});"
            " add the Node or correct nodeName",
            file,
            line,
            zh=f"{first} 位于节点 {name!r}，但没有同名的 Node 对象（已知节点：{nodes}）；请补上该 Node，或更正 nodeName",
        )
    check_addresses(cluster)
    check_network(cluster)


def check_network(cluster: Cluster) -> None:
    """Raise ManifestError where the Network document names a node that is not there: it would change nothing, silently."""
    facts, known = cluster.network, {node.name for node in cluster.nodes}
    _check_pods(cluster)
    places = [(node, "missingRoutes") for node, _ in facts.missing_routes]
    places += [(to, "missingRoutes") for _, to in facts.missing_routes if "/" not in to]
    places += [(node, "nodes") for node in facts.nodes]
    places += [
        (node, "underlayDrops") for drop in facts.underlay_drops for node in (drop.source, drop.destination) if node
    ]
    places += [(facts.service_cidr_via, "serviceCIDRVia")] if facts.service_cidr_via else []
    for node, field in places:
        if node not in known:
            nodes = ", ".join(sorted(known))
            file, line = cluster.places.get(("Network", "", ""), (None, None))
            raise ManifestError(
                f"{field} of the Network document names node {node!r}; known nodes: {nodes}",
                file,
                line,
                zh=f"Network 文档的 {field} 指定了节点 {node!r}；已知节点：{nodes}",
            )


def _check_pods(cluster: Cluster) -> None:
    """Raise ManifestError where the Network document speaks of a pod that is not there."""
    facts = cluster.network
    if not facts.listeners and not facts.shared_addresses:
        return
    pods = {f"{pod.namespace}/{pod.name}": pod for pod in cluster.pods}
    asked = [(key, "listeners", "") for key in facts.listeners]
    asked += [(key, "sharedAddresses", address) for address, key in facts.shared_addresses.items()]
    file, line = cluster.places.get(("Network", "", ""), (None, None))
    for key, field, address in asked:
        if key not in pods:
            known = ", ".join(sorted(pods)[:20]) or "none"
            raise ManifestError(
                f"{field} of the Network document names pod {key!r}; known pods: {known}",
                file,
                line,
                zh=f"Network 文档的 {field} 指定了 Pod {key!r}；已知 Pod：{known}",
            )
        nodes = {pod.node_name for pod in pods.values() if address and address in pod.ips}
        if address and (address not in pods[key].ips or len(nodes) > 1):
            raise ManifestError(
                f"sharedAddresses: {address} must be an address of {key} and of pods of its node alone",
                file,
                line,
                zh=f"sharedAddresses：{address} 须为 {key} 的地址，且只有同一节点上的 Pod 使用它",
            )


def _mentions(cluster: Cluster) -> Iterator[tuple[str, str]]:
    for slice_ in cluster.slices:
        if slice_.address_type == "FQDN":
            continue
        for endpoint in slice_.endpoints:
            if endpoint.node_name is not None:
                service = f"{slice_.namespace}/{slice_.service_name}"
                yield endpoint.node_name, f"the endpoint {endpoint.addresses[0]} of Service {service}"
    for pod in cluster.pods:
        if pod.node_name is not None and not pod.finished:
            yield pod.node_name, f"Pod {pod.namespace}/{pod.name}"


def check_addresses(cluster: Cluster) -> None:
    """Raise ManifestError, with the later one's place, where two nodes or pods have one address: who answers would be
    a matter of chance (the neighbour that was asked first)."""
    owners: dict[str, tuple[str, str, str]] = {}
    for node in cluster.nodes:
        for address in (*node.internal_ips, *node.addresses):
            _own(cluster, owners, address, ("Node", "", node.name))
    for pod in cluster.pods:
        for address in () if pod.host_network else pod.ips:
            _own(cluster, owners, address, ("Pod", pod.namespace, pod.name))


def _own(cluster: Cluster, owners: dict[str, tuple[str, str, str]], address: str, owner: tuple[str, str, str]) -> None:
    first = owners.setdefault(address, owner)
    if first == owner or (address in cluster.network.shared_addresses and {first[0], owner[0]} == {"Pod"}):
        return
    one, other = _called(first), _called(owner)
    at = cluster.places.get(first)
    place = f" ({at[0]}:{at[1]})" if at is not None else ""
    file, line = cluster.places.get(owner, (None, None))
    raise ManifestError(
        f"{one}{place} and {other} both have the address {address}; correct one of them",
        file,
        line,
        zh=f"{one}{place} 与 {other} 都使用地址 {address}；请更正其一",
    )


def _called(owner: tuple[str, str, str]) -> str:
    kind, namespace, name = owner
    return f"node {name}" if kind == "Node" else f"{kind} {namespace}/{name}"
