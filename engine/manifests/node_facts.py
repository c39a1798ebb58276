"""What a Network document says of single nodes, of the network between them, and of endpoints that kube-proxy still knows.

Every field is optional; what is not said is as the document says for all nodes, else the default.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.cluster import CardFacts, NodeFacts, StaleEndpoint, UnderlayDrop
from engine.manifests.fields import Fields, shown, shown_zh
from engine.netfilter.conntrack_text import read_conntrack
from engine.packet import L4

_FIELDS = (
    "name", "ipForward", "bridgeNfCallIptables", "hairpinMode", "rpFilter", "mtu", "podMTU", "without", "defaultRoute", "bridge", "cards",
    "forwardPolicy", "inputPolicy", "conntrack", "staleEndpoints", "ipRules", "ipRoutes",
)  # fmt: skip
_CARD_FIELDS = ("name", "address", "mtu", "rpFilter")
_POLICIES = ("", "ACCEPT", "DROP")
_PROTOCOLS = ("TCP", "UDP", "SCTP", "IPIP")


def node_facts(spec: Fields) -> dict[str, NodeFacts]:
    """`nodes`: a list, one entry a node."""
    found: dict[str, NodeFacts] = {}
    for entry in spec.items("nodes"):
        entry.only(_FIELDS)
        name = _needed(entry, "name")
        if name in found:
            raise entry.error("name", f"{name!r} is there twice", zh=f"{name!r} 出现了两次")
        found[name] = NodeFacts(
            ip_forward=_boolean(entry, "ipForward"),
            bridge_nf_call_iptables=_boolean(entry, "bridgeNfCallIptables"),
            hairpin_mode=_boolean(entry, "hairpinMode"),
            rp_filter=_integer(entry, "rpFilter", 0, 2),
            mtu=_integer(entry, "mtu", 576, 65535),
            pod_mtu=_integer(entry, "podMTU", 576, 65535),
            without=frozenset(value for value, _ in entry.strings("without")),
            default_route=_device(entry, "defaultRoute"),
            bridge=_device(entry, "bridge"),
            cards=tuple(_cards(entry)),
            forward_policy=policy(entry, "forwardPolicy"),
            input_policy=policy(entry, "inputPolicy"),
            conntrack=_conntrack(entry),
            stale_endpoints=stale_endpoints(entry),
            **_policy_routing(entry),
        )
    return found


def _policy_routing(entry: Fields) -> dict[str, str]:
    """`ipRules` and `ipRoutes`: what `ip rule` and `ip route show table all` print; read here, so that an error has its line."""
    texts = {key: entry.long_text(key) or "" for key in ("ipRules", "ipRoutes")}
    if texts["ipRoutes"] and not texts["ipRules"]:
        raise entry.error(
            "ipRoutes", "needs ipRules too: what leads to its tables", zh="还需要 ipRules：哪些规则会用到这些路由表"
        )
    if texts["ipRules"]:
        from engine.network.policy_routing import read_policy_routing

        key = "ipRoutes" if texts["ipRoutes"] else "ipRules"
        read_policy_routing(
            texts["ipRules"], texts["ipRoutes"], lambda en, zh: entry.error(key, f": {en}", zh=f"：{zh}")
        )
    return {"ip_rules": texts["ipRules"], "ip_routes": texts["ipRoutes"]}


def policy(fields: Fields, key: str) -> str:
    """The policy of a built-in chain of iptables' filter table; "" where it is not said."""
    return fields.word(key, _POLICIES, "")


def underlay_drops(spec: Fields) -> tuple[UnderlayDrop, ...]:
    """`underlayDrops`: what the network between the nodes does not carry."""
    found = []
    for entry in spec.items("underlayDrops"):
        entry.only(("protocol", "port", "from", "to"))
        protocol = L4(entry.word("protocol", _PROTOCOLS, "UDP"))
        port = entry.port("port")
        if port and protocol is L4.IPIP:
            raise entry.error("port", "is nothing that IPIP has", zh="：IPIP 没有端口")
        found.append(UnderlayDrop(protocol, port, entry.subdomain("from") or None, entry.subdomain("to") or None))
    return tuple(found)


def stale_endpoints(fields: Fields) -> tuple[StaleEndpoint, ...]:
    """`staleEndpoints`: endpoints that are gone and that kube-proxy has not taken out of its rules yet."""
    found = []
    for entry in fields.items("staleEndpoints"):
        entry.only(("service", "address"))
        namespace, _, name = _text(entry, "service").rpartition("/")
        address = entry.address("address")
        if not address:
            raise entry.error("address", "is missing", zh="缺失")
        found.append(StaleEndpoint(f"{namespace or 'default'}/{name}", address))
    return tuple(found)


def listeners(spec: Fields) -> dict[str, frozenset[tuple[L4, int]]]:
    """`listeners`: a list of {pod: NAMESPACE/NAME, ports: [8080, 53/UDP]}; no ports: nothing listens."""
    found: dict[str, frozenset[tuple[L4, int]]] = {}
    for entry in spec.items("listeners"):
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


def shared_addresses(spec: Fields) -> dict[str, str]:
    """`sharedAddresses`: an address that several pods have, and the pod that answers for it."""
    place = spec.place("sharedAddresses")
    return {place.address(address): _pod_key(pod) for address, pod in spec.string_map("sharedAddresses").items()}


def _pod_key(text: str) -> str:
    namespace, _, name = text.removeprefix("pod/").rpartition("/")
    return f"{namespace or 'default'}/{name}"


def _conntrack(entry: Fields) -> str:
    """The text, checked where it stands: its lines are the manifest's when it is a block (|), below the key."""
    text = entry.long_text("conntrack") or ""
    read_conntrack(text, entry.file, entry.data.line_of("conntrack") + ("\n" in text))
    return text


def _cards(entry: Fields) -> Iterator[CardFacts]:
    names: set[str] = set()
    for card in entry.items("cards"):
        card.only(_CARD_FIELDS)
        name = _device(card, "name")
        if name is None:
            raise card.error("name", "is missing", zh="缺失")
        if name in names:
            raise card.error("name", f"{name!r} is there twice", zh=f"{name!r} 出现了两次")
        names.add(name)
        address = card.address("address") or None
        yield CardFacts(name, address, _integer(card, "mtu", 576, 65535), _integer(card, "rpFilter", 0, 2))


def _boolean(fields: Fields, key: str) -> bool | None:
    return fields.boolean(key) if key in fields else None


def _integer(fields: Fields, key: str, low: int, high: int) -> int | None:
    return fields.integer(key, low, low, high) if key in fields else None


def _needed(fields: Fields, key: str) -> str:
    value = fields.subdomain(key)
    if not value:
        raise fields.error(key, "is missing", zh="缺失")
    return value


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
