"""What the API server refuses of a NetworkPolicy, in its words.

Source: kubernetes pkg/apis/networking/validation/validation.go (ValidateNetworkPolicySpec and its sisters, v1.36). What is of the
wrong type altogether is left to whoever reads the manifest.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from k8squiz.kinds.admission.refused import (
    Path,
    Refused,
    forbidden,
    invalid,
    not_supported,
    required,
    unknown_field,
)

_SPEC = ("podSelector", "policyTypes", "ingress", "egress")
_SELECTOR = ("matchLabels", "matchExpressions")
_PEERS = {"ingress": "from", "egress": "to"}
_TYPES = ("Ingress", "Egress")
_PROTOCOLS = ("TCP", "UDP", "SCTP")


def check(document: Mapping[str, Any]) -> None:
    """Raises Refused for the first thing that is refused."""
    for found in _refusals(document.get("spec")):
        raise found


def _refusals(spec: object) -> Iterator[Refused]:
    if not isinstance(spec, Mapping):
        return
    yield from _unknown(spec, _SPEC, ("spec",))
    yield from _selector(spec.get("podSelector"), ("spec", "podSelector"))
    for direction, peers in _PEERS.items():
        for path, rule in _entries(spec, direction, ("spec",)):
            yield from _unknown(rule, (peers, "ports"), path)
            for at, port in _entries(rule, "ports", path):
                yield from _port(port, at)
            for at, peer in _entries(rule, peers, path):
                yield from _peer(peer, at)
    types = spec.get("policyTypes")
    for index, kind in enumerate(types if isinstance(types, list) else ()):
        if kind not in _TYPES:
            yield not_supported(("spec", "policyTypes", index), kind, _TYPES)


def _entries(holder: Mapping[str, Any], key: str, path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    listed = holder.get(key)
    for index, entry in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(entry, Mapping):
            yield (*path, key, index), entry


def _unknown(holder: Mapping[str, Any], known: tuple[str, ...], path: Path) -> Iterator[Refused]:
    return (unknown_field((*path, name)) for name in holder if name not in known)


def _selector(selector: object, path: Path) -> Iterator[Refused]:
    if isinstance(selector, Mapping):
        yield from _unknown(selector, _SELECTOR, path)


def _port(port: Mapping[str, Any], path: Path) -> Iterator[Refused]:
    yield from _unknown(port, ("protocol", "port", "endPort"), path)
    number, end, protocol = port.get("port"), port.get("endPort"), port.get("protocol")
    if protocol is not None and protocol not in _PROTOCOLS:
        yield not_supported((*path, "protocol"), protocol, _PROTOCOLS)
    if isinstance(number, int) and not 1 <= number <= 65535:
        yield invalid((*path, "port"), number, "must be between 1 and 65535, inclusive")
    if end is None:
        return
    at = (*path, "endPort")
    if number is None:
        yield invalid(at, end, "may not be specified when `port` is not specified")
    elif isinstance(number, str):
        yield invalid(at, end, "may not be specified when `port` is non-numeric")
    elif isinstance(end, int) and end < number:
        yield invalid(at, end, "must be greater than or equal to `port`")


def _peer(peer: Mapping[str, Any], path: Path) -> Iterator[Refused]:
    yield from _unknown(peer, ("podSelector", "namespaceSelector", "ipBlock"), path)
    given = [name for name in ("podSelector", "namespaceSelector", "ipBlock") if peer.get(name) is not None]
    for name in ("podSelector", "namespaceSelector"):
        yield from _selector(peer.get(name), (*path, name))
    if not given:
        yield required(path, "must specify a peer")
    elif len(given) > 1 and "ipBlock" in given:
        yield forbidden(path, "may not specify both ipBlock and another peer")
    block = peer.get("ipBlock")
    if isinstance(block, Mapping):
        yield from _block(block, (*path, "ipBlock"))


def _block(block: Mapping[str, Any], path: Path) -> Iterator[Refused]:
    yield from _unknown(block, ("cidr", "except"), path)
    cidr, excepted = block.get("cidr"), block.get("except")
    if not cidr:
        yield required((*path, "cidr"))
        return
    whole = _network(cidr)
    if whole is None:
        yield _no_network((*path, "cidr"), cidr)
    for index, each in enumerate(excepted if isinstance(excepted, list) else ()):
        part, at = _network(each), (*path, "except", index)
        if part is None:
            yield _no_network(at, each)
        elif whole is not None and not _strictly_inside(part, whole):
            yield invalid(at, each, "must be a strict subset of `cidr`")


_Net = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(text: object) -> _Net | None:
    try:
        return ipaddress.ip_network(text, strict=False) if isinstance(text, str) and "/" in text else None
    except ValueError:
        return None


def _strictly_inside(part: _Net, whole: _Net) -> bool:
    return part.version == whole.version and part.network_address in whole and part.prefixlen > whole.prefixlen


def _no_network(path: Path, value: object) -> Refused:
    return invalid(path, value, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")
