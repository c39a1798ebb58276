"""Targets where the kernel does not let iptables use them: asked of rules that somebody types, for what iptables-save
printed has been through the kernel already.

Source: net/netfilter/x_tables.c (xt_check_target); the tables and hooks of struct xt_target in nf_nat_masquerade's, xt_nat's
and xt_REDIRECT's modules; iptables 1.8.9 prints the kernel's EINVAL as `Invalid argument`.
"""

from __future__ import annotations

from engine.errors import RuleError
from engine.hooks import Hook
from engine.netfilter.ruleset import Ruleset, Table, Target
from engine.packet import Family


def check_usable(ruleset: Ruleset) -> None:
    """Raises RuleError for a target in another table than its own, or in a chain that a hook leads to from which it may
    not be used."""
    for table in ruleset.tables.values():
        reached = _reached(table)
        for chain in table.chains.values():
            for rule in chain.rules:
                if rule.target is not None and rule.target.usable_from:
                    _check(table, rule.target, reached.get(chain.name, set()))


def _reached(table: Table) -> dict[str, set[Hook]]:
    """The hooks that lead to each chain."""
    reached: dict[str, set[Hook]] = {}
    pending = [(chain.name, chain.hook) for chain in table.chains.values() if chain.hook is not None]
    while pending:
        name, hook = pending.pop()
        if name in table.chains and hook not in reached.setdefault(name, set()):
            reached[name].add(hook)
            targets = (rule.target for rule in table.chains[name].rules if rule.target is not None)
            pending += [(to, hook) for target in targets for to in target.leads_to(table)]
    return reached


def _check(table: Table, target: Target, hooks: set[Hook]) -> None:
    if table.name == target.usable_in and hooks <= target.usable_from:
        return
    word = target.iptables_text(Family.IPV4).split()[1]
    if table.name != target.usable_in:
        said = f"{word} target: only valid in {target.usable_in} table, not {table.name}"
    else:
        used, usable = ("/".join(hook for hook in Hook if hook in each) for each in (hooks, target.usable_from))
        said = f"{word} target: used from hooks {used}, but only usable from {usable}"
    raise RuleError(
        f"the kernel refuses it: iptables: Invalid argument ({said})",
        zh=f"内核会拒绝：iptables: Invalid argument（{said}）",
    )
