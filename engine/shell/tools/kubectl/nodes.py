"""kubectl cordon, uncordon and drain: a node that takes no further pods, and one whose pods are evicted.

What a Deployment lacks then is made on another node. Sources: kubectl/pkg/drain (filters.go, drain.go), cmd/drain/drain.go v1.34.
"""

from __future__ import annotations

import dataclasses

from engine.cluster import Pod
from engine.shell.deployments import deployment_of, deployments, evicted, schedulable, settled
from engine.shell.interface import Call, Result
from engine.shell.live import LiveCluster
from engine.shell.tools.kubectl.flags import Words
from engine.shell.tools.kubectl.problems import BadWords


def run(call: Call, words: Words) -> Result:
    """`kubectl cordon|uncordon NODE...`, `kubectl drain NODE --ignore-daemonsets [--force]`."""
    verb = words.rest[0]
    names = [word.removeprefix("node/").removeprefix("nodes/") for word in words.rest[1:]]
    if not names:
        raise BadWords(f"error: USAGE: {verb} NODE [flags]")
    known = {node.name for node in call.live.cluster.nodes}
    missing = next((name for name in names if name not in known), None)
    if missing is not None:
        raise BadWords(f'Error from server (NotFound): nodes "{missing}" not found')
    live, out = call.live, ""
    for name in names:
        said = _marked(live, name, verb != "uncordon")
        out, live = out + said, _cordoned(live, name, verb != "uncordon")
        if verb == "drain":
            evicting, live = _drained(live, name, words)
            out += evicting
    return Result(out, live=live)


def _marked(live: LiveCluster, node: str, cordoned: bool) -> str:
    word = "cordoned" if cordoned else "uncordoned"
    return f"node/{node} {'already ' if (node in live.cordoned) is cordoned else ''}{word}\n"


def _cordoned(live: LiveCluster, node: str, cordoned: bool) -> LiveCluster:
    """`live` in which pods that are made anew go to the nodes that take them."""
    marked = live.cordoned | {node} if cordoned else live.cordoned - {node}
    return (
        settled(dataclasses.replace(live, cordoned=marked), node)
        if cordoned
        else dataclasses.replace(live, cordoned=marked)
    )


def _drained(live: LiveCluster, node: str, words: Words) -> tuple[str, LiveCluster]:
    """What is said of each pod, and `live` without those of the node. Raises BadWords."""
    pods = [pod for pod in live.cluster.pods if pod.node_name == node]
    alone = [pod for pod in pods if _owner(live, pod) is None]
    problems = []
    if "ignore-daemonsets" not in words.flags:
        problems.append(
            "cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): kube-system/kube-proxy"
        )
    if alone and "force" not in words.flags:
        named = ", ".join(f"{pod.namespace}/{pod.name}" for pod in alone)
        problems.append(f"cannot delete Pods that declare no controller (use --force to override): {named}")
    if problems:
        raise BadWords(f'error: unable to drain node "{node}" due to error: [{", ".join(problems)}], continuing command...\nThere are pending nodes to be drained:\n {node}')  # fmt: skip
    if any(pod not in alone for pod in pods) and not schedulable(live):
        raise BadWords("error: pods that no node takes are not simulated here: uncordon one first")
    out = "".join(f"evicting pod {pod.namespace}/{pod.name}\n" for pod in pods)
    live = evicted(live, node)
    return f"{out}{''.join(f'pod/{pod.name} evicted' + chr(10) for pod in pods)}node/{node} drained\n", live


def _owner(live: LiveCluster, pod: Pod) -> str | None:
    name = deployment_of(pod)
    return name if name is not None and f"{pod.namespace}/{name}" in deployments(live) else None
