"""NodeLocal DNSCache as manifests tell of it: its DaemonSet's flags, its Corefile.

Sources: kubernetes/dns cmd/node-cache/main.go (parseAndValidateFlags); kubernetes/kubernetes cluster/addons/dns/nodelocaldns;
CoreDNS' plugin bind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from engine.cluster import NodeLocalDNS
from engine.cni.interface import DaemonSet
from engine.errors import ManifestError
from engine.manifests.fields import Fields
from engine.packet import canonical

# kubernetes' add-on and kubespray's.
_CONFIG_MAPS = ("node-local-dns", "nodelocaldns")
_LOCAL_IP = "localip"
_ANYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - read, not bound


def is_caches(config_map: Fields) -> bool:
    """Whether a ConfigMap is NodeLocal DNSCache's."""
    return config_map.mapping("metadata").text("name") in _CONFIG_MAPS


def read_node_local_dns(
    daemon_sets: Iterable[DaemonSet],
    nodes_of: Callable[[DaemonSet], frozenset[str] | None],
    config_maps: Iterable[Fields],
) -> NodeLocalDNS | None:
    """The cache, where a DaemonSet of the node's network has its flag -localip, whatever its name. Raises ManifestError for
    an address that is none, and for such of both families."""
    for one in daemon_sets:
        flags = dict(_flags(one.arguments))
        if _LOCAL_IP in flags and one.host_network:
            addresses = _addresses(one, flags[_LOCAL_IP])
            told = set(_bound(config_maps))
            listens = not told or bool(told & _ANYWHERE)
            return NodeLocalDNS(
                addresses,
                addresses if listens else tuple(address for address in addresses if address in told),
                nodes_of(one),
                flags.get("interfacename", "nodelocaldns") if _on(flags, "setupinterface") else "",
                _on(flags, "setupiptables"),
                _port(one, flags, "dns.port", 53),
                _port(one, flags, "health-port", 8080),
            )
    return None


def _flags(arguments: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Go's flags: -name=value, -name value, --name; a flag alone is one that is on."""
    for at, word in enumerate(arguments):
        if not word.startswith("-"):
            continue
        name, given, value = word.lstrip("-").partition("=")
        behind = arguments[at + 1] if at + 1 < len(arguments) else "-"
        yield name, value if given else "" if behind.startswith("-") else behind


def _on(flags: dict[str, str], name: str) -> bool:
    return flags.get(name, "").lower() not in ("0", "f", "false")


def _port(one: DaemonSet, flags: dict[str, str], name: str, default: int) -> int:
    told = flags.get(name, "")
    if not told:
        return default
    if not (told.isascii() and told.isdigit() and 1 <= int(told) <= 65535):
        raise _error(one, name, f"{told!r} is no port", f"{told!r} 不是端口")
    return int(told)


def _addresses(one: DaemonSet, value: str) -> tuple[str, ...]:
    found = []
    for word in value.split(","):
        try:
            found.append(canonical(word))
        except ValueError:
            raise _error(one, _LOCAL_IP, f"{word!r} is no IP address", f"{word!r} 不是 IP 地址") from None
    if len({":" in address for address in found}) > 1:
        raise _error(one, _LOCAL_IP, "all addresses must be of one family", "所有地址必须属于同一地址族")
    return tuple(dict.fromkeys(found))


def _error(one: DaemonSet, flag: str, what: str, what_zh: str) -> ManifestError:
    file, _, line = one.where.rpartition(":")
    return ManifestError(
        f"DaemonSet {one.namespace}/{one.name}: -{flag}: {what}; node-cache does not start with it",
        file,
        int(line),
        zh=f"DaemonSet {one.namespace}/{one.name} 的 -{flag}：{what_zh}；node-cache 无法以此启动",
    )


def _bound(config_maps: Iterable[Fields]) -> Iterator[str]:
    """The addresses that any of the Corefile's servers binds; what a template still has to fill in is passed over."""
    for config_map in config_maps:
        data = config_map.data.get("data")
        corefile = data.get("Corefile") if isinstance(data, dict) else None
        for words in re.findall(
            r"^[ \t]*bind[ \t]+([^\n#]+)", corefile if isinstance(corefile, str) else "", re.MULTILINE
        ):
            for word in words.split():
                try:
                    yield canonical(word)
                except ValueError:
                    continue
