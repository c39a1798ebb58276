"""Template + seed -> Question. The same seed gives the same question in every process, on every platform."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from k8squiz.bank.identity import Identity
from k8squiz.bank.limits import MOST_BACKGROUND, MOST_REQUESTS
from k8squiz.bank.manifests import manifests
from k8squiz.bank.params import draw_params
from k8squiz.bank.picture import aliases, names, picture
from k8squiz.bank.placeholders import fill, show, substitute
from k8squiz.bank.question import Background, Question, QuestionRequest, Template
from k8squiz.bank.spec import ClusterSpec, read_spec
from k8squiz.errors import QuizError, unknown, well_formed


def draw(template: Template, seed: int | str) -> Question:
    """Draw `template` for `seed`. Raises QuizError (file:line) where the template cannot be drawn."""
    with well_formed(template.place("cluster")):
        return _drawn(template, str(seed))


def _drawn(template: Template, seed: str) -> Question:
    identity = Identity(template.meta.origin, seed)
    params = draw_params(template, seed)
    raw = template.data["cluster"]
    where = template.place("cluster")
    first = read_spec(substitute(_without_manifests(raw), params, where), identity, where)
    drawn = names(first, identity)
    roles, known = {**drawn, **params}, {**drawn, **_by_name(params, drawn)}
    if len(_requests(template.data)) > MOST_REQUESTS:
        place = template.place("requests")
        raise QuizError(f"{place}: at most {MOST_REQUESTS} requests", f"{place}：最多 {MOST_REQUESTS} 个请求")
    requests = tuple(
        _request(template, name, request, roles, known, identity) for name, request in _requests(template.data).items()
    )
    if not requests:
        raise QuizError(f"{template.place('requests')}: there is no request", f"{template.place('requests')}：没有请求")
    # The picture shows the cluster of the first request; what others change is told beside them.
    shown = _cluster(template, _requests(template.data)[requests[0].name], roles, identity)
    return Question(
        template, seed, requests, substitute(template.data["ask"], known, template.place("ask")),
        known, aliases(shown, identity), picture(shown, identity),
    )  # fmt: skip


def _by_name(params: Mapping[str, Any], drawn: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters that drew a role (`seat: node2`) as texts and predicates mean them: the drawn name, and `seat.ip`."""
    result: dict[str, Any] = {}
    for key, value in params.items():
        if isinstance(value, list):
            result[key] = [drawn.get(item, item) if isinstance(item, str) else item for item in value]
        elif isinstance(value, str) and value in drawn and "." not in value:
            result[key] = drawn[value]
            result |= {key + name[len(value) :]: item for name, item in drawn.items() if name.startswith(f"{value}.")}
        else:
            result[key] = value
    return result


def _requests(data: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"request": data["request"]} if "request" in data else data.get("requests") or {}


def _without_manifests(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in raw.items() if key != "manifests"}


def _cluster(
    template: Template, request: Mapping[str, Any], known: Mapping[str, Any], identity: Identity
) -> ClusterSpec:
    raw = copy.deepcopy(dict(template.data["cluster"]))
    for path, value in (request.get("set") or {}).items():
        _set(raw, fill(path, known, where=template.place("requests")), value, template.place("requests"))
    where = template.place("cluster")
    return read_spec(substitute(raw, known, where), identity, where)


def _set(raw: dict[str, Any], path: str, value: Any, where: str) -> None:
    *parents, last = path.split(".")
    target = raw
    for part in parents:
        if target.get(part) is None:
            target[part] = {}
        target = target[part]
        if not isinstance(target, dict):
            raise QuizError(f"{where}: set: {path}: {part} is not a mapping", f"{where}：set：{path}：{part} 不是映射")
    target[last] = value


def _request(
    template: Template, name: str, raw: Mapping[str, Any], roles: Mapping[str, Any], known: Mapping[str, Any],
    identity: Identity,
) -> QuestionRequest:  # fmt: skip
    where = template.place("requests", name) if "requests" in template.data else template.place("request")
    spec = _cluster(template, raw, roles, identity)
    filled = substitute({key: value for key, value in raw.items() if key != "set"}, known, where)
    destination, node = _destination(str(filled["to"]), spec, where)
    source, sport = _source(str(filled["from"]), spec, identity, where)
    changed = tuple(
        (fill(path, known, where=where), show(substitute(value, known, where), "en"))
        for path, value in (raw.get("set") or {}).items()
    )
    return QuestionRequest(
        name, source, destination, str(filled.get("protocol", "TCP")), _node_name(filled.get("node"), spec, where) or node,
        sport, str(filled.get("mode") or spec.proxy.get("mode") or "iptables"), manifests(spec), _background(spec, where),
        tuple(filled.get("without", ())), filled.get("way"), changed,
    )  # fmt: skip


def _node_name(role: Any, spec: ClusterSpec, where: str) -> str | None:
    if role is None:
        return None
    for key, node in spec.nodes.items():
        if role in (key, node.name):
            return node.name
    raise unknown("node", str(role), spec.nodes, f"{where}: node: ")


def _source(text: str, spec: ClusterSpec, identity: Identity, where: str) -> tuple[str, int]:
    sport = identity.client_port
    if text in ("client", identity.client):
        return "client", sport
    for role, pod in spec.pods.items():
        if text in (role, pod.name):
            return f"pod/{pod.namespace}/{pod.name}", sport
    for role, node in spec.nodes.items():
        if text in (role, node.name):
            return f"node/{node.name}", sport
    if text[:1].isdigit() or ":" in text:
        return text, sport
    raise unknown("role", text, ["client", *spec.pods, *spec.nodes], f"{where}: from: ")


def _destination(text: str, spec: ClusterSpec, where: str) -> tuple[str, str | None]:
    """ip:port, and the node a packet from outside arrives at where the text names it."""
    role, _, at = text.partition("@")
    service = next((one for key, one in spec.services.items() if role in (key, one.name)), None)
    if service is not None:
        if not at:
            return f"{service.cluster_ip}:{service.port}", None
        if at == "lb":
            return f"{service.load_balancer}:{service.port}", None
        if at == "external" and service.external_ips:
            return f"{service.external_ips[0]}:{service.port}", None
        name = _node_name(at, spec, where)
        node = next(node for node in spec.nodes.values() if node.name == name)
        if not service.node_port:
            raise QuizError(
                f"{where}: to: {role} has no NodePort; its type is {service.type}",
                f"{where}：to：{role} 没有 NodePort；其类型为 {service.type}",
            )
        return f"{node.ip}:{service.node_port}", node.name
    pod = next((one for key, one in spec.pods.items() if role in (key, one.name)), None)
    if pod is not None:
        return f"{pod.ip}:{pod.port}", None
    if ":" in text:
        return text, None
    raise unknown("role", role, [*spec.services, *spec.pods], f"{where}: to: ")


def _background(spec: ClusterSpec, where: str) -> Background | None:
    if not spec.background:
        return None
    services = int(spec.background["services"])
    endpoints = int(spec.background.get("endpoints", 1))
    before = int(spec.background.get("before", 0))
    if not 0 <= before <= services or endpoints < 0 or services * max(endpoints, 1) > MOST_BACKGROUND:
        raise QuizError(
            f"{where}: background: needs 0 <= before <= services, and at most {MOST_BACKGROUND} endpoints in all",
            f"{where}：background：要求 0 <= before <= services，且端点总数不超过 {MOST_BACKGROUND}",
        )
    return Background(services, endpoints, before)
