"""What nft rules ask of a packet beyond what a part of its own stands for: fields by the name nft prints, and how a value,
a prefix or a range of each is read and compared. A packet's value is an address as (version, number), a port or mark, a
word; None where the packet has none.

Sources: nft(8); nftables 1.0.6 src/datatype.c, src/meta.c, src/ct.c; net/netfilter/nft_meta.c, nft_ct.c, nft_payload.c
(a field that the packet has not breaks the rule off: NFT_BREAK).
"""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Callable

from engine.netfilter.context import Context
from engine.netfilter.packet_facts import ICMP_NAMES, Value, device_matches, icmp_kind_of
from engine.packet import L4, Family

UNKNOWN = "?"
_PROTOCOL = {"icmp": "icmp", "icmpv6": "ipv6-icmp", "tcp": "tcp", "udp": "udp", "sctp": "sctp", "ipip": "4"}
# A type's values in other spellings, its numbers (`nft -n`) among them.
_NUMBERED = {
    "inet_proto": {
        "1": "icmp",
        "6": "tcp",
        "17": "udp",
        "58": "ipv6-icmp",
        "132": "sctp",
        "ipencap": "4",
        "icmpv6": "ipv6-icmp",
    },
    "ct_state": {"0x1": "invalid", "0x2": "established", "0x4": "related", "0x8": "new", "0x40": "untracked"},
    "ct_dir": {"0": "original", "1": "reply"},
    "nf_proto": {"2": "ipv4", "10": "ipv6"},
    "ether_type": {"0x0800": "ip", "0x86dd": "ip6", "8": "ip", "56710": "ip6"},
}


def _address(text: str) -> tuple[int, int]:
    parsed = ipaddress.ip_address(text)
    return parsed.version, int(parsed)


def _protocol(context: Context) -> str:
    protocol = context.skb.flow.protocol
    if protocol is L4.ICMP:
        return "icmp" if _version(context) == 4 else "ipv6-icmp"
    return _PROTOCOL[protocol.value.lower()]


def _version(context: Context) -> int:
    return 6 if ":" in context.skb.flow.dst else 4


def _port(side: str, protocol: str | None) -> Callable[[Context], Value]:
    def read(context: Context) -> Value:
        flow = context.skb.flow
        if flow.protocol in (L4.ICMP, L4.IPIP) or protocol not in (None, flow.protocol.value.lower()):
            return None
        return flow.sport if side == "s" else flow.dport

    return read


def _of_connection(read: Callable[[Context], Value]) -> Callable[[Context], Value]:
    return lambda context: None if context.skb.connection is None else read(context)


def _connection_mark(context: Context) -> Value:
    return context.skb.connection.mark if context.skb.connection is not None else None


def _icmp(family: Family, what: str) -> Callable[[Context], Value]:
    def read(context: Context) -> Value:
        skb = context.skb
        if skb.flow.protocol is not L4.ICMP or _version(context) != family.version:
            return None
        found = icmp_kind_of(skb, family)[0 if what == "type" else 1]
        return UNKNOWN if found is None else found

    return read


# Name -> (type of its values, as nft names it; what the packet has, UNKNOWN where nothing in the model tells).
FIELDS: dict[str, tuple[str, Callable[[Context], Value]]] = {
    "ip saddr": ("ipv4_addr", lambda context: _address(context.skb.flow.src)),
    "ip daddr": ("ipv4_addr", lambda context: _address(context.skb.flow.dst)),
    "ip6 saddr": ("ipv6_addr", lambda context: _address(context.skb.flow.src)),
    "ip6 daddr": ("ipv6_addr", lambda context: _address(context.skb.flow.dst)),
    "ip protocol": ("inet_proto", _protocol),
    "ip6 nexthdr": ("inet_proto", _protocol),
    "meta l4proto": ("inet_proto", _protocol),
    **{
        f"{name} {side}port": ("inet_service", _port(side, None if name == "th" else name))
        for name in ("th", "tcp", "udp", "sctp")
        for side in ("s", "d")
    },
    # Where a hook has no such device the name is empty (nft_meta.c, nft_meta_get_eval_ifname).
    "iifname": ("ifname", lambda context: context.in_device or ""),
    "oifname": ("ifname", lambda context: context.out_device or ""),
    "iif": ("ifname", lambda context: context.in_device),
    "oif": ("ifname", lambda context: context.out_device),
    "meta mark": ("mark", lambda context: context.skb.mark),
    "mark": ("mark", lambda context: context.skb.mark),
    "ct mark": ("mark", _connection_mark),
    "ct state": ("ct_state", lambda context: (context.skb.state or "INVALID").lower()),
    **{
        f"{name} {what}": (f"{name}_{what}", _icmp(Family.IPV6 if name == "icmpv6" else Family.IPV4, what))
        for name in ("icmp", "icmpv6")
        for what in ("type", "code")
    },
    "ct direction": ("ct_dir", _of_connection(lambda context: "reply" if context.skb.reply else "original")),
    "meta nfproto": ("nf_proto", lambda context: f"ipv{_version(context)}"),
    "meta protocol": ("ether_type", lambda context: "ip" if _version(context) == 4 else "ip6"),
}
FIELD = r"(?:ip6? [sd]addr|ip protocol|ip6 nexthdr|meta (?:l4proto|mark|nfproto|protocol)|(?:th|tcp|udp|sctp) [sd]port|[io]if(?:name)?|ct (?:mark|state|direction)|icmp(?:v6)? (?:type|code)|mark)(?= )"
NAMES = rf"({FIELD}(?: \. {FIELD})*)"


def names(text: str) -> tuple[str, ...]:
    """The fields of `ip daddr . meta l4proto`."""
    return tuple(text.split(" . "))


def values(fields: tuple[str, ...], context: Context) -> tuple[Value, ...]:
    """What the packet has of each field."""
    return tuple(FIELDS[field][1](context) for field in fields)


def types(fields: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(FIELDS[field][0] for field in fields)


def fits(key: tuple[str, ...], kinds: tuple[str, ...], found: tuple[Value, ...]) -> bool:
    """Whether an element's key holds the packet's values, each part a value, a prefix or a range; `*` holds all."""
    if key == ("*",):
        return True
    return all(_fits(part, kind, value) for part, kind, value in zip(key, kinds, found, strict=True))


def _fits(text: str, kind: str, value: Value) -> bool:
    if value is None:
        return False
    if kind == "ifname":
        return device_matches(text, str(value))
    low, high = bounds(text, kind)
    # Values of one type compare; a mark and an address never meet.
    return low <= value <= high  # type: ignore[operator]


@functools.lru_cache(maxsize=8192)
def bounds(text: str, kind: str) -> tuple[Value, Value]:
    """The first and last value that `text` stands for; ValueError for what the type does not have."""
    if kind in ("ipv4_addr", "ipv6_addr"):
        first, dash, last = text.partition("-")
        if dash:
            return _address(first), _address(last)
        network = ipaddress.ip_network(text)
        return (network.version, int(network[0])), (network.version, int(network[-1]))
    if kind in ("inet_service", "mark"):
        first, dash, last = text.partition("-")
        return int(first, 0), int(last if dash else first, 0)
    if kind in ("icmp_type", "icmpv6_type"):
        named = ICMP_NAMES[Family.IPV4 if kind == "icmp_type" else Family.IPV6].get(text)
        return (int(text),) * 2 if named is None else (named, named)
    word = _NUMBERED.get(kind, {}).get(text, text)
    if not re.fullmatch(r"[a-z0-9-]+", word):
        raise ValueError(f"{text!r} is no value of type {kind}")
    return word, word


# What `typeof` names a set's type by, beyond FIELDS.
TYPE_OF = {name: kind for name, (kind, _) in FIELDS.items()}


def split_key(text: str) -> tuple[str, ...]:
    """`"eth0" . 80` as its parts, names without their quotes."""
    return tuple(part.strip().strip('"') for part in text.split(" . "))


def key_text(key: tuple[str, ...], kinds: tuple[str, ...]) -> str:
    """The reverse of split_key for a key of these types."""
    if key == ("*",):
        return "*"
    return " . ".join(f'"{part}"' if kind == "ifname" else part for part, kind in zip(key, kinds, strict=True))
