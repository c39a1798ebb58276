"""Rules that were saved on a node of a CNI that decides by more than rules: what is said of a walk through them."""

from __future__ import annotations

from collections.abc import Mapping

from engine.cluster import Cluster
from engine.cni.unmodelled import writer_of
from engine.errors import UnsupportedFeature
from engine.fabric import chains
from engine.netfilter.ruleset import Ruleset
from engine.trace import Text


def foreign_rules(rulesets: Mapping[str, Ruleset]) -> dict[str, str]:
    """Node -> the plugin whose chains its rules hold, where kube-proxy's are not among them."""
    found: dict[str, str] = {}
    for node, ruleset in rulesets.items():
        names = [(table.name, chain) for table in ruleset.tables.values() for chain in table.chains]
        writer = next((one for _, chain in names if (one := writer_of(chain)) is not None), None)
        if writer is not None and not any(chains.of_kube_proxy(table, (chain,)) for table, chain in names):
            found[node] = writer.name
    return found


def foreign_text(node: str, name: str) -> Text:
    return Text(
        f"The rules of {node} are {name}'s, whose own programs (eBPF, Open vSwitch) wire pods and decide Services and policies"
        " beside them: no listing shows those, and this walk passes them over.",
        f"{node} 的规则属于 {name}；Pod 的连接以及 Service、网络策略的处理由它自己的程序（eBPF、Open vSwitch）完成，规则列表中看不到，本次路径略过这些。",
    )


def refuse_service(cluster: Cluster, node: str, name: str, address: str, port: int) -> None:
    """Raise UnsupportedFeature where a packet that meets `node` first, whose rules are `name`'s, goes to a Service."""
    addresses = {a for one in cluster.nodes for a in (*one.internal_ips, *one.addresses)}
    for service in cluster.services:
        balanced = (ingress.ip for ingress in service.load_balancer_ingress)
        own = address in (*service.cluster_ips, *service.external_ips, *balanced)
        if own or (address in addresses and any(one.node_port == port for one in service.ports if one.node_port)):
            raise UnsupportedFeature(
                f"the rules of {node} are {name}'s and hold no chain of kube-proxy: what becomes of a packet to Service"
                f" {service.key}, {name}'s own programs decide, which are not modelled",
                zh=f"{node} 的规则属于 {name}，其中没有 kube-proxy 的链：发往 Service {service.key} 的数据包由 {name} 自己的程序处理，未建模",
            )
