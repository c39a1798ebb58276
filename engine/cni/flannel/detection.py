"""What of flannel stands in manifests: the nodes' annotations, and its ConfigMap.

Sources: flannel's Documentation/configuration.md and backends.md; pkg/subnet/kube (the annotations).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable

from engine.cluster import CNIConfig, Node
from engine.cni.interface import ManifestFields

_TYPE = "flannel.alpha.coreos.com/backend-type"
_DATA = "flannel.alpha.coreos.com/backend-data"
_ADDRESS = "flannel.alpha.coreos.com/public-ip"
_CONFIG = "net-conf.json"
_K3S = "k3s.io/node-args"
_K3S_OFF = re.compile(r'"--disable-network-policy(=true)?"(?!\s*,\s*"false")')


def from_node(node: Node, annotations: ManifestFields, configured: CNIConfig | None) -> CNIConfig | None:
    """The backend that flanneld wrote on the node; what else it was told stands in its ConfigMap (`configured`)."""
    kind = node.annotations.get(_TYPE)
    if kind is None:
        return None
    base = configured or CNIConfig()
    # The ConfigMap may say more of the same backend: vxlan with DirectRouting is written as vxlan.
    if kind == "vxlan" and base.backend.startswith("vxlan"):
        kind = base.backend
    return dataclasses.replace(base, backend=kind, assumed=False, vni=_vni(annotations, base.vni))


def _vni(annotations: ManifestFields, default: int) -> int:
    """The VNI of the annotation backend-data: {"VNI":1,"VtepMAC":"..."}; null with host-gw."""
    with annotations.inside(_DATA) as found:
        for data in found:
            return data.integer("VNI", default, 1, (1 << 24) - 1)
    return default


def from_config_map(config_map: ManifestFields) -> CNIConfig | None:
    """kube-flannel-cfg, key net-conf.json: {"Network": ..., "Backend": {"Type": "vxlan"}}."""
    data = config_map.mapping("data")
    if _CONFIG not in data:
        return None
    with data.inside(_CONFIG) as found:
        for document in found:
            backend = document.mapping("Backend")
            return _of_backend(
                backend.text("Type") or "udp",
                backend.integer("VNI", 1, 1, (1 << 24) - 1),
                backend.integer("Port", 8472, 0, 65535) or 8472,
                backend.boolean("DirectRouting"),
            )
    return None


def _of_backend(kind: str, vni: int, port: int, direct_routing: bool) -> CNIConfig:
    # A name that no plugin knows: whoever has to send a packet refuses it.
    kind = f"{kind} with DirectRouting" if direct_routing else kind
    return CNIConfig("flannel", kind, assumed=False, vni=vni, port=port)


def node_annotations(backend: str, address: str) -> dict[str, str]:
    """What flanneld writes on a node, as far as it is read back."""
    return {_TYPE: backend, _ADDRESS: address}


def k3s_enforces(nodes: Iterable[Node]) -> bool:
    """Whether these are k3s' nodes and its policy controller runs: the annotation k3s.io/node-args holds the command
    line, and --disable-network-policy a server's word for the whole cluster."""
    told = [node.annotations[_K3S] for node in nodes if _K3S in node.annotations]
    return bool(told) and not any(_K3S_OFF.search(args) for args in told)
