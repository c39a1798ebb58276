"""An API server for a real kubectl, of the objects that the simulated one has: it serves a LiveCluster on 127.0.0.1.

What kubectl needs of one and nothing else: discovery, lists, objects, tables, patches, a watch that ends at once. The columns of a
table are the simulation's own, so that how kubectl sets them can be compared, and not which there are.
"""

from __future__ import annotations

import dataclasses
import json
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from engine.shell import api
from engine.shell.defaults import now
from engine.shell.live import LiveCluster
from engine.shell.tools.kubectl.logs import pod_log
from engine.shell.tools.kubectl.problems import BadWords
from engine.shell.tools.kubectl.release import release_of, release_text
from engine.shell.tools.kubectl.selectors import fields_match, selected
from engine.shell.tools.kubectl.stored import created, deleted, replaced
from engine.shell.tools.kubectl.tables import TABLES
from engine.shell.tools.kubectl.words import documents

Document = dict[str, Any]
_TABLE = "as=Table"
_MOST_BODY = 1_000_000
_ALL = (
    "Pod",
    "Service",
    "DaemonSet",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "HorizontalPodAutoscaler",
    "Job",
    "CronJob",
)
_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_PATCHES: dict[str, Callable[[Any, Any], Any]] = {
    "application/strategic-merge-patch+json": api.strategic_merge,
    "application/merge-patch+json": api.merge,
    "application/json-patch+json": api.json_patch,
}


class Refusal(Exception):
    """A Status that is no success: its HTTP code, reason, message."""

    def __init__(self, code: int, reason: str, message: str, details: Document | None = None) -> None:
        super().__init__(message)
        self.code, self.reason, self.message, self.details = code, reason, message, details or {}


@dataclasses.dataclass(frozen=True)
class _Place:
    """Where a path leads: a kind, a namespace ("": all), a name ("": all), what stands below it (scale, log)."""

    resource: api.Resource
    namespace: str
    name: str
    below: str


class StubServer:
    """Serves `live` until close(); what kubectl changes is in `live` afterwards."""

    def __init__(self, live: LiveCluster) -> None:
        self.live = live
        outer = self

        class Handler(_Handler):
            server_of = outer

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, target: str, kind: str, accept: str, body: bytes) -> Document | str:
        """What is sent back, a log as text. Raises Refusal."""
        url = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        parts = url.path.strip("/").split("/")
        found = _discovery(parts) or self._beside(parts)
        if found is not None:
            return found
        resource, namespace, name, below = _place(parts)
        if below == "scale" and resource.kind not in ("Deployment", "ReplicaSet"):
            raise Refusal(404, "NotFound", "the server could not find the requested resource")
        if below == "exec":
            raise Refusal(501, "NotImplemented", "no command is run by the stub")
        if method == "GET":
            return self._get(_Place(resource, namespace, name, below), query, _TABLE in accept)
        try:
            return self._change(method, _Place(resource, namespace, name, below), kind, body)
        except api.Refused as error:
            raise _invalid(error.en) from None
        except BadWords as error:
            raise Refusal(501, "NotImplemented", str(error)) from None

    def _beside(self, parts: list[str]) -> Document | None:
        """What is no object of the simulation: the server's release, reviews, leases, quotas."""
        if parts == ["version"]:
            major, minor = release_of(self.live)
            return {"major": str(major), "minor": str(minor), "gitVersion": release_text(self.live)}
        if parts[-1] == "selfsubjectaccessreviews":
            return {
                "kind": "SelfSubjectAccessReview",
                "apiVersion": "authorization.k8s.io/v1",
                "status": {"allowed": True},
            }
        if parts[:3] == ["apis", "coordination.k8s.io", "v1"]:
            spec = {"holderIdentity": parts[-1], "renewTime": f"{now(self.live)[:-1]}.000000Z"}
            return {
                "kind": "Lease",
                "apiVersion": "coordination.k8s.io/v1",
                "metadata": {"name": parts[-1]},
                "spec": spec,
            }
        if parts[-1] in ("resourcequotas", "limitranges"):
            return {"kind": "List", "apiVersion": "v1", "metadata": {}, "items": []}
        return None

    def _get(self, at: _Place, query: dict[str, str], as_table: bool) -> Document | str:
        if not at.name:
            return self._list(at.resource, at.namespace, query, as_table)
        found = self._one(at)
        if at.below == "log":
            lines = pod_log(found).splitlines(keepends=True)
            return "".join(lines[-int(query.get("tailLines", len(lines))) :] if lines else [])
        if at.below == "scale":
            return _scale_of(found)
        return _table(at.resource, [found], query) if as_table else found

    def _list(self, resource: api.Resource, namespace: str, query: dict[str, str], as_table: bool) -> Document:
        found = [
            o
            for o in documents(self.live, resource)
            if (not namespace or o["metadata"].get("namespace", "default") == namespace)
            and selected(o, query.get("labelSelector", ""))
            and fields_match(o, query.get("fieldSelector", ""))
        ]
        found.sort(key=lambda o: (o["metadata"].get("namespace", ""), o["metadata"]["name"]))
        if as_table:
            return _table(resource, found, query)
        bare = [{key: value for key, value in o.items() if key not in ("kind", "apiVersion")} for o in found]
        return {
            "kind": f"{resource.kind}List",
            "apiVersion": f"{resource.group}/v1" if resource.group else "v1",
            "metadata": {"resourceVersion": "1000"},
            "items": bare,
        }

    def _one(self, at: _Place) -> Document:
        key = (at.resource.kind, at.namespace if at.resource.namespaced else "", at.name)
        found = next((o for o in documents(self.live, at.resource) if api.key_of(o) == key), None)
        if found is None:
            raise _not_found(at.resource, at.name)
        return found

    def _change(self, method: str, at: _Place, kind: str, body: bytes) -> Document:
        sent = _read(body, kind)
        if method == "POST":
            return self._create(at, sent)
        before = self._one(at)
        if method == "DELETE":
            self.live = deleted(self.live, before)
            return {
                "kind": "Status",
                "apiVersion": "v1",
                "metadata": {},
                "status": "Success",
                "details": {"name": at.name},
            }
        document = _scale_of(before) if at.below == "scale" else before
        after = _PATCHES[kind](document, sent) if method == "PATCH" else sent
        if at.below == "scale":
            after = {**before, "spec": {**before["spec"], "replicas": after["spec"]["replicas"]}}
        self.live = replaced(self.live, before, after)
        found = self._one(at)
        return _scale_of(found) if at.below == "scale" else found

    def _create(self, at: _Place, sent: Document) -> Document:
        if at.resource.namespaced:
            sent["metadata"].setdefault("namespace", at.namespace)
        name = sent["metadata"]["name"]
        if any(api.key_of(o) == api.key_of(sent) for o in documents(self.live, at.resource)):
            said = f'{at.resource.plural} "{name}" already exists'
            raise Refusal(409, "AlreadyExists", said, {"name": name, "kind": at.resource.names[0]})
        self.live = created(self.live, sent)
        return self._one(dataclasses.replace(at, name=name))


def _invalid(said: str) -> Refusal:
    """What the API server says of `The Service "web" is invalid: spec.type: ...`, cut into the parts that kubectl puts together."""
    if said.startswith("Error from server: "):
        return Refusal(500, "", said.removeprefix("Error from server: "))
    found = re.fullmatch(r'The (\w+) "([^"]*)" is invalid: (?:([\w.\[\]]+): )?(.*)', said, re.DOTALL)
    if found is None:
        return Refusal(422, "Invalid", said.removeprefix("The request is invalid: "))
    kind, name, field, message = found.groups()
    causes = [{"reason": "FieldValueInvalid", "message": message, "field": field or ""}]
    return Refusal(
        422, "Invalid", f'{kind} "{name}" is invalid: {message}', {"name": name, "kind": kind, "causes": causes}
    )


def _read(body: bytes, kind: str) -> Any:
    """The JSON of a request. Raises Refusal for protobuf and what is no JSON."""
    if "protobuf" in kind:
        raise Refusal(415, "UnsupportedMediaType", "the stub reads JSON alone")
    try:
        return json.loads(body) if body else None
    except ValueError as error:
        raise Refusal(400, "BadRequest", str(error)) from None


def _discovery(parts: list[str]) -> Document | None:
    """The answers to what kubectl asks about the server itself; None for any other path."""
    if parts[:2] == ["openapi", "v3"]:
        return _schemas(parts[2:])
    if parts == ["api"]:
        return {"kind": "APIVersions", "versions": ["v1"]}
    groups = dict.fromkeys(one.group for one in api.RESOURCES if one.group)
    if parts == ["apis"]:
        found = [{"groupVersion": f"{name}/v1", "version": "v1"} for name in groups]
        listed = [
            {"name": one["groupVersion"].partition("/")[0], "versions": [one], "preferredVersion": one} for one in found
        ]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}
    if parts == ["api", "v1"]:
        return _resources("")
    if len(parts) == 3 and parts[0] == "apis" and parts[1] in groups and parts[2] == "v1":
        return _resources(parts[1])
    return None


def _schemas(parts: list[str]) -> Document:
    """OpenAPI v3, as far as kubectl asks whether the server checks fields itself."""
    groups = {one.version: f"apis/{one.version}" if one.group else "api/v1" for one in api.RESOURCES}
    if not parts:
        return {"paths": {path: {"serverRelativeURL": f"/openapi/v3/{path}"} for path in groups.values()}}
    paths = {}
    asked = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in ("dryRun", "fieldValidation")]
    for one in api.RESOURCES:
        if groups[one.version] == "/".join(parts):
            kind = {"group": one.group, "version": "v1", "kind": one.kind}
            paths[f"/{groups[one.version]}/{one.names[0]}/{{name}}"] = {"parameters": asked, "patch": {"parameters": asked, "x-kubernetes-group-version-kind": kind, "responses": {}}}  # fmt: skip
    if parts == ["api", "v1"]:
        kind = {"group": "", "version": "v1", "kind": "List"}
        paths["/api/v1/lists/{name}"] = {
            "patch": {"parameters": asked, "x-kubernetes-group-version-kind": kind, "responses": {}}
        }
    return {"openapi": "3.0.0", "info": {"title": "stub", "version": "v1"}, "paths": paths}


def _resources(group: str) -> Document:
    found: list[Document] = []
    for one in sorted(api.RESOURCES, key=lambda one: one.names[0]):
        if one.group != group:
            continue
        short = list(one.names[2:])
        entry: Document = {
            "name": one.names[0],
            "singularName": one.names[1],
            "namespaced": one.namespaced,
            "kind": one.kind,
        }
        every = {"categories": ["all"]} if one.kind in _ALL else {}
        found.append({**entry, "verbs": _VERBS, **({"shortNames": short} if short else {}), **every})
        if one.kind in ("Deployment", "ReplicaSet"):
            found.append({**entry, "name": f"{one.names[0]}/scale", "group": "autoscaling", "version": "v1", "kind": "Scale", "verbs": ["get", "patch", "update"]})  # fmt: skip
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group}/v1" if group else "v1",
        "resources": found,
    }


def _place(parts: list[str]) -> tuple[api.Resource, str, str, str]:
    """(kind, namespace, name, what stands below it) of a path. Raises Refusal."""
    group, rest = ("", parts[2:]) if parts[0] == "api" else (parts[1] if len(parts) > 1 else "", parts[3:])
    namespace = ""
    if rest[:1] == ["namespaces"] and len(rest) > 2:
        namespace, rest = rest[1], rest[2:]
    found = next((one for one in api.RESOURCES if rest and (one.names[0], one.group) == (rest[0], group)), None)
    if found is None:
        raise Refusal(404, "NotFound", "the server could not find the requested resource")
    return found, namespace, rest[1] if len(rest) > 1 else "", rest[2] if len(rest) > 2 else ""


def _scale_of(o: Document) -> Document:
    meta = {key: o["metadata"][key] for key in ("name", "namespace")}
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": meta, "spec": {"replicas": o["spec"]["replicas"]}, "status": {"replicas": o["status"]["replicas"]}}  # fmt: skip


def _table(resource: api.Resource, found: list[Document], query: dict[str, str]) -> Document:
    """meta.k8s.io/v1 Table; columns of -o wide have a priority above 0."""
    headers, further, row = TABLES.get(
        resource.kind, (("NAME", "AGE"), (), lambda o, wide: [o["metadata"]["name"], "12d"])
    )
    columns = [{"name": text.title(), "type": "string", "format": "name" if text == "NAME" else "", "description": "", "priority": int(text in further)} for text in (*headers, *further)]  # fmt: skip
    whole = query.get("includeObject") == "Object"
    rows = []
    for o in found:
        held = (
            o if whole else {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": o["metadata"]}
        )
        rows.append({"cells": row(o, True), "object": held})
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": "1000"},
        "columnDefinitions": columns,
        "rows": rows,
    }


def _not_found(resource: api.Resource, name: str) -> Refusal:
    plural = resource.names[0] + (f".{resource.group}" if resource.group else "")
    return Refusal(404, "NotFound", f'{plural} "{name}" not found', {"name": name, "group": resource.group, "kind": resource.names[0]})  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10
    server_of: StubServer

    def _serve(self) -> None:
        length = min(int(self.headers.get("Content-Length") or 0), _MOST_BODY)
        body = self.rfile.read(length)
        try:
            found = self.server_of.answer(self.command, self.path, self.headers.get("Content-Type", ""), self.headers.get("Accept", ""), body)  # fmt: skip
            code = 201 if self.command == "POST" else 200
        except Refusal as error:
            code = error.code
            found = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": error.message, "reason": error.reason, "details": error.details, "code": code}  # fmt: skip
        sent = (
            b""
            if "watch=true" in self.path
            else found.encode()
            if isinstance(found, str)
            else json.dumps(found).encode()
        )
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        if re.search(r"/endpoints(/|\?|$)", self.path) and release_of(self.server_of.live) >= (1, 33):
            self.send_header(
                "Warning", '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'
            )
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    # As BaseHTTPRequestHandler looks for them.
    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

    def log_message(self, *args: Any) -> None:
        """Nothing is printed."""
