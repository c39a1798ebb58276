"""What a real kube-proxy would know and the manifests do not tell: its release, and in nftables mode the Services' networks."""

from __future__ import annotations

from collections.abc import Iterator

from engine.cluster import Cluster, Mode
from engine.proxy.releases import NEWEST, behaviour_on
from engine.trace import Text

_RELEASE = Text(
    f"No nodeInfo says which kube-proxy runs here: v{NEWEST}, the newest known, is assumed (--release).",
    f"节点的 nodeInfo 未说明 kube-proxy 版本：按已知最新的 v{NEWEST} 处理（可用 --release 指定）。",
)
_SERVICE_CIDRS = Text(
    "No ServiceCIDR is given, which every cluster has since v1.33: the rule that drops unallocated ClusterIPs is"
    " left out (kubectl get servicecidrs -o yaml).",
    "没有给出 ServiceCIDR（自 v1.33 起每个集群都有）：因此没有丢弃未分配 ClusterIP 的规则（kubectl get servicecidrs -o yaml）。",
)


def assumed_of_proxy(cluster: Cluster, mode: Mode, release: str | None, node: str | None = None) -> Iterator[Text]:
    """What is assumed of the kube-proxy on `node` (None: on every node) in `mode`; `release` is the one that was asked for."""
    asked = [one for one in cluster.nodes if node in (None, one.name)]
    if release is None and any(not one.proxy_version for one in asked):
        yield _RELEASE
    known = any(behaviour_on(one, release).service_cidrs_are_known for one in asked)
    if mode is Mode.NFTABLES and known and not cluster.service_cidrs:
        yield _SERVICE_CIDRS
