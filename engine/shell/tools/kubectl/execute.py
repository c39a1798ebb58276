"""kubectl exec: a command in a pod."""

from __future__ import annotations

from engine.errors import NoSuchObject
from engine.shell.interface import Call, Result
from engine.shell.tools.kubectl.words import BadWords, Words, matching, resource_of

# As /etc/shells names them, without their folder.
_SHELLS = tuple(path.removeprefix("/bin/") for path in ("/bin/sh", "/bin/bash", "/bin/ash"))


def run(call: Call, words: Words) -> Result:
    """`kubectl exec [-it] [-n NS] POD [-c NAME] -- COMMAND...`."""
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
