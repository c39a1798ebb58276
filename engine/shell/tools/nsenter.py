"""nsenter(1) into the network namespace of a container. Source: util-linux 2.38."""

from __future__ import annotations

import re

from engine.cluster import Pod
from engine.shell.interface import ON_NODES, Call, Result, Tool, failed
from engine.shell.namespaces import in_namespace, pod_of_netns
from engine.shell.processes import processes

_OTHERS = {"-m": "mount", "-u": "uts", "-i": "ipc", "-p": "pid", "-C": "cgroup", "-U": "user", "-a": "all", "--mount": "mount", "--uts": "uts",
           "--ipc": "ipc", "--pid": "pid", "--all": "all"}  # fmt: skip


def run(call: Call) -> Result:
    """`nsenter -t PID -n COMMAND...`, `nsenter --net=/proc/PID/ns/net|/var/run/netns/NAME COMMAND...`."""
    words, target, net, other = list(call.args), "", "", ""
    while words and words[0].startswith("-") and words[0] != "--":
        word = words.pop(0)
        name, _, value = word.partition("=")
        if name in ("-t", "--target"):
            target = value or (words.pop(0) if words else "")
        elif re.fullmatch(r"-t[0-9]+", word):
            target = word[2:]
        elif name == "--net" or word.startswith("-n"):
            net = value or ("" if name == "--net" else word[2:].lstrip("=")) or "target"
        elif name in _OTHERS:
            other = _OTHERS[name]
        else:
            return failed(
                f"nsenter: invalid option -- '{word.lstrip('-')[:30]}'\nTry 'nsenter --help' for more information."
            )
    words = words[1:] if words[:1] == ["--"] else words
    if net.startswith("/"):
        file = re.fullmatch(r"/proc/([0-9]{1,7})/ns/net", net)
        target = file[1] if file else target
        if file is None:
            pod = pod_of_netns(call, net.rpartition("/")[2])
            return (
                _enter(call, words, pod)
                if pod
                else failed(f"nsenter: cannot open {net[:100]}: No such file or directory")
            )
    if not re.fullmatch(r"[0-9]{1,7}", target):
        return failed(
            f"nsenter: failed to parse pid: '{target[:30]}'" if target else "nsenter: no target PID specified for --net"
        )
    found = next((one for one in processes(call.live, call.host) if one.pid == int(target)), None)
    if found is None:
        return failed(f"nsenter: cannot open /proc/{int(target)}/ns/net: No such file or directory")
    if other and found.pod is not None:
        return failed(
            f"nsenter: the {other} namespace of a container is not simulated here; -n alone is, and kubectl exec"
        )
    shared = found.pod is None or not net or "shim" in found.name
    return _enter(call, words, None if shared else found.pod)


def _enter(call: Call, words: list[str], pod: Pod | None) -> Result:
    if not words:
        return failed("nsenter: a shell in another namespace is not simulated here; name a command")
    assert call.execute is not None
    if pod is not None and not pod.host_network:
        return in_namespace(call, "nsenter", pod, tuple(words))
    return call.execute(call.live, call.host, tuple(words), call.stdin)


TOOL = Tool(("nsenter",), run, ON_NODES)
