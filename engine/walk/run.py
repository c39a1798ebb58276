"""Following one packet from host to host until it arrives or dies."""

from __future__ import annotations

from engine.errors import UnsupportedFeature
from engine.limits import MOST_STEPS
from engine.network.devices import DeviceKind
from engine.network.host import Host, HostKind
from engine.trace import Stage
from engine.walk.bridge import enter
from engine.walk.ip import receive, send
from engine.walk.state import Arrived, Died, Frame, Outgoing, Step, TapWay, WalkState
from engine.words import hops as hop_words


def run_to_end(state: WalkState, step: Step) -> Arrived | Died:
    """Follow a packet to its end. Raises UnsupportedFeature for one that goes on although no host forwards it."""
    for _ in range(MOST_STEPS):
        if isinstance(step, Arrived | Died):
            return step
        state.steps += 1
        at = step.host
        step = send(state, step) if isinstance(step, Outgoing) else _come_in(state, step)
    raise UnsupportedFeature(
        f"after {MOST_STEPS} steps the packet is still on its way, last at {at}: a circle without a router, "
        "which is not modelled",
        zh=f"经过 {MOST_STEPS} 步后数据包仍在途中（最后位于 {at}）：不经路由器的环路，未建模",
    )


def _come_in(state: WalkState, frame: Frame) -> Step:
    host = state.host(frame.host)
    device = host.devices[frame.device]
    way = TapWay.IN if device.master is None else TapWay.OTHER_HOST
    state.tap(host, device.name, frame.skb, way, inside=frame.inside)
    if host.kind is HostKind.NODE:
        _note_entry(state, host, frame)
    if device.master is not None:
        return enter(state, host, device, frame)
    return receive(state, host, frame.device, frame.skb, frame.inside)


def _note_entry(state: WalkState, host: Host, frame: Frame) -> None:
    device = host.devices[frame.device]
    outer = frame.inside.outer if frame.inside else None
    shown = frame.inside.skb if frame.inside else frame.skb
    if device.kind is DeviceKind.ETHERNET:
        state.hop(
            host,
            device.name,
            Stage.NIC,
            shown,
            lambda: hop_words.nic(host.name, device.name, outer),
            outer=outer,
            mark=0,
        )
    elif device.kind is DeviceKind.VETH and device.peer is not None:
        pod = device.peer[0]
        state.hop(host, device.name, Stage.VETH, shown, lambda: hop_words.veth_in(pod, host.name, device.name))
