"""CNI plugins that are known by name and not modelled: what of each stands in manifests.

A cluster that one of them runs is refused by its name; it must not be walked as another. Two of them give pods addresses of
the nodes' own network: where the pods' addresses bear that out they are walked as plain routes (engine.cni.vpc).

Sources: each project's own installation manifests and API groups.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.cluster import MasqueradeAgent, Node
from engine.cni.interface import DaemonSet
from engine.cni.masquerade import AKS_NATIVE
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class UnmodelledPlugin:
    """`daemon_sets` and `config_maps` are names, `annotations` beginnings of a Node's or a Pod's keys, `labels` of a Node's,
    `versions` ends of its kubelet's version, `groups` API groups of its objects and CustomResourceDefinitions, `chains`
    beginnings of its chains on a node, where programs of its own that no listing shows decide beside them. `node_args` is a
    Node's annotation that holds a command line, and what stands in it (a regular expression). `rules_out`: a plugin that is
    told by what this one's nodes have too. `policy_only`: an argument with which its DaemonSet wires nothing. `native`: pods
    may have addresses of the nodes' own network, and another plugin's words count before; `masquerade_agent` is then who
    masquerades on them."""

    name: str
    daemon_sets: tuple[str, ...] = ()
    annotations: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    config_maps: tuple[str, ...] = ()
    chains: tuple[str, ...] = ()
    node_args: tuple[str, str] | None = None
    rules_out: str = ""
    policy_only: str = ""
    native: bool = False
    masquerade_agent: MasqueradeAgent | None = None

    def told_by_node(self, node: Node) -> bool:
        if self.node_args is not None:
            key, regex = self.node_args
            if key in node.annotations and re.search(regex, node.annotations[key]):
                return True
        if self.versions and node.proxy_version.endswith(self.versions):
            return True
        return _begins(node.annotations, self.annotations) or _begins(node.labels, self.labels)

    def told_by_pod(self, annotations: Iterable[str]) -> bool:
        return _begins(annotations, self.annotations)

    def told_by_daemon_set(self, daemon_set: DaemonSet) -> bool:
        return daemon_set.name in self.daemon_sets and not (
            self.policy_only and self.policy_only in daemon_set.arguments
        )

    def told_by_config_map(self, name: str) -> bool:
        return name in self.config_maps

    def told_by_group(self, group: str) -> bool:
        return any(group == own or group.endswith("." + own) for own in self.groups)


def _begins(keys: Iterable[str], beginnings: tuple[str, ...]) -> bool:
    return any(key.startswith(beginning) for key in keys for beginning in beginnings)


UNMODELLED: tuple[UnmodelledPlugin, ...] = (
    UnmodelledPlugin(
        "Cilium",
        daemon_sets=("cilium", "anetd", "cilium-envoy"),
        annotations=("network.cilium.io/", "io.cilium.network."),
        # AKS' and DigitalOcean's own clusters with it.
        labels=("kubernetes.azure.com/ebpf-dataplane", "doks.digitalocean.com/"),
        groups=("cilium.io",),
        config_maps=("cilium-config",),
        chains=("CILIUM_",),
        node_args=("rke2.io/node-args", r'"--cni(=|"\s*,\s*")[^"]*cilium'),
    ),
    UnmodelledPlugin("Antrea", ("antrea-agent",), ("node.antrea.io/",), groups=("antrea.io",), chains=("ANTREA-",)),
    UnmodelledPlugin(
        "OVN-Kubernetes",
        ("ovnkube-node", "ovnkube-master"),
        ("k8s.ovn.org/",),
        groups=("k8s.ovn.org",),
        config_maps=("ovnkube-config",),
        chains=("OVN-KUBE-",),
    ),
    UnmodelledPlugin("OpenShift SDN", ("sdn",), groups=("network.openshift.io",)),
    UnmodelledPlugin("Kube-OVN", ("kube-ovn-cni", "ovs-ovn"), ("ovn.kubernetes.io/",), groups=("kubeovn.io",)),
    UnmodelledPlugin("Weave Net", ("weave-net",)),
    UnmodelledPlugin("kube-router", ("kube-router",), ("kube-router.io/",), policy_only="--run-router=false"),
    UnmodelledPlugin("Terway", ("terway", "terway-eniip", "terway-eni"), groups=("network.alibabacloud.com",)),
    UnmodelledPlugin("Calico VPP", ("calico-vpp-node",)),
    UnmodelledPlugin("Contiv-VPP", ("contiv-vswitch",)),
    UnmodelledPlugin("Hybridnet", ("hybridnet-daemon",)),
    UnmodelledPlugin("Kilo", ("kilo",), ("kilo.squat.ai/",)),
    UnmodelledPlugin("NSX Container Plugin", ("nsx-node-agent", "nsx-ncp-bootstrap")),
    UnmodelledPlugin("Romana", ("romana-agent",)),
    UnmodelledPlugin("Spiderpool", ("spiderpool-agent",), groups=("spiderpool.spidernet.io",)),
    UnmodelledPlugin("TKE's own network", ("tke-bridge-agent", "tke-eni-agent")),
    UnmodelledPlugin("OKE's VCN-native network", ("vcn-native-ip-cni",)),
    # Under these labels a managed cluster's own; another plugin's words beside them count before.
    UnmodelledPlugin(
        "Azure CNI",
        ("azure-cns", "azure-cni"),
        labels=("kubernetes.azure.com/podnetwork-", "kubernetes.azure.com/azure-cni-overlay"),
        groups=("acn.azure.com",),
        rules_out="kubenet",
        native=True,
        masquerade_agent=AKS_NATIVE,
    ),
    UnmodelledPlugin("AKS's own network", labels=("kubernetes.azure.com/",), native=True, masquerade_agent=AKS_NATIVE),
    # Pods of the VPC CNI have addresses of the nodes' own network, but for custom networking.
    UnmodelledPlugin("EKS's own network", labels=("eks.amazonaws.com/",), native=True),
    UnmodelledPlugin("k0s's own network", versions=("+k0s", ".k0s"), native=True),
    UnmodelledPlugin("OpenShift's own network", labels=("node.openshift.io/",), native=True),
    # Told to bring none of their own: whoever wires the pods then has words of his own, or is not known.
    UnmodelledPlugin(
        "k3s --flannel-backend=none",
        node_args=("k3s.io/node-args", r'"--flannel-backend(=|"\s*,\s*")none"'),
        native=True,
    ),
    UnmodelledPlugin("RKE2 --cni=none", node_args=("rke2.io/node-args", r'"--cni(=|"\s*,\s*")none"'), native=True),
)


def writer_of(chain: str) -> UnmodelledPlugin | None:
    """Whose chain it is, of those that decide by more than their rules."""
    return next((one for one in UNMODELLED if one.chains and chain.startswith(one.chains)), None)
