"""Parts of the dataplane that can be taken away, to see what breaks: one table of names.

NetworkFacts.without holds such names. Taking away changes a node's ruleset or its network, never the walk's own code.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from engine.cluster import Cluster
from engine.errors import NoSuchObject
from engine.fabric import chains
from engine.netfilter.chain_meaning import ChainRole
from engine.netfilter.ipvs import IpvsRuleset
from engine.netfilter.nft import SetLookup
from engine.netfilter.rules import Jump, Masquerade, Match, Rule, Ruleset, SetMatch, Source
from engine.trace import Text
from engine.values import dataclass


def _is_masquerade(table: str, chain: str, rule: Rule) -> bool:
    return isinstance(rule.target, Masquerade)


def _is_hairpin_mark(table: str, chain: str, rule: Rule) -> bool:
    """Where a connection of an endpoint to itself is marked: by its source in the endpoint's chain; ipvs mode has no such
    mark, nor has nftables mode since v1.36: there a set holds who reaches itself, and what is in it is masqueraded."""
    role = chains.role_of(table, chain)
    if role is ChainRole.MASQUERADE:
        sets = chains.hairpin_sets()
        return any(_set_asked(match) in sets for match in rule.matches)
    if role is not ChainRole.ENDPOINT or not isinstance(rule.target, Jump):
        return False
    marks = chains.role_of(table, rule.target.chain) is ChainRole.MARK
    return marks and any(isinstance(match, Source) for match in rule.matches)


def _set_asked(match: Match) -> str | None:
    return match.name if isinstance(match, SetMatch) else match.set if isinstance(match, SetLookup) else None


def _is_cluster_ips_check(table: str, chain: str, rule: Rule) -> bool:
    return chains.part_of(table, chain) == "cluster-ips-check"


@dataclass(frozen=True, slots=True)
class RemovablePart:
    """Something that can be missing. `drops` picks the rules that go with it (table, chain, rule), `undoes` takes back what ipvs mode set up
    beside its rules; the other parts are network facts."""

    name: str
    meaning: Text
    drops: Callable[[str, str, Rule], bool] | None = None
    undoes: Callable[[IpvsRuleset], IpvsRuleset] | None = None


PARTS: Mapping[str, RemovablePart] = MappingProxyType(
    {
        part.name: part
        for part in (
            RemovablePart(
                "masquerade",
                Text(
                    "no MASQUERADE rule: nobody's source is rewritten", "没有 MASQUERADE 规则：任何连接的源地址都不改写"
                ),
                _is_masquerade,
            ),
            RemovablePart(
                "cni-rules",
                Text(
                    "the CNI writes no rules of its own: kube-proxy's alone are there",
                    "CNI 不写自己的规则：只有 kube-proxy 的规则",
                ),
            ),
            RemovablePart(
                "hairpin-masquerade",
                Text(
                    "no mark for a pod that reaches itself through a Service",
                    "Pod 经 Service 访问自己时，没有打 MASQUERADE 标记的规则",
                ),
                _is_hairpin_mark,
            ),
            RemovablePart(
                "hairpin-mode",
                Text("the bridge ports' hairpin mode is off", "网桥端口未开启 hairpin 模式"),
            ),
            RemovablePart(
                "br_netfilter",
                Text("bridged frames do not pass iptables", "网桥转发的帧不经过 iptables（br_netfilter 关闭）"),
            ),
            RemovablePart(
                "route",
                Text("the nodes have no routes to each other's pods", "节点之间没有到对方 Pod 网段的路由"),
            ),
            RemovablePart(
                "route_localnet",
                Text(
                    "addresses of 127.0.0.0/8 may not leave lo", "127.0.0.0/8 的地址不允许离开 lo（route_localnet=0）"
                ),
            ),
            RemovablePart(
                "ip_forward",
                Text("the nodes do not forward packets", "节点不转发数据包（ip_forward=0）"),
            ),
            RemovablePart(
                "cluster-ips-check",
                Text(
                    "nftables mode: nothing refuses what no Service has on a ClusterIP",
                    "nftables 模式：不拒绝 ClusterIP 上没有 Service 的端口",
                ),
                _is_cluster_ips_check,
            ),
            RemovablePart(
                "kube-ipvs0",
                Text(
                    "ipvs mode: the Services' addresses are not bound to kube-ipvs0",
                    "ipvs 模式：Service 的地址没有绑定到 kube-ipvs0",
                ),
                undoes=lambda ruleset: dataclasses.replace(ruleset, dummy_addresses=()),
            ),
            RemovablePart(
                "vs-conntrack",
                Text(
                    "ipvs mode: IPVS takes its connections out of conntrack (net.ipv4.vs.conntrack=0)",
                    "ipvs 模式：IPVS 的连接不进入 conntrack（net.ipv4.vs.conntrack=0）",
                ),
                undoes=lambda ruleset: dataclasses.replace(ruleset, conntrack=False),
            ),
        )
    }
)


def check_parts(names: Iterable[str]) -> None:
    """Raise NoSuchObject for a name that is not in PARTS."""
    for name in sorted(names):
        if name not in PARTS:
            raise NoSuchObject(
                f"there is no part {name!r} to go without; known parts: {', '.join(PARTS)}",
                zh=f"没有可去掉的部分 {name!r}；已知部分：{'、'.join(PARTS)}",
            )


def cut(cluster: Cluster, ruleset: Ruleset) -> Ruleset:
    """`ruleset` without what the cluster's missing parts stand for; itself where none are missing."""
    parts = [PARTS[name] for name in sorted(cluster.network.without)]
    for part in parts:
        if part.undoes is not None and isinstance(ruleset, IpvsRuleset):
            ruleset = part.undoes(ruleset)
    picks = [part.drops for part in parts if part.drops is not None]
    if not picks:
        return ruleset
    tables = {}
    for name, table in ruleset.tables.items():
        left = {}
        for chain_name, chain in table.chains.items():
            kept = [rule for rule in chain.rules if not any(pick(name, chain_name, rule) for pick in picks)]
            left[chain_name] = chain if len(kept) == len(chain.rules) else dataclasses.replace(chain, rules=kept)
        tables[name] = dataclasses.replace(table, chains=left)
    return dataclasses.replace(ruleset, tables=tables)
