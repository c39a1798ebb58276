"""nftables' named sets and maps: what they hold, the key that a packet asks them for, and its text.

Sources: nft(8); net/netfilter/nft_lookup.c, nft_dynset.c, nft_set_hash.c.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable
from typing import TypeAlias

from engine.errors import RuleError
from engine.netfilter.context import Context
from engine.netfilter.packet_facts import Value
from engine.netfilter.ruleset import Table, Target
from engine.packet import FiveTuple
from engine.values import dataclass

# A key of a set or map, one string a component, as nft prints them: ("10.96.0.10", "udp", "53").
Key: TypeAlias = tuple[str, ...]


class LookupField(enum.StrEnum):
    """What of a packet a look-up asks for; together the fields make the key."""

    SADDR = "saddr"
    DADDR = "daddr"
    L4PROTO = "l4proto"
    DPORT = "dport"


@dataclass(frozen=True, slots=True)
class Element:
    """What a set or map holds beside the key: a comment, and in a map a verdict or, as text, a value. `expires`: the seconds
    that are left of an element that a packet put there."""

    verdict: Target | None = None
    comment: str | None = None
    value: str | None = None
    expires: float | None = None


@dataclass(slots=True)
class NamedSet:
    """A set, or with `verdicts` a map to verdicts (the kernel holds both alike, struct nft_set).

    `key_types` are nft's type names, `timeout` is in seconds, `flags` in the order nft prints them; `value_type` is that of
    a map to values.
    """

    name: str
    key_types: tuple[str, ...]
    verdicts: bool = False
    comment: str | None = None
    flags: tuple[str, ...] = ()
    timeout: int | None = None
    size: int | None = None
    value_type: str | None = None
    elements: dict[Key, Element] = dataclasses.field(default_factory=dict)


def named_set(table: Table, name: str) -> NamedSet:
    """The set or map `name` of the table; raises RuleError where it has none."""
    found = table.sets.get(name)
    if not isinstance(found, NamedSet):
        raise RuleError(
            f"table {table.name} has no set or map {name}; the kernel refuses this ruleset",
            zh=f"表 {table.name} 没有集合或映射 {name}；内核会拒绝这份规则",
        )
    return found


def asked(name: str, context: Context) -> NamedSet:
    """The set or map of a look-up, counted as one."""
    context.hash_lookups += 1
    return named_set(context.table, name)


def element_of(named: NamedSet, key: Key) -> Element | None:
    """What the set or map holds for a key: itself, or an interval that it lies in."""
    found = named.elements.get(key)
    if found is not None or ("interval" not in named.flags and ("*",) not in named.elements):
        return found
    # A set of a node's own rules alone has intervals: kube-proxy's need not read this.
    from engine.netfilter import nft_fields

    return element_for(
        named, tuple(nft_fields.bounds(part, kind)[0] for part, kind in zip(key, named.key_types, strict=True))
    )


def element_for(named: NamedSet, found: tuple[Value, ...]) -> Element | None:
    """What the set or map holds for a packet's values (nft_fields)."""
    from engine.netfilter import nft_fields

    rest = None
    for key, element in named.elements.items():
        if key == ("*",):
            rest = element
        elif nft_fields.fits(key, named.key_types, found):
            return element
    # The catch-all is asked last, whatever the order (nft_set_catchall_lookup).
    return rest


def key_of(fields: tuple[LookupField, ...], flow: FiveTuple) -> Key:
    """The key that a packet of this flow asks a set or map for."""
    return tuple([_FIELD_OF[field](flow) for field in fields])


_FIELD_OF: dict[LookupField, Callable[[FiveTuple], str]] = {
    LookupField.SADDR: lambda flow: flow.src,
    LookupField.DADDR: lambda flow: flow.dst,
    LookupField.L4PROTO: lambda flow: flow.protocol.lower(),
    LookupField.DPORT: lambda flow: str(flow.dport),
}


# The pattern of a key's fields, and how they are written; {ip} is ip or ip6.
FIELDS = r"((?:ip6? [sd]addr|meta l4proto|th dport)(?: \. (?:ip6? [sd]addr|meta l4proto|th dport))*)"
_FIELD_TEXT = {
    LookupField.SADDR: "{ip} saddr",
    LookupField.DADDR: "{ip} daddr",
    LookupField.L4PROTO: "meta l4proto",
    LookupField.DPORT: "th dport",
}


def fields_text(fields: tuple[LookupField, ...], ip: str) -> str:
    """The fields as printed; `ip` is "ip" or "ip6"."""
    return " . ".join(_FIELD_TEXT[field].replace("{ip}", ip) for field in fields)


def read_fields(text: str, ip: str) -> tuple[LookupField, ...]:
    """The reverse of fields_text; KeyError for a field of the other family."""
    known = {form.replace("{ip}", ip): field for field, form in _FIELD_TEXT.items()}
    return tuple(known[part] for part in text.split(" . "))
