"""The chains that an iptables table has by itself.

Source: net/ipv4/netfilter/iptable_{raw,mangle,nat,filter,security}.c.
"""

from __future__ import annotations

from engine.hooks import IPTABLES_PRIORITY
from engine.netfilter.ruleset import Chain


def built_in_chains(table: str) -> dict[str, Chain]:
    """The built-in chains of an iptables table, empty, policy ACCEPT, in the order in which iptables-save lists them."""
    return {
        hook.value: Chain(hook.value, [], hook, priority, "ACCEPT", table)
        for (name, hook), priority in IPTABLES_PRIORITY.items()
        if name == table
    }
