"""kubectl port-forward: the kubelet's runtime connects to a port inside of the pod's own network namespace.

No Service, route or rule of the node is on that way. Source: containerd, internal/cri/server/sandbox_portforward_linux.go (dials
localhost in the sandbox's network namespace); kubectl/pkg/cmd/portforward v1.34.
"""

from __future__ import annotations

import re

from engine.manifests.write import Document
from engine.shell.deployments import deployments
from engine.shell.interface import Call, Result
from engine.shell.tools.kubectl.flags import Words
from engine.shell.tools.kubectl.problems import BadWords
from engine.shell.tools.kubectl.words import matching, resource_of

_PORTS = re.compile(r"(?:(?P<here>[0-9]{0,5}):)?(?P<there>[0-9]{1,5}|[a-z][a-z0-9-]{0,14})")


def run(call: Call, words: Words) -> Result:
    """`kubectl port-forward POD|deploy/NAME|svc/NAME [LOCAL:]REMOTE...`."""
    if len(words.rest) < 3:
        raise BadWords("error: TYPE/NAME and list of ports are required for port-forward")
    kind, slash, name = words.rest[1].partition("/")
    resource = resource_of(kind if slash else "pods")
    pod, service = _pod(call, words, resource.kind, name if slash else kind)
    out, asked = "", ""
    for text in words.rest[2:]:
        found = _PORTS.fullmatch(text)
        if found is None:
            raise BadWords(f"error: invalid port format {text[:50]}")
        there = _target(found["there"], service, pod)
        here = found["here"] or (found["there"] if found["here"] is None and found["there"].isdecimal() else there)
        out += f"Forwarding from 127.0.0.1:{here} -> {there}\nForwarding from [::1]:{here} -> {there}\n"
        asked = (
            asked
            or f"kubectl exec -n {pod['metadata']['namespace']} {pod['metadata']['name']} -- curl -s 127.0.0.1:{there}"
        )
    note = f"(nothing connects to it here; it would be connected inside of the pod, as {asked} is: past every Service, route and rule)\n"
    return Result(out, note, shown=out + note)


def _pod(call: Call, words: Words, kind: str, name: str) -> tuple[Document, Document | None]:
    """The pod, and the Service where one is named. Raises BadWords."""
    service: Document | None = None
    cluster = call.live.cluster
    if kind == "Service":
        (service,) = matching(call.live, resource_of("svc"), (name,), words)
        selector = service["spec"].get("selector", {})
        pods = [
            p
            for p in cluster.pods
            if p.namespace == words.namespace and selector and selector.items() <= p.labels.items()
        ]
        if not pods:
            raise BadWords("error: timed out waiting for the condition")
        name = pods[0].name
    elif kind == "Deployment":
        one = deployments(call.live).get(f"{words.namespace}/{name}")
        if one is None:
            raise BadWords(f'Error from server (NotFound): deployments.apps "{name}" not found')
        if not one.pods:
            raise BadWords("error: timed out waiting for the condition")
        name = one.pods[0].name
    elif kind != "Pod":
        raise BadWords(f"error: port-forward of {kind} is not simulated here; a pod, a Deployment or a Service is")
    (pod,) = matching(call.live, resource_of("pods"), (name,), words)
    return pod, service


def _target(port: str, service: Document | None, pod: Document) -> str:
    """The pod's port: a Service's number leads to its targetPort. Raises BadWords."""
    ports = [one for container in pod["spec"].get("containers", []) for one in container.get("ports", [])]
    if service is not None:
        found = next(
            (one for one in service["spec"].get("ports", []) if port in (str(one["port"]), one.get("name"))), None
        )
        if found is None:
            raise BadWords(f"error: Service {service['metadata']['name']} does not have a service port {port}")
        port = str(found.get("targetPort", found["port"]))
    named = next((str(one["containerPort"]) for one in ports if one.get("name") == port), port)
    if not named.isdecimal():
        raise BadWords(f"error: Pod '{pod['metadata']['name']}' does not have a named port '{port}'")
    return named
