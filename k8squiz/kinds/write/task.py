"""The blank of a write question: the world with what was typed in it, and the table that the model makes."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from engine.cluster import Cluster
from k8squiz.errors import QuizError
from k8squiz.kinds.fields import Unreadable
from k8squiz.kinds.interface import Task
from k8squiz.kinds.write.ask import WriteAsk
from k8squiz.kinds.write.cells import Cell, NamedService, Names, aligned, cell_of, destination, table
from k8squiz.kinds.write.fields import WriteField
from k8squiz.kinds.write.typed import TypedObject, dumped, patched, read_objects, tidy
from k8squiz.world.world import EditedManifests, World, host_name

# Where the API server takes an address from, and a port, for a Service that names none.
_POOL, _FIRST_PORT = "10.96.250", 31000
_LEAST = 3


def write_task(world: World, ask: WriteAsk) -> Task:
    """One text to type. Raises QuizError where the model is refused, or what is wanted is so without it."""
    question = world.question
    if len(question.requests) < _LEAST:
        raise QuizError(
            f"{question.id}: a table needs {_LEAST} requests or more",
            f"{question.id}：表格至少要有 {_LEAST} 个请求",
        )
    names: Names = {address: NamedService(ask.namespace, name) for name, address in ask.names.items()}
    before = world.cluster(world.first)

    given = _given(ask, question.id)

    @functools.lru_cache(maxsize=16)
    def world_of(value: str) -> World:
        objects = _allocated(_written(value, given, ask), before, ask)
        return EditedManifests(question, lambda text: f"{text}\n---\n{dumped(objects)}")

    @functools.lru_cache(maxsize=16)
    def cells(value: str) -> dict[str, Cell]:
        put_in = world_of(value)
        return {each.name: cell_of(put_in, each.name, names, ask.show) for each in question.requests}

    model = tidy(ask.model)
    try:
        wanted = cells(model)
    except Unreadable as error:
        raise QuizError(
            f"{question.id}: ask.model: {error.text.en}", f"{question.id}：ask.model：{error.text.zh}"
        ) from None
    shown = table(question.requests, wanted, names, question.aliases)
    labels = {
        each.name: f"{host_name(each.source)} → {destination(each, names, question.aliases)}"
        for each in question.requests
    }
    read = "\n\n".join(part for part in (given, _pods(before), _namespaces(before), shown) if part)
    found = world_of(given) if given else world
    field = WriteField(
        "yaml", model, read, ask.kinds, wanted, labels, cells, world_of,
        functools.partial(cell_of, found, names=names, show=ask.show), tuple(_labels(before)),
    )  # fmt: skip
    return Task(question, (field,))


def _given(ask: WriteAsk, question: str) -> str:
    """The one object that is there already, "" where there is none. Raises QuizError for a text that is not one object."""
    given = tidy(ask.given)
    try:
        if given and len(read_objects(given, ask.kinds, ask.namespace)) != 1:
            raise QuizError(f"{question}: ask.given: one object", f"{question}：ask.given：只能是一个对象")
    except Unreadable as error:
        raise QuizError(f"{question}: ask.given: {error.text.en}", f"{question}：ask.given：{error.text.zh}") from None
    return given


def _written(value: str, given: str, ask: WriteAsk) -> tuple[TypedObject, ...]:
    """What was typed, a patch of the object `given` put into it; where that is not written anew it stays. Raises Unreadable."""
    if not given:
        return read_objects(value, ask.kinds, ask.namespace)
    text = patched(given, value)
    try:
        written = read_objects(text, ask.kinds, ask.namespace)
    except Unreadable as error:
        if text == value:
            raise
        # The lines are those of the whole object.
        raise Unreadable(f"with the patch in it: {error.text.en}", f"打上补丁之后：{error.text.zh}") from None
    names = {(each.kind, each.namespace, each.name) for each in written}
    there = read_objects(given, ask.kinds, ask.namespace)
    return (*written, *(each for each in there if (each.kind, each.namespace, each.name) not in names))


def _allocated(objects: tuple[TypedObject, ...], before: Cluster, ask: WriteAsk) -> tuple[TypedObject, ...]:
    """The objects with what the API server fills in. Raises Unreadable where one is there already."""
    taken = {("Service", each.namespace, each.name) for each in before.services}
    taken |= {("NetworkPolicy", each.namespace, each.name) for each in before.network_policies}
    for each in objects:
        if (each.kind, each.namespace, each.name) in taken:
            raise Unreadable(
                f'{each.kind} "{each.name}" already exists; leave it, and write what is missing',
                f'{each.kind} "{each.name}" 已存在（already exists）；请保留它，只写缺少的部分',
            )
    return tuple(_with_address(each, index, before, ask) for index, each in enumerate(objects))


def _with_address(each: TypedObject, index: int, before: Cluster, ask: WriteAsk) -> TypedObject:
    spec = each.data.get("spec")
    if each.kind != "Service" or not isinstance(spec, dict) or spec.get("type") == "ExternalName":
        return each
    spec = dict(spec)
    if not spec.get("clusterIP") and not spec.get("clusterIPs"):
        own = ask.names.get(each.name) if each.namespace == ask.namespace else None
        spec["clusterIP"] = own or f"{_POOL}.{index + 1}"
    if spec.get("type") in ("NodePort", "LoadBalancer"):
        used = {port.node_port for service in before.services for port in service.ports}
        free = (number for number in range(_FIRST_PORT + 10 * index, 32768) if number not in used)
        spec["ports"] = [{**port, "nodePort": port.get("nodePort") or next(free)} for port in spec["ports"]]
    return TypedObject(each.kind, each.namespace, each.name, {**each.data, "spec": spec})


def _pods(cluster: Cluster) -> str:
    """As `kubectl get pods -A --show-labels` tells, with the ports that are listened on."""
    if not any(port.name for pod in cluster.pods for port in pod.ports):
        # The picture of the cluster and the table tell as much.
        return ""
    rows = [["NAMESPACE", "POD", "PORTS", "LABELS"]]
    for pod in cluster.pods:
        ports = ",".join(f"{port.name}={port.port}" if port.name else str(port.port) for port in pod.ports)
        rows.append([pod.namespace, pod.name, ports, _pairs(pod.labels)])
    return aligned(rows)


def _namespaces(cluster: Cluster) -> str:
    if not cluster.namespaces:
        return ""
    return aligned([["NAMESPACE", "LABELS"], *([name, _pairs(labels)] for name, labels in cluster.namespaces.items())])


def _pairs(labels: object) -> str:
    return ",".join(f"{key}={value}" for key, value in dict(labels).items())  # type: ignore[call-overload]


def _labels(cluster: Cluster) -> Iterator[str]:
    """What may be completed: the labels that there are."""
    for pod in cluster.pods:
        yield from (f"{key}: {value}" for key, value in pod.labels.items())
