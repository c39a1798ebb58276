"""ip-masq-agent as manifests tell of it: its DaemonSet's flags, its ConfigMap.

Sources: kubernetes-sigs/ip-masq-agent cmd/ip-masq-agent/ip-masq-agent.go (flags, MasqConfig, syncConfig); Azure/
ip-masq-agent-v2, which reads every file of its folder and never writes --random-fully.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from engine.cluster import MasqueradeAgent
from engine.cni.interface import DaemonSet
from engine.cni.masquerade import PRIVATE, RESERVED
from engine.manifests.fields import Fields

_DAEMON_SETS = ("ip-masq-agent", "azure-ip-masq-agent")
_KEYS = ("config", "ip-masq-agent", "ip-masq-agent-reconciled")


def is_agents(config_map: Fields) -> bool:
    """Whether a ConfigMap is ip-masq-agent's."""
    name = config_map.mapping("metadata").text("name")
    return name == "ip-masq-agent" or name.startswith("azure-ip-masq-agent-config")


def read_agent(
    daemon_sets: Iterable[DaemonSet], config_maps: Iterable[Fields], usual: MasqueradeAgent | None
) -> MasqueradeAgent | None:
    """The agent, where its DaemonSet or its ConfigMap is there, else the network's `usual` one. Raises ManifestError for a
    network that is none."""
    config_maps = tuple(config_maps)
    running = next((one for one in daemon_sets if one.name in _DAEMON_SETS), None)
    names = [config_map.mapping("metadata").text("name") for config_map in config_maps]
    found = [document for config_map in config_maps for document in _documents(config_map)]
    if running is None and not found:
        return usual
    arguments = () if running is None else running.arguments
    azure = any(name.startswith("azure") for name in ([running.name] if running is not None else names))
    if azure and not found and usual is not None:
        # AKS always writes a ConfigMap: it is not among the manifests.
        return usual
    given = [at.network(net) for one in found for net, at in one.strings("nonMasqueradeCIDRs")]
    reserved = (
        tuple(sorted(RESERVED, key=ipaddress.ip_network))
        if _flag(arguments, "nomasq-all-reserved-ranges", False)
        else ()
    )
    told = any("nonMasqueradeCIDRs" in one for one in found)
    return MasqueradeAgent(
        chain=_value(arguments, "masq-chain") or "IP-MASQ-AGENT",
        inside=tuple(dict.fromkeys(given)) if told else (*PRIVATE, *reserved),
        link_local=any(one.boolean("masqLinkLocal") for one in found),
        random_fully=not azure and _flag(arguments, "random-fully", True),
        ipv6=_flag(arguments, "enable-ipv6", False),
    )


def _documents(config_map: Fields) -> list[Fields]:
    data = config_map.mapping("data")
    found: list[Fields] = []
    for key in data.data:
        if key in _KEYS or key.startswith("ip-masq-agent"):
            with data.inside(key) as documents:
                found += documents
    return found


def _value(arguments: Iterable[str], name: str) -> str:
    for argument in arguments:
        flag, _, value = argument.lstrip("-").partition("=")
        if argument.startswith("-") and flag == name:
            return value
    return ""


def _flag(arguments: Iterable[str], name: str, default: bool) -> bool:
    given = [argument for argument in arguments if argument.lstrip("-").partition("=")[0] == name]
    if not given:
        return default
    return given[-1].partition("=")[2].lower() not in ("0", "f", "false")
