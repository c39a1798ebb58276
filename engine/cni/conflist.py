"""The list of CNI plugins (a .conflist, https://www.cni.dev/docs/spec/#configuration-format), as far as portmap is in it."""

from __future__ import annotations

from engine.cluster import PortMap
from engine.cni.interface import ManifestFields

# Options of portmap's that change its rules and are not modelled (plugins/meta/portmap/main.go, PortMapConf).
_OTHER = ("conditionsV4", "conditionsV6", "masqAll")


def port_map_of(conflist: ManifestFields) -> PortMap | None:
    """portmap as the list has it; None where it is not in it."""
    for plugin in conflist.items("plugins"):
        if plugin.text("type") == "portmap":
            return PortMap(
                network=conflist.text("name"),
                snat=plugin.boolean("snat", True),
                backend=plugin.text("backend") or "iptables",
                mark_bit=plugin.integer("markMasqBit", 13, 0, 31),
                mark_chain=plugin.text("externalSetMarkChain"),
                unmodelled=tuple(option for option in _OTHER if option in plugin),
            )
    return None
