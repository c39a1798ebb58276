"""The same question in another world: one thing of its cluster changed, and the packet walked again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

from engine.cluster import Cluster, Mode, Service
from engine.fabric.without import PARTS
from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.question import QuestionRequest
from k8squiz.world.world import World

# What an iptables packet does not meet, or what only a particular mode has.
_OF_MODE = {"kube-ipvs0": Mode.IPVS, "vs-conntrack": Mode.IPVS, "cluster-ips-check": Mode.NFTABLES}
_MODES = (Mode.IPTABLES, Mode.IPVS, Mode.NFTABLES)
_POLICIES = {"Cluster": "Local", "Local": "Cluster"}


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A change: the word one types for it, what it says, and the cluster or the proxy mode that comes of it."""

    word: str
    meaning: Text
    edit: Callable[[Cluster], Cluster] = lambda cluster: cluster
    mode: Mode | None = None


class ChangedWorld(World):
    """A World in which one thing of every request's cluster is changed."""

    def __init__(self, world: World, change: WhatIf) -> None:
        super().__init__(world.question)
        self._before, self._change = world, change

    def cluster(self, name: str) -> Cluster:
        if name not in self._clusters:
            self._clusters[name] = self._change.edit(self._before.cluster(name))
        return self._clusters[name]

    def request(self, name: str) -> QuestionRequest:
        found = super().request(name)
        return found if self._change.mode is None else dataclasses.replace(found, mode=self._change.mode)


def what_ifs(world: World, name: str) -> tuple[WhatIf, ...]:
    """What can be changed about request `name`: the other modes, the traffic policies, masqueradeAll, a part taken away or
    put back."""
    return tuple(_changes(world.cluster(name), world.request(name).mode))


def _changes(cluster: Cluster, mode: Mode) -> Iterator[WhatIf]:
    for other in _MODES:
        if other is not mode:
            yield WhatIf(
                f"mode={other}", Text(f"kube-proxy in {other} mode", f"kube-proxy 使用 {other} 模式"), mode=other
            )
    if any(service.type in ("NodePort", "LoadBalancer") or service.external_ips for service in cluster.services):
        yield from _policy(cluster, "external-policy", "external_traffic_policy", "externalTrafficPolicy")
    yield from _policy(cluster, "internal-policy", "internal_traffic_policy", "internalTrafficPolicy")
    masquerade_all = not cluster.proxy.masquerade_all
    yield WhatIf(
        f"masquerade-all={str(masquerade_all).lower()}",
        Text(f"masqueradeAll: {str(masquerade_all).lower()}", f"masqueradeAll: {str(masquerade_all).lower()}"),
        lambda cluster: dataclasses.replace(
            cluster, proxy=dataclasses.replace(cluster.proxy, masquerade_all=masquerade_all)
        ),
    )
    for part in PARTS.values():
        if part.name in cluster.network.without:
            yield WhatIf(f"with={part.name}", Text(f"{part.name} put back", f"恢复 {part.name}"), _toggled(part.name))
        elif _OF_MODE.get(part.name, mode) is mode:
            yield WhatIf(f"without={part.name}", part.meaning, _toggled(part.name))


def _toggled(part: str) -> Callable[[Cluster], Cluster]:
    def edit(cluster: Cluster) -> Cluster:
        without = cluster.network.without ^ {part}
        return dataclasses.replace(cluster, network=dataclasses.replace(cluster.network, without=without))

    return edit


def _policy(cluster: Cluster, word: str, field: str, spelled: str) -> Iterator[WhatIf]:
    """The other policy than the first Service's; of every Service, for the packet meets one of them."""
    if not cluster.services:
        return
    other = _POLICIES.get(getattr(cluster.services[0], field), "Local")

    def edit(cluster: Cluster) -> Cluster:
        return dataclasses.replace(cluster, services=tuple(map(changed, cluster.services)))

    def changed(service: Service) -> Service:
        if field == "external_traffic_policy":
            return dataclasses.replace(service, external_traffic_policy=other)
        return dataclasses.replace(service, internal_traffic_policy=other)

    yield WhatIf(f"{word}={other}", Text(f"{spelled}: {other}", f"{spelled}: {other}"), edit)
