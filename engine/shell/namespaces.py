"""A command of the node in a pod's network namespace: the node's tools and files, the pod's devices, routes and sockets.

Of the node's tools those are run there that read nothing of the node's but their words. Source: nsenter(1), ip-netns(8).
"""

from __future__ import annotations

import ipaddress
import re

from engine.cluster import Pod
from engine.errors import NoSuchObject
from engine.shell.interface import Call, Result, failed
from engine.shell.processes import full_id, pods_on

_THERE = frozenset(
    {"ip", "bridge", "ss", "ping", "curl", "wget", "nc", "traceroute", "tracepath", "tcpdump", "ethtool", "sysctl"}
)
# Of these a word that is no option is a host.
_TO_HOSTS = frozenset({"ping", "curl", "wget", "nc", "traceroute", "tracepath"})
# Options whose value may have letters: of ping the device, of curl what is sent and how it is shown.
_WITH_VALUE = re.compile(r"-(?:[iowHXTAed]|-(?:interface|write-out|output|header|data|request))")


def netns_name(pod: Pod) -> str:
    """What containerd calls the namespace in /var/run/netns."""
    digest = full_id(pod, "netns")
    return f"cni-{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"


def pod_of_netns(call: Call, name: str) -> Pod | None:
    """The node's pod whose namespace is called so."""
    return next(
        (pod for pod in pods_on(call.live, call.host) if netns_name(pod) == name and not pod.host_network), None
    )


def in_namespace(call: Call, tool: str, pod: Pod, words: tuple[str, ...]) -> Result:
    """What `words` print in the network namespace of a pod; `tool` is what was asked for it."""
    name = words[0].rpartition("/")[2]
    if name not in _THERE:
        return failed(
            f"{tool}: {name[:50]} in another namespace is not simulated here; there are {', '.join(sorted(_THERE))}"
        )
    named = _named_host(name, words[1:]) if name in _TO_HOSTS else ""
    if named:
        return failed(
            f"{tool}: {named[:50]}: the node's resolv.conf in a pod's namespace is not simulated here; name an address"
        )
    try:
        host = call.live.host_named(f"pod/{pod.namespace}/{pod.name}")
    except NoSuchObject:
        host = call.host
    assert call.execute is not None
    return call.execute(call.live, host, words, call.stdin)


def _named_host(tool: str, args: tuple[str, ...]) -> str:
    """A host that is no address, "" where there is none."""
    value = False
    args = tuple("-i" if tool == "ping" and word == "-I" else word for word in args)
    for word in args:
        if value or word.startswith("-"):
            value = not value and bool(_WITH_VALUE.fullmatch(word))
            continue
        host = word.partition("://")[2] or word
        host = re.split(r"[/?]", host, maxsplit=1)[0].rpartition("@")[2]
        host = (
            host[1:].partition("]")[0]
            if host.startswith("[")
            else host.partition(":")[0]
            if host.count(":") == 1
            else host
        )
        try:
            ipaddress.ip_address(host)
        except ValueError:
            if host != "localhost" and re.search("[A-Za-z]", host):
                return host
    return ""
