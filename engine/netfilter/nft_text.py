"""Rulesets as `nft list ruleset` prints them (nftables 1.0.6), and back.

Rules are printed from the objects that are evaluated, so what is shown is what is run.
Sources: nft(8); nftables 1.0.6 src/rule.c, src/expression.c, src/statement.c.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from typing import Any

from engine.errors import RuleError, UnsupportedFeature
from engine.netfilter import nft
from engine.netfilter import rules as r
from engine.netfilter.nft_names import (
    CT_STATES,
    PROTOCOL_NAME,
    TABLE_FAMILY,
    duration_text,
    element_order,
    field_text,
    priority_text,
    reject_text,
)
from engine.netfilter.nft_parse import parse, parse_all
from engine.packet import join_host_port

__all__ = ["dump", "element_text", "parse", "parse_all", "rule_text", "set_text"]

_ALL_BITS = 0xFFFFFFFF


def dump(ruleset: r.Ruleset) -> str:
    """What `nft list ruleset` prints for this family, ending in a newline; "" where there is no table."""
    return "".join(line + "\n" for table in ruleset.tables.values() for line in _table(table, ruleset.family))


def _table(table: r.Table, family: str) -> Iterator[str]:
    yield f"table {TABLE_FAMILY[family]} {table.name} {{"
    if table.comment is not None:
        yield f"\tcomment {_quoted(table.comment)}"
    first = True
    for name in table.sets:
        if not first:
            yield ""
        first = False
        yield from _set(nft.named_set(table, name))
    for chain in table.chains.values():
        if not first:
            yield ""
        first = False
        yield from _chain(chain, family)
    yield "}"


def set_text(named: nft.NamedSet) -> str:
    """One set or map as it stands in the listing."""
    return "\n".join(_set(named))


def _set(named: nft.NamedSet) -> Iterator[str]:
    yield f"\t{'map' if named.verdicts else 'set'} {named.name} {{"
    yield f"\t\ttype {' . '.join(named.key_types)}{' : verdict' if named.verdicts else ''}"
    if named.size is not None:
        yield f"\t\tsize {named.size}"
    if named.flags:
        yield f"\t\tflags {','.join(named.flags)}"
    if named.timeout is not None:
        yield f"\t\ttimeout {duration_text(named.timeout)}"
    if named.comment is not None:
        yield f"\t\tcomment {_quoted(named.comment)}"
    if named.elements:
        yield from _elements(named)
    yield "\t}"


def _elements(named: nft.NamedSet) -> Iterator[str]:
    keys = sorted(named.elements, key=lambda key: element_order(key, named.key_types))
    texts = [element_text(key, named.elements[key]) for key in keys]
    per_line = _PER_LINE.get(named.key_types[0], 1) if len(named.key_types) == 1 and not named.verdicts else 1
    lines = [", ".join(texts[start : start + per_line]) for start in range(0, len(texts), per_line)]
    start = "\t\telements = { "
    for number, line in enumerate(lines):
        yield start + line + (" }" if number == len(lines) - 1 else ",")
        start = "\t\t\t     "


# How many elements of a type stand on one line (src/expression.c, calculate_delim).
_PER_LINE = {"ipv4_addr": 2, "inet_service": 5}


def element_text(key: nft.Key, element: nft.Element) -> str:
    """One element as it stands between the braces."""
    text = " . ".join(key)
    if element.comment is not None:
        text += f" comment {_quoted(element.comment)}"
    return text if element.verdict is None else f"{text} : {_verdict(element.verdict)}"


def _chain(chain: r.Chain, family: str) -> Iterator[str]:
    yield f"\tchain {chain.name} {{"
    if chain.comment is not None:
        yield f"\t\tcomment {_quoted(chain.comment)}"
    if chain.hook is not None:
        priority = priority_text(chain.priority or 0, chain.hook)
        policy = (chain.policy or "ACCEPT").lower()
        yield f"\t\ttype {chain.kind} hook {chain.hook.value.lower()} priority {priority}; policy {policy};"
    for rule in chain.rules:
        yield f"\t\t{rule_text(rule, family)}"
    yield "\t}"


def rule_text(rule: r.Rule, family: str) -> str:
    """One rule as it stands in the listing, without indentation; `family` is "ipv4" or "ipv6"."""
    words: list[str] = []
    comment = ""
    for match in rule.matches:
        if isinstance(match, r.Comment):
            comment = f" comment {_quoted(match.text)}"
            continue
        printer = _MATCHES.get(type(match))
        if printer is None:
            raise UnsupportedFeature(f"{match!r} has no nft text", zh=f"{match!r} 没有对应的 nft 文本")
        words.append(printer(match, TABLE_FAMILY[family]))
    if rule.target is not None:
        words.append(_statement(rule.target, family))
    return " ".join(words) + comment


def _statement(target: r.Target, family: str) -> str:
    if isinstance(target, r.Reject):
        return reject_text(target.reject_with)
    printer = _TARGETS.get(type(target))
    if printer is None:
        raise UnsupportedFeature(f"{target!r} has no nft text", zh=f"{target!r} 没有对应的 nft 文本")
    return printer(target, TABLE_FAMILY[family])


def _quoted(text: str) -> str:
    if '"' in text or "\n" in text:
        raise RuleError(f"nft cannot hold {text!r} in a string", zh=f"nft 的字符串无法包含 {text!r}")
    return f'"{text}"'


def _ne(negate: bool) -> str:
    return "!= " if negate else ""


def _net(net: str) -> str:
    """A network as nft prints it: an address where it is only one."""
    network = ipaddress.ip_network(net, strict=False)
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def _ports(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}-{high}"


def _fields(fields: tuple[nft.LookupField, ...], ip: str) -> str:
    return " . ".join(field_text(field, ip) for field in fields)


def _device(name: str) -> str:
    return f'"{name[:-1]}*"' if name.endswith("+") else f'"{name}"'


def _mark_match(match: r.MarkMatch, ip: str) -> str:
    if match.mask == _ALL_BITS:
        return f"meta mark {_ne(match.negate)}{match.value:#010x}"
    length = match.mask.bit_count()
    if length and match.mask == _ALL_BITS ^ (_ALL_BITS >> length):
        # nft lists a mask of leading ones as a prefix; a masquerade mark is one with masqueradeBit 31.
        return f"meta mark {_ne(match.negate)}{match.value:#010x}/{length}"
    return f"meta mark & {match.mask:#010x} {'!=' if match.negate else '=='} {match.value:#010x}"


def _ct_state(match: r.ConntrackState, ip: str) -> str:
    states = {state.lower() for state in match.states}
    if not states <= set(CT_STATES):
        raise UnsupportedFeature(f"{match!r} has no nft text", zh=f"{match!r} 没有对应的 nft 文本")
    return f"ct state {_ne(match.negate)}{','.join(state for state in CT_STATES if state in states)}"


def _set_mark(target: r.SetMark, ip: str) -> str:
    if target.mask == _ALL_BITS:
        return f"meta mark set {target.value:#010x}"
    if target.mask == 0:
        return f"meta mark set meta mark ^ {target.value:#010x}"
    if target.mask == target.value:
        return f"meta mark set meta mark | {target.value:#010x}"
    if target.value == 0:
        return f"meta mark set meta mark & {target.mask ^ _ALL_BITS:#010x}"
    raise UnsupportedFeature(f"{target!r} has no nft text", zh=f"{target!r} 没有对应的 nft 文本")


def _nat(word: str, address: str, port: int | None, random_fully: bool = False) -> str:
    to = address if port is None else join_host_port(address, port)
    return f"{word} to {to}{' fully-random' if random_fully else ''}"


def _verdict(target: r.Target) -> str:
    """A verdict as a map or a rule holds it."""
    printer = _VERDICTS.get(type(target))
    if printer is None:
        raise UnsupportedFeature(
            f"{target!r} is no verdict that an nft map can hold", zh=f"{target!r} 不是 nft 映射可以存放的判决"
        )
    return printer(target)


def _random(target: nft.RandomVerdict, ip: str) -> str:
    verdicts = ", ".join(f"{number} : {_verdict(verdict)}" for number, verdict in enumerate(target.verdicts))
    return f"numgen random mod {len(target.verdicts)} vmap {{ {verdicts} }}"


_MATCHES: dict[type[r.Match], Callable[[Any, str], str]] = {
    r.Source: lambda m, ip: f"{ip} saddr {_ne(m.negate)}{_net(m.net)}",
    r.Destination: lambda m, ip: f"{ip} daddr {_ne(m.negate)}{_net(m.net)}",
    r.InInterface: lambda m, ip: f"iifname {_ne(m.negate)}{_device(m.name)}",
    r.OutInterface: lambda m, ip: f"oifname {_ne(m.negate)}{_device(m.name)}",
    r.Protocol: lambda m, ip: f"meta l4proto {_ne(m.negate)}{PROTOCOL_NAME[m.protocol]}",
    r.DestinationPort: lambda m, ip: f"{PROTOCOL_NAME[m.protocol]} dport {_ne(m.negate)}{_ports(m.low, m.high)}",
    r.SourcePort: lambda m, ip: f"{PROTOCOL_NAME[m.protocol]} sport {_ne(m.negate)}{_ports(m.low, m.high)}",
    r.MarkMatch: _mark_match,
    r.ConntrackState: _ct_state,
    r.AddressType: lambda m, ip: f"fib {m.side[0]}addr type {_ne(m.negate)}{m.type.lower()}",
    nft.InInterfaceIndex: lambda m, ip: f'iif {_ne(m.negate)}"{m.name}"',
    nft.SetLookup: lambda m, ip: f"{_fields(m.fields, ip)} {_ne(m.negate)}@{m.set}",
    nft.AddressSet: lambda m, ip: f"{ip} {m.side[0]}addr {_ne(m.negate)}{{ {', '.join(m.intervals)} }}",
}

_VERDICTS: dict[type[r.Target], Callable[[Any], str]] = {
    r.Jump: lambda t: f"jump {t.chain}",
    r.Goto: lambda t: f"goto {t.chain}",
    r.Return: lambda t: "return",
    r.Accept: lambda t: "accept",
    r.Drop: lambda t: "drop",
}

_TARGETS: dict[type[r.Target], Callable[[Any, str], str]] = {
    **{kind: (lambda t, ip: _verdict(t)) for kind in _VERDICTS},
    r.Masquerade: lambda t, ip: "masquerade fully-random" if t.random_fully else "masquerade",
    r.DestinationNat: lambda t, ip: _nat("dnat", t.address, t.port),
    r.SourceNat: lambda t, ip: _nat("snat", t.address, t.port, t.random_fully),
    r.SetMark: _set_mark,
    nft.VerdictMap: lambda t, ip: f"{_fields(t.fields, ip)} vmap @{t.map}",
    nft.RandomVerdict: _random,
    nft.SetUpdate: lambda t, ip: f"update @{t.set} {{ {_fields(t.fields, ip)} }}",
}
