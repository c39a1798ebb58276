"""kubectl wait: whether what is waited for is there; it is at once, or never. Source: staging/src/k8s.io/kubectl/pkg/cmd/wait."""

from __future__ import annotations

import dataclasses
import re

from engine.manifests.write import Document
from engine.shell.api import Resource
from engine.shell.interface import Call, Result
from engine.shell.tools.kubectl.changes import Changes, each
from engine.shell.tools.kubectl.flags import Words
from engine.shell.tools.kubectl.problems import BadWords

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}


def run(call: Call, words: Words) -> Result:
    """`kubectl wait KIND NAME... --for=condition=NAME[=VALUE]`."""
    asked = words.values.get("for", "")
    what, _, rest = asked.partition("=")
    if what in ("delete", "create", "jsonpath"):
        raise BadWords(f"error: kubectl wait --for={what} is not simulated here; --for=condition=NAME is")
    if what != "condition" or not rest:
        raise BadWords(f'error: unrecognized condition: "{asked}"')
    name, _, value = rest.partition("=")

    def change(changes: Changes, resource: Resource, o: Document) -> None:
        given = {one["type"].lower(): one["status"].lower() for one in o.get("status", {}).get("conditions", [])}
        if given.get(name.lower()) == (value or "true").lower():
            changes.say(resource, o["metadata"]["name"], "condition met")
            return
        raise BadWords(f"error: timed out waiting for the condition on {resource.names[0]}/{o['metadata']['name']}")

    timeout = re.fullmatch(r"([0-9]{1,6})([smh]?)", words.values.get("timeout", "30s"))
    if timeout is None:
        given = words.values["timeout"][:50]
        raise BadWords(f'error: invalid argument "{given}" for "--timeout" flag: time: invalid duration "{given}"\nSee \'kubectl wait --help\' for usage.')  # fmt: skip
    result = each(call, words, change)
    if "timed out" in result.stderr:
        result = dataclasses.replace(result, live=call.live.later(float(timeout[1]) * _UNITS[timeout[2]]))
    if not result.stdout and not result.stderr:
        raise BadWords("error: no matching resources found")
    return result
