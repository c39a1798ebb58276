"""kubectl rollout restart|status of the DaemonSet kube-proxy: every kube-proxy starts anew and syncs."""

from __future__ import annotations

from engine.shell.interface import Call, Result
from engine.shell.tools.kubectl.words import BadWords, Words

_PROXY = ("daemonset/kube-proxy", "ds/kube-proxy", "daemonsets/kube-proxy")


def run(call: Call, words: Words) -> Result:
    """`kubectl rollout restart daemonset/kube-proxy -n kube-system`."""
    verb, target = (*words.rest[1:3], "", "")[:2]
    if words.rest[2:3] in (("ds",), ("daemonset",), ("daemonsets",)) and len(words.rest) > 3:
        target = f"ds/{words.rest[3]}"
    if target not in _PROXY or words.namespace != "kube-system":
        raise BadWords(
            f'Error from server (NotFound): "{target}" not found; here there is daemonset/kube-proxy in kube-system'
        )
    if verb == "status":
        return Result('daemon set "kube-proxy" successfully rolled out\n')
    if verb != "restart":
        raise BadWords(f'error: unknown command "{verb}" for "kubectl rollout"; here there are restart and status')
    live = call.live
    for node in live.cluster.nodes:
        live = live.with_proxy(node.name, running=True)
    return Result("daemonset.apps/kube-proxy restarted\n", live=live)
