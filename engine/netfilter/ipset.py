"""ipsets: named sets that iptables rules look packets up in, and the text of `ipset save`, printed and read.

Sources: ipset(8), net/netfilter/ipset/ip_set_core.c (ip_set_test), ip_set_{hash_ip,hash_net,hash_ipport,hash_netport,
hash_ipportip,hash_ipportnet,bitmap_port}.c; ipset 7.17 lib/print.c, lib/session.c.
"""

from __future__ import annotations

import dataclasses
import enum
import ipaddress

from engine.errors import EngineError
from engine.netfilter.part import BadRule
from engine.packet import Family, FiveTuple, canonical, family_of, port_of
from engine.values import dataclass, is_decimal


class SetType(enum.StrEnum):
    HASH_IP = "hash:ip"
    HASH_NET = "hash:net"
    HASH_IP_PORT = "hash:ip,port"
    HASH_NET_PORT = "hash:net,port"
    HASH_IP_PORT_IP = "hash:ip,port,ip"
    HASH_IP_PORT_NET = "hash:ip,port,net"
    HASH_NET_NET = "hash:net,net"
    HASH_NET_PORT_NET = "hash:net,port,net"
    BITMAP_IP = "bitmap:ip"
    BITMAP_PORT = "bitmap:port"

    @property
    def dimensions(self) -> tuple[str, ...]:
        """What an entry consists of: "ip", "net" and "port"."""
        return _DIMENSIONS[self]


_DIMENSIONS = {kind: tuple(kind.value.partition(":")[2].split(",")) for kind in SetType}


@dataclass(slots=True)
class IpSet:
    """One set. `entries` are written as `ipset add` takes them (`10.96.0.10,tcp:80`), `excluded`
    are those that were added with `nomatch`. A bitmap of ports is of no family and keeps IPv4."""

    name: str
    type: SetType
    family: Family = Family.IPV4
    entries: set[str] = dataclasses.field(default_factory=set)
    excluded: set[str] = dataclasses.field(default_factory=set)
    max_elements: int = 65536

    def contains(self, flow: FiveTuple, sides: tuple[str, ...]) -> bool:
        """Whether the packet is in the set, each dimension taken from its source or destination as `sides` says. A
        rule that names fewer sides than the set has dimensions finds nothing (ip_set_test)."""
        kinds = self.type.dimensions
        if len(sides) < len(kinds):
            return False
        parts = []
        for kind, side in zip(kinds, sides, strict=False):
            address, port = (flow.src, flow.sport) if side == "src" else (flow.dst, flow.dport)
            if kind == "port":
                parts.append(str(port) if self.type is SetType.BITMAP_PORT else f"{flow.protocol.lower()}:{port}")
            else:
                parts.append(address)
        if "net" not in kinds:
            return ",".join(parts) in self.entries
        fitting = [entry for entry in self.entries | self.excluded if _fits(entry.split(","), parts, kinds)]
        # The longest prefix is tried first, and what is found ends the search (ip_set_hash_gen.h, mtype_test_cidrs).
        return bool(fitting) and max(fitting, key=lambda entry: _lengths(entry, kinds)) not in self.excluded

    def save(self) -> list[str]:
        """The lines of `ipset save`, entries sorted. Left out is what differs from one boot to the next: bucketsize and
        the random initval of a hash (ipset 7.9 and newer print them)."""
        if self.type is SetType.BITMAP_PORT:
            create = f"create {self.name} {self.type} range 0-65535"
        else:
            family = "inet6" if self.family is Family.IPV6 else "inet"
            create = f"create {self.name} {self.type} family {family} hashsize 1024 maxelem {self.max_elements}"
        ordered = sorted(self.entries, key=lambda entry: (len(entry), entry) if is_decimal(entry) else (0, entry))
        left_out = [f"add {self.name} {entry} nomatch" for entry in sorted(self.excluded)]
        return [create, *(f"add {self.name} {entry}" for entry in ordered), *left_out]


def _lengths(entry: str, kinds: tuple[str, ...]) -> tuple[int, ...]:
    parts = zip(entry.split(","), kinds, strict=True)
    return tuple(ipaddress.ip_network(part).prefixlen for part, kind in parts if kind == "net")


def _fits(entry: list[str], parts: list[str], kinds: tuple[str, ...]) -> bool:
    return all(
        ipaddress.ip_address(part) in ipaddress.ip_network(own) if kind == "net" else part == own
        for own, part, kind in zip(entry, parts, kinds, strict=True)
    )


@dataclass(slots=True)
class UnusableSet:
    """A set that a rule names and that no packet can be looked up in: its entries were not given, or its type is not
    modelled. `error` is raised when a packet has to be looked up."""

    name: str
    error: EngineError = dataclasses.field(compare=False)


def is_ipset_line(line: str) -> bool:
    """Whether a line outside of iptables' tables is one of ipset's."""
    return line.startswith(("create ", "add "))


# What an added entry may carry without changing who is in the set.
_EXTENSIONS = frozenset({"timeout", "packets", "bytes", "comment", "skbmark", "skbprio", "skbqueue"})
# Options of `create` under which an entry means something else than it reads.
_TURNING = ("netmask", "bitmask", "markmask")


class SetReader:
    """Reads lines of `ipset save`, one by one, in any number of texts. read() raises BadRule for what cannot be read."""

    def __init__(self) -> None:
        self.sets: dict[str, IpSet | str] = {}  # a text: why packets cannot be looked up in it

    def read(self, line: str) -> None:
        verb, *words = line.split()
        if verb not in ("create", "add") or len(words) < 2:
            raise BadRule(
                "a line of `ipset save` reads create NAME TYPE ... or add NAME ENTRY",
                zh="`ipset save` 的行应写成 create 名称 类型 ... 或 add 名称 元素",
            )
        if verb == "create":
            self._create(*words)
        else:
            self._add(*words)

    def _create(self, name: str, kind: str, *options: str) -> None:
        if name in self.sets:
            raise BadRule(f"set {name} stands twice", zh=f"集合 {name} 出现了两次")
        turning = next((option for option in options if option in _TURNING), None)
        if kind not in [known.value for known in SetType]:
            self.sets[name] = kind
        elif turning is not None:
            self.sets[name] = f"{kind} {turning}"
        else:
            self.sets[name] = IpSet(name, SetType(kind), Family.IPV6 if "inet6" in options else Family.IPV4)

    def _add(self, name: str, entry: str, *options: str) -> None:
        ipset = self.sets.get(name)
        if ipset is None:
            raise BadRule(
                f"an entry is added to set {name}, which no create line before it makes",
                zh=f"元素要加入集合 {name}，而之前没有 create 行建立它",
            )
        if isinstance(ipset, str):
            return
        if "nomatch" in options and "net" in ipset.type.dimensions:
            ipset.excluded.add(_entry(ipset, entry))
            return
        if options and options[0] not in _EXTENSIONS:
            self.sets[name] = f"{ipset.type} {options[0]}"
            return
        ipset.entries.add(_entry(ipset, entry))


def _entry(ipset: IpSet, text: str) -> str:
    parts, kinds = text.split(","), ipset.type.dimensions
    try:
        if len(parts) != len(kinds):
            raise ValueError
        return ",".join(_part(ipset, part, kind) for part, kind in zip(parts, kinds, strict=True))
    except ValueError:
        raise BadRule(
            f"{text!r} is no entry of a set of type {ipset.type}, family {ipset.family}",
            zh=f"{text!r} 不是类型 {ipset.type}、地址族 {ipset.family} 的集合的元素",
        ) from None


def _part(ipset: IpSet, text: str, kind: str) -> str:
    if kind == "port":
        protocol, colon, port = text.rpartition(":")
        if port_of(port) is None or (ipset.type is SetType.BITMAP_PORT) == bool(colon):
            raise ValueError
        return f"{protocol.lower()}{colon}{port}"
    if family_of(text) is not ipset.family:
        raise ValueError
    if kind == "ip":
        return canonical(text)
    # The kernel's own spelling: a single address has no prefix length.
    net = ipaddress.ip_network(text, strict=False)
    return str(net.network_address) if net.prefixlen == net.max_prefixlen else str(net)
