"""kubectl wait: whether a condition holds, at once or by the end of the time. Source: kubectl/pkg/cmd/wait v1.34."""

from __future__ import annotations

import re

from engine.manifests.write import Document
from engine.shell.deployments import workload_documents
from engine.shell.interface import Call, Result
from engine.shell.tools.kubectl.problems import BadWords
from engine.shell.tools.kubectl.words import Words, asked_for, matching

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}


def run(call: Call, words: Words) -> Result:
    """`kubectl wait --for=condition=Ready|Available KIND/NAME [--timeout=30s]`."""
    wanted = words.values.get("for", "")
    condition = wanted.removeprefix("condition=").partition("=")[0]
    if not wanted.startswith("condition=") or condition.lower() not in ("ready", "available"):
        raise BadWords(
            f"error: kubectl wait --for={wanted[:50]} is not simulated here; there are condition=Ready and condition=Available"
        )
    timeout = re.fullmatch(r"([0-9]{1,6})([smh]?)", words.values.get("timeout", "30s"))
    if timeout is None:
        raise BadWords(
            f'error: invalid argument "{words.values["timeout"][:50]}" for "--timeout" flag: time: invalid duration'
        )
    out, err = "", ""
    for resource, names in asked_for(words):
        beside = tuple(workload_documents(call.live)) if resource.group == "apps" else ()
        if not names and "all" not in words.flags and "selector" not in words.values:
            raise BadWords("error: resource name may not be empty")
        for o in matching(call.live.cluster, resource, names, words, beside):
            name = o["metadata"]["name"]
            if _holds(o, condition):
                out += f"{resource.full}/{name} condition met\n"
            else:
                err += f"error: timed out waiting for the condition on {resource.names[0]}/{name}\n"
    waited = float(timeout[1]) * _UNITS[timeout[2]] if err else 0.0
    return Result(out, err, int(bool(err)), call.live.later(waited))


def _holds(o: Document, condition: str) -> bool:
    if o["kind"] == "Node":
        return condition.lower() == "ready"
    if o["kind"] == "Deployment":
        return condition.lower() == "available" and int(o["status"]["availableReplicas"]) >= int(o["spec"]["replicas"])
    found = o.get("status", {}).get("conditions", [])
    return any(one["type"].lower() == condition.lower() and one["status"] == "True" for one in found)
