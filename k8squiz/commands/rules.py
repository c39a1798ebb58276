"""`k8squiz rules`: what kube-proxy writes on one node, exactly as the kernel's own tool lists it."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from engine.cluster import Cluster, Mode
from engine.netfilter.ruleset import Ruleset
from engine.packet import Family, family_of
from engine.proxy.interface import family_named, mode_named
from k8squiz.commands.input import read_cluster, say_release
from k8squiz.locale.i18n import Lang
from k8squiz.terminal.console import print_machine
from k8squiz.terminal.sanitize import visible


def run(
    paths: tuple[str, ...],
    node: str,
    mode: str | None,
    family: str | None,
    lang: Lang,
    release: str | None = None,
    every: bool = False,
) -> int:
    """Print the rules of `node` for "ipv4" or "ipv6" (None: ipv4, in nftables mode each that the node has an address of,
    as one `nft list ruleset` shows them); `every`: the CNI's own beside kube-proxy's. The node's own objects are enough: a
    part of a cluster will do."""
    import engine

    cluster = read_cluster(paths, lang, strict=False)
    chosen = mode_named(mode) if mode else cluster.proxy.effective_mode
    families = (family_named(family),) if family else _families(cluster, node, chosen)
    compiled = engine.compile_node if every else engine.compile_rules
    rulesets = [compiled(cluster, node, chosen, each, release) for each in families]
    say_release(cluster, node, chosen, release, lang)
    print_machine(visible(together(rulesets)))
    sys.stdout.flush()
    return 0


def together(rulesets: Iterable[Ruleset]) -> str:
    """The listings of both families: those of one program stand together, as it prints them in one go."""
    from engine.netfilter.text import listings

    found: dict[str, list[str]] = {}
    for ruleset in rulesets:
        for listing in listings(ruleset):
            found.setdefault(listing.program, []).append(listing.text)
    return "".join(text for texts in found.values() for text in texts)


def _families(cluster: Cluster, name: str, mode: Mode) -> tuple[Family, ...]:
    """IPv4 alone; in nftables mode, whose tool lists both, those of the node's InternalIPs, IPv4 first."""
    if mode is not Mode.NFTABLES:
        return (Family.IPV4,)
    addresses = [address for node in cluster.nodes if node.name == name for address in node.internal_ips]
    found = {family_of(address) for address in addresses}
    return tuple(sorted(found)) or (Family.IPV4,)
