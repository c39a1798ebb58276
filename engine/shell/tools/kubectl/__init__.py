"""kubectl(1): the API's objects shown and changed, commands run in pods, kube-proxy restarted.

A verb is a module of its own. Source: kubernetes v1.34, staging/src/k8s.io/kubectl.
"""

from __future__ import annotations

import difflib
import importlib

from engine.network.host import HostKind
from engine.shell.api import Refused
from engine.shell.interface import Call, Result, Tool, failed
from engine.shell.tools.kubectl.words import BadWords, read_words

_VERBS = {
    "get": "get",
    "describe": "describe",
    "patch": "change",
    "label": "change",
    "annotate": "change",
    "apply": "change",
    "create": "change",
    "replace": "change",
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
    "events": "about",
    "top": "about",
    "run": "run",
}
_NOT_HERE = ("port-forward", "proxy", "cp", "attach", "cordon", "drain", "uncordon", "taint", "expose", "autoscale", "set",
             "wait", "auth", "explain", "diff", "plugin", "certificate", "kustomize")  # fmt: skip


def run(call: Call) -> Result:
    """`kubectl VERB ...`."""
    try:
        asked = next((word for word in call.args if not word.startswith("-")), "")
        if asked in _NOT_HERE:
            return failed(f"error: kubectl {asked} is not available here; there are {', '.join(_VERBS)}")
        words = read_words(call.args)
        if not words.rest or words.rest[0] in ("help", "--help"):
            return Result(f"kubectl controls the Kubernetes cluster manager.\n\nHere are: {' '.join(_VERBS)}\n")
        verb = words.rest[0]
        if verb not in _VERBS:
            near = difflib.get_close_matches(verb, (*_VERBS, *_NOT_HERE), 3, 0.6)
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


TOOL = Tool(("kubectl", "k"), run, frozenset({HostKind.NODE}), at_administrator=True)
