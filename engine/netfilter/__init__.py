"""Netfilter as the kernel runs it: rules as data, evaluated, printed and read back; conntrack and NAT.

Nothing here knows Kubernetes or kube-proxy. A match or target stands whole in one module of parts/ (its data, its text,
how it is decided); ruleset.py is what they are set into, part.py what they are made of, registry.py where their text is
found, rules.py and nft.py their names for whoever writes rules. No match or target is named anywhere else.
"""

from __future__ import annotations

from engine.netfilter import ruleset


def _print(printed: ruleset.Ruleset) -> str:
    # The printers are read when a ruleset is printed, not when one is made: most starts print none.
    from engine.netfilter.text import whole

    return whole(printed)


ruleset.PRINT.append(_print)
