"""What kube-proxy, CoreDNS, the applications and a node's kernel wrote to their logs: how they started, what they were told
since.

Sources: pkg/proxy (server_linux.go, config.go), klog's header; coredns/coremain/run.go. Lines that only a busy cluster has are
left out.
"""

from __future__ import annotations

from engine.cluster import Mode, Pod
from engine.shell.clock import time_of_day
from engine.shell.live import LiveCluster

_PROXIERS = {Mode.IPTABLES: "iptables", Mode.IPVS: "ipvs", Mode.NFTABLES: "nftables"}
_STARTED = (
    ("server.go:677", '"Successfully retrieved node IP(s)" IPs=["{address}"]'),
    ("server_linux.go:53", '"Using {proxier} proxy"'),
    ("server.go:715", '"Version info" version="{version}"'),
    ("config.go:120", '"Starting node config controller"'),
    ("config.go:105", '"Starting endpoint slice config controller"'),
    ("config.go:199", '"Starting service config controller"'),
    ("shared_informer.go:357", '"Caches are synced" controller="service config"'),
    ("shared_informer.go:357", '"Caches are synced" controller="endpoint slice config"'),
)


def kube_proxy(live: LiveCluster, node: str) -> str:
    """The log of a node's kube-proxy since it was started; of one that is stopped, that it was."""
    proxy = live.proxy(node)
    found = live.fabric.node(node)
    said = {
        "address": found.internal_ips[0] if found.internal_ips else "",
        "proxier": _PROXIERS[live.mode],
        "version": f"v{(found.proxy_version or live.release or '1.34.0').removeprefix('v')}",
    }
    at = time_of_day(proxy.started).strftime("I%m%d %H:%M:%S.%f")
    lines = [f"{at}       1 {place}] {words.format(**said)}" for place, words in _STARTED]
    return "".join(f"{line}\n" for line in lines)


def coredns() -> str:
    """What CoreDNS writes when it starts."""
    return (
        ".:53\n[INFO] plugin/reload: Running configuration SHA512 = 591cf328cccc12bc490481273e738df59329c62c0b729d94e8b61db9961c2fa5"
        "f046dd37f1cf888b953814040d180f52594972691cd6ff41be96639138a43908\nCoreDNS-1.11.3\nlinux/amd64, go1.21.11, a6338e9\n"
    )


def application(pod: Pod) -> str:
    """What an application writes when it starts."""
    return "".join(f"listening on :{port.port}\n" for port in pod.ports)


# What is said beside the kernel's log.
KERNEL_ALONE = "of the kernel's log what it says of a full conntrack table is simulated here, and nothing else"


def kernel(live: LiveCluster, node: str) -> list[tuple[float, str]]:
    """(time of the cluster's clock, line) of what a node's kernel wrote lately: that its conntrack table is full
    (net_warn_ratelimited: ten lines in five seconds)."""
    since = live.overflowed.get(node)
    if since is None:
        return []
    said = "nf_conntrack: nf_conntrack: table full, dropping packet"
    rows = [(since + 0.4 * number, said) for number in range(3)]
    rows += [(since + 5.2, "net_ratelimit: 214 callbacks suppressed"), (since + 5.2, said)]
    return [(at, line) for at, line in rows if at <= live.clock]
