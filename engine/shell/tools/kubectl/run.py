"""kubectl run: a pod made for a command, or for a shell, beside the others.

The scheduler's part is the node with the fewest pods; the image's is nothing: every pod here has the same tools.
"""

from __future__ import annotations

import dataclasses
import re

from engine.manifests.write import Document
from engine.shell import api
from engine.shell.deployments import next_address, schedulable, with_given
from engine.shell.interface import Call, Result
from engine.shell.live import LiveCluster
from engine.shell.tools.kubectl.execute import opens_shell
from engine.shell.tools.kubectl.words import BadWords, Words

# RFC 1123, a DNS label.
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def run(call: Call, words: Words) -> Result:
    """`kubectl run NAME --image=IMAGE [--rm] [-it] [-l LABELS] [-- COMMAND...]`."""
    name = words.rest[1] if len(words.rest) > 1 else ""
    if not name:
        raise BadWords("error: NAME is required for run")
    if not _NAME.fullmatch(name):
        raise BadWords(
            f'The Pod "{name[:100]}" is invalid: metadata.name: Invalid value: a lowercase RFC 1123 label is needed'
        )
    if "image" not in words.values:
        raise BadWords('error: required flag(s) "image" not set')
    held = {pod.name for pod in call.live.cluster.pods if pod.namespace == words.namespace}
    if name in held:
        raise BadWords(f'Error from server (AlreadyExists): pods "{name}" already exists')
    live = _made(call.live, name, words)
    command = words.behind if words.behind is not None else words.rest[2:]
    attached = bool({"tty", "stdin"} & words.flags)
    if "rm" in words.flags and not attached:
        raise BadWords("error: --rm should only be used for attached containers")
    if not attached:
        return Result(f"pod/{name} created\n", live=live)
    host = live.host_named(f"pod/{words.namespace}/{name}")
    if not command or opens_shell(command):
        kept = f"(--rm takes nothing away here: kubectl delete pod {name} does)\n" if "rm" in words.flags else ""
        return Result(stderr=f"If you don't see a command prompt, try pressing enter.\n{kept}", live=live, login=host)
    assert call.execute is not None
    result = call.execute(live, host, command, call.stdin)
    after = result.live or live
    if "rm" not in words.flags:
        return dataclasses.replace(result, live=after)
    gone = after.with_cluster(api.changed(after.cluster, ("Pod", words.namespace, name), lambda _: None))
    return dataclasses.replace(result, stdout=f'{result.stdout}pod "{name}" deleted\n', live=gone)


def _made(live: LiveCluster, name: str, words: Words) -> LiveCluster:
    """`live` with the pod, on the node that has the fewest."""
    taken = [pod.node_name for pod in live.cluster.pods]
    nodes = schedulable(live)
    if not nodes:
        raise BadWords("error: no node here gives addresses to pods")
    node = min(nodes, key=taken.count)
    address = next_address(live, node, live.cluster.pods)
    given = words.values.get("selector") or words.values.get("labels") or f"run={name}"
    document: Document = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": words.namespace,
            "labels": dict(_pair(one) for one in given.split(",")),
        },
        "spec": {"nodeName": node, "containers": [{"name": name, "image": words.values["image"]}]},
        "status": {
            "phase": "Running",
            "podIP": address,
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }
    return with_given(live.with_cluster(api.created(live.cluster, document)), node, address)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise BadWords(f"error: unexpected label format: {text[:100]}")
    return name, value
