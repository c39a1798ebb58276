"""The devices that a packet crosses, as one would draw them on a whiteboard, read off a walk."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Sequence

from engine.packet import split_host_port
from engine.trace import Hop, Stage
from engine.values import dataclass
from k8squiz.world.world import host_name

# The node's end of a pod's veth pair, as flannel, Calico, Cilium and the clouds' plugins call it.
_VETH = re.compile(r"(?:veth|cali|lxc|eni|gke|azv)[0-9a-z]*")
_COMES_IN = frozenset({Stage.NIC, Stage.VETH, Stage.CONNECT, Stage.SOCKET})
# Seldom drawn on a whiteboard: half a step.
_SMALL = frozenset({"veth", "cni0", "cbr0"})


@dataclass(frozen=True, slots=True)
class PathStep:
    """The packet on one device of a host ("" where no device was told). `src` and `dst` are the addresses that count there:
    more than one where NAT happens while the packet is on it, none where none was told. `outer` is the tunnel header's source
    and destination."""

    host: str
    device: str = ""
    src: tuple[str, ...] = ()
    dst: tuple[str, ...] = ()
    outer: tuple[str, ...] = ()

    @property
    def weight(self) -> float:
        return 0.5 if self.device in _SMALL else 1.0


def device_class(name: str) -> str:
    """`veth` for the node's end of a pod's veth pair, whatever it is called; others as they are."""
    return "veth" if _VETH.fullmatch(name) else name


def path_steps(hops: Sequence[Hop], hosts: Collection[str]) -> tuple[PathStep, ...]:
    """A step for each device of one of `hosts` that the packet crosses, in order."""
    return tuple(step for step, _ in steps_with_hops(hops, hosts))


def steps_with_hops(hops: Sequence[Hop], hosts: Collection[str]) -> tuple[tuple[PathStep, tuple[Hop, ...]], ...]:
    """As path_steps, each with the hops on that device that say what the packet looks like there."""
    found: list[tuple[PathStep, tuple[Hop, ...]]] = []
    for (host, device), run in itertools.groupby(hops, key=lambda hop: (host_name(hop.host), hop.device)):
        if host in hosts:
            shown = _shown(list(run), first=not any(step.host == host for step, _ in found))
            outer = next((h.encapsulation for h in shown if h.stage in (Stage.WIRE, Stage.NIC)), None)
            header = () if outer is None else (str(outer.src), str(outer.dst))
            src, dst = _once(hop.src for hop in shown), _once(hop.dst for hop in shown)
            found.append((PathStep(host, device_class(device), src, dst, header), tuple(shown)))
    return tuple(found)


def _shown(run: list[Hop], first: bool) -> list[Hop]:
    """The hops that say what the packet looks like on the device: before any NAT where it comes in, after all where it goes
    out, both on a bridge that it comes in by and is routed from."""
    if run[0].stage is Stage.DECAPSULATE or first and run[0].stage in _COMES_IN:
        return run[:1]
    return run if run[0].stage is Stage.PREROUTING else run[-1:]


def _once(endpoints: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(split_host_port(endpoint)[0] for endpoint in endpoints))
