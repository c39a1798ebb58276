"""CNI plugins that are known by name and not modelled: what of each stands in manifests.

A cluster that one of them runs is refused by its name; it must not be walked as another. Two of them give pods addresses of
the nodes' own network: where the pods' addresses bear that out they are walked as plain routes (engine.cni.vpc).

Sources: each project's own installation manifests and API groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.cni.interface import DaemonSet
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class UnmodelledPlugin:
    """`daemon_sets` are names, `annotations` and `labels` beginnings of a Node's keys, `groups` API groups of its objects
    and CustomResourceDefinitions. `policy_only`: an argument with which its DaemonSet wires nothing. `native`: pods may have
    addresses of the nodes' own network."""

    name: str
    daemon_sets: tuple[str, ...] = ()
    annotations: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    policy_only: str = ""
    native: bool = False

    def told_by_node(self, annotations: Mapping[str, str], labels: Mapping[str, str]) -> bool:
        return _begins(annotations, self.annotations) or _begins(labels, self.labels)

    def told_by_daemon_set(self, daemon_set: DaemonSet) -> bool:
        return daemon_set.name in self.daemon_sets and not (
            self.policy_only and self.policy_only in daemon_set.arguments
        )

    def told_by_group(self, group: str) -> bool:
        return any(group == own or group.endswith("." + own) for own in self.groups)


def _begins(keys: Iterable[str], beginnings: tuple[str, ...]) -> bool:
    return any(key.startswith(beginning) for key in keys for beginning in beginnings)


UNMODELLED: tuple[UnmodelledPlugin, ...] = (
    UnmodelledPlugin(
        "Cilium",
        daemon_sets=("cilium", "anetd"),
        annotations=("network.cilium.io/", "io.cilium.network."),
        groups=("cilium.io",),
    ),
    UnmodelledPlugin("Antrea", ("antrea-agent",), ("node.antrea.io/",), groups=("antrea.io",)),
    UnmodelledPlugin("OVN-Kubernetes", ("ovnkube-node", "ovnkube-master"), ("k8s.ovn.org/",), groups=("k8s.ovn.org",)),
    UnmodelledPlugin("Kube-OVN", ("kube-ovn-cni", "ovs-ovn"), ("ovn.kubernetes.io/",), groups=("kubeovn.io",)),
    UnmodelledPlugin("Weave Net", ("weave-net",)),
    UnmodelledPlugin("kube-router", ("kube-router",), ("kube-router.io/",), policy_only="--run-router=false"),
    UnmodelledPlugin("Terway", ("terway", "terway-eniip", "terway-eni"), groups=("network.alibabacloud.com",)),
    # Under these labels a managed cluster's own; another plugin's words beside them count before.
    UnmodelledPlugin(
        "Azure CNI",
        ("azure-cns", "azure-cni"),
        labels=("kubernetes.azure.com/podnetwork-",),
        groups=("acn.azure.com",),
        native=True,
    ),
    UnmodelledPlugin("GKE's own network", ("netd",), labels=("cloud.google.com/gke-",), native=True),
)
