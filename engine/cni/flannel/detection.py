"""What of flannel stands in manifests: the nodes' annotations, its ConfigMap, its DaemonSet's arguments; and k3s' own words.

Sources: flannel's Documentation/configuration.md and backends.md; pkg/subnet/kube (the annotations).
"""

from __future__ import annotations

import dataclasses
import ipaddress
import json
import re
from collections.abc import Iterable, Iterator, Mapping

from engine.cluster import CNIConfig, Node, PortMap
from engine.cni.conflist import port_map_of
from engine.cni.interface import DaemonSet, ManifestFields
from engine.values import pattern

_TYPE = "flannel.alpha.coreos.com/backend-type"
_DATA = "flannel.alpha.coreos.com/backend-data"
_ADDRESS = "flannel.alpha.coreos.com/public-ip"
_ADDRESS_V6 = "flannel.alpha.coreos.com/public-ipv6"
_CONFIG, _LIST = "net-conf.json", "cni-conf.json"
_DAEMON_SET = "kube-flannel"
_K3S = "k3s.io/node-args"
_K3S_OFF = pattern(r'"--disable-network-policy(=true)?"(?!\s*,\s*"false")')
_K3S_NET = ipaddress.ip_network("10.42.0.0/16")


def from_node(node: Node, annotations: ManifestFields, configured: CNIConfig | None) -> CNIConfig | None:
    """The backend that flanneld wrote on the node; what else it was told stands in its ConfigMap (`configured`)."""
    kind = node.annotations.get(_TYPE)
    if kind is None:
        return None
    base = configured or CNIConfig()
    if configured is None and _K3S in node.annotations:
        # flannel is a part of the k3s process: its networks are flags of that (k3s server --cluster-cidr).
        base = dataclasses.replace(base, networks=_k3s_networks(node))
    # The ConfigMap may say more of the same backend: vxlan with DirectRouting is written as vxlan.
    if kind == "vxlan" and base.backend.startswith("vxlan"):
        kind = base.backend
    return dataclasses.replace(base, backend=kind, assumed=False, vni=_vni(annotations, base.vni))


def _k3s_networks(node: Node) -> tuple[str, ...]:
    """The annotation k3s.io/node-args, a JSON list of arguments: a server's has --cluster-cidr where it is not the default,
    10.42.0.0/16; then an agent's, which has none, is told from the pods' networks instead."""
    given = re.search(r'"--cluster-cidr(?:=|",\s*")([0-9a-fA-F.:/,]+)"', node.annotations.get(_K3S, ""))
    if given is not None:
        return tuple(net for part in given[1].split(",") if (net := _net(part)))
    inside = all(ipaddress.ip_network(cidr).subnet_of(_K3S_NET) for cidr in node.pod_cidrs if ":" not in cidr)  # type: ignore[arg-type]
    return (str(_K3S_NET),) if inside and not any(":" in cidr for cidr in node.pod_cidrs) else ()


def _vni(annotations: ManifestFields, default: int) -> int:
    """The VNI of the annotation backend-data: {"VNI":1,"VtepMAC":"..."}; null with host-gw."""
    with annotations.inside(_DATA) as found:
        for data in found:
            return data.integer("VNI", default, 1, (1 << 24) - 1)
    return default


def objects(config: CNIConfig) -> Iterator[Mapping[str, object]]:
    """kube-flannel-cfg and kube-flannel-ds, where they say more than that all is as usual."""
    port_map = config.port_map
    if config.ip_masq and not config.nftables and port_map == PortMap():
        return
    told = {} if port_map is None else {"type": "portmap", "backend": port_map.backend, "snat": port_map.snat}
    delegate = {"type": "flannel", "delegate": {"hairpinMode": config.hairpin_mode}}
    net = {"EnableNFTables": config.nftables, "Backend": {"Type": config.backend}}
    chained = {"name": "cbr0", "plugins": [delegate, told]}
    data = {"net-conf.json": json.dumps(net), "cni-conf.json": json.dumps(chained)}
    yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kube-flannel-cfg"}, "data": data}
    container = {"name": "kube-flannel", "args": [f"--ip-masq={str(config.ip_masq).lower()}"]}
    spec = {"template": {"spec": {"containers": [container]}}}
    yield {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "kube-flannel-ds"}, "spec": spec}


def from_config_map(config_map: ManifestFields) -> CNIConfig | None:
    """kube-flannel-cfg: key net-conf.json, {"Network": ..., "Backend": {"Type": "vxlan"}}, and the list of CNI plugins in
    cni-conf.json."""
    data = config_map.mapping("data")
    if _CONFIG not in data:
        return None
    with data.inside(_CONFIG) as found:
        for document in found:
            backend = document.mapping("Backend")
            told = _of_backend(
                backend.text("Type") or "udp",
                backend.integer("VNI", 1, 1, (1 << 24) - 1),
                backend.integer("Port", 8472, 0, 65535) or 8472,
                backend.boolean("DirectRouting"),
            )
            nets = (net for key in ("Network", "IPv6Network") if (net := _net(document.text(key))))
            told = dataclasses.replace(told, networks=tuple(nets), nftables=document.boolean("EnableNFTables"))
            return _with_list(told, data)
    return None


def _with_list(told: CNIConfig, data: ManifestFields) -> CNIConfig:
    """What the plugin `flannel` hands on to `bridge`, and whether portmap is chained behind it."""
    if _LIST not in data:
        return told
    with data.inside(_LIST) as found:
        for document in found:
            told = dataclasses.replace(told, port_map=port_map_of(document))
            for plugin in document.items("plugins"):
                if plugin.text("type") != "flannel":
                    continue
                delegate = plugin.mapping("delegate")
                given = delegate.boolean("ipMasq") if "ipMasq" in delegate else None
                told = dataclasses.replace(told, hairpin_mode=delegate.boolean("hairpinMode"), bridge_ip_masq=given)
    return told


def _net(text: str) -> str | None:
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False))
    except ValueError:
        return None


def from_daemon_set(daemon_set: DaemonSet, configured: CNIConfig | None) -> CNIConfig | None:
    """kube-flannel-ds: flanneld's flags, or the environment they can be given by (FLANNELD_IP_MASQ)."""
    if not daemon_set.name.startswith(_DAEMON_SET):
        return None
    base = configured or CNIConfig(assumed=False)
    if not daemon_set.arguments and not daemon_set.environment:
        # Cut down to its name: flanneld does not run without arguments.
        return base
    return dataclasses.replace(
        base,
        ip_masq=_flag(daemon_set, "ip-masq", False),
        random_fully=not _flag(daemon_set, "ip-masq-fully-random-disable", False),
        forward_rules=_flag(daemon_set, "iptables-forward-rules", True),
    )


def _flag(daemon_set: DaemonSet, name: str, default: bool) -> bool:
    """A boolean flag of flanneld: -name, --name, --name=true; the environment counts where no argument says anything."""
    for argument in daemon_set.arguments:
        flag, equals, value = argument.lstrip("-").partition("=")
        if argument.startswith("-") and flag == name:
            return not equals or value.lower() in ("1", "t", "true")
    given = daemon_set.environment.get("FLANNELD_" + name.upper().replace("-", "_"))
    return default if given is None else given.lower() in ("1", "t", "true")


def public_addresses(annotations: Mapping[str, str]) -> tuple[str, ...]:
    """The addresses that flanneld wrote for the others to send to, by which card it found its node's."""
    found = []
    for key in (_ADDRESS, _ADDRESS_V6):
        if key not in annotations:
            continue
        try:
            found.append(str(ipaddress.ip_address(annotations[key])))
        except ValueError:
            continue
    return tuple(found)


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
