"""kubectl logs of kube-proxy, CoreDNS and applications."""

from __future__ import annotations

import re

from engine.shell.deployments import deployment_of
from engine.shell.interface import Call, Result
from engine.shell.logs import coredns, kube_proxy
from engine.shell.tools.kubectl.words import BadWords, Words, matching, resource_of

_PROXY = ("ds/kube-proxy", "daemonset/kube-proxy", "daemonset.apps/kube-proxy")


def run(call: Call, words: Words) -> Result:
    """`kubectl logs [-n NS] POD|deploy/NAME|ds/kube-proxy|-l LABELS [--tail=N]`."""
    tail = words.values.get("tail", "-1")
    if not re.fullmatch(r"-1|[0-9]{1,6}", tail):
        raise BadWords(f'error: invalid argument "{tail}" for "--tail" flag')
    if "previous" in words.flags:
        raise BadWords(_never_restarted(call, words))
    texts = list(_texts(call, words))
    lines = [line for text in texts for line in (text.splitlines() if tail == "-1" else text.splitlines()[-int(tail) :] if int(tail) else [])]  # fmt: skip
    followed = "(nothing is written meanwhile: ended as by Ctrl-C)\n" if "follow" in words.flags else ""
    out = "".join(f"{line}\n" for line in lines)
    return Result(out, followed, shown=out + followed)


def _never_restarted(call: Call, words: Words) -> str:
    """What is said of the container before this one."""
    name = (words.rest[1] if len(words.rest) > 1 else "").removeprefix("pod/")
    for o in matching(call.live.cluster, resource_of("pods"), (name,) if name else (), words):
        containers = o["spec"].get("containers") or [{"name": name}]
        return f'Error from server (BadRequest): previous terminated container "{containers[0]["name"]}" in pod "{o["metadata"]["name"]}" not found'
    return "error: expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'."


def _texts(call: Call, words: Words) -> list[str]:
    target = words.rest[1] if len(words.rest) > 1 else ""
    if (target in _PROXY or words.values.get("selector") == "k8s-app=kube-proxy") and words.namespace == "kube-system":
        nodes = [node.name for node in call.live.cluster.nodes]
        return [kube_proxy(call.live, node) for node in (nodes if not target else nodes[:1])]
    if not target and "selector" not in words.values:
        raise BadWords("error: expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command")  # fmt: skip
    kind, slash, name = target.partition("/")
    if slash and kind in ("deploy", "deployment", "deployments"):
        pods = [p for p in call.live.cluster.pods if p.namespace == words.namespace and deployment_of(p) == name][:1]
        if not pods:
            raise BadWords(
                f'error: error from server (NotFound): deployments.apps "{name}" not found in namespace "{words.namespace}"'
            )
        found = matching(call.live.cluster, resource_of("pods"), (pods[0].name,), words)
    else:
        name = name if slash else target
        found = matching(call.live.cluster, resource_of("pods"), (name,) if name else (), words)
    return [
        coredns() if o["metadata"].get("labels", {}).get("k8s-app") == "kube-dns" else _application(o) for o in found
    ]


def _application(o: dict[str, object]) -> str:
    spec = o["spec"]
    assert isinstance(spec, dict)
    ports = [port["containerPort"] for one in spec.get("containers", []) for port in one.get("ports", [])]
    return "".join(f"listening on :{port}\n" for port in ports)
