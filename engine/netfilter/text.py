"""Rulesets as text: what `iptables-save` or `nft list ruleset` prints, and back.

iptables' part is ipt_text.py (print) and ipt_parse.py (read); nft's is nft_text.py and nft_parse.py.
"""

from __future__ import annotations

from engine.netfilter.ipt_parse import parse
from engine.netfilter.ipt_text import dump_iptables, rule_line
from engine.netfilter.rules import Backend, Rule, Ruleset

__all__ = ["dump", "dump_rule", "parse"]


def dump(ruleset: Ruleset) -> str:
    """The whole ruleset as the kernel's own tool prints it, without counters and comment lines."""
    if ruleset.backend is Backend.NFTABLES:
        from engine.netfilter import nft_text

        return nft_text.dump(ruleset)
    return dump_iptables(ruleset)


def dump_rule(chain: str, rule: Rule, backend: Backend = Backend.IPTABLES, family: str = "ipv4") -> str:
    """One rule as it stands in the listing: `-A CHAIN ...` (iptables), the statement alone (nft)."""
    if backend is Backend.NFTABLES:
        from engine.netfilter import nft_text

        return nft_text.rule_text(rule, family)
    return rule_line(chain, rule, family)
