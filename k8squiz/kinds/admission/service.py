"""What the API server makes of a Service, a new one or an edited one: what it refuses, in its words, and what it changes.

Sources: kubernetes pkg/apis/core/validation/validation.go (ValidateService, ValidateServiceUpdate),
pkg/registry/core/service/strategy.go (dropTypeDependentFields), pkg/controller/endpointslice.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from k8squiz.bank.yaml_values import Yaml
from k8squiz.kinds.admission.refused import Refused, forbidden, invalid, not_supported, required, unknown_field
from k8squiz.kinds.fields import Unreadable

_SPEC = frozenset({
    "allocateLoadBalancerNodePorts", "clusterIP", "clusterIPs", "externalIPs", "externalName", "externalTrafficPolicy",
    "healthCheckNodePort", "internalTrafficPolicy", "ipFamilies", "ipFamilyPolicy", "loadBalancerClass", "loadBalancerIP",
    "loadBalancerSourceRanges", "ports", "publishNotReadyAddresses", "selector", "sessionAffinity",
    "sessionAffinityConfig", "trafficDistribution", "type",
})  # fmt: skip
_PORT = frozenset({"appProtocol", "name", "nodePort", "port", "protocol", "targetPort"})
_FIXED = (("kind",), ("apiVersion",), ("metadata", "name"), ("metadata", "namespace"), ("spec", "clusterIP"))
# Fields whose words are fixed, in the order in which the API server names them.
_WORDS = {
    "type": ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort"),
    "sessionAffinity": ("ClientIP", "None"),
    "externalTrafficPolicy": ("Cluster", "Local"),
    "internalTrafficPolicy": ("Cluster", "Local"),
    "ipFamilyPolicy": ("PreferDualStack", "RequireDualStack", "SingleStack"),
}
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_WITH_NODE_PORTS = ("NodePort", "LoadBalancer")
# --service-node-port-range, unless kube-apiserver is told otherwise.
_LOWEST, _HIGHEST = 30000, 32767


def admitted(before: dict[str, Yaml], after: dict[str, Yaml]) -> dict[str, Yaml]:
    """The Service as it is kept once `after` was sent for `before`. Raises Unreadable for what is refused."""
    for path in _FIXED:
        if _at(before, path) != _at(after, path):
            raise invalid(path, _at(after, path), "field is immutable")
    if before.get("status") != after.get("status"):
        raise Unreadable(
            "status is a subresource: kubectl edit and patch change nothing of it",
            "status 是子资源：kubectl edit 和 patch 不会改动它",
        )
    spec, old = after.get("spec"), before.get("spec")
    if not isinstance(spec, dict) or not isinstance(old, dict):
        raise required(("spec",))
    _known(spec)
    kept = copy.deepcopy(after)
    _drop_what_the_type_has_not(old, spec, kept)
    _allowed(kept["spec"])
    return kept


def moves_endpoints(before: dict[str, Yaml], after: dict[str, Yaml]) -> bool:
    """Whether the EndpointSlice controller writes the Service's slices anew."""
    ours, theirs = (_about_endpoints(each.get("spec")) for each in (before, after))
    return ours != theirs


def _about_endpoints(spec: Any) -> object:
    ports = [{key: port.get(key) for key in ("name", "port", "protocol", "targetPort")} for port in _ports(spec)]
    return spec.get("selector"), spec.get("publishNotReadyAddresses"), ports


def _ports(spec: Any) -> list[dict[str, Any]]:
    found = spec.get("ports")
    return [port for port in found if isinstance(port, dict)] if isinstance(found, list) else []


def _known(spec: Any) -> None:
    for name in spec:
        if name not in _SPEC:
            raise unknown_field(("spec", name))
    for index, port in enumerate(_ports(spec)):
        for name in port:
            if name not in _PORT:
                raise unknown_field(("spec", "ports", index, name))


def _drop_what_the_type_has_not(old: Any, spec: Any, kept: Any) -> None:
    """Node ports, the policy and the load balancer's status go with the type that had them, where they were left alone."""
    kind = spec.get("type") or "ClusterIP"
    if kind != "LoadBalancer":
        kept.pop("status", None)
    if kind in _WITH_NODE_PORTS or (old.get("type") or "ClusterIP") not in _WITH_NODE_PORTS:
        return
    if [port.get("nodePort") for port in _ports(old)] == [port.get("nodePort") for port in _ports(spec)]:
        for port in _ports(kept["spec"]):
            port.pop("nodePort", None)
    for name in ("externalTrafficPolicy", "healthCheckNodePort"):
        if old.get(name) == spec.get(name) and not (name == "externalTrafficPolicy" and spec.get("externalIPs")):
            kept["spec"].pop(name, None)


def _allowed(spec: Any) -> None:
    kind = spec.get("type") or "ClusterIP"
    for index, port in enumerate(_ports(spec)):
        number, path = port.get("nodePort"), ("spec", "ports", index, "nodePort")
        if number and kind not in _WITH_NODE_PORTS:
            raise forbidden(path, f"may not be used when `type` is '{kind}'")
        if isinstance(number, int) and number and not _LOWEST <= number <= _HIGHEST:
            raise invalid(
                path, number,
                f"provided port is not in the valid range. The range of valid ports is {_LOWEST}-{_HIGHEST}",
            )  # fmt: skip
    policy = spec.get("externalTrafficPolicy")
    if policy and kind not in _WITH_NODE_PORTS and not spec.get("externalIPs"):
        raise invalid(
            ("spec", "externalTrafficPolicy"), policy, "may only be set for externally-accessible services"
        )  # fmt: skip
    if spec.get("loadBalancerSourceRanges") and kind != "LoadBalancer":
        raise forbidden(("spec", "loadBalancerSourceRanges"), "may only be used when `type` is 'LoadBalancer'")
    if (spec.get("ports") == [] or "ports" not in spec) and kind != "ExternalName" and not _headless(spec):
        raise required(("spec", "ports"))


def _headless(spec: Any) -> bool:
    return bool(spec.get("clusterIP") == "None")


def check(document: Mapping[str, Any]) -> None:
    """Raises Refused for what is refused of a new Service."""
    spec = document.get("spec")
    if not isinstance(spec, Mapping):
        raise required(("spec", "ports"))
    _known(spec)
    for name, allowed in _WORDS.items():
        if spec.get(name) is not None and spec[name] not in allowed:
            raise not_supported(("spec", name), spec[name], allowed)
    kind = spec.get("type") or "ClusterIP"
    if kind == "ExternalName" and not spec.get("externalName"):
        raise required(("spec", "externalName"))
    if _headless(spec) and kind in _WITH_NODE_PORTS:
        raise invalid(("spec", "clusterIPs", 0), "None", f"may not be set to 'None' for {kind} services")
    _ports_allowed(spec)
    _allowed(spec)


def _ports_allowed(spec: Any) -> None:
    ports = _ports(spec)
    taken: set[tuple[int, object]] = set()
    for index, port in enumerate(ports):
        path = ("spec", "ports", index)
        if len(ports) > 1 and not port.get("name"):
            raise required((*path, "name"))
        for name in ("port", "targetPort"):
            number = port.get(name)
            if (name == "port" and number is None) or (
                isinstance(number, int) and not 1 <= number <= 65535 and (name, number) != ("targetPort", 0)
            ):
                raise invalid((*path, name), number or 0, "must be between 1 and 65535, inclusive")
        protocol = port.get("protocol") or "TCP"
        if protocol not in _PROTOCOLS:
            raise not_supported((*path, "protocol"), protocol, _PROTOCOLS)
        number = port["port"]
        if not isinstance(number, int):
            # Of the wrong type altogether: whoever reads the manifest says so.
            continue
        if (number, protocol) in taken:
            raise Refused(path, f'Duplicate value: {{"port":{number},"protocol":"{protocol}"}}')
        taken.add((number, protocol))


def _at(document: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        document = document.get(step) if isinstance(document, dict) else None
    return document
