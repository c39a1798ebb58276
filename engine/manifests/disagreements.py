"""Where an EndpointSlice and its Pods do not say the same, as in a dump taken while pods came and went.

kube-proxy knows the slices alone, and the network the pods alone; a walk follows each where it rules, and this is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.cluster import EndpointSlice, Node, Pod, SliceEndpoint
from engine.packet import is_ipv6

# How many are told one by one.
_MOST_TOLD = 5
Notice = tuple[str, str]


def disagreements(
    pods: Sequence[Pod],
    slices: Sequence[EndpointSlice],
    nodes: Sequence[Node],
    places: Mapping[tuple[str, str, str], tuple[str, int]],
) -> Iterator[Notice]:
    """A sentence, English and Chinese, for each endpoint whose Pod says otherwise; at most a few, and how many more."""
    by_key = {f"{pod.namespace}/{pod.name}": pod for pod in pods}
    by_address = {address: pod for pod in pods if not pod.host_network for address in pod.ips}
    of_nodes = {address for node in nodes for address in (*node.internal_ips, *node.addresses)}
    more = 0
    told = 0
    for slice_ in slices:
        for endpoint in slice_.endpoints if slice_.address_type in ("IPv4", "IPv6") else ():
            pod = by_key.get(endpoint.pod or "")
            if pod is None or pod.host_network:
                continue
            for english, chinese in _of_endpoint(endpoint, pod, by_address, of_nodes):
                if told == _MOST_TOLD:
                    more += 1
                    continue
                told += 1
                file, line = places.get(("EndpointSlice", slice_.namespace, slice_.name), ("", 0))
                name = f"{file}:{line}: EndpointSlice {slice_.namespace}/{slice_.name}"
                yield f"{name} {english}", f"{name} {chinese}"
    if more:
        yield (
            f"{more} more endpoints of EndpointSlices do not agree with their Pods.",
            f"另有 {more} 处 EndpointSlice 的端点与其 Pod 不一致。",
        )


def _of_endpoint(
    endpoint: SliceEndpoint, pod: Pod, by_address: Mapping[str, Pod], of_nodes: set[str]
) -> Iterator[Notice]:
    key = f"{pod.namespace}/{pod.name}"
    for address in endpoint.addresses:
        same_family = [ip for ip in pod.ips if is_ipv6(ip) == is_ipv6(address)]
        if address in pod.ips or (not same_family and not pod.finished):
            continue
        now = f"has {', '.join(same_family)}" if same_family else "has ended"
        now_zh = f"的地址是 {'、'.join(same_family)}" if same_family else "已结束"
        holder = by_address.get(address)
        if holder is not None:
            to, to_zh = f"Pod {holder.namespace}/{holder.name} has", f"由 Pod {holder.namespace}/{holder.name} 使用"
        elif address in of_nodes:
            to, to_zh = "a node has", "由某个节点使用"
        else:
            to, to_zh = "nobody has", "没有任何主机使用"
        yield (
            f"lists {address} for Pod {key}, which {now}: kube-proxy sends to {address}, which {to}.",
            f"把 {address} 列为 Pod {key} 的地址，而该 Pod {now_zh}：kube-proxy 仍发往 {address}，该地址{to_zh}。",
        )
    if endpoint.node_name and pod.node_name and endpoint.node_name != pod.node_name:
        yield (
            (
                f"puts Pod {key} on {endpoint.node_name}, but the Pod is on {pod.node_name}: kube-proxy goes by the slice, "
                "the network by the Pod."
            ),
            (
                f"称 Pod {key} 位于 {endpoint.node_name}，而该 Pod 位于 {pod.node_name}：kube-proxy 以 EndpointSlice 为准，"
                "网络以 Pod 为准。"
            ),
        )
