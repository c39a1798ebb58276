"""ip-netns(8): the namespaces that containerd made for a node's pods. Source: iproute2 6.1, ip/ipnetns.c."""

from __future__ import annotations

from engine.shell.interface import ON_NODES, Call, Result, failed
from engine.shell.namespaces import in_namespace, netns_name, pod_of_netns
from engine.shell.processes import pods_on
from engine.shell.tools.ip.options import BadUsage, Options


def run(call: Call, options: Options, words: list[str]) -> Result:
    """`ip netns [list]`, `ip netns exec NAME COMMAND...`."""
    if not call.live.has(call.host, ON_NODES):
        return Result()
    if not words or "list".startswith(words[0]):
        pods = [pod for pod in pods_on(call.live, call.host) if not pod.host_network]
        # The last one made stands first (readdir of a tmpfs).
        rows = [f"{netns_name(pod)} (id: {number})\n" for number, pod in enumerate(pods)]
        return Result("".join(reversed(rows)))
    if "exec".startswith(words[0]):
        if len(words) < 3:
            raise BadUsage("No netns name specified" if len(words) < 2 else "No command specified", 255)
        pod = pod_of_netns(call, words[1])
        if pod is None:
            return failed(f'Cannot open network namespace "{words[1][:100]}": No such file or directory', 255)
        return in_namespace(call, "ip", pod, tuple(words[2:]))
    raise BadUsage(f"ip: netns {words[0][:30]} is not modelled here; there are list and exec", 1)
