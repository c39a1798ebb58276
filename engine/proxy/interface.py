"""compile_rules: what kube-proxy leaves in a node's kernel, by mode. The one door to this room."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from engine.cluster import Cluster, Mode, Node
from engine.errors import NoSuchObject
from engine.netfilter.rules import Ruleset
from engine.packet import Family
from engine.proxy.common import Common
from engine.proxy.compiled import ClusterCache, copied, rules_in
from engine.proxy.garbage import without_garbage_search
from engine.proxy.releases import Behaviour, behaviour_on
from engine.values import dataclass

Compiler = Callable[[Cluster, Node, Family, Behaviour, Common], Ruleset]


@dataclass(frozen=True, slots=True)
class ModeRow:
    """A mode that is modelled: the `module` and function that write its rules, imported when first used, so that a mode
    costs nothing until it is asked for; `binds_addresses`: it gives the Services' addresses to kube-ipvs0;
    `sets_route_localnet`: for NodePorts on 127.0.0.1."""

    module: str
    function: str
    binds_addresses: bool = False
    sets_route_localnet: bool = False


# Sources: pkg/proxy/iptables/proxier.go (NewProxier sets route_localnet), pkg/proxy/ipvs/proxier.go (syncProxyRules makes
# kube-ipvs0).
MODES: dict[Mode, ModeRow] = {
    Mode.IPTABLES: ModeRow("engine.proxy.iptables", "compile_iptables", sets_route_localnet=True),
    Mode.IPVS: ModeRow("engine.proxy.ipvs", "compile_ipvs", binds_addresses=True),
    Mode.NFTABLES: ModeRow("engine.proxy.nftables", "compile_nftables"),
}

# What nodes have in common is worth keeping while rulesets of that cluster are made.
_COMMON: ClusterCache[Common] = ClusterCache(most=3)
_COMPILED: ClusterCache[Ruleset] = ClusterCache(most=16, heaviest=400_000, weigh=rules_in)


def compile_rules(
    cluster: Cluster, node_name: str, mode: str = "iptables", family: str = "ipv4", release: str | None = None
) -> Ruleset:
    """The rules that kube-proxy writes on node `node_name` in one full sync; str() prints them as the kernel's tool.

    `mode` is one of MODES, `family` "ipv4" or "ipv6", `release` kube-proxy's ("1.30", "v1.30.5"; None: the one that
    the node reports, else the newest). Raises NoSuchObject for an unknown node, mode or family, UnsupportedFeature for
    a release that is not modelled or that would leave the node without rules.
    The same cluster always gives the same rules, in the same order (services by namespace/name:port). For a cluster
    object that was asked about before they are not compiled again (shared_rules), only copied: they are the caller's own.
    """
    return copied(shared_rules(cluster, node_name, mode, family, release))


def shared_rules(cluster: Cluster, node_name: str, mode: str, family: str, release: str | None = None) -> Ruleset:
    """As compile_rules, but the same object for the same cluster object, not to be altered.

    Kept are the last 16 rulesets, of 400,000 rules together (200 MiB) or the latest alone where that has more. Threads
    may share it."""
    key = (node_name, mode, family, release)
    return _COMPILED.get(cluster, key, lambda: _compiled(cluster, node_name, mode, family, release))


def fresh_rules(
    cluster: Cluster,
    node_name: str,
    mode: str,
    family: str = "ipv4",
    release: str | None = None,
    common: Common | None = None,
) -> Ruleset:
    """As compile_rules, compiled now and kept nowhere: for clusters that nobody will ask about again. `common`: what is
    known of the cluster already, in that mode and family and of that release; what comes to be known is added."""
    return _compiled(cluster, node_name, mode, family, release, common or Common())


def _compiled(
    cluster: Cluster, node_name: str, mode: str, family: str, release: str | None, common: Common | None = None
) -> Ruleset:
    node = find_node(cluster, node_name)
    row = MODES[mode_named(mode)]
    wanted = family_named(family)
    compiler: Compiler = getattr(importlib.import_module(row.module), row.function)
    behaviour = behaviour_on(node, release)
    if common is None:
        common = _COMMON.get(cluster, (mode, family, behaviour), Common)
    with without_garbage_search():
        return compiler(cluster, node, wanted, behaviour, common)


def mode_named(mode: str) -> Mode:
    """The mode of that name, which may be the mode itself; NoSuchObject with those that are modelled for any other."""
    for known in MODES:
        if known == mode:
            return known
    raise NoSuchObject(
        f"there is no proxy mode {str(mode)!r}; known modes: {', '.join(MODES)}",
        zh=f"没有代理模式 {str(mode)!r}；已知模式：{'、'.join(MODES)}",
    )


def family_named(family: str) -> Family:
    """The family of that name, which may be the family itself; NoSuchObject for any other."""
    for known in Family:
        if known == family:
            return known
    raise NoSuchObject(
        f"there is no address family {str(family)!r}; known families: {', '.join(Family)}",
        zh=f"没有地址族 {str(family)!r}；已知：{'、'.join(Family)}",
    )


def find_node(cluster: Cluster, node_name: str) -> Node:
    """The node of that name; NoSuchObject with the known names where there is none."""
    for node in cluster.nodes:
        if node.name == node_name:
            return node
    known = ", ".join(sorted(node.name for node in cluster.nodes)) or "none"
    raise NoSuchObject(
        f"there is no node {node_name!r}; known nodes: {known}", zh=f"没有节点 {node_name!r}；已知节点：{known}"
    )
