"""Which neighbour a packet's next hop is, as the host's neighbour table comes to know it.

Sources: net/ipv4/arp.c (arp_solicit: the address a question comes from; arp_process), net/core/neighbour.c.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.fabric.hosts import LAN
from engine.netfilter.stack import Skb
from engine.network.addresses import arp_source
from engine.network.devices import Device, DeviceKind, hardware_address
from engine.network.host import Host
from engine.network.routes import number
from engine.packet import L4
from engine.trace import ReasonCode
from engine.walk.state import Died, Frame, NeighbourLookup, Outgoing, WalkState

_WITHOUT_ARP = (DeviceKind.LOOPBACK, DeviceKind.IPIP, DeviceKind.DUMMY)


def neighbour_lookups(
    state: WalkState, host: Host, device: Device, next_hop: str, skb: Skb, sent: Frame | Outgoing | Died
) -> Iterator[NeighbourLookup]:
    """What the host learns as `skb` leaves by `device` for `next_hop`, which came to `sent`: nothing where the entry is
    somebody's own and permanent, where the device asks nobody, and of IPv6."""
    if device.kind in _WITHOUT_ARP or not device.up or number(next_hop)[0] == 6 or next_hop in device.fixed_neighbours:
        return
    if device.kind is DeviceKind.VXLAN:
        if device.tunnel is None or (next_hop in device.tunnel.remotes and next_hop not in device.tunnel.unresolved):
            return
        # The question goes into the tunnel like any broadcast, and there is no entry for those.
        owner = None
    elif isinstance(sent, Frame):
        owner = sent.target
    elif isinstance(sent, Died) and sent.where.code is ReasonCode.NO_NEIGHBOUR:
        owner = None
    else:
        # It is found, and the packet is lost on the wire.
        owner = state.fabric.neighbours.get(next_hop) if device.segment == LAN else None
        if owner is None:
            return
    yield neighbour_lookup(state, host, device, next_hop, skb, owner)


def neighbour_lookup(
    state: WalkState, host: Host, device: Device, next_hop: str, skb: Skb, owner: tuple[str, str] | None
) -> NeighbourLookup:
    """The host looks for `next_hop` behind `device`, which `owner` has, None: nobody."""
    source = arp_source(host, device, next_hop, skb.flow) or ""
    answers = "" if owner is None else hardware_address(owner[0], state.host(owner[0]).devices[owner[1]])
    macs = hardware_address(host.name, device), answers
    confirms = skb.local and skb.flow.protocol is L4.TCP
    return NeighbourLookup(host.name, device.name, next_hop, source, owner, macs, confirms)
