"""The processes of a host as ps(1) and crictl(1) name them: what a node's services and its pods' containers are.

Their numbers are drawn, each by what it stands for, so that one stays the same for as long as it runs. That of kube-proxy is the one
in its journal. Sources: containerd's shim (containerd-shim-runc-v2), the pause image; kubeadm's kubelet and flannel's manifest.
"""

from __future__ import annotations

import hashlib

from engine.cluster import Pod
from engine.network.host import HostKind
from engine.shell.live import LiveCluster
from engine.values import dataclass

_KUBE_PROXY = 812
_FIRST, _RANGE = 1200, 30000


@dataclass(frozen=True, slots=True)
class Process:
    """One process; `pod` is what it runs for, None where that is the node."""

    pid: int
    parent: int
    command: str
    pod: Pod | None = None

    @property
    def name(self) -> str:
        """As the kernel shortens it (TASK_COMM_LEN)."""
        return self.command.split()[0].rpartition("/")[2][:15]


def short_id(pod: Pod, of: str = "") -> str:
    """The first 13 characters of the ID of a pod's sandbox, or of its "container" or "image"."""
    return full_id(pod, of)[:13]


def full_id(pod: Pod, of: str = "") -> str:
    """The whole ID."""
    return hashlib.sha256(f"{of} {pod.namespace}/{pod.name}".encode()).hexdigest()


def container_name(pod: Pod) -> str:
    """What its one container is called."""
    return pod.name.rsplit("-", 1)[0]


def pods_on(live: LiveCluster, node: str) -> list[Pod]:
    """The node's pods."""
    return [pod for pod in live.cluster.pods if pod.node_name == node]


def container_pid(live: LiveCluster, pod: Pod) -> int:
    """The number of a container's process on its node."""
    return next(
        one.pid
        for one in _of_pods(live, pod.node_name or "")
        if one.pod == pod and one.name != "pause" and one.parent != 1
    )


def processes(live: LiveCluster, host: str) -> tuple[Process, ...]:
    """All of a host, by their numbers; in a pod those of its own container."""
    here = live.fabric.host(host)
    if here.kind is HostKind.POD:
        pod = next((one for one in live.cluster.pods if host.endswith(one.name)), None)
        return () if pod is None else (Process(1, 0, _command(pod), pod),)
    found = [Process(1, 0, "/sbin/init")]
    if here.kind is HostKind.NODE:
        found += [Process(398, 1, "/lib/systemd/systemd-journald"), Process(611, 1, "/usr/bin/containerd"),
                  Process(640, 1, "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"),
                  Process(702, 1, "/usr/bin/kubelet --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml")]  # fmt: skip
        if live.proxy(host).running:
            found.append(
                Process(
                    _KUBE_PROXY,
                    1,
                    f"/usr/local/bin/kube-proxy --config=/var/lib/kube-proxy/config.conf --hostname-override={host}",
                )
            )
        found += _of_pods(live, host)
    return tuple(sorted(found, key=lambda one: one.pid))


def _of_pods(live: LiveCluster, node: str) -> list[Process]:
    found: list[Process] = []
    used: set[int] = set()
    for pod in sorted(pods_on(live, node), key=full_id):
        first = _FIRST + int(full_id(pod, "pid")[:8], 16) % _RANGE
        while used & {first, first + 1, first + 2}:
            first += 3
        used |= {first, first + 1, first + 2}
        shim = f"/usr/bin/containerd-shim-runc-v2 -namespace k8s.io -id {full_id(pod)} -address /run/containerd/containerd.sock"
        found += [
            Process(first, 1, shim, pod),
            Process(first + 1, first, "/pause", pod),
            Process(first + 2, first, _command(pod), pod),
        ]
    return found


def _command(pod: Pod) -> str:
    dns = pod.labels.get("k8s-app") == "kube-dns"
    return "/coredns -conf /etc/coredns/Corefile" if dns else f"/{container_name(pod)}"
