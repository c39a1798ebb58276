"""What manifests tell of kube-proxy's configuration, the surest source first: a KubeProxyConfiguration, the ConfigMaps that hold
one, kube-proxy's own flags, the command line of k3s, kube-controller-manager's flags; else the span of the podCIDRs, else that
of the IPPools.

Sources: cmd/kube-proxy/app/options.go (with --config the other flags count for nothing), kubeadm's ConfigMap kube-proxy
(config.conf), EKS's kube-proxy-config (config), k3s' node annotation k3s.io/node-args and its defaults (docs.k3s.io, "k3s
server"), RKE2's rke2.io/node-args.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import json
import re
from collections.abc import Iterable, Iterator
from typing import NoReturn

from engine.cluster import Node, ProxyConfig
from engine.manifests.config import LOCAL_MODES, MODES, embedded_proxy_config, mode_of, proxy_config
from engine.manifests.fields import Fields, Place, line_at, shown, shown_zh

_CONFIG_MAPS = ("kube-proxy", "kube-proxy-config")
_NODE_ARGS = ("k3s.io/node-args", "rke2.io/node-args")
_K3S_CIDR = "10.42.0.0/16"
_NAMESPACE = "kube-system"
Said = tuple[str, str]


class Flags:
    """The flags of one program, by name without dashes, each with its place."""

    def __init__(self, words: Iterable[tuple[str, Place]]) -> None:
        self.values: dict[str, tuple[str, Place]] = {}
        self.every: list[tuple[str, str, Place]] = []
        waiting: tuple[str, Place] | None = None
        for word, at in words:
            if word.startswith("--"):
                name, equals, value = word[2:].partition("=")
                self._take(name, value.strip("'\"") if equals else "true", at)
                waiting = None if equals else (name, at)
            elif waiting is not None:
                self.every.pop()
                self._take(waiting[0], word, waiting[1])
                waiting = None

    def _take(self, name: str, value: str, at: Place) -> None:
        self.values[name] = (value, at)
        self.every.append((name, value, at))

    def text(self, name: str) -> str:
        """The flag's value; "" where it is not there, or where only the container's environment tells it."""
        value = self.values.get(name, ("", None))[0]
        return "" if "$" in value else value

    def networks(self, name: str) -> tuple[str, ...]:
        value = self.text(name)
        at = self.values[name][1] if value else None
        return tuple(at.network(part.strip()) for part in value.split(",") if part.strip()) if at else ()

    def word(self, name: str, words: tuple[str, ...]) -> str:
        value = self.text(name)
        return value if value in words else self._refuse(name, ", ".join(filter(None, words)))

    def device(self, name: str) -> str:
        """A device's name (IFNAMSIZ), none that a rule's text could not hold."""
        value = self.text(name)
        return (
            value if re.fullmatch(r"[A-Za-z0-9_.@:-]{0,15}", value) else self._refuse(name, "a device's name", "设备名")
        )

    def _refuse(self, name: str, wanted: str, wanted_zh: str = "") -> NoReturn:
        value, at = self.values[name]
        raise at.error(
            f"has --{name}={shown(value)}: it must be {wanted}",
            zh=f"含有 --{name}={shown_zh(value)}：须为 {wanted_zh or wanted}",
        )

    def boolean(self, name: str, default: bool) -> bool:
        return self.text(name).lower() != "false" if name in self.values else default

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        value = self.text(name)
        if not value:
            return default
        if not (value.isascii() and value.isdigit() and low <= int(value[:9]) <= high):
            self._refuse(name, f"a number between {low} and {high}", f"{low} 到 {high} 之间的数")
        return int(value)


class ProxyEvidence:
    """Takes the objects that may tell; `conclusion` says what they tell."""

    def __init__(self) -> None:
        self._explicit: ProxyConfig | None = None
        self._config_map: ProxyConfig | None = None
        self._flags: list[ProxyConfig] = []
        self._manager: tuple[str, ...] = ()
        self._k3s: Flags | None = None
        self.service_cidrs: tuple[str, ...] = ()

    def configuration(self, document: Fields) -> None:
        """A KubeProxyConfiguration of its own: never overruled."""
        self._explicit = proxy_config(document)

    def config_map(self, fields: Fields) -> bool:
        """A ConfigMap; whether it is one of kube-proxy's."""
        if fields.mapping("metadata").text("name") not in _CONFIG_MAPS:
            return False
        self._config_map = embedded_proxy_config(fields) or self._config_map
        return True

    def pod(self, metadata: Fields, spec: Fields) -> None:
        """A Pod, or a workload's template: of kube-proxy's, kube-controller-manager's, or another's."""
        if metadata.text("namespace") != _NAMESPACE:
            return
        for container in spec.items("containers"):
            words = list(_words(container))
            programs = {word.rpartition("/")[2] for word, _ in words if not word.startswith("-")}
            if "kube-proxy" in programs:
                flags = Flags(words)
                if "config" not in flags.values:
                    self._flags.append(_of_flags(flags))
            elif "kube-controller-manager" in programs:
                self._of_manager(Flags(words))

    def workload(self, fields: Fields) -> None:
        """An apps/v1 DaemonSet."""
        self.pod(fields.mapping("metadata"), fields.mapping("spec").mapping("template").mapping("spec"))

    def node(self, fields: Fields) -> None:
        """A Node: k3s and RKE2 write their command line on it; a server's counts for the cluster."""
        annotations = fields.mapping("metadata").mapping("annotations")
        for key in _NODE_ARGS:
            if key in annotations:
                words = _node_args(annotations, key)
                if words[:1] == ["server"]:
                    self._k3s = Flags((word, annotations.place(key)) for word in words)

    def _of_manager(self, flags: Flags) -> None:
        self._manager = flags.networks("cluster-cidr") or self._manager
        self.service_cidrs = flags.networks("service-cluster-ip-range") or self.service_cidrs

    def conclusion(
        self, nodes: Iterable[Node], serves: bool, pools: Iterable[str] = ()
    ) -> tuple[ProxyConfig, tuple[Said, ...]]:
        """The configuration, and what of it is assumed. `serves`: the cluster has Services, for which it matters. `pools` are
        the CIDRs of IPPools, where pods without podCIDRs get their addresses (MicroK8s gives kube-proxy the same)."""
        told = self._explicit or self._config_map
        if told is not None:
            return told, ()
        cidrs = [cidr for node in nodes for cidr in node.pod_cidrs]
        if self._flags:
            return self._of_proxy()
        if self._k3s is not None:
            return self._of_k3s(self._k3s, cidrs)
        if self._manager:
            return ProxyConfig(cluster_cidrs=self._manager), (_taken(self._manager, *_MANAGER),)
        if cidrs:
            spans = tuple(spans_of(cidrs))
            return ProxyConfig(cluster_cidrs=spans), (_taken(spans, *_SPAN),) if serves else ()
        spans = tuple(spans_of(pools))
        if spans:
            return ProxyConfig(cluster_cidrs=spans), (_taken(spans, *_POOLS),) if serves else ()
        return ProxyConfig(), (_UNKNOWN,) if serves else ()

    def _of_proxy(self) -> tuple[ProxyConfig, tuple[Said, ...]]:
        first = self._flags[0]
        if all(one == first for one in self._flags):
            return first, ()
        return first, (
            (
                "The kube-proxy Pods have different flags: those of the first count for every node.",
                "各 kube-proxy Pod 的参数不同：所有节点都按第一个处理。",
            ),
        )

    def _of_k3s(self, flags: Flags, pod_cidrs: list[str]) -> tuple[ProxyConfig, tuple[Said, ...]]:
        proxy = _of_flags(Flags((f"--{word}", at) for name, word, at in flags.every if name == "kube-proxy-arg"))
        given = flags.networks("cluster-cidr")
        if given or proxy.cluster_cidrs:
            return dataclasses.replace(proxy, cluster_cidrs=proxy.cluster_cidrs or given), ()
        standard = ipaddress.ip_network(_K3S_CIDR)
        inside = all(ipaddress.ip_network(cidr).version == 6 or _within(cidr, standard) for cidr in pod_cidrs)
        cidrs = (_K3S_CIDR,) if inside else tuple(spans_of(pod_cidrs))
        said = _taken(cidrs, *(_K3S if inside else _SPAN))
        return dataclasses.replace(proxy, cluster_cidrs=cidrs), (said,)


_MANAGER = ("kube-controller-manager's --cluster-cidr", "kube-controller-manager 的 --cluster-cidr")
_SPAN = ("the span of the nodes' podCIDRs", "各节点 podCIDR 的总范围")
_POOLS = ("the span of the IPPools", "各 IPPool 的总范围")
_K3S = ("k3s' default, since its command line names none", "k3s 的默认值（其命令行未指定）")
_NONE_GIVEN = (
    "No KubeProxyConfiguration is given (ConfigMap kube-proxy, or kube-proxy's flags)",
    "没有给出 KubeProxyConfiguration（ConfigMap kube-proxy 或 kube-proxy 的参数）",
)
_UNKNOWN = (
    f"{_NONE_GIVEN[0]}, and no podCIDR: kube-proxy is taken to have no clusterCIDR, and not to tell pods from others.",
    f"{_NONE_GIVEN[1]}，也没有 podCIDR：按 kube-proxy 没有 clusterCIDR、无法区分 Pod 与其他来源处理。",
)


def _taken(cidrs: tuple[str, ...], source: str, source_zh: str) -> Said:
    taken = ",".join(cidrs)
    return (
        f"{_NONE_GIVEN[0]}: clusterCIDR is taken to be {taken}, {source}.",
        f"{_NONE_GIVEN[1]}：clusterCIDR 取 {taken}，即{source_zh}。",
    )


def _words(container: Fields) -> Iterator[tuple[str, Place]]:
    """The command line: a shell's string is split where it has blanks."""
    for key in ("command", "args"):
        if key in container:
            for index, value in enumerate(container.data[key] if isinstance(container.data[key], list) else ()):
                at = Place(container.name_of(key), container.file, line_at(container.data[key], index), index)
                if isinstance(value, str):
                    yield from ((word, at) for word in value.split())


def _of_flags(flags: Flags) -> ProxyConfig:
    """kube-proxy's flags that change the dataplane, with their defaults."""
    ports = flags.text("nodeport-addresses")
    return ProxyConfig(
        mode=mode_of(flags.word("proxy-mode", MODES)),
        cluster_cidrs=flags.networks("cluster-cidr"),
        detect_local_mode=flags.word("detect-local-mode", LOCAL_MODES),
        bridge_interface=flags.device("pod-bridge-interface"),
        interface_name_prefix=flags.device("pod-interface-name-prefix"),
        node_port_addresses=(ports,) if ports == "primary" else flags.networks("nodeport-addresses"),
        masquerade_all=flags.boolean("masquerade-all", False),
        masquerade_bit=flags.integer("iptables-masquerade-bit", 14, 0, 31),
        localhost_node_ports=flags.boolean("iptables-localhost-nodeports", True),
        ipvs_scheduler=flags.text("ipvs-scheduler"),
        ipvs_strict_arp=flags.boolean("ipvs-strict-arp", False),
        tcp_be_liberal=flags.boolean("conntrack-tcp-be-liberal", False),
    )


def _node_args(annotations: Fields, key: str) -> list[str]:
    value = annotations.text(key)
    try:
        words = json.loads(value)
    except ValueError:
        words = None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise annotations.error(
            key,
            f"must be a list of strings as JSON, not {shown(value)}",
            zh=f"须为 JSON 字符串列表，而不是 {shown_zh(value)}",
        )
    return words


def _within(cidr: str, outer: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    network = ipaddress.ip_network(cidr)
    return network.version == outer.version and network.prefixlen >= outer.prefixlen and network[0] in outer


def spans_of(cidrs: Iterable[str]) -> Iterator[str]:
    """The smallest network of each family that holds all of `cidrs`."""
    networks = [ipaddress.ip_network(cidr) for cidr in cidrs]
    for version in (4, 6):
        own = [network for network in networks if network.version == version]
        if own:
            span = own[0]
            while not all(_within(str(network), span) for network in own):
                span = span.supernet()
            yield str(span)
