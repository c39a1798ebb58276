"""Rulesets as `nft list ruleset` prints them (nftables 1.0.6); nft_parse.py reads them.

Rules are printed from the objects that are evaluated, so what is shown is what is run.
Sources: nft(8); nftables 1.0.6 src/rule.c, src/expression.c, src/statement.c.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.netfilter.nft_names import TABLE_FAMILY, duration_text, element_order, priority_text, remaining_text
from engine.netfilter.nft_sets import Element, Key, NamedSet, named_set
from engine.netfilter.parts.comment import nft_quoted
from engine.netfilter.parts.verdicts import verdict_text
from engine.netfilter.ruleset import Backend, Chain, Rule, Ruleset, Table
from engine.packet import Family

__all__ = ["dump", "element_text", "rule_text", "set_text"]


def dump(ruleset: Ruleset) -> str:
    """What `nft list ruleset` prints for this family, ending in a newline; "" where there is no table."""
    tables = [table for table in ruleset.tables.values() if ruleset.backend_of(table) is Backend.NFTABLES]
    return "".join(line + "\n" for table in tables for line in _table(table, ruleset.family))


def _table(table: Table, family: Family) -> Iterator[str]:
    yield f"table {table.family or TABLE_FAMILY[family]} {table.name} {{"
    if table.comment is not None:
        yield f"\tcomment {nft_quoted(table.comment)}"
    first = True
    for name in table.sets:
        if not first:
            yield ""
        first = False
        yield from _set(named_set(table, name))
    for chain in table.chains.values():
        if not first:
            yield ""
        first = False
        yield from _chain(chain, family)
    yield "}"


def set_text(named: NamedSet) -> str:
    """One set or map as it stands in the listing."""
    return "\n".join(_set(named))


def _set(named: NamedSet) -> Iterator[str]:
    value = "verdict" if named.verdicts else named.value_type
    yield f"\t{'set' if value is None else 'map'} {named.name} {{"
    yield f"\t\ttype {' . '.join(named.key_types)}{'' if value is None else f' : {value}'}"
    if named.size is not None:
        yield f"\t\tsize {named.size}"
    if named.flags:
        yield f"\t\tflags {','.join(named.flags)}"
    if named.timeout is not None:
        yield f"\t\ttimeout {duration_text(named.timeout)}"
    if named.comment is not None:
        yield f"\t\tcomment {nft_quoted(named.comment)}"
    if named.elements:
        yield from _elements(named)
    yield "\t}"


def _elements(named: NamedSet) -> Iterator[str]:
    keys = sorted(named.elements.keys() - {_REST}, key=lambda key: element_order(key, named.key_types))
    keys += [_REST] if _REST in named.elements else []
    texts = [element_text(_quoted(key, named.key_types), named.elements[key]) for key in keys]
    per_line = _PER_LINE.get(named.key_types[0], 1) if len(named.key_types) == 1 and not named.verdicts else 1
    lines = [", ".join(texts[start : start + per_line]) for start in range(0, len(texts), per_line)]
    start = "\t\telements = { "
    for number, line in enumerate(lines):
        yield start + line + (" }" if number == len(lines) - 1 else ",")
        start = "\t\t\t     "


# The catch-all element, which is listed last.
_REST = ("*",)


def _quoted(key: Key, kinds: tuple[str, ...]) -> Key:
    if "ifname" not in kinds or key == _REST:
        return key
    return tuple(nft_quoted(part) if kind == "ifname" else part for part, kind in zip(key, kinds, strict=True))


# How many elements of a type stand on one line (src/expression.c, calculate_delim).
_PER_LINE = {"ipv4_addr": 2, "inet_service": 5}


def element_text(key: Key, element: Element) -> str:
    """One element as it stands between the braces."""
    text = " . ".join(key)
    if element.expires is not None:
        text += f" expires {remaining_text(element.expires)}"
    if element.comment is not None:
        text += f" comment {nft_quoted(element.comment)}"
    if element.value is not None:
        return f"{text} : {element.value}"
    return text if element.verdict is None else f"{text} : {verdict_text(element.verdict)}"


def _chain(chain: Chain, family: Family) -> Iterator[str]:
    yield f"\tchain {chain.name} {{"
    if chain.comment is not None:
        yield f"\t\tcomment {nft_quoted(chain.comment)}"
    if chain.hook is not None:
        priority = priority_text(chain.priority or 0, chain.hook)
        policy = (chain.policy or "ACCEPT").lower()
        yield f"\t\ttype {chain.kind} hook {chain.hook.value.lower()} priority {priority}; policy {policy};"
    for rule in chain.rules:
        yield f"\t\t{rule_text(rule, family)}"
    yield "\t}"


def rule_text(rule: Rule, family: Family) -> str:
    """One rule as it stands in the listing, without indentation."""
    ip = TABLE_FAMILY[family]
    words: list[str] = []
    ending = ""
    for match in rule.matches:
        if match.at_end_in_nft:
            ending = f" {match.nft_text(ip)}"
        else:
            words.append(match.nft_text(ip))
    if rule.target is not None:
        words.append(rule.target.nft_text(ip))
    return " ".join(words) + ending
