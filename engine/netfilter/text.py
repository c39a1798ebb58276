"""Rulesets as text: what `iptables-save` or `nft list ruleset` prints.

iptables' part is ipt_text.py, nft's nft_text.py; ipt_parse.py and nft_parse.py read them back, which a walk does not need.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.netfilter.ipset import IpSet
from engine.netfilter.ipt_text import dump_iptables, rule_line
from engine.netfilter.rules import Backend, Rule, Ruleset
from engine.packet import Family
from engine.values import dataclass

__all__ = ["Listing", "dump", "dump_rule", "ipsets_of", "listings", "whole"]


@dataclass(frozen=True, slots=True)
class Listing:
    """What one `program` ("ipvsadm", "ipset", "iptables", "nft") lists of a node, and loads again."""

    program: str
    text: str


def listings(ruleset: Ruleset) -> tuple[Listing, ...]:
    """All there is on the node, in the order in which it can be loaded: virtual servers, sets, tables."""
    from engine.netfilter.ipvs import IpvsRuleset

    found = []
    if isinstance(ruleset, IpvsRuleset):
        from engine.netfilter.ipvsadm_text import save_services

        found.append(Listing("ipvsadm", _joined(save_services(ruleset.services))))
        sets: Iterable[IpSet] = ruleset.ipsets
    else:
        sets = ipsets_of(ruleset)
    found.append(Listing("ipset", _joined(line for ipset in sets for line in ipset.save())))
    return tuple(listing for listing in (*found, *_of_tables(ruleset)) if listing.text)


def ipsets_of(ruleset: Ruleset) -> tuple[IpSet, ...]:
    """The ipsets of its iptables tables, each once, in the order of the tables."""
    sets = {name: one for table in ruleset.tables.values() for name, one in table.sets.items()}
    return tuple(one for one in sets.values() if isinstance(one, IpSet))


def whole(ruleset: Ruleset) -> str:
    """What str() of a ruleset is: its listings, one after the other."""
    return "".join(listing.text for listing in listings(ruleset))


def dump(ruleset: Ruleset) -> str:
    """The tables as the kernel's own tools print them, without counters and comment lines; the ruleset's own tool's
    first."""
    return "".join(listing.text for listing in _of_tables(ruleset))


def _of_tables(ruleset: Ruleset) -> Iterator[Listing]:
    for backend in sorted(Backend, key=lambda backend: backend is not ruleset.backend):
        if not any(ruleset.backend_of(table) is backend for table in ruleset.tables.values()):
            continue
        if backend is Backend.NFTABLES:
            from engine.netfilter import nft_text

            yield Listing("nft", nft_text.dump(ruleset))
        else:
            yield Listing("iptables", dump_iptables(ruleset))


def _joined(lines: Iterable[str]) -> str:
    return "".join(line + "\n" for line in lines)


def dump_rule(chain: str, rule: Rule, backend: Backend = Backend.IPTABLES, family: Family = Family.IPV4) -> str:
    """One rule as it stands in the listing: `-A CHAIN ...` (iptables), the statement alone (nft)."""
    if backend is Backend.NFTABLES:
        from engine.netfilter import nft_text

        return nft_text.rule_text(rule, family)
    return rule_line(chain, rule, family)
