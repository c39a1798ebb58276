"""Template + seed -> Question. The same seed gives the same question in every process, on every platform."""

from __future__ import annotations

import copy
from collections.abc import Mapping

from k8squiz.bank.forms import MODE, REQUEST, part, requests
from k8squiz.bank.identity import Identity
from k8squiz.bank.limits import MOST_BACKGROUND, MOST_REQUESTS
from k8squiz.bank.manifests import manifests
from k8squiz.bank.params import draw_params
from k8squiz.bank.picture import aliases, names, picture
from k8squiz.bank.placeholders import COMPUTED, check, fill, filled, show, substitute
from k8squiz.bank.question import Background, Question, QuestionRequest, Template
from k8squiz.bank.shapes import MAPPING, Place
from k8squiz.bank.spec import ClusterSpec, read_spec
from k8squiz.bank.yaml_values import Yaml
from k8squiz.errors import QuizError, unknown


def draw(template: Template, seed: int | str) -> Question:
    """Draw `template` for `seed`. Raises QuizError (file:line) where the template cannot be drawn."""
    identity = Identity(template.meta.origin, str(seed))
    params = draw_params(template, str(seed))
    place = Place(template, ("cluster",))
    raw = MAPPING.read(template.data["cluster"], place)
    first = {key: value for key, value in raw.items() if key != "manifests"}
    drawn = names(read_spec(filled(first, params, place.where), identity, place), identity)
    roles, known = {**drawn, **params}, {**drawn, **_by_name(params, drawn)}
    written = requests(template)
    if not written:
        raise QuizError(f"{template.place('requests')}: there is no request", f"{template.place('requests')}：没有请求")
    if len(written) > MOST_REQUESTS:
        where = template.place("requests")
        raise QuizError(f"{where}: at most {MOST_REQUESTS} requests", f"{where}：最多 {MOST_REQUESTS} 个请求")
    # Requests that change the same are made on one cluster, written out once.
    clusters: dict[str, tuple[ClusterSpec, str]] = {}
    made = tuple(_request(template, name, raw, roles, known, identity, clusters) for name, raw in written.items())
    _check_names(template, known)
    # The picture shows the cluster of the first request; what others change is told beside them.
    first_changes = _changes(written[made[0].name], Place(template, ("requests", made[0].name)))
    shown = _cluster(template, first_changes, roles, identity)
    ask = filled(MAPPING.read(template.data["ask"], Place(template, ("ask",))), known, template.place("ask"))
    return Question(template, str(seed), made, ask, known, aliases(shown, identity), picture(shown, identity))


# Where texts, predicates and values stand, whose placeholders are drawn names, the question's values, or computed.
_NAMING = ("ask", "values", "prompt", "hints", "explanation", "key_points", "followups")


def _check_names(template: Template, known: Mapping[str, Yaml]) -> None:
    """Also of what this draw does not show: another one would."""
    names = {*known, *part(template, "values", MAPPING, {}), *COMPUTED}
    for key in _NAMING:
        check(template.data.get(key), names, Place(template, (key,)))


def _by_name(params: Mapping[str, Yaml], drawn: Mapping[str, Yaml]) -> dict[str, Yaml]:
    """Parameters that drew a role (`pod_node: node2`) as texts and predicates mean them: the drawn name, `pod_node.ip`."""
    result: dict[str, Yaml] = {}
    for key, value in params.items():
        if isinstance(value, list):
            result[key] = [drawn.get(item, item) if isinstance(item, str) else item for item in value]
        elif isinstance(value, str) and value in drawn and "." not in value:
            result[key] = drawn[value]
            result |= {key + name[len(value) :]: item for name, item in drawn.items() if name.startswith(f"{value}.")}
        else:
            result[key] = value
    return result


def _cluster(
    template: Template, changes: Mapping[str, Yaml], known: Mapping[str, Yaml], identity: Identity
) -> ClusterSpec:
    """The cluster with what a request changes in it."""
    place = Place(template, ("cluster",))
    raw = copy.deepcopy(dict(MAPPING.read(template.data["cluster"], place)))
    for path, value in changes.items():
        _set(raw, fill(path, known, where=template.place("requests")), value, template.place("requests"))
    return read_spec(filled(raw, known, place.where), identity, place)


def _changes(raw: Mapping[str, Yaml], place: Place) -> Mapping[str, Yaml]:
    """The request's `set`, as written: its placeholders stand for roles, which the cluster is told by."""
    return MAPPING.read(raw.get("set") or {}, place.at("set"))


def _set(raw: dict[str, Yaml], path: str, value: Yaml, where: str) -> None:
    *parents, last = path.split(".")
    target = raw
    for step in parents:
        if target.get(step) is None:
            target[step] = {}
        below = target[step]
        if not isinstance(below, dict):
            raise QuizError(f"{where}: set: {path}: {step} is not a mapping", f"{where}：set：{path}：{step} 不是映射")
        target = below
    target[last] = value


def _request(
    template: Template, name: str, raw: Mapping[str, Yaml], roles: Mapping[str, Yaml], known: Mapping[str, Yaml],
    identity: Identity, clusters: dict[str, tuple[ClusterSpec, str]],
) -> QuestionRequest:  # fmt: skip
    place = Place(template, ("requests", name) if "requests" in template.data else ("request",))
    where, changes = place.where, _changes(raw, place)
    if repr(changes) not in clusters:
        drawn = _cluster(template, changes, roles, identity)
        clusters[repr(changes)] = drawn, manifests(drawn)
    spec, text = clusters[repr(changes)]
    asked = REQUEST.read(filled({key: value for key, value in raw.items() if key != "set"}, known, where), place)
    destination, node = _destination(asked.destination, spec, where)
    source, sport = _source(asked.source, spec, identity, where)
    told = ((path, show(substitute(value, known, where), "en")) for path, value in changes.items())
    # A text of many lines is too much beside a request: a prompt says what it is about.
    changed = tuple((fill(path, known, where=where), "..." if "\n" in text else text) for path, text in told)
    return QuestionRequest(
        name, source, destination, asked.protocol, _node_name(asked.node, spec, where) or node, sport,
        asked.mode or MODE.read(spec.mode, Place(template, ("cluster", "proxy", "mode"))), text, _background(spec, where), asked.without, asked.way, changed,
        asked.fault.fault() if asked.fault is not None else None, asked.size,
    )  # fmt: skip


def _node_name(role: str | None, spec: ClusterSpec, where: str) -> str | None:
    if role is None:
        return None
    for key, node in spec.nodes.items():
        if role in (key, node.name):
            return node.name
    raise unknown("node", role, spec.nodes, f"{where}: node: ")


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
    form = spec.background
    if form is None:
        return None
    services, endpoints, before = form.services, form.endpoints, form.before
    if not 0 <= before <= services or endpoints < 0 or services * max(endpoints, 1) > MOST_BACKGROUND:
        raise QuizError(
            f"{where}: background: needs 0 <= before <= services, and at most {MOST_BACKGROUND} endpoints in all",
            f"{where}：background：要求 0 <= before <= services，且端点总数不超过 {MOST_BACKGROUND}",
        )
    return Background(services, endpoints, before)
