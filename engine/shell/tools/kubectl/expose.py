"""kubectl expose and set selector: a Service made from what has pods, and one that looks for others.

Sources: staging/src/k8s.io/kubectl/pkg/cmd/expose/expose.go, pkg/cmd/set/set_selector.go.
"""

from __future__ import annotations

import json

from engine.manifests.write import Document
from engine.shell import api
from engine.shell.api import Resource
from engine.shell.interface import Call, Result
from engine.shell.tools.kubectl.changes import Changes, each, unmade
from engine.shell.tools.kubectl.flags import Words
from engine.shell.tools.kubectl.get import in_full
from engine.shell.tools.kubectl.problems import BadWords
from engine.shell.tools.kubectl.stored import created, found, replaced
from engine.shell.tools.kubectl.words import resource_of

_CAN = ("Pod", "Service", "Deployment", "ReplicaSet")


def run(call: Call, words: Words) -> Result:
    """`kubectl expose KIND NAME [--port=N] [--target-port=P] [--name=NAME] [--type=TYPE]`, `kubectl set selector svc NAME A=B`."""
    if words.rest[0] == "set":
        return _set(call, words)
    return each(call, words, lambda changes, resource, o: _expose(changes, resource, o, words))


def _expose(changes: Changes, resource: Resource, o: Document, words: Words) -> None:
    if resource.kind not in _CAN:
        raise BadWords(f"error: cannot expose a {resource.kind}.{resource.group}" if resource.group else f"error: cannot expose a {resource.kind}")  # fmt: skip
    document = _service_for(o, words)
    key = api.key_of(document)
    if found(changes.live, key) is not None:
        raise BadWords(f'Error from server (AlreadyExists): services "{key[2]}" already exists')
    if words.values.get("dry-run") == "client" and words.values.get("output") in ("yaml", "json"):
        shown = {
            **document,
            "metadata": unmade(changes.live, {k: v for k, v in document["metadata"].items() if k != "namespace"}),
            "status": {"loadBalancer": {}},
        }
        changes.out += in_full(shown, words.values["output"])
        return
    changes.live = created(changes.live, document)
    changes.say(resource_of("services"), key[2], "exposed", found(changes.live, key))


def _service_for(o: Document, words: Words) -> Document:
    """The Service that expose makes. Raises BadWords."""
    spec = o["spec"]
    selector = o["metadata"].get("labels", {}) if o["kind"] == "Pod" else spec.get("selector", {})
    selector = selector.get("matchLabels", {}) if o["kind"] in ("Deployment", "ReplicaSet") else selector
    if not selector:
        what = "the pod has no labels and cannot be exposed" if o["kind"] == "Pod" else "couldn't retrieve selectors via --selector flag or introspection: invalid service: no selectors, therefore cannot be exposed"  # fmt: skip
        raise BadWords(f"error: {what}")
    target = words.values.get("target-port")
    protocol = words.values.get("protocol")
    if "port" in words.values:
        if not words.values["port"].isdigit() or not 0 < int(words.values["port"]) < 65536:
            raise BadWords(f"error: strconv.Atoi: parsing {json.dumps(words.values['port'])}: invalid syntax")
        ports = [_port(int(words.values["port"]), protocol or "TCP", target)]
    else:
        ports = [_port(number, protocol or told, target) for number, told in _ports_of(o)]
        if not ports:
            raise BadWords("error: couldn't find port via --port flag or introspection")
    if len(ports) > 1:
        ports = [{"name": f"port-{n + 1}", **port} for n, port in enumerate(ports)]
    made: Document = {"ports": ports, "selector": dict(selector)}
    if "type" in words.values:
        made["type"] = words.values["type"]
    if words.values.get("cluster-ip"):
        made["clusterIP"] = words.values["cluster-ip"]
    if words.values.get("session-affinity"):
        made["sessionAffinity"] = words.values["session-affinity"]
    metadata: Document = {
        "name": words.values.get("name") or o["metadata"]["name"],
        "namespace": o["metadata"]["namespace"],
    }
    if o["metadata"].get("labels"):
        metadata["labels"] = dict(o["metadata"]["labels"])
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": made}


def _port(number: int, protocol: str, target: str | None) -> Document:
    to: str | int = number if target is None else int(target) if target.isdigit() else target
    return {"port": number, "protocol": protocol, "targetPort": to}


def _ports_of(o: Document) -> list[tuple[int, str]]:
    if o["kind"] == "Service":
        return [(port["port"], port.get("protocol", "TCP")) for port in o["spec"].get("ports", [])]
    spec = o["spec"] if o["kind"] == "Pod" else o["spec"]["template"]["spec"]
    return [(port["containerPort"], port.get("protocol", "TCP")) for one in spec.get("containers", []) for port in one.get("ports", [])]  # fmt: skip


def _set(call: Call, words: Words) -> Result:
    verb = words.rest[1] if len(words.rest) > 1 else ""
    if verb != "selector":
        raise BadWords(f"error: kubectl set {verb} is not simulated here; selector is".replace("  ", " "))
    pairs = [word for word in words.rest[2:] if "=" in word]
    if not pairs:
        raise BadWords("error: resource(s) were provided, but no name was specified")
    named = Words(("set", *(word for word in words.rest[2:] if word not in pairs)), words.values, words.flags)

    wanted = [part.partition("=") for pair in pairs for part in pair.split(",")]
    bare = next((name for name, equals, _ in wanted if not equals or not name), None)
    if bare is not None:
        raise BadWords(f"error: match expression [{{{bare} Exists []}}] not supported on this object")

    def change(changes: Changes, resource: Resource, o: Document) -> None:
        if resource.kind != "Service":
            raise BadWords("error: setting a selector is only supported for Services")
        selector = {name: value for name, _, value in wanted}
        changes.live = replaced(changes.live, o, {**o, "spec": {**o["spec"], "selector": selector}})
        changes.say(resource, o["metadata"]["name"], "selector updated", found(changes.live, api.key_of(o)))

    return each(call, named, change)
