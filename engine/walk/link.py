"""Layer 2: a packet leaves a host by one of its devices and comes in at another host's."""

from __future__ import annotations

from engine.errors import NoSuchObject
from engine.fabric.hosts import LAN, OUTSIDE, ROUTER
from engine.limits import INITIAL_TTL
from engine.netfilter.skb import NetfilterVerdict
from engine.netfilter.stack import Passage, Skb
from engine.network.addresses import icmp_source
from engine.network.devices import Device, DeviceKind
from engine.network.host import Host, HostKind
from engine.network.routes import number
from engine.network.tunnel import encapsulate
from engine.packet import L4, FiveTuple
from engine.trace import ReasonCode, Stage
from engine.values import replace
from engine.walk.lookups import neighbour_lookups
from engine.walk.state import Died, Frame, Inside, Outgoing, TapWay, WalkState
from engine.words import hops as hop_words


def fresh(skb: Skb) -> Skb:
    """The packet on another host: mark, connection and state stay behind."""
    return Skb(
        skb.flow,
        segment=skb.segment,
        error_about=skb.error_about,
        error_kind=skb.error_kind,
        ttl=skb.ttl,
        size=skb.size,
        segment_size=skb.segment_size,
        may_fragment=skb.may_fragment,
        cut_from=skb.cut_from,
    )


def transmit(
    state: WalkState, host: Host, device: Device, next_hop: str, skb: Skb, inside: Inside | None = None
) -> Frame | Outgoing | Died:
    """Send `skb` out of `device` to the owner of `next_hop`."""
    at = None if state.taps is None else len(state.taps)
    result = _send_out(state, host, device, next_hop, skb, inside)
    # Where nobody answers for the next hop, ARP's question is all that leaves.
    if not (isinstance(result, Died) and result.where.code is ReasonCode.NO_NEIGHBOUR):
        state.tap(host, device.name, skb, TapWay.OUT, inside=inside, at=at)
    if state.taps is not None:
        state.lookups += neighbour_lookups(state, host, device, next_hop, skb, result)
    return result


def _send_out(
    state: WalkState, host: Host, device: Device, next_hop: str, skb: Skb, inside: Inside | None
) -> Frame | Outgoing | Died:
    if device.kind is DeviceKind.LOOPBACK:
        # loopback_xmit: skb_orphan.
        skb.local, skb.owner = False, None
        return Frame(host.name, device.name, skb, (host.name, device.name), inside)
    if device.kind in (DeviceKind.VXLAN, DeviceKind.IPIP):
        return _into_tunnel(state, host, device, next_hop, skb, inside)
    if device.kind is DeviceKind.BRIDGE:
        return _out_of_bridge(state, host, device, next_hop, skb)
    if device.kind is DeviceKind.VETH:
        return _across_veth(state, host, device, next_hop, skb)
    if device.segment == OUTSIDE:
        return _outside(state, host, device, skb)
    return _on_lan(state, host, device, next_hop, skb, inside)


def _on_lan(
    state: WalkState, host: Host, device: Device, next_hop: str, skb: Skb, inside: Inside | None
) -> Frame | Died:
    # ARP or NDP asks on one Ethernet network; who is not on it does not answer.
    found = state.fabric.neighbours.get(next_hop) if device.segment == LAN and device.up else None
    if found is None or not state.host(found[0]).devices[found[1]].up:
        asked = "sender" if inside is None else "nobody"
        return state.lost(host, ReasonCode.NO_NEIGHBOUR, skb, device=device.name, next_hop=next_hop, asked=asked)
    outer = inside.outer if inside else None
    shown = inside.skb if inside else skb
    if _not_carried(state, host.name, found[0], skb.flow):
        return state.lost(host, ReasonCode.UNDERLAY_DROP, skb, device=device.name)
    too_much = _more_than_the_underlay_carries(state, host, device, skb)
    if too_much is not None:
        return too_much
    if host.kind is HostKind.NODE:
        to = found[0]
        state.hop(
            host,
            device.name,
            Stage.WIRE,
            shown,
            lambda: hop_words.wire(host.name, device.name, to, outer),
            outer=outer,
            mark=0,
        )
    return Frame(*found, fresh(skb), found, inside)


def _more_than_the_underlay_carries(state: WalkState, host: Host, device: Device, skb: Skb) -> Died | None:
    """A switch is no router: what is too long for it is gone, and so are fragments that it drops; nobody is told."""
    network = state.fabric.cluster.network
    if skb.cut_from and network.underlay_drops_fragments:
        facts = {"device": device.name, "size": str(skb.cut_from), "mtu": str(device.mtu)}
        return state.lost(host, ReasonCode.FRAGMENTS_DROPPED, skb, **facts)
    if network.underlay_mtu and skb.size > network.underlay_mtu:
        facts = {"device": device.name, "size": str(skb.size), "mtu": str(network.underlay_mtu)}
        return state.lost(host, ReasonCode.UNDERLAY_MTU, skb, **facts)
    return None


def _not_carried(state: WalkState, source: str, destination: str, flow: FiveTuple) -> bool:
    """Whether a fact says that the network between the nodes drops it: a firewall goes by the destination's port."""
    return any(
        drop.protocol is flow.protocol
        and drop.port in (0, flow.dport)
        and drop.source in (None, source)
        and drop.destination in (None, destination)
        for drop in state.fabric.cluster.network.underlay_drops
    )


def _outside(state: WalkState, host: Host, device: Device, skb: Skb) -> Frame | Died:
    """Beyond the router everybody reaches everybody; what nobody owns is lost there."""
    # An external host has the router as its only way in.
    if host.name != ROUTER:
        found = (ROUTER, "eth1")
        return Frame(*found, fresh(skb), found)
    resolved = state.resolved
    stray = state.fabric.pod_owner_at(skb.flow.dst)
    if stray is not None and stray.node not in state.fabric.nodes:
        raise NoSuchObject(
            f"{skb.flow.dst} ({stray.key}) is on node {stray.node!r}, which the manifests do not hold",
            zh=f"{skb.flow.dst}（{stray.key}）位于节点 {stray.node!r}，而清单中没有该节点",
        )
    owner = resolved.host if skb.flow.dst == resolved.src else state.fabric.external.get(skb.flow.dst)
    if owner is None and skb.flow.dst == resolved.dst and state.fabric.is_of_the_world(skb.flow.dst):
        owner = skb.flow.dst
    if owner is None or state.host(owner).kind is not HostKind.EXTERNAL:
        return state.lost(host, ReasonCode.NO_SUCH_HOST, skb)
    return Frame(owner, "eth0", fresh(skb), (owner, "eth0"))


def _across_veth(state: WalkState, host: Host, device: Device, next_hop: str, skb: Skb) -> Frame | Died:
    assert device.peer is not None
    peer_host, peer_device = device.peer
    peer = state.host(peer_host)
    master = peer.devices[peer_device].master
    # A routed veth: the node's end. A bridge port: whoever on the bridge has the address.
    if not (device.up and peer.devices[peer_device].up):
        # A veth whose other end is down has no carrier.
        target = None
    elif master is None:
        known = next_hop in device.fixed_neighbours or _answers_arp(peer, peer.devices[peer_device], next_hop)
        target = (peer_host, peer_device) if known else None
    else:
        target = resolve(state, peer, peer.devices[master], next_hop)
    if target is None:
        return state.lost(host, ReasonCode.NO_NEIGHBOUR, skb, device=device.name, next_hop=next_hop)
    if host.kind is HostKind.NODE:
        state.hop(host, device.name, Stage.VETH, skb, lambda: hop_words.veth_out(peer_host, device.name))
    return Frame(peer_host, peer_device, fresh(skb), target)


def _answers_arp(peer: Host, device: Device, address: str) -> bool:
    """Whether the other end of a routed veth answers for `address`: its own, or by proxy_arp, which works only where the
    node forwards (net/ipv4/arp.c arp_process, IN_DEV_FORWARD); IPv6's gateway is the device's own address."""
    if peer.kind is not HostKind.NODE or peer.is_local(address) or number(address)[0] == 6:
        return True
    return device.proxy_arp and peer.sysctls.ip_forward


def resolve(state: WalkState, node: Host, bridge: Device, address: str) -> tuple[str, str] | None:
    """Who answers for `address` on the bridge: the node for any address of its own, or a pod plugged into it."""
    if node.is_local(address):
        return node.name, bridge.name
    pod_owner = state.fabric.pod_owner_at(address)
    if pod_owner is None or pod_owner.node != node.name or not bridge.up:
        return None
    port = node.devices.get(port_of(state, pod_owner.host))
    plugged_in = port is not None and port.up and port.master == bridge.name
    if not plugged_in or not state.host(pod_owner.host).devices["eth0"].up:
        return None
    return pod_owner.host, "eth0"


def port_of(state: WalkState, pod: str) -> str:
    """The bridge port that the pod is plugged into."""
    device = state.host(pod).devices["eth0"]
    assert device.peer is not None
    return device.peer[1]


def _out_of_bridge(state: WalkState, host: Host, bridge: Device, next_hop: str, skb: Skb) -> Frame | Died:
    """br_dev_xmit: a packet of the host itself, or one it routed, goes to the port its next hop is behind."""
    target = resolve(state, host, bridge, next_hop)
    # The bridge floods the ARP request to its ports; only what is plugged in can answer.
    if target is None or target[0] == host.name:
        return state.lost(host, ReasonCode.NO_NEIGHBOUR, skb, device=bridge.name, next_hop=next_hop)
    port = port_of(state, target[0])
    to = target[0]
    state.hop(host, bridge.name, Stage.BRIDGE, skb, lambda: hop_words.bridge_switch(bridge.name, port, to))
    return out_of_port(state, host, port, target, skb)


def out_of_port(state: WalkState, host: Host, port: str, target: tuple[str, str], skb: Skb) -> Frame:
    """The last metre: through a bridge port into the pod behind it."""
    state.tap(host, port, skb, TapWay.OUT)
    state.hop(host, port, Stage.VETH, skb, lambda: hop_words.veth_out(target[0], port))
    return Frame(*target, fresh(skb), target)


def _into_tunnel(
    state: WalkState, host: Host, device: Device, next_hop: str, skb: Skb, inside: Inside | None
) -> Frame | Outgoing | Died:
    outer, network = encapsulate(device, next_hop, skb.flow), state.fabric.cluster.network
    if outer is None:
        return state.lost(host, ReasonCode.NO_TUNNEL_PEER, skb, device=device.name, next_hop=next_hop)
    local = host.is_local(outer.dst)
    if local and outer.kind == "VXLAN":
        # vxlan_xmit_one() hands it to its own device as it is, and for this host (vxlan_encap_bypass: PACKET_HOST): what is
        # forwarded comes here again until its TTL is used up, what the host sends itself is a martian then.
        if not host.is_local(skb.flow.src):
            note = hop_words.tunnel_bypassed(device.name, outer.dst, host.name)
            state.hop(host, device.name, Stage.ENCAPSULATE, skb, note)
            return Frame(host.name, device.name, skb, (host.name, device.name))
        return state.lost(host, ReasonCode.TUNNEL_TO_ITSELF, skb, device=device.name, outer_dst=outer.dst)
    route = None if local else host.lookup(outer.dst, outer.src)
    if inside is not None or (route is not None and route.device == device.name):
        # vxlan_get_route() and ip_tunnel_xmit() drop what would leave by the tunnel itself (-ELOOP, "collisions").
        return state.lost(host, ReasonCode.TUNNEL_LOOP, skb, device=device.name, outer_dst=outer.dst)
    state.hop(
        host, device.name, Stage.ENCAPSULATE, skb, lambda: hop_words.encapsulated(device.name, outer), outer=outer
    )
    flow = (
        FiveTuple(L4.UDP, outer.src, outer.sport or 0, outer.dst, outer.dport or 0)
        if outer.kind == "VXLAN"
        else FiveTuple(L4.IPIP, outer.src, 0, outer.dst, 0)
    )
    # skb_scrub_packet within one network namespace forgets the connection but keeps the mark.
    # VXLAN's outer packet has a TTL of its own (ip4_dst_hoplimit), IPIP's inherits the inner one's (ip_tunnel_xmit).
    ttl = INITIAL_TTL if outer.kind == "VXLAN" else skb.ttl
    size = skb.size + outer.overhead if skb.size else 0
    carried = host.devices[route.device].mtu - outer.overhead if route is not None else 0
    if route is not None and skb.size > carried:
        # skb_tunnel_check_pmtu(), tnl_update_pmtu(): the host notes for the inner destination what its own way carries.
        state.note_path_mtu(host, skb.flow.dst, carried)
        if outer.kind == "IPIP" and not skb.may_fragment:
            return needs_fragments(state, host, device, skb, carried)
    # ip_tunnel_xmit() takes the inner packet's DF over, vxlan has one of its own.
    whole = network.tunnel_df if outer.kind == "VXLAN" else not skb.may_fragment
    packet = Skb(flow, mark=skb.mark, ttl=ttl, size=size, may_fragment=not whole)
    known = device.tunnel.macs.get(next_hop, "") if device.tunnel is not None else ""
    return Outgoing(host.name, packet, Inside(skb, outer, known))


def needs_fragments(state: WalkState, host: Host, device: Device, skb: Skb, mtu: int) -> Died:
    """The end of a packet with DF that is longer than the way on: ICMP 3/4 (IPv6: packet too big) to its sender."""
    told = Passage(NetfilterVerdict.REJECT, reject_with="icmp-fragmentation-needed")
    error = state.netfilter(host).reject_error(skb, icmp_source(host, skb.flow), told)
    facts = {"device": device.name, "size": str(skb.size), "mtu": str(mtu)}
    died = state.lost(host, ReasonCode.FRAGMENTATION_NEEDED, skb, **facts)
    answer = None if error is None else Outgoing(host.name, error)
    return replace(died, answer=answer, device=device.name, mtu=mtu)
