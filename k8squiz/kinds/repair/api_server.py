"""What the API server makes of an edited Service: what it refuses, in its words, and what it changes by itself.

Sources: kubernetes pkg/apis/core/validation/validation.go (ValidateService, ValidateServiceUpdate),
pkg/registry/core/service/strategy.go (dropTypeDependentFields), pkg/controller/endpointslice.
"""

from __future__ import annotations

import copy
import json
from typing import Any

from k8squiz.bank.yaml_values import Yaml
from k8squiz.kinds.fields import Unreadable

_SPEC = frozenset({
    "allocateLoadBalancerNodePorts", "clusterIP", "clusterIPs", "externalIPs", "externalName", "externalTrafficPolicy",
    "healthCheckNodePort", "internalTrafficPolicy", "ipFamilies", "ipFamilyPolicy", "loadBalancerClass", "loadBalancerIP",
    "loadBalancerSourceRanges", "ports", "publishNotReadyAddresses", "selector", "sessionAffinity",
    "sessionAffinityConfig", "trafficDistribution", "type",
})  # fmt: skip
_PORT = frozenset({"appProtocol", "name", "nodePort", "port", "protocol", "targetPort"})
_FIXED = (("kind",), ("apiVersion",), ("metadata", "name"), ("metadata", "namespace"), ("spec", "clusterIP"))
_WITH_NODE_PORTS = ("NodePort", "LoadBalancer")
# --service-node-port-range, unless kube-apiserver is told otherwise.
_LOWEST, _HIGHEST = 30000, 32767


def admitted(before: dict[str, Yaml], after: dict[str, Yaml]) -> dict[str, Yaml]:
    """The Service as it is kept once `after` was sent for `before`. Raises Unreadable for what is refused."""
    for path in _FIXED:
        if _at(before, path) != _at(after, path):
            name = ".".join(path)
            raise _refused(name, f"Invalid value: {json.dumps(_at(after, path))}: field is immutable")
    if before.get("status") != after.get("status"):
        raise Unreadable(
            "status is a subresource: kubectl edit and patch change nothing of it",
            "status 是子资源：kubectl edit 和 patch 不会改动它",
        )
    spec, old = after.get("spec"), before.get("spec")
    if not isinstance(spec, dict) or not isinstance(old, dict):
        raise _refused("spec", "Required value")
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
    unknown = [f"spec.{name}" for name in spec if name not in _SPEC]
    unknown += [
        f"spec.ports[{index}].{name}" for index, port in enumerate(_ports(spec)) for name in port if name not in _PORT
    ]
    if unknown:
        raise Unreadable(f'unknown field "{unknown[0]}"', f'未知字段（unknown field "{unknown[0]}"）')


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
        number = port.get("nodePort")
        if number and kind not in _WITH_NODE_PORTS:
            raise _refused(f"spec.ports[{index}].nodePort", f"Forbidden: may not be used when `type` is '{kind}'")
        if isinstance(number, int) and number and not _LOWEST <= number <= _HIGHEST:
            raise _refused(
                f"spec.ports[{index}].nodePort",
                f"Invalid value: {number}: provided port is not in the valid range. "
                f"The range of valid ports is {_LOWEST}-{_HIGHEST}",
            )
    if spec.get("externalTrafficPolicy") and kind not in _WITH_NODE_PORTS and not spec.get("externalIPs"):
        value = spec["externalTrafficPolicy"]
        raise _refused(
            "spec.externalTrafficPolicy",
            f"Invalid value: {json.dumps(value)}: may only be set for externally-accessible services",
        )
    if spec.get("loadBalancerSourceRanges") and kind != "LoadBalancer":
        raise _refused("spec.loadBalancerSourceRanges", "Forbidden: may only be used when `type` is 'LoadBalancer'")
    if spec.get("ports") == [] or "ports" not in spec:
        raise _refused("spec.ports", "Required value")


def _at(document: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        document = document.get(step) if isinstance(document, dict) else None
    return document


def _refused(field: str, words: str) -> Unreadable:
    return Unreadable(f"the API server refuses it: {field}: {words}", f"API server 会拒绝：{field}: {words}")
