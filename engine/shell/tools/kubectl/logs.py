"""kubectl logs of kube-proxy, CoreDNS and applications.

Source: staging/src/k8s.io/kubectl/pkg/cmd/logs/logs.go, pkg/polymorphichelpers (a workload's logs are those of one of its pods).
"""

from __future__ import annotations

import re

from engine.manifests.write import Document
from engine.shell.interface import Call, Result
from engine.shell.logs import coredns, kube_proxy
from engine.shell.tools.kubectl.flags import Words
from engine.shell.tools.kubectl.get import nothing_found
from engine.shell.tools.kubectl.problems import BadWords
from engine.shell.tools.kubectl.selectors import selected
from engine.shell.tools.kubectl.words import documents, looked_up, resource_of

_PROXY = ("ds/kube-proxy", "daemonset/kube-proxy", "daemonsets/kube-proxy", "daemonset.apps/kube-proxy")
_WITH_PODS = ("Service", "Deployment", "ReplicaSet", "DaemonSet")
_USAGE = (
    "error: expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command\n"
    "See 'kubectl logs -h' for help and examples"
)


def run(call: Call, words: Words) -> Result:
    """`kubectl logs [-n NS] POD|KIND/NAME|-l LABELS [-c CONTAINER] [--tail=N]`."""
    by_label = "selector" in words.values
    tail = int(words.values.get("tail", "10" if by_label else "-1"))
    if tail < -1:
        raise BadWords("error: --tail must be greater than or equal to -1")
    if not re.fullmatch(r"([0-9]+(\.[0-9]+)?(ms|[smh]))+|0", words.values.get("since", "0")):
        given = words.values["since"]
        raise BadWords(f'error: invalid argument "{given}" for "--since" flag: time: invalid duration "{given}"\nSee \'kubectl logs --help\' for usage.')  # fmt: skip
    targets = words.rest[1:]
    if by_label and targets:
        raise BadWords(
            "error: only a selector (-l) or a POD name is allowed\nSee 'kubectl logs -h' for help and examples"
        )
    if not targets and not by_label:
        raise BadWords(_USAGE)
    if _of_kube_proxy(words):
        nodes = [node.name for node in call.live.cluster.nodes]
        return Result("".join(_cut(kube_proxy(call.live, node), tail) for node in (nodes if by_label else nodes[:1])))
    return _of_pods(call, words, tail)


def _of_kube_proxy(words: Words) -> bool:
    """Its pods are no objects here."""
    target = words.rest[1] if len(words.rest) > 1 else ""
    asked = target in _PROXY or words.values.get("selector") == "k8s-app=kube-proxy"
    return asked and words.namespace == "kube-system"


def _of_pods(call: Call, words: Words, tail: int) -> Result:
    pods, said = _pods(call, words)
    if not pods:
        return Result(stderr=nothing_found(words, ()))
    container = words.values.get("container") or (words.rest[2] if len(words.rest) > 2 else None)
    if "previous" in words.flags:
        first = pods[0]
        raise BadWords(f'Error from server (BadRequest): previous terminated container "{first["spec"]["containers"][0]["name"]}" in pod "{first["metadata"]["name"]}" not found')  # fmt: skip
    out = ""
    for o in pods:
        known = [one["name"] for one in o["spec"].get("containers", [])]
        if container is not None and container not in known:
            raise BadWords(f"error: container {container} is not valid for pod {o['metadata']['name']}")
        text = _cut(pod_log(o), tail)
        if "prefix" in words.flags:
            text = "".join(
                f"[pod/{o['metadata']['name']}/{container or known[0]}] {line}\n" for line in text.splitlines()
            )
        out += text
    followed = "(nothing is written meanwhile: ended as by Ctrl-C)\n" if "follow" in words.flags else ""
    return Result(out, said + followed, shown=said + out + followed)


def _pods(call: Call, words: Words) -> tuple[list[Document], str]:
    """(the pods whose logs are asked for, what is said of which they are). Raises BadWords."""
    pods = [o for o in documents(call.live, resource_of("pods")) if o["metadata"]["namespace"] == words.namespace]
    pods.sort(key=lambda o: str(o["metadata"]["name"]))
    if "selector" in words.values:
        return [o for o in pods if selected(o, words.values["selector"])], ""
    kind, slash, name = words.rest[1].partition("/")
    resource = resource_of(kind if slash else "pods")
    name = name if slash else kind
    many, missing = looked_up(call.live, resource, (name,), words)
    if missing:
        raise BadWords(f'error: error from server (NotFound): {resource.plural} "{name}" not found in namespace "{words.namespace}"')  # fmt: skip
    if resource.kind == "Pod":
        return many, ""
    if resource.kind not in _WITH_PODS:
        raise BadWords(
            f"error: cannot get the logs from *v1.{resource.kind}: selector for *v1.{resource.kind} not implemented"
        )
    wanted = many[0]["spec"].get("selector", {})
    wanted = wanted if resource.kind == "Service" else wanted.get("matchLabels", {})
    found = [o for o in pods if wanted and wanted.items() <= o["metadata"].get("labels", {}).items()]
    if not found:
        raise BadWords("error: timed out waiting for the condition")
    first = found[0]["metadata"]["name"]
    return found[:1], f"Found {len(found)} pods, using pod/{first}\n" if len(found) > 1 else ""


def pod_log(o: Document) -> str:
    """What the pod's container wrote."""
    if o["metadata"].get("labels", {}).get("k8s-app") == "kube-dns":
        return coredns()
    ports = [port["containerPort"] for one in o["spec"].get("containers", []) for port in one.get("ports", [])]
    return "".join(f"listening on :{port}\n" for port in ports)


def _cut(text: str, tail: int) -> str:
    lines = text.splitlines(keepends=True)
    return text if tail == -1 else "".join(lines[-tail:]) if tail else ""
