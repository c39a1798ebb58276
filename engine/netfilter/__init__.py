"""Netfilter as the kernel runs it: rules as data, evaluated, printed and read back; conntrack and NAT.

Nothing here knows Kubernetes or kube-proxy. rules.py is the vocabulary: the evaluator, printers and parsers import it,
it imports none of them.
"""

from __future__ import annotations

from engine.netfilter import rules


def _print(ruleset: rules.Ruleset) -> str:
    # The printers are read when a ruleset is printed, not when one is made: most starts print none.
    from engine.netfilter.text import dump

    return dump(ruleset)


rules.PRINT.append(_print)
