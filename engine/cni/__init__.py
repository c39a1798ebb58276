"""CNI plugins by name. A plugin says which devices and routes it gives to nodes and pods.

No rule is evaluated here and no packet moves. Plugins do not know each other.
"""

from __future__ import annotations

from engine.cni.calico import Calico
from engine.cni.flannel import Flannel
from engine.cni.interface import NodePlan, Plugin, PodPlan, Wiring
from engine.errors import UnsupportedFeature

__all__ = ["PLUGINS", "NodePlan", "Plugin", "PodPlan", "Wiring", "plugin_named"]

PLUGINS: dict[str, Plugin] = {plugin.name: plugin for plugin in (Flannel(), Calico())}


def plugin_named(name: str, backend: str) -> Plugin:
    """The plugin `name`; raises UnsupportedFeature for one, or a backend of it, that is not modelled."""
    plugin = PLUGINS.get(name)
    if plugin is None:
        raise UnsupportedFeature(
            f"CNI plugin {name!r} is not modelled; known plugins: {', '.join(sorted(PLUGINS))}",
            zh=f"CNI 插件 {name!r} 未建模；已知插件：{'、'.join(sorted(PLUGINS))}",
        )
    if backend not in plugin.backends:
        known = ", ".join(plugin.backends)
        raise UnsupportedFeature(
            f"{name}'s backend {backend!r} is not modelled; known backends: {known}",
            zh=f"{name} 的后端 {backend!r} 未建模；已知后端：{known}",
        )
    return plugin
