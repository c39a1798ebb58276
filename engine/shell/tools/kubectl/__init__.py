"""kubectl(1): the API's objects shown and changed, commands run in pods, kube-proxy restarted.

A verb is a module of its own. Source: kubernetes v1.34, staging/src/k8s.io/kubectl.
"""

from __future__ import annotations

import dataclasses
import difflib
import importlib
import re

from engine.network.host import HostKind
from engine.shell.api import Refused
from engine.shell.interface import Call, Result, Tool, failed
from engine.shell.tools.kubectl.flags import read_words
from engine.shell.tools.kubectl.problems import CONTEXT, NOT_SIMULATED, BadWords

_VERBS = {
    "get": "get",
    "describe": "describe",
    "patch": "change",
    "label": "change",
    "annotate": "change",
    "apply": "apply",
    "create": "apply",
    "replace": "apply",
    "delete": "change",
    "exec": "execute",
    "debug": "execute",
    "edit": "change",
    "logs": "logs",
    "rollout": "rollout",
    "scale": "rollout",
    "version": "about",
    "cluster-info": "about",
    "config": "about",
    "api-resources": "about",
    "api-versions": "about",
    "events": "about",
    "top": "about",
    "auth": "about",
    "expose": "expose",
    "set": "expose",
    "wait": "wait",
    "run": "run",
    "cordon": "nodes",
    "uncordon": "nodes",
    "drain": "nodes",
    "port-forward": "forward",
}


def run(call: Call) -> Result:
    """`kubectl VERB ...`."""
    try:
        asked = next((word for word in call.args if not word.startswith("-")), "")
        if asked in NOT_SIMULATED:
            return failed(f"error: kubectl {asked} is not simulated here: {NOT_SIMULATED[asked]}")
        words = read_words(call.args)
        verb = words.rest[0] if words.rest else "help"
        if verb == "help" or "help" in words.flags:
            return _help(words.rest[1] if verb == "help" and len(words.rest) > 1 else verb)
        if words.values.get("context", CONTEXT) != CONTEXT:
            return failed(f'error: context "{words.values["context"][:100]}" does not exist')
        if call.live.namespace != "default":
            words = dataclasses.replace(words, values={"namespace": call.live.namespace, **words.values})
        if verb not in _VERBS:
            near = difflib.get_close_matches(verb, (*_VERBS, *NOT_SIMULATED), 3, 0.6)
            meant = "".join(f"\n\t{one}" for one in near)
            return failed(
                f'error: unknown command "{verb}" for "kubectl"' + (f"\n\nDid you mean this?{meant}" if near else "")
            )
        module = importlib.import_module(f"engine.shell.tools.kubectl.{_VERBS[verb]}")
        result = module.run(call, words)
    except BadWords as error:
        return failed(str(error))
    except Refused as error:
        return failed(error.en)
    assert isinstance(result, Result)
    return result


def _help(verb: str) -> Result:
    """What is here of kubectl, or how one of its verbs is called."""
    if verb not in _VERBS:
        return Result(f"kubectl controls the Kubernetes cluster manager.\n\nHere are: {' '.join(_VERBS)}\n")
    module = importlib.import_module(f"engine.shell.tools.kubectl.{_VERBS[verb]}")
    usage = re.findall(r"`(kubectl [^`]+)`", module.run.__doc__ or "")
    fitting = [line for line in usage if re.match(rf"kubectl (?:\S+\|)*{verb}\b", line)] or [f"kubectl {verb} ..."]
    return Result("Usage, as far as it is here:\n" + "".join(f"  {' '.join(line.split())}\n" for line in fitting))


TOOL = Tool(("kubectl", "k"), run, frozenset({HostKind.NODE}), at_administrator=True)
