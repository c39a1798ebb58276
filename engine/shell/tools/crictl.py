"""crictl(1) ps and pods: the containers of a node. Source: cri-tools v1.31, cmd/crictl/container.go, sandbox.go."""

from __future__ import annotations

import hashlib

from engine.cluster import Pod
from engine.shell.interface import ON_NODES, Call, Result, Tool, failed

_AGE = "12 days ago"


def run(call: Call) -> Result:
    """`crictl ps`, `crictl pods`."""
    words = [word for word in call.args if not word.startswith("-")]
    if words[:1] not in (["ps"], ["pods"]):
        return failed("crictl: here there are ps and pods")
    pods = [pod for pod in call.live.cluster.pods if pod.node_name == call.host]
    if words[0] == "pods":
        rows: list[tuple[str, ...]] = [("POD ID", "CREATED", "STATE", "NAME", "NAMESPACE", "ATTEMPT", "RUNTIME")]
        rows += [(_id(pod), _AGE, "Ready", pod.name, pod.namespace, "0", "(default)") for pod in pods]
    else:
        rows = [("CONTAINER", "IMAGE", "CREATED", "STATE", "NAME", "ATTEMPT", "POD ID", "POD")]
        rows += [(_id(pod, "container"), _id(pod, "image"), _AGE, "Running", _name(pod), "0", _id(pod), pod.name) for pod in pods]  # fmt: skip
    widths = [
        max(len(row[at]) for row in rows) + (3 if words[0] == "pods" else 13 if at < 2 else 3)
        for at in range(len(rows[0]))
    ]
    return Result("".join("".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n" for row in rows))  # fmt: skip


def _name(pod: Pod) -> str:
    return pod.name.rsplit("-", 1)[0]


def _id(pod: Pod, of: str = "") -> str:
    return hashlib.sha256(f"{of} {pod.namespace}/{pod.name}".encode()).hexdigest()[:13]


TOOL = Tool(("crictl",), run, ON_NODES)
