"""kubectl exec and debug: a command in a pod, or on a node."""

from __future__ import annotations

import dataclasses

from engine.errors import NoSuchObject
from engine.shell.deployments import deployments
from engine.shell.interface import Call, Result
from engine.shell.tools.kubectl.flags import Words
from engine.shell.tools.kubectl.problems import BadWords
from engine.shell.tools.kubectl.words import matching, resource_of

# As /etc/shells names them, without their folder.
_SHELLS = tuple(path.removeprefix("/bin/") for path in ("/bin/sh", "/bin/bash", "/bin/ash"))


def run(call: Call, words: Words) -> Result:
    """`kubectl exec [-it] [-n NS] POD [-c NAME] -- COMMAND...`, `kubectl debug [-it] POD|node/NAME [--image=IMAGE] -- COMMAND...`."""
    if words.rest[0] == "debug":
        return _debug(call, words)
    if len(words.rest) < 2:
        raise BadWords("error: pod, type/name or --filename must be specified")
    if words.behind is None and len(words.rest) > 2:
        raise BadWords(
            "error: exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead\n"
            "See 'kubectl exec -h' for help and examples"
        )
    behind = words.behind or ()
    if not behind:
        raise BadWords("error: you must specify at least one command for the container")
    host = _host(call, words)
    assert call.execute is not None
    if opens_shell(behind):
        # Without a terminal a shell reads nothing, and ends.
        return Result(login=host) if "tty" in words.flags else Result()
    result = call.execute(call.live, host, behind, call.stdin)
    if result.status and result.status < 126:
        return Result(result.stdout, result.stderr + f"command terminated with exit code {result.status}\n", result.status, result.live)  # fmt: skip
    return result


def opens_shell(words: tuple[str, ...]) -> bool:
    """Whether it is a shell that reads from the terminal."""
    return words[0].removeprefix("/bin/") in _SHELLS and set(words[1:]) <= {"-i", "-l"}


def _host(call: Call, words: Words) -> str:
    """The host of the pod that is named; of a Deployment's, its first pod's. Raises BadWords."""
    kind, slash, rest = words.rest[1].partition("/")
    resource = resource_of(kind if slash else "pods")
    name = rest if slash else kind
    if resource.kind == "Deployment":
        found = deployments(call.live).get(f"{words.namespace}/{name}")
        if found is None or not found.pods:
            raise BadWords(f'Error from server (NotFound): deployments.apps "{name}" not found')
        name = found.pods[0].name
    elif resource.kind == "Service":
        (service,) = matching(call.live, resource, (name,), words)
        selector = service["spec"].get("selector", {})
        pods = [pod for pod in call.live.cluster.pods if pod.namespace == words.namespace and selector and selector.items() <= pod.labels.items()]  # fmt: skip
        if not pods:
            raise BadWords(f"error: timed out waiting for the condition: no pod of service/{name}")
        name = pods[0].name
    elif resource.kind != "Pod":
        raise BadWords(f"error: exec {words.rest[1]} is not simulated here; name a pod")
    (o,) = matching(call.live, resource_of("pods"), (name,), words)
    try:
        return call.live.host_named(f"pod/{o['metadata']['namespace']}/{name}")
    except NoSuchObject:
        # A pod in its node's own network has no host of its own.
        return str(o["spec"].get("nodeName", ""))


def _debug(call: Call, words: Words) -> Result:
    """A container beside the pod's own is in its network namespace; one on a node (hostNetwork) in the node's."""
    target = words.rest[1] if len(words.rest) > 1 else ""
    behind = words.behind or ("sh",)
    if not target.startswith("node/"):
        result = run(call, Words(("exec", *words.rest[1:]), words.values, words.flags, behind))
        return dataclasses.replace(
            result, stderr=f"Defaulting debug container name to debugger-x7k2p.\n{result.stderr}"
        )
    name = target.removeprefix("node/")
    if name not in call.live.fabric.nodes:
        raise BadWords(f'Error from server (NotFound): nodes "{name}" not found')
    assert call.execute is not None
    if (opens_shell(behind) or behind[0] == "chroot") and "tty" in words.flags:
        result = Result(login=name)
    else:
        result = call.execute(call.live, name, behind, call.stdin)
    said = f"Creating debugging pod node-debugger-{name}-x7k2p with container debugger on node {name}.\n"
    return dataclasses.replace(result, stderr=said + result.stderr)
