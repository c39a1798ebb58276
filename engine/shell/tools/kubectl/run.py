"""kubectl run: a pod made for a command, or for a shell, beside the others.

The image counts for nothing: every pod here has the same tools.
"""

from __future__ import annotations

import dataclasses
import re

from engine.manifests.write import Document
from engine.shell import api
from engine.shell.interface import Call, Result
from engine.shell.live import LiveCluster
from engine.shell.tools.kubectl.changes import Changes, unmade
from engine.shell.tools.kubectl.execute import opens_shell
from engine.shell.tools.kubectl.flags import Words
from engine.shell.tools.kubectl.problems import BadWords
from engine.shell.tools.kubectl.release import release_of
from engine.shell.tools.kubectl.stored import created, found
from engine.shell.tools.kubectl.words import resource_of

# RFC 1123, a DNS label.
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def run(call: Call, words: Words) -> Result:
    """`kubectl run NAME --image=IMAGE [--rm] [-it] [-l LABELS] [-- COMMAND...]`."""
    name = words.rest[1] if len(words.rest) > 1 else ""
    if "image" not in words.values:
        raise BadWords('error: required flag(s) "image" not set')
    if not name:
        raise BadWords("error: NAME is required for run")
    if not _NAME.fullmatch(name):
        raise BadWords(
            f'The Pod "{name[:100]}" is invalid: metadata.name: Invalid value: a lowercase RFC 1123 label is needed'
        )
    held = {pod.name for pod in call.live.cluster.pods if pod.namespace == words.namespace}
    if name in held:
        raise BadWords(f'Error from server (AlreadyExists): pods "{name}" already exists')
    if words.values.get("restart", "Always") not in ("Always", "OnFailure", "Never"):
        raise BadWords(
            f"error: invalid restart policy: {words.values['restart']}\nSee 'kubectl run -h' for help and examples"
        )
    if words.values.get("dry-run", "none") != "none":
        return _only_shown(call.live, name, words)
    live = _made(call.live, name, words)
    command = words.behind if words.behind is not None else words.rest[2:]
    attached = bool({"tty", "stdin"} & words.flags)
    if "rm" in words.flags and not attached:
        raise BadWords("error: --rm should only be used for attached containers")
    if not attached:
        changes = Changes(live, words)
        changes.say(resource_of("pods"), name, "created", found(live, ("Pod", words.namespace, name)))
        return changes.result()
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
    where = f" from {words.namespace} namespace" if release_of(live) >= (1, 34) else ""
    return dataclasses.replace(result, stdout=f'{result.stdout}pod "{name}" deleted{where}\n', live=gone)


def _only_shown(live: LiveCluster, name: str, words: Words) -> Result:
    """`--dry-run`: the pod as it would be sent."""
    container: Document = {"image": words.values["image"], "name": name, "resources": {}}
    if words.values.get("port", "").isdigit():
        container["ports"] = [{"containerPort": int(words.values["port"])}]
    if words.behind:
        container["args"] = list(words.behind)
    spec = {
        "containers": [container],
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": words.values.get("restart", "Always"),
    }
    metadata: Document = {"labels": _labels(name, words), "name": name}
    if "namespace" in words.values:
        metadata["namespace"] = words.namespace
    document = {"apiVersion": "v1", "kind": "Pod", "metadata": unmade(live, metadata), "spec": spec, "status": {}}
    changes = Changes(live, words)
    changes.say(resource_of("pods"), name, "created", document)
    return changes.result()


def _labels(name: str, words: Words) -> dict[str, str]:
    return dict(_pair(one) for one in words.values.get("labels", f"run={name}").split(","))


def _made(live: LiveCluster, name: str, words: Words) -> LiveCluster:
    """`live` with the pod."""
    document: Document = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": words.namespace, "labels": _labels(name, words)},
        "spec": {"containers": [{"name": name, "image": words.values["image"]}]},
    }
    return created(live, document)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise BadWords(f"error: unexpected label format: {text[:100]}")
    return name, value
