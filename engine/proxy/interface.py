"""compile_rules: what kube-proxy leaves in a node's kernel, by mode. The one door to this room."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from engine.cluster import Cluster, Node
from engine.errors import NoSuchObject
from engine.netfilter.rules import Ruleset
from engine.proxy.garbage import without_garbage_search
from engine.proxy.releases import Behaviour, behaviour_on

Compiler = Callable[[Cluster, Node, str, Behaviour], Ruleset]

# Mode -> module and function. Looked up when first used, so that a mode costs nothing until it is asked for.
MODES: dict[str, tuple[str, str]] = {
    "iptables": ("engine.proxy.iptables", "compile_iptables"),
    "ipvs": ("engine.proxy.ipvs", "compile_ipvs"),
    "nftables": ("engine.proxy.nftables", "compile_nftables"),
}

FAMILIES = ("ipv4", "ipv6")


def compile_rules(
    cluster: Cluster, node_name: str, mode: str = "iptables", family: str = "ipv4", release: str | None = None
) -> Ruleset:
    """The rules that kube-proxy writes on node `node_name` in one full sync; str() prints them as the kernel's tool.

    `mode` is one of MODES, `family` "ipv4" or "ipv6", `release` kube-proxy's ("1.30", "v1.30.5"; None: the one that
    the node reports, else the newest). Raises NoSuchObject for an unknown node, mode or family, UnsupportedFeature for
    a release that is not modelled or that would leave the node without rules.
    The same cluster always gives the same rules, in the same order (services by namespace/name:port).
    """
    node = find_node(cluster, node_name)
    if mode not in MODES:
        raise NoSuchObject(
            f"there is no proxy mode {mode!r}; known modes: {', '.join(MODES)}",
            zh=f"没有代理模式 {mode!r}；已知模式：{'、'.join(MODES)}",
        )
    if family not in FAMILIES:
        raise NoSuchObject(
            f"there is no address family {family!r}; known families: {', '.join(FAMILIES)}",
            zh=f"没有地址族 {family!r}；已知：{'、'.join(FAMILIES)}",
        )
    module, function = MODES[mode]
    compiler: Compiler = getattr(importlib.import_module(module), function)
    with without_garbage_search():
        return compiler(cluster, node, family, behaviour_on(node, release))


def find_node(cluster: Cluster, node_name: str) -> Node:
    """The node of that name; NoSuchObject with the known names where there is none."""
    for node in cluster.nodes:
        if node.name == node_name:
            return node
    known = ", ".join(sorted(node.name for node in cluster.nodes)) or "none"
    raise NoSuchObject(
        f"there is no node {node_name!r}; known nodes: {known}", zh=f"没有节点 {node_name!r}；已知节点：{known}"
    )
