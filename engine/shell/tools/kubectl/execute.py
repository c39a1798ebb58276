"""kubectl exec and debug: a command in a pod, or on a node."""

from __future__ import annotations

import dataclasses

from engine.errors import NoSuchObject
from engine.shell.interface import Call, Result
from engine.shell.tools.kubectl.words import BadWords, Words, matching, resource_of

# As /etc/shells names them, without their folder.
_SHELLS = tuple(path.removeprefix("/bin/") for path in ("/bin/sh", "/bin/bash", "/bin/ash"))


def run(call: Call, words: Words) -> Result:
    """`kubectl exec [-it] [-n NS] POD [-c NAME] -- COMMAND...`, `kubectl debug [-it] POD|node/NAME [--image=IMAGE] -- COMMAND...`."""
    if words.rest[0] == "debug":
        return _debug(call, words)
    if len(words.rest) < 2:
        raise BadWords("error: pod, type/name or --filename must be specified")
    behind = words.behind if words.behind is not None else words.rest[2:]
    if not behind:
        raise BadWords("error: you must specify at least one command for the container")
    kind, slash, rest = words.rest[1].partition("/")
    if slash and resource_of(kind).kind != "Pod":
        raise BadWords(f"error: exec {words.rest[1]} is not available here; name a pod")
    name = rest if slash else kind
    (o,) = matching(call.live.cluster, resource_of("pods"), (name,), words)
    try:
        host = call.live.host_named(f"pod/{o['metadata']['namespace']}/{name}")
    except NoSuchObject:
        # A pod in its node's own network has no host of its own.
        host = o["spec"].get("nodeName", "")
    assert call.execute is not None
    if behind[0].removeprefix("/bin/") in _SHELLS and len(behind) == 1:
        raise BadWords(f"error: a shell inside the pod is opened by `ssh pod/{o['metadata']['namespace']}/{name}` here")
    result = call.execute(call.live, host, behind, call.stdin)
    if result.status and result.status < 126:
        return Result(result.stdout, result.stderr + f"command terminated with exit code {result.status}\n", result.status, result.live)  # fmt: skip
    return result


def _debug(call: Call, words: Words) -> Result:
    """A container beside the pod's own is in its network namespace; one on a node (hostNetwork) in the node's."""
    target = words.rest[1] if len(words.rest) > 1 else ""
    if not words.behind:
        raise BadWords("error: name a command behind -- here; a shell is opened by `ssh HOST`")
    if not target.startswith("node/"):
        result = run(call, Words(("exec", *words.rest[1:]), words.values, words.flags, words.behind))
        return dataclasses.replace(
            result, stderr=f"Defaulting debug container name to debugger-x7k2p.\n{result.stderr}"
        )
    name = target.removeprefix("node/")
    if name not in call.live.fabric.nodes:
        raise BadWords(f'Error from server (NotFound): nodes "{name}" not found')
    assert call.execute is not None
    result = call.execute(call.live, name, words.behind, call.stdin)
    said = f"Creating debugging pod node-debugger-{name}-x7k2p with container debugger on node {name}.\n"
    return dataclasses.replace(result, stderr=said + result.stderr)
