"""How each shape of a network fact stands in a Network document: read with file and line, and written.

Every fact is optional. What is not said of a node is as the document says for all, else the default.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from engine.cluster.facts import CardFacts, Fact, NetworkFacts, NodeFacts, Shape, StaleEndpoint, UnderlayDrop, facts_of
from engine.cni.enforcement import ENFORCEMENTS
from engine.manifests.fields import Fields, shown, shown_zh
from engine.netfilter.conntrack_text import read_conntrack
from engine.packet import L4

_POLICIES = ("", "ACCEPT", "DROP")
_PROTOCOLS = ("TCP", "UDP", "SCTP", "IPIP")
_LOWEST_MTU, _HIGHEST_MTU = 576, 65535


class Spelling(NamedTuple):
    """How a shape is read (where something stands there), and written as JSON."""

    read: Callable[[Fields, Fact], Any]
    write: Callable[[Any], Any] = lambda value: value


def read_facts(fields: Fields, rows: Mapping[str, Fact]) -> dict[str, Any]:
    """Those of the facts that are there, by the name of their field."""
    return {name: SHAPES[row.shape].read(fields, row) for name, row in rows.items() if row.name in fields}


def written_facts(given: Mapping[str, Any], rows: Mapping[str, Fact]) -> dict[str, Any]:
    """What read_facts reads the `given` facts from."""
    return {row.name: SHAPES[row.shape].write(given[name]) for name, row in rows.items() if name in given}


def on_node(kind: type[NetworkFacts]) -> dict[str, Fact]:
    """The facts that a node may have otherwise than all."""
    return {name: row for name, row in facts_of(kind).items() if row.on_node}


def _nodes(spec: Fields, row: Fact) -> dict[str, NodeFacts]:
    """A list, one entry a node."""
    found: dict[str, NodeFacts] = {}
    shared, own = on_node(NetworkFacts), facts_of(NodeFacts)
    known = ("name", *(one.name for one in (*shared.values(), *own.values())))
    for entry in spec.items(row.name):
        entry.only(known)
        name = entry.subdomain("name")
        if not name:
            raise entry.error("name", "is missing", zh="缺失")
        if name in found:
            raise entry.error("name", f"{name!r} is there twice", zh=f"{name!r} 出现了两次")
        given = {field: value for field, value in read_facts(entry, shared).items() if value != ""}
        found[name] = NodeFacts(given, **read_facts(entry, own))
    return found


def _written_nodes(nodes: Mapping[str, NodeFacts]) -> list[dict[str, Any]]:
    own = facts_of(NodeFacts)
    return [
        {"name": name, **written_facts(facts.given, on_node(NetworkFacts)), **written_facts(_said(facts, own), own)}
        for name, facts in nodes.items()
    ]


def _said(facts: NodeFacts, rows: Iterable[str]) -> dict[str, Any]:
    return {name: value for name in rows if (value := getattr(facts, name))}


def _missing_routes(spec: Fields, row: Fact) -> tuple[tuple[str, str], ...]:
    """{node: node1, to: node2} or {node: node1, to: 10.244.2.0/24}: node1 has no route to that node's pods."""
    found = []
    for entry in spec.items(row.name):
        entry.only(("node", "to"))
        node, to = entry.subdomain("node"), entry.text("to")
        if not node or not to:
            raise entry.error(
                "to" if node else "node",
                "is missing: a missing route has a node and where it should lead to",
                zh="缺失：missing route 要写明节点以及本应通向何处",
            )
        found.append((node, entry.place("to").network(to) if "/" in to else entry.subdomain("to")))
    return tuple(found)


def _external_hosts(spec: Fields, row: Fact) -> dict[str, str]:
    hosts = spec.mapping(row.name)
    found = {}
    for name in spec.string_map(row.name):
        if not hosts.address(name):
            raise hosts.error(name, "must be an IP address", zh="必须是 IP 地址")
        found[name] = hosts.address(name)
    return found


def _underlay_drops(spec: Fields, row: Fact) -> tuple[UnderlayDrop, ...]:
    found = []
    for entry in spec.items(row.name):
        entry.only(("protocol", "port", "from", "to"))
        protocol = L4(entry.word("protocol", _PROTOCOLS, "UDP"))
        port = entry.port("port")
        if port and protocol is L4.IPIP:
            raise entry.error("port", "is nothing that IPIP has", zh="：IPIP 没有端口")
        found.append(UnderlayDrop(protocol, port, entry.subdomain("from") or None, entry.subdomain("to") or None))
    return tuple(found)


def _written_drop(drop: UnderlayDrop) -> dict[str, Any]:
    told = {"port": drop.port, "from": drop.source, "to": drop.destination}
    return {"protocol": drop.protocol.value, **{key: value for key, value in told.items() if value}}


def _stale_endpoints(fields: Fields, row: Fact) -> tuple[StaleEndpoint, ...]:
    found = []
    for entry in fields.items(row.name):
        entry.only(("service", "address"))
        namespace, _, name = _text(entry, "service").rpartition("/")
        address = entry.address("address")
        if not address:
            raise entry.error("address", "is missing", zh="缺失")
        found.append(StaleEndpoint(f"{namespace or 'default'}/{name}", address))
    return tuple(found)


def _listeners(spec: Fields, row: Fact) -> dict[str, frozenset[tuple[L4, int]]]:
    """A list of {pod: NAMESPACE/NAME, ports: [8080, 53/UDP]}; no ports: nothing listens."""
    found: dict[str, frozenset[tuple[L4, int]]] = {}
    for entry in spec.items(row.name):
        entry.only(("pod", "ports"))
        key = _pod_key(_text(entry, "pod"))
        if key in found:
            raise entry.error("pod", f"{key!r} is there twice", zh=f"{key!r} 出现了两次")
        values = entry.data.get("ports")
        if not isinstance(values, list):
            raise entry.error("ports", "must be a list of ports: 8080, 53/UDP", zh="须为端口列表：8080、53/UDP")
        found[key] = frozenset(_port(entry, value) for value in values)
    return found


def _port(entry: Fields, value: object) -> tuple[L4, int]:
    number, slash, protocol = str(value).partition("/") if value.__class__ in (int, str) else ("", "", "")
    known = protocol.upper() in ("TCP", "UDP", "SCTP") if slash else True
    if not (known and number.isascii() and number.isdigit() and 0 < int(number[:6]) < 65536):
        raise entry.error(
            "ports",
            f"holds {shown(value)}, no port: 8080, 53/UDP",
            zh=f"含有 {shown_zh(value)}，不是端口：8080、53/UDP",
        )
    return L4(protocol.upper() or "TCP"), int(number)


def _written_listeners(listeners: Mapping[str, frozenset[tuple[L4, int]]]) -> list[dict[str, Any]]:
    return [
        {"pod": pod, "ports": [f"{port}/{protocol.value}" for protocol, port in sorted(ports)]}
        for pod, ports in listeners.items()
    ]


def _shared_addresses(spec: Fields, row: Fact) -> dict[str, str]:
    """An address that several pods have, and the pod that answers for it."""
    place = spec.place(row.name)
    return {place.address(address): _pod_key(pod) for address, pod in spec.string_map(row.name).items()}


def _pod_key(text: str) -> str:
    namespace, _, name = text.removeprefix("pod/").rpartition("/")
    return f"{namespace or 'default'}/{name}"


def _conntrack(entry: Fields, row: Fact) -> str:
    """The text, checked where it stands: its lines are the manifest's when it is a block (|), below the key."""
    text = entry.long_text(row.name) or ""
    read_conntrack(text, entry.file, entry.data.line_of(row.name) + ("\n" in text))
    return text


def _ip_rules(entry: Fields, row: Fact) -> str:
    """The text, checked where it stands."""
    return _policy_routing(entry, row.name, entry.long_text(row.name) or "", "")


def _ip_routes(entry: Fields, row: Fact) -> str:
    """As _ip_rules. Routes need rules that lead to their tables."""
    rules = "ipRules"
    if rules not in entry:
        raise entry.error(
            row.name, f"needs {rules} too: what leads to its tables", zh=f"还需要 {rules}：哪些规则会用到这些路由表"
        )
    return _policy_routing(entry, row.name, "", entry.long_text(row.name) or "")


def _policy_routing(entry: Fields, key: str, rules: str, routes: str) -> str:
    # Few documents have any.
    from engine.network.policy_routing import read_policy_routing

    read_policy_routing(rules, routes, lambda en, zh: entry.error(key, f": {en}", zh=f"：{zh}"))
    return rules or routes


def _cards(entry: Fields, row: Fact) -> Iterator[CardFacts]:
    names: set[str] = set()
    for card in entry.items(row.name):
        card.only(("name", "address", "mtu", "rpFilter"))
        name = _device(card, "name")
        if name is None:
            raise card.error("name", "is missing", zh="缺失")
        if name in names:
            raise card.error("name", f"{name!r} is there twice", zh=f"{name!r} 出现了两次")
        names.add(name)
        address = card.address("address") or None
        yield CardFacts(
            name, address, _integer(card, "mtu", _LOWEST_MTU, _HIGHEST_MTU), _integer(card, "rpFilter", 0, 2)
        )


def _written_card(card: CardFacts) -> dict[str, Any]:
    told = {"address": card.address, "mtu": card.mtu, "rpFilter": card.rp_filter}
    return {"name": card.name, **{key: value for key, value in told.items() if value is not None}}


def _integer(fields: Fields, key: str, low: int, high: int) -> int | None:
    return fields.integer(key, low, low, high) if key in fields else None


def _text(fields: Fields, key: str) -> str:
    value = fields.text(key)
    if not value:
        raise fields.error(key, "is missing", zh="缺失")
    return value


def _device(fields: Fields, key: str) -> str | None:
    """A device's name (IFNAMSIZ), none that a rule's text could not hold."""
    value = fields.text(key)
    if not re.fullmatch(r"[A-Za-z0-9_.@:-]{0,15}", value):
        raise fields.error(
            key,
            f"must be a device's name of at most 15 characters, not {shown(value)}",
            zh=f"须为不超过 15 个字符的设备名，而不是 {shown_zh(value)}",
        )
    return value or None


def _list_of(write: Callable[[Any], Any]) -> Callable[[Iterable[Any]], list[Any]]:
    return lambda values: [write(value) for value in values]


SHAPES: Mapping[Shape, Spelling] = {
    Shape.FLAG: Spelling(lambda fields, row: fields.boolean(row.name)),
    Shape.NUMBER: Spelling(lambda fields, row: fields.integer(row.name, row.low, row.low, row.high)),
    Shape.ADDRESS_V4: Spelling(lambda fields, row: fields.address_of(row.name, "", False)),
    Shape.ADDRESS_V6: Spelling(lambda fields, row: fields.address_of(row.name, "", True)),
    Shape.ADDRESSES: Spelling(_external_hosts, dict),
    Shape.OBJECT_NAME: Spelling(lambda fields, row: fields.subdomain(row.name) or None),
    Shape.DEVICE: Spelling(lambda fields, row: _device(fields, row.name)),
    Shape.PARTS: Spelling(lambda fields, row: frozenset(value for value, _ in fields.strings(row.name)), sorted),
    Shape.POLICY: Spelling(lambda fields, row: fields.word(row.name, _POLICIES, "")),
    Shape.ENFORCEMENT: Spelling(lambda fields, row: fields.word(row.name, ("", *ENFORCEMENTS), "") or None),
    Shape.MISSING_ROUTES: Spelling(_missing_routes, _list_of(lambda route: {"node": route[0], "to": route[1]})),
    Shape.STALE_ENDPOINTS: Spelling(
        _stale_endpoints, _list_of(lambda one: {"service": one.service, "address": one.address})
    ),
    Shape.UNDERLAY_DROPS: Spelling(_underlay_drops, _list_of(_written_drop)),
    Shape.LISTENERS: Spelling(_listeners, _written_listeners),
    Shape.SHARED_ADDRESSES: Spelling(_shared_addresses, dict),
    Shape.CARDS: Spelling(lambda fields, row: tuple(_cards(fields, row)), _list_of(_written_card)),
    Shape.CONNTRACK: Spelling(_conntrack),
    Shape.IP_RULES: Spelling(_ip_rules),
    Shape.IP_ROUTES: Spelling(_ip_routes),
    Shape.NODES: Spelling(_nodes, _written_nodes),
}
