"""How the cluster's parts are configured: KubeProxyConfiguration, the CNI, and k8squiz's own Network documents.

What a CNI plugin's own annotations and ConfigMap say, the plugin reads (engine.cni).
Source: pkg/proxy/apis/config/v1alpha1 (kube-proxy).
"""

from __future__ import annotations

import dataclasses
import re

from engine.cluster import CNIConfig, Mode, NetworkFacts, ProxyConfig
from engine.cluster.facts import facts_of
from engine.cni import PLUGINS
from engine.manifests.fact_shapes import read_facts, written_facts
from engine.manifests.fields import Fields, shown, shown_zh

LOCAL_MODES = ("", "ClusterCIDR", "NodeCIDR", "BridgeInterface", "InterfaceNamePrefix")
_NODE_PORT_WORDS = ("primary", "localhost", "all")
MODES = ("", *Mode)


def proxy_config(document: Fields) -> ProxyConfig:
    """kubeproxy.config.k8s.io/v1alpha1 KubeProxyConfiguration.

    iptables and ipvs mode take the masquerade settings of the section `iptables`, nftables mode those of `nftables`.
    Without a `mode`, or where a section says nothing, what the other section says counts for all modes.
    """
    mode = mode_of(document.word("mode", MODES, ""))
    iptables, nftables, ipvs = (document.mapping(name) for name in ("iptables", "nftables", "ipvs"))
    sections = (nftables, iptables) if mode is Mode.NFTABLES else (iptables, nftables)
    masquerade_all = next((s for s in sections if "masqueradeAll" in s), iptables)
    masquerade_bit = next((s for s in sections if "masqueradeBit" in s), iptables)
    detect = document.mapping("detectLocal")
    return ProxyConfig(
        mode=mode,
        cluster_cidrs=_cluster_cidrs(document),
        detect_local_mode=_local_mode(document, detect),
        bridge_interface=_interface(detect, "bridgeInterface"),
        interface_name_prefix=_interface(detect, "interfaceNamePrefix"),
        node_port_addresses=_node_port_addresses(document),
        masquerade_all=masquerade_all.boolean("masqueradeAll"),
        masquerade_bit=masquerade_bit.integer("masqueradeBit", 14, 0, 31),
        localhost_node_ports=iptables.boolean("localhostNodePorts", True),
        ipvs_scheduler=ipvs.text("scheduler"),
        ipvs_strict_arp=ipvs.boolean("strictARP"),
        tcp_be_liberal=document.mapping("conntrack").boolean("tcpBeLiberal"),
        udp_timeouts=(_seconds(document, "udpTimeout", 30), _seconds(document, "udpStreamTimeout", 120)),
        conntrack_max_per_core=document.mapping("conntrack").integer("maxPerCore", 32768, 0, 2**31 - 1),
    )


def mode_of(word: str) -> Mode | None:
    """One of MODES as a mode; None where it is left open."""
    return Mode(word) if word else None


def _seconds(document: Fields, key: str, usual: int) -> int:
    """A duration of conntrack's as Go writes it (`1m30s`), in whole seconds; `usual` where it is 0 or not there."""
    text = document.mapping("conntrack").text(key)
    if not text:
        return usual
    found = re.findall(r"(\d+(?:\.\d+)?)(h|ms|m|s)", text)
    if "".join(number + unit for number, unit in found) != text:
        raise document.mapping("conntrack").error(
            key,
            f"must be a duration such as 30s, not {shown(text)}",
            zh=f"须为 30s 这样的时长，而不是 {shown_zh(text)}",
        )
    units = {"h": 3600, "m": 60, "s": 1, "ms": 0.001}
    return int(sum(float(number) * units[unit] for number, unit in found)) or usual


def _cluster_cidrs(document: Fields) -> tuple[str, ...]:
    at = document.place("clusterCIDR")
    return tuple(at.network(part.strip()) for part in document.text("clusterCIDR").split(",") if part.strip())


def _local_mode(document: Fields, detect: Fields) -> str:
    """detectLocalMode. Two of the modes need a device's name, without which kube-proxy does not start."""
    mode = document.word("detectLocalMode", LOCAL_MODES, "")
    key = {"BridgeInterface": "bridgeInterface", "InterfaceNamePrefix": "interfaceNamePrefix"}.get(mode)
    if key is not None and not detect.text(key):
        wanted = detect.name_of(key)
        raise document.error("detectLocalMode", f"{mode} needs {wanted} too", zh=f"{mode} 还需要 {wanted}")
    return mode


def _interface(detect: Fields, key: str) -> str:
    """A device name, at most 15 characters and none that a rule's text could not hold (IFNAMSIZ)."""
    name = detect.text(key)
    if len(name) > 15 or any(c in name for c in " /\"'+!") or not name.isascii():
        raise detect.error(
            key,
            f"must be a device's name of at most 15 characters, not {shown(name)}",
            zh=f"须为不超过 15 个字符的设备名，而不是 {shown_zh(name)}",
        )
    return name


def _node_port_addresses(document: Fields) -> tuple[str, ...]:
    """Networks and words; which words a release knows is for engine.proxy.nodeports to say."""
    found = document.strings("nodePortAddresses")
    return tuple(value if value in _NODE_PORT_WORDS else at.network(value) for value, at in found)


def embedded_proxy_config(config_map: Fields) -> ProxyConfig | None:
    """The KubeProxyConfiguration that kubeadm keeps in ConfigMap kube-proxy (key config.conf), EKS in kube-proxy-config
    (config)."""
    for key in ("config.conf", "config"):
        with config_map.mapping("data").inside(key) as found:
            for document in found:
                if document.text("kind") == "KubeProxyConfiguration":
                    return proxy_config(document)
    return None


_CNI_FACTS = ("plugin", "backend", "vni", "port")


def network_facts(document: Fields) -> NetworkFacts:
    """k8squiz.dev/v1 Network: what no Kubernetes object holds. Unknown fields are errors."""
    rows = facts_of(NetworkFacts)
    spec = document.mapping("spec")
    _only(document, ("apiVersion", "kind", "metadata", "spec"))
    _only(spec, ("cni", *(row.name for row in rows.values())))
    return NetworkFacts(**read_facts(spec, rows))


def network_document(network: NetworkFacts, **more: object) -> dict[str, object]:
    """The document that network_facts reads those facts from, with what else stands in its spec."""
    rows = facts_of(type(network))
    plain = type(network)()
    given = {name: value for name in rows if (value := getattr(network, name)) != getattr(plain, name)}
    return {"apiVersion": "k8squiz.dev/v1", "kind": "Network", "spec": {**written_facts(given, rows), **more}}


def network_cni(
    document: Fields, facts: NetworkFacts, detected: CNIConfig, assumed: tuple[tuple[str, str], ...]
) -> tuple[CNIConfig, tuple[tuple[str, str], ...]]:
    """`detected` with what a Network document's `cni` and its fact `mtu` say over it, and what is then still assumed."""
    cni = document.mapping("spec").mapping("cni")
    _only(cni, _CNI_FACTS)
    plugin = cni.word("plugin", tuple(PLUGINS), detected.plugin)
    same = plugin == detected.plugin
    if not same:
        detected = PLUGINS[plugin].usual
    told = dataclasses.replace(
        detected,
        plugin=plugin,
        backend=cni.text("backend") or (detected.backend if same else PLUGINS[plugin].usual_backend),
        assumed=detected.assumed and not cni.data,
        vni=cni.integer("vni", detected.vni, 1, (1 << 24) - 1),
        port=cni.port("port", detected.port),
        mtu=facts.mtu or detected.mtu,
    )
    return told, () if cni.data else assumed


def _only(fields: Fields, known: tuple[str, ...]) -> None:
    for key in fields.data:
        if key not in known:
            raise fields.error(
                key,
                f"is not a field of k8squiz.dev/v1 Network; known fields: {', '.join(known)}",
                zh=f"不是 k8squiz.dev/v1 Network 的字段；已知字段：{'、'.join(known)}",
            )
