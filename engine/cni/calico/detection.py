"""What of Calico stands in manifests: the nodes' annotations, its DaemonSet's environment, IPPools.

Sources: projectcalico/calico libcalico-go/lib/backend/k8s/resources/node.go (projectcalico.org/...), manifests/calico.yaml,
libcalico-go/lib/apis/v3/ippool.go.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Protocol

from engine.cluster import CNIConfig, IPPool, Node, PortMap
from engine.cni.interface import NO_WIRING, DaemonSet, ManifestFields

_PREFIX = "projectcalico.org/"
# RKE2's Calico is the operator's, with VXLAN (rke2-charts, rke2-calico).
_RKE2, _RKE2_CALICO = "rke2.io/node-args", r'"--cni(=|"\s*,\s*")[^"]*calico'
_ADDRESS = _PREFIX + "IPv4Address"
_TUNNEL = {"ipip": _PREFIX + "IPv4IPIPTunnelAddr", "vxlan": _PREFIX + "IPv4VXLANTunnelAddr"}


# The name of Calico's list of CNI plugins (10-calico.conflist), in which portmap follows it.
_NETWORK = "k8s-pod-network"
# calico.yaml's; the VXLAN that felix makes has this VNI and port.
USUAL = CNIConfig("calico", "bgp", assumed=False, vni=4096, port=4789, port_map=PortMap(_NETWORK))
# operator.tigera.io/v1 Installation (tigera/operator api/v1/installation_types.go); encapsulation -> ipipMode, vxlanMode.
_INSTALLATION = "operator.tigera.io/Installation"
_ENCAPSULATION = {
    "IPIP": ("Always", "Never"),
    "IPIPCrossSubnet": ("CrossSubnet", "Never"),
    "VXLAN": ("Never", "Always"),
    "VXLANCrossSubnet": ("Never", "CrossSubnet"),
}
_NAT_OUTGOING = {4: "true", 6: "false"}
_POOL_KINDS = ("crd.projectcalico.org/IPPool", "projectcalico.org/IPPool")
_FELIX_KINDS = ("crd.projectcalico.org/FelixConfiguration", "projectcalico.org/FelixConfiguration")
# What felix can be told that leads packets another way, by its field and by calico-node's environment.
_FELIX_SWITCHES = {
    "bpfEnabled": "FELIX_BPFENABLED",
    "wireguardEnabled": "FELIX_WIREGUARDENABLED",
    "disableConntrackInvalidCheck": "FELIX_DISABLECONNTRACKINVALIDCHECK",
}
_NO_POOL = (
    (
        "No IPPool is given: the pods' networks are taken to be pools as calico.yaml makes them, natOutgoing for IPv4"
        " (kubectl get ippools.crd.projectcalico.org -o yaml)."
    ),
    (
        "没有给出 IPPool：把 Pod 网段视为 calico.yaml 创建的地址池，IPv4 的 natOutgoing 开启"
        "（kubectl get ippools.crd.projectcalico.org -o yaml）。"
    ),
)
_NFTABLES = (
    (
        "FelixConfiguration's nftablesMode is Enabled: felix' nftables rules are taken to decide as its iptables rules do, and"
        " those are shown."
    ),
    "FelixConfiguration 的 nftablesMode 为 Enabled：视 felix 的 nftables 规则与其 iptables 规则判定相同，并按后者显示。",
)


class _Annotated(Protocol):
    @property
    def annotations(self) -> Mapping[str, str]: ...
    @property
    def pod_cidrs(self) -> tuple[str, ...]: ...


def from_node(node: Node, annotations: ManifestFields, configured: CNIConfig | None) -> CNIConfig | None:
    """A node with a tunnel's address uses that tunnel; one with Calico's annotations alone, what the pools say, else plain
    routes by BGP."""
    rke2 = _RKE2 in node.annotations and re.search(_RKE2_CALICO, node.annotations[_RKE2]) is not None
    if not rke2 and not any(name.startswith(_PREFIX) for name in node.annotations):
        return None
    base = configured or (dataclasses.replace(USUAL, backend="vxlan") if rke2 else USUAL)
    for backend, name in _TUNNEL.items():
        if node.annotations.get(name):
            annotations.address_of(name, "", False)
            return dataclasses.replace(base, backend=backend)
    return base


def from_daemon_set(daemon_set: DaemonSet, configured: CNIConfig | None) -> CNIConfig | None:
    """calico-node, whose environment says how it makes the first pool where there is none (node/pkg/lifecycle/startup)."""
    if daemon_set.name != "calico-node":
        return None
    told = daemon_set.environment
    base = configured or USUAL
    if told.get("CALICO_NETWORKING_BACKEND") == NO_WIRING:
        return dataclasses.replace(base, backend=NO_WIRING)
    switched = tuple(
        f"{daemon_set.where}: calico-node's {name}"
        for name in _FELIX_SWITCHES.values()
        if told.get(name, "").lower() in ("1", "t", "true")
    )
    base = dataclasses.replace(base, unmodelled=(*base.unmodelled, *switched))
    nets = tuple(filter(None, (_net(told.get(f"CALICO_IPV{version}POOL_CIDR", "")) for version in (4, 6))))
    if base.pools or not nets or told.get("NO_DEFAULT_POOLS", "").lower() == "true":
        return base
    pools = tuple(
        IPPool(
            net,
            nat_outgoing=told.get(f"CALICO_IPV{version}POOL_NAT_OUTGOING", _NAT_OUTGOING[version]).lower() == "true",
            ipip_mode=told.get("CALICO_IPV4POOL_IPIP", "Always") if version == 4 else "Never",
            vxlan_mode=told.get(f"CALICO_IPV{version}POOL_VXLAN", "Never"),
        )
        for net in nets
        for version in (ipaddress.ip_network(net).version,)
    )
    return _of_pools(base, pools)


def from_object(kind: str, fields: ManifestFields, configured: CNIConfig | None) -> CNIConfig | None:
    """An IPPool; disabled ones hold addresses that were given out before, and count as the others do for felix. Or felix's
    own configuration."""
    if kind in _FELIX_KINDS:
        return _of_felix(fields.mapping("spec"), configured)
    if kind == _INSTALLATION:
        return _of_installation(fields.mapping("spec"), configured)
    if kind not in _POOL_KINDS:
        return None
    spec = fields.mapping("spec")
    pool = IPPool(
        _net(spec.text("cidr")) or "",
        nat_outgoing=spec.boolean("natOutgoing"),
        ipip_mode=spec.text("ipipMode") or "Never",
        vxlan_mode=spec.text("vxlanMode") or "Never",
    )
    base = configured or USUAL
    # What the operator's Installation was told of the pool may have changed since.
    others = tuple(one for one in base.pools if one.cidr != pool.cidr)
    return _of_pools(base, (*others, pool)) if pool.cidr else base


def _of_installation(spec: ManifestFields, configured: CNIConfig | None) -> CNIConfig | None:
    """The operator's Installation: who wires the pods, felix' dataplane, and the pools that it makes where there are none."""
    network = spec.mapping("calicoNetwork")
    base = configured or USUAL
    if (spec.mapping("cni").text("type") or "Calico") != "Calico":
        return dataclasses.replace(base, backend=NO_WIRING)
    dataplane = network.text("linuxDataplane")
    if dataplane in ("BPF", "VPP"):
        what = f"{network.where('linuxDataplane')}: Installation's linuxDataplane {dataplane}"
        base = dataclasses.replace(base, unmodelled=(*base.unmodelled, what))
    base = dataclasses.replace(base, nftables=base.nftables or dataplane == "Nftables")
    pools = []
    for pool in network.items("ipPools"):
        ipip, vxlan = _ENCAPSULATION.get(pool.text("encapsulation") or "IPIP", ("Never", "Never"))
        net, outgoing = _net(pool.text("cidr")), pool.text("natOutgoing") != "Disabled"
        pools += [IPPool(net, outgoing, ipip, vxlan)] if net else []
    return base if base.pools or not pools else _of_pools(base, tuple(pools))


def _of_felix(spec: ManifestFields, configured: CNIConfig | None) -> CNIConfig:
    base = configured or USUAL
    asked = [key for key in _FELIX_SWITCHES if spec.boolean(key)]
    asked += ["natOutgoingAddress"] if spec.text("natOutgoingAddress") else []
    asked += ["natOutgoingExclusions"] if spec.text("natOutgoingExclusions") == "IPPoolsAndHostIPs" else []
    found = tuple(f"{spec.where(key)}: FelixConfiguration's {key}" for key in asked)
    return dataclasses.replace(
        base, unmodelled=(*base.unmodelled, *found), nftables=spec.text("nftablesMode") == "Enabled"
    )


def from_config_map(config_map: ManifestFields) -> CNIConfig | None:
    """calico-config of calico.yaml, whose calico_backend is bird or vxlan."""
    backend = config_map.mapping("data").text("calico_backend")
    if not backend:
        return None
    return dataclasses.replace(USUAL, backend="vxlan") if backend == "vxlan" else USUAL


def _of_pools(base: CNIConfig, pools: tuple[IPPool, ...]) -> CNIConfig:
    """The backend that the IPv4 pools' modes ask for; a node's annotation may say otherwise."""
    backend = base.backend
    for pool in pools:
        if pool.vxlan_mode != "Never":
            backend = "vxlan"
        elif pool.ipip_mode != "Never":
            backend = "ipip"
    return dataclasses.replace(base, backend=backend, pools=pools, networks=tuple(pool.cidr for pool in pools))


def unsaid(config: CNIConfig) -> Iterator[tuple[str, str]]:
    """The pools, and felix's own nftables rules, which are written here as those that it writes with iptables."""
    if not config.pools:
        yield _NO_POOL
    if config.nftables:
        yield _NFTABLES


def _net(text: str) -> str | None:
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False))
    except ValueError:
        return None


def same_subnet(annotations: Mapping[str, str], address: str | None) -> bool:
    """Whether `address` lies in the subnet that the node's annotation IPv4Address gives (192.168.1.10/24)."""
    try:
        own = ipaddress.ip_interface(annotations.get(_ADDRESS, ""))
    except ValueError:
        return False
    return address is not None and ipaddress.ip_address(address) in own.network


def node_annotations(backend: str, address: str, tunnel: str) -> dict[str, str]:
    """What Calico's node agent writes on a node, as far as it is read back."""
    own = {_ADDRESS: f"{address}/24"}
    if backend in _TUNNEL:
        own[_TUNNEL[backend]] = tunnel
    return own


def tunnel_address(backend: str, node: _Annotated) -> str | None:
    """The address of tunl0 or vxlan.calico: the node's annotation, else the first address of its IPv4 block."""
    written = node.annotations.get(_TUNNEL[backend])
    if written:
        return str(ipaddress.ip_address(written))
    cidr = next((c for c in node.pod_cidrs if ":" not in c), None)
    return None if cidr is None else str(ipaddress.ip_network(cidr).network_address)
