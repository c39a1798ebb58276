"""Two dumps are equal when they differ only where kube-proxy itself is not deterministic.

kube-proxy walks its Services in no fixed order, so rules of different Services may stand in any order in the chains
they share. Which table comes first is the kernel's business. All else keeps its order.
"""

from __future__ import annotations

from engine.proxy.naming import SHARED_CHAINS

_LAST = "this must be the last rule"


def iptables_lines(text: str) -> list[str]:
    """iptables-save text with tables and chains by name, and the rules of shared chains sorted."""
    tables: dict[str, dict[str, list[str]]] = {}
    table: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("*"):
            table = tables.setdefault(line, {})
        elif line.startswith(":"):
            table[line] = []
            names = {chain.split()[0][1:]: chain for chain in table}
        elif line.startswith("-A"):
            table[names[line.split()[1]]].append(line)
    lines = []
    for name, chains in sorted(tables.items()):
        lines.append(name)
        for chain, rules in sorted(chains.items()):
            shared = chain.split()[0][1:] in SHARED_CHAINS.get(name[1:], ())
            lines += [chain, *(sorted(rules, key=lambda rule: (_LAST in rule, rule)) if shared else rules)]
    return lines
