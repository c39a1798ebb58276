"""A pod's resolv.conf: what the kubelet hands to the container runtime, and the file that this one writes.

Sources: pkg/kubelet/network/dns/dns.go and pkg/apis/core/validation of Kubernetes (ExpandedDNSConfig, on by default since
v1.26, allows 32 domains of 2048 characters; 6 and 256 before); containerd's internal/cri/server parseDNSOptions for the
order of the lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.cluster import PodDNSConfig
from engine.errors import EngineError
from engine.values import dataclass

POLICIES = ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None")
MAX_NAMESERVERS = 3
MAX_SEARCHES = 32
MAX_SEARCH_CHARACTERS = 2048
# RFC 1123's subdomain: a longer one is left out, because glibc 2.28 aborted over it.
_MAX_DOMAIN = 253
_CLUSTER_OPTIONS: tuple[str, ...] = ("ndots:5",)

# Name servers, domains, options.
Settings = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
_NOTHING: Settings = ((), (), ())


@dataclass(frozen=True, slots=True)
class KubeletDNS:
    """What the kubelet knows: clusterDNS, clusterDomain, and the text of the file that resolvConf names on its node; None
    where that is set to nothing (the empty path), "" for an empty file."""

    cluster_dns: tuple[str, ...] = ("10.96.0.10",)
    cluster_domain: str = "cluster.local"
    resolv_conf: str | None = ""
    node_ips: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PodResolvConf:
    """The file's contents. `omitted` are the name servers and domains that were over a limit: the kubelet leaves them out
    with an event DNSConfigForming. `fallback`: there is no clusterDNS, so ClusterFirst became Default (MissingClusterDNS).
    """

    nameservers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    omitted: tuple[str, ...] = ()
    fallback: bool = False

    @property
    def text(self) -> str:
        lines = [f"search {' '.join(self.searches)}"] if self.searches else []
        lines.extend(f"nameserver {server}" for server in self.nameservers)
        if self.options:
            lines.append(f"options {' '.join(self.options)}")
        return "".join(f"{line}\n" for line in lines)


def pod_resolv_conf(
    kubelet: KubeletDNS,
    namespace: str = "default",
    dns_policy: str = "ClusterFirst",
    dns_config: PodDNSConfig | None = None,
    *,
    host_network: bool = False,
) -> PodResolvConf:
    """The resolv.conf of a pod of `namespace` with spec.dnsPolicy and spec.dnsConfig.

    ClusterFirst: the cluster's name server, three domains before the node's, and ndots:5 in place of the node's options;
    with `host_network` it means Default. Default: the node's file. None: dnsConfig alone. dnsConfig's entries come after;
    of an option that is there twice the value is dnsConfig's. (Which order options then have is Go's map's; here the first
    mention's.) Raises EngineError for what the API server refuses.
    """
    _check(dns_policy, dns_config)
    cluster = dns_policy == "ClusterFirstWithHostNet" or dns_policy == "ClusterFirst" and not host_network
    fallback = cluster and not kubelet.cluster_dns
    if dns_policy == "None":
        servers, searches, options = _NOTHING
    elif cluster and not fallback:
        servers, options = kubelet.cluster_dns, _CLUSTER_OPTIONS
        searches = _cluster_searches(kubelet, namespace)
    else:
        servers, searches, options = _of_node(kubelet)
    if dns_config is not None:
        servers = _once((*servers, *dns_config.nameservers))
        searches = _once((*searches, *dns_config.searches))
        options = _merged(options, dns_config.options)
    kept = _within_limits(searches)
    omitted = (*servers[MAX_NAMESERVERS:], *_without(searches, kept))
    return PodResolvConf(servers[:MAX_NAMESERVERS], kept, options, omitted, fallback)


def _cluster_searches(kubelet: KubeletDNS, namespace: str) -> tuple[str, ...]:
    of_node = _read(kubelet.resolv_conf or "")[1]
    domain = kubelet.cluster_domain
    if not domain:
        return of_node
    return _once((f"{namespace}.svc.{domain}", f"svc.{domain}", domain, *of_node))


def _of_node(kubelet: KubeletDNS) -> Settings:
    """The node's own settings; without a file, name servers on loopback, which keep the runtime from using its own."""
    if kubelet.resolv_conf is not None:
        return _read(kubelet.resolv_conf)
    servers = tuple("::1" if ":" in address else "127.0.0.1" for address in kubelet.node_ips)
    return servers or ("127.0.0.1",), (".",), ()


def _read(text: str) -> Settings:
    """Name servers, domains and options of the node's file as the kubelet reads it (parseResolvConf): the last search and
    the last options line count, a dot at a domain's end goes; `domain` is not read."""
    servers: list[str] = []
    searches: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    for line in text.split("\n"):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "nameserver":
            if len(words) < 2:
                raise EngineError(
                    "a nameserver line of the node's resolv.conf names none: the kubelet starts no pod with it",
                    zh="节点的 resolv.conf 里有一行 nameserver 没有地址：kubelet 不会用它启动任何 Pod",
                )
            servers.append(words[1])
        elif words[0] == "search":
            searches = tuple(word if word == "." else word.removesuffix(".") for word in words[1:])
        elif words[0] == "options":
            options = tuple(words[1:])
    return tuple(servers), searches, options


def _merged(options: tuple[str, ...], more: Iterable[tuple[str, str | None]]) -> tuple[str, ...]:
    values: dict[str, str] = {}
    for option in options:
        name, _, value = option.partition(":")
        values[name] = value
    for name, given in more:
        values[name] = given or ""
    return tuple(f"{name}:{value}" if value else name for name, value in values.items())


def _within_limits(searches: tuple[str, ...]) -> tuple[str, ...]:
    """At most 32 domains, none over 253 characters, and from the end as many gone as make the line fit."""
    kept = [domain for domain in searches[:MAX_SEARCHES] if len(domain) <= _MAX_DOMAIN]
    while len(" ".join(kept)) > MAX_SEARCH_CHARACTERS:
        kept.pop()
    return tuple(kept)


def _without(searches: tuple[str, ...], kept: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(domain for domain in searches if domain not in kept)


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _check(dns_policy: str, config: PodDNSConfig | None) -> None:
    """ValidateDNSPolicy and validatePodDNSConfig."""
    if dns_policy not in POLICIES:
        raise EngineError(
            f"dnsPolicy must be one of {', '.join(POLICIES)}", zh=f"dnsPolicy 必须是 {'、'.join(POLICIES)} 之一"
        )
    given = config or PodDNSConfig()
    if dns_policy == "None" and not given.nameservers:
        raise EngineError(
            "dnsPolicy None needs at least one name server in dnsConfig.nameservers",
            zh="dnsPolicy 为 None 时，dnsConfig.nameservers 至少要有一个域名服务器",
        )
    if len(given.nameservers) > MAX_NAMESERVERS:
        raise EngineError(
            f"dnsConfig.nameservers holds {len(given.nameservers)}; at most {MAX_NAMESERVERS} are allowed",
            zh=f"dnsConfig.nameservers 有 {len(given.nameservers)} 个；最多 {MAX_NAMESERVERS} 个",
        )
    if len(given.searches) > MAX_SEARCHES or len(" ".join(given.searches)) > MAX_SEARCH_CHARACTERS:
        raise EngineError(
            f"dnsConfig.searches is too long: at most {MAX_SEARCHES} domains and {MAX_SEARCH_CHARACTERS} characters",
            zh=f"dnsConfig.searches 过长：最多 {MAX_SEARCHES} 个域，共 {MAX_SEARCH_CHARACTERS} 个字符",
        )
    words = (*given.nameservers, *given.searches, *(part or "" for option in given.options for part in option))
    if any(re.search(r"\s", word) for word in words) or any(not name for name, _ in given.options):
        raise EngineError(
            "dnsConfig holds an option without a name, or a word with a blank in it",
            zh="dnsConfig 含有没有名称的选项，或含空白的词",
        )
