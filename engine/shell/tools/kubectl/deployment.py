"""A Deployment that somebody changed: how many pods it has, and how the kubelet asks whether they are ready."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from engine.manifests.write import Document
from engine.shell.api import Refused
from engine.shell.deployments import MOST_REPLICAS, Deployment, deployments, restarted, scaled
from engine.shell.live import LiveCluster
from engine.shell.readiness import HANDLERS, Probe
from engine.shell.tools.kubectl.problems import BadWords


def after_edit(live: LiveCluster, before: Document, after: Any) -> LiveCluster:
    """`live` once the controllers did what the changed document says: another probe is another template, and a rollout.
    Raises BadWords for what is not modelled, Refused for what the API server does not take."""
    name, namespace = before["metadata"]["name"], before["metadata"]["namespace"]
    one = deployments(live)[f"{namespace}/{name}"]
    old, new = _known(before), _known(after)
    if old[0] != new[0]:
        raise BadWords(
            "error: of a Deployment spec.replicas and its container's readinessProbe can be changed here, nothing else"
        )
    replicas, probe = new[1], new[2]
    if not isinstance(replicas, int) or not 0 <= replicas <= MOST_REPLICAS:
        raise BadWords(f"error: at most {MOST_REPLICAS} replicas are made here")
    _check(one, probe)
    if replicas != one.wanted:
        live = scaled(live, one, replicas)
    if probe != old[2]:
        live = dataclasses.replace(live, probes={**live.probes, one.key: probe or {}})
        live = restarted(live, deployments(live)[one.key])
    return live


def _known(document: Any) -> tuple[Document, Any, Probe | None]:
    """(the document without them, replicas, the first container's readinessProbe)."""
    rest = json.loads(json.dumps(document))
    try:
        replicas = rest["spec"].pop("replicas", 1)
        return rest, replicas, rest["spec"]["template"]["spec"]["containers"][0].pop("readinessProbe", None)
    except (KeyError, IndexError, TypeError, AttributeError):
        raise BadWords("error: a Deployment needs spec.template.spec.containers") from None


def _check(one: Deployment, probe: Any) -> None:
    """A probe has one handler (validateHandler), which is asked here by a command or a port's number."""
    if probe is None:
        return
    path = f'The Deployment "{one.name}" is invalid: spec.template.spec.containers[0].readinessProbe'
    given = [name for name in HANDLERS if isinstance(probe, dict) and name in probe]
    if len(given) != 1:
        raise Refused(f"{path}: Required value: must specify a handler type" if not given else f"{path}.{given[1]}: Forbidden: may not specify more than 1 handler type")  # fmt: skip
    handler = probe[given[0]]
    command = handler.get("command") if isinstance(handler, dict) else None
    port = handler.get("port") if isinstance(handler, dict) else None
    if given[0] == "exec" and not (command and isinstance(command, list) and all(isinstance(w, str) for w in command)):
        raise Refused(f"{path}.exec.command: Required value")
    if given[0] != "exec" and not (isinstance(port, int) and 0 < port < 65536):
        raise Refused(f"{path}.{given[0]}.port: Invalid value: {json.dumps(port)}: must be between 1 and 65535, inclusive")  # fmt: skip
