"""kubectl rollout and scale: Deployments, whose pods are made anew, and the DaemonSet kube-proxy, which starts anew and syncs."""

from __future__ import annotations

import re

from engine.shell.conntrack_room import set_by_kube_proxy
from engine.shell.deployments import MOST_REPLICAS, Deployment, deployments, restarted, scaled
from engine.shell.interface import Call, Result
from engine.shell.tools.kubectl.words import BadWords, Words

_PROXY = "daemonset/kube-proxy"
_KINDS = {"ds": "daemonset", "daemonsets": "daemonset", "deploy": "deployment", "deployments": "deployment"}


def run(call: Call, words: Words) -> Result:
    """`kubectl rollout restart|status KIND/NAME`, `kubectl scale deployment/NAME --replicas=N`."""
    if words.rest[0] == "scale":
        return _scale(call, words)
    verb, target = words.rest[1] if len(words.rest) > 1 else "", _target(words.rest[2:])
    if verb not in ("restart", "status"):
        raise BadWords(f'error: unknown command "{verb}" for "kubectl rollout"; here there are restart and status')
    if target == _PROXY and words.namespace == "kube-system":
        return _proxies(call, verb)
    one = _deployment(call, words, target)
    if verb == "status":
        return Result(f'deployment "{one.name}" successfully rolled out\n')
    return Result(f"deployment.apps/{one.name} restarted\n", live=restarted(call.live, one))


def _target(words: tuple[str, ...]) -> str:
    text = "/".join(words[:2]) if len(words) > 1 and "/" not in words[0] else (words or ("",))[0]
    kind, slash, name = text.partition("/")
    return f"{_KINDS.get(kind.partition('.')[0], kind)}{slash}{name}"


def _proxies(call: Call, verb: str) -> Result:
    if verb == "status":
        return Result('daemon set "kube-proxy" successfully rolled out\n')
    live = call.live
    for node in live.cluster.nodes:
        live = set_by_kube_proxy(live.with_proxy(node.name, running=True), node.name)
    return Result("daemonset.apps/kube-proxy restarted\n", live=live)


def _deployment(call: Call, words: Words, target: str) -> Deployment:
    kind, _, name = target.partition("/")
    found = deployments(call.live).get(f"{words.namespace}/{name}")
    if kind == "deployment" and found is not None:
        return found
    plural = {"deployment": "deployments.apps", "daemonset": "daemonsets.apps"}.get(kind)
    if plural is None:
        raise BadWords(f'error: the server doesn\'t have a resource type "{kind}" that can be restarted or scaled here')
    raise BadWords(f'Error from server (NotFound): {plural} "{name}" not found')


def _scale(call: Call, words: Words) -> Result:
    wanted = words.values.get("replicas", "")
    if not re.fullmatch(r"[0-9]{1,4}", wanted):
        raise BadWords("error: required flag(s) \"replicas\" not set" if not wanted else f'error: invalid argument "{wanted}" for "--replicas" flag')  # fmt: skip
    if int(wanted) > MOST_REPLICAS:
        raise BadWords(f"error: at most {MOST_REPLICAS} replicas are made here")
    one = _deployment(call, words, _target(words.rest[1:]))
    return Result(f"deployment.apps/{one.name} scaled\n", live=scaled(call.live, one, int(wanted)))
