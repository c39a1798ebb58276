"""CNI plugins by name, a folder each: how a plugin is told from manifests, which devices, routes and addresses it gives.

No rule is evaluated here and no packet moves. Plugins do not know each other, and nothing else names one.
"""

from __future__ import annotations

from engine.cluster import CNIConfig, Node
from engine.cni.calico.plugin import Calico
from engine.cni.canal.plugin import Canal
from engine.cni.flannel.plugin import Flannel
from engine.cni.interface import NodePlan, Plugin, PodPlan, Wiring
from engine.cni.kindnet.plugin import Kindnet
from engine.cni.kubenet.plugin import Kubenet
from engine.cni.vpc.plugin import NAME as NATIVE
from engine.cni.vpc.plugin import VpcNative, native_config
from engine.errors import UnsupportedFeature

__all__ = [
    "NATIVE",
    "PLUGINS",
    "NodePlan",
    "Plugin",
    "PodPlan",
    "Wiring",
    "cni_addresses",
    "native_config",
    "plugin_named",
    "refuse_unmodelled",
]

_FLANNEL, _CALICO = Flannel(), Calico()
# In the order in which they are asked what manifests tell: Canal has the signs of two others, and a node of kind any's.
_ALL: tuple[Plugin, ...] = (Canal(_FLANNEL, _CALICO), _FLANNEL, _CALICO, VpcNative(), Kubenet(), Kindnet())
PLUGINS: dict[str, Plugin] = {plugin.name: plugin for plugin in _ALL}


def plugin_named(name: str, backend: str) -> Plugin:
    """The plugin `name`; raises UnsupportedFeature for one, or a backend of it, that is not modelled."""
    plugin = PLUGINS.get(name)
    if plugin is None:
        raise UnsupportedFeature(
            f"CNI plugin {name!r} is not modelled; known plugins, which a Network document's cni may name:"
            f" {', '.join(sorted(PLUGINS))}",
            zh=f"CNI 插件 {name!r} 未建模；已知插件（可用 Network 文档的 cni 指定）：{'、'.join(sorted(PLUGINS))}",
        )
    if backend not in plugin.backends:
        known = ", ".join(plugin.backends)
        raise UnsupportedFeature(
            f"{name}'s backend {backend!r} is not modelled; known backends: {known}",
            zh=f"{name} 的后端 {backend!r} 未建模；已知后端：{known}",
        )
    return plugin


def refuse_unmodelled(config: CNIConfig) -> None:
    """Raise UnsupportedFeature where the plugin is told to do what leads packets another way than is modelled."""
    if config.unmodelled:
        what = config.unmodelled[0]
        raise UnsupportedFeature(f"{what} is not modelled", zh=f"{what} 未建模")


def cni_addresses(config: CNIConfig, node: Node) -> tuple[str, ...]:
    """What the devices of the CNI hold on `node`, which kube-proxy finds among the node's addresses like any other;
    nothing where the manifests do not name the CNI."""
    plugin = PLUGINS.get(config.plugin)
    return () if config.assumed or plugin is None else plugin.addresses(config, node)
