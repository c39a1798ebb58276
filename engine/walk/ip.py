"""Layer 3: what a host does with a packet that comes in, and with one it sends itself.

Sources: net/ipv4/ip_input.c, ip_forward.c, ip_output.c, route.c; net/ipv4/netfilter.c ip_route_me_harder().
"""

from __future__ import annotations

from engine.fabric.hosts import ROUTER
from engine.hooks import Hook
from engine.netfilter.skb import NetfilterVerdict
from engine.netfilter.stack import Skb
from engine.network import checks
from engine.network.devices import Device, DeviceKind, hardware_address, mac
from engine.network.host import Host, HostKind
from engine.network.routes import Route, RouteKind, number
from engine.packet import FiveTuple
from engine.trace import ReasonCode, Stage
from engine.values import replace
from engine.walk.hooks import run_hook
from engine.walk.link import fresh, needs_fragments, transmit
from engine.walk.state import Arrived, Died, Frame, Inside, Outgoing, Step, WalkState
from engine.words import hops as hop_words

# IPv4's, without options.
_HEADER = 20


def receive(
    state: WalkState, host: Host, device: str, skb: Skb, inside: Inside | None = None, prerouted: bool = False
) -> Step:
    """A packet handed to the IP stack. `prerouted`: br_netfilter has taken it through PREROUTING already."""
    if not prerouted:
        result = run_hook(state, host, Hook.PREROUTING, skb, in_device=device, inside=inside)
        if isinstance(result, Died):
            return result
    elif skb.cut_from:
        # br_netfilter has put the fragments together, and ip_rcv_core() forgets how long they were.
        skb.size, skb.cut_from = skb.cut_from, 0
    # After PREROUTING: the source is checked as it came, the destination as DNAT has left it.
    refused = checks.refuses(host, device, skb.flow.src, skb.flow.dst)
    if refused is not None:
        return state.lost(host, refused, skb, device=device)
    # The local table comes before main (ip rule, priority 0): an address of any device of the host is the host's own.
    if host.is_local(skb.flow.dst):
        return _local_in(state, host, device, skb, inside)
    return _forward(state, host, device, skb, inside)


def _local_in(state: WalkState, host: Host, device: str, skb: Skb, inside: Inside | None) -> Step:
    if inside is not None:
        state.remember_outer(host, skb.flow)
    elif host.kind is HostKind.NODE:
        state.hop(host, device, Stage.ROUTING, skb, lambda: hop_words.route_local(skb.flow.dst))
    before = skb.flow
    result = run_hook(state, host, Hook.INPUT, skb, in_device=device, inside=inside)
    if isinstance(result, Died):
        return result
    # IPVS takes the packet at LOCAL_IN and sends it on itself: that is why kube-ipvs0 must hold the Service's address.
    if result.verdict is NetfilterVerdict.STOLEN:
        return _send_on(state, host, skb, before)
    if inside is None:
        return Arrived(host.name, device, skb)
    # An outer packet ends here: its tunnel device takes the header off, and what is inside comes in anew.
    tunnel = _tunnel_device(host, inside)
    if tunnel is None:
        return state.lost(host, ReasonCode.NO_TUNNEL_PEER, skb, device=device, next_hop=inside.outer.src)
    if tunnel.kind is DeviceKind.VXLAN and (inside.mac or mac(host.name, tunnel.name)) != hardware_address(
        host.name, tunnel
    ):
        # eth_type_trans(): PACKET_OTHERHOST, which ip_rcv() drops.
        return state.lost(host, ReasonCode.OTHER_MAC, inside.skb, device=tunnel.name)
    # skb_scrub_packet: the inner packet is a stranger to this host, without mark, connection or state.
    inner = fresh(inside.skb)
    name, outer = tunnel.name, inside.outer
    state.hop(host, name, Stage.DECAPSULATE, inner, lambda: hop_words.decapsulated(name, outer, inner.flow))
    return Frame(host.name, name, inner, (host.name, name))


def _tunnel_device(host: Host, inside: Inside) -> Device | None:
    kind = DeviceKind(inside.outer.kind.lower())
    for device in host.devices.values():
        tunnel = device.tunnel
        if device.kind is not kind or tunnel is None or not device.up or tunnel.local != inside.outer.dst:
            continue
        # vxlan_rcv: a socket by the port, a device by the VNI.
        if (tunnel.vni, tunnel.port) == (inside.outer.vni, inside.outer.dport):
            return device
    return None


def _forward(state: WalkState, host: Host, device: str, skb: Skb, inside: Inside | None) -> Step:
    # Pods are behind the node: without ip_forward every packet that is not for the node itself ends here.
    if not host.sysctls.ip_forward:
        return state.lost(host, ReasonCode.IP_FORWARD_OFF, skb)
    route = _lookup(state, host, skb.flow.dst, skb, device)
    if route is None:
        return state.lost(host, ReasonCode.NO_ROUTE, skb)
    if route.kind is RouteKind.BLACKHOLE:
        return state.lost(host, ReasonCode.BLACKHOLE, skb)
    expired = state.forwarded(host, skb)
    if expired is not None:
        return expired
    # ip_forward(): before FORWARD, with the destination of DNAT and the source as it came.
    if skb.size:
        noted = state.fabric.on_node(host.name).network.ip_forward_use_pmtu if host.kind is HostKind.NODE else False
        mtu = state.path_mtu(host, route.device, skb.flow.dst) if noted else host.devices[route.device].mtu
        if skb.size > mtu and not skb.may_fragment:
            return needs_fragments(state, host, host.devices[route.device], skb, mtu)
        _cut(skb, mtu)
    if host.kind is HostKind.NODE and inside is None:
        state.hop(host, route.device, Stage.ROUTING, skb, lambda: hop_words.route_forward(skb.flow.dst, route))
    elif host.name == ROUTER:
        _note_router(state, host, route, skb, inside)
    result = run_hook(state, host, Hook.FORWARD, skb, in_device=device, out_device=route.device, inside=inside)
    if isinstance(result, Died):
        return result
    return _out(state, host, route, skb, inside)


def _cut(skb: Skb, mtu: int) -> None:
    """Fragments of a packet that is too long (ip_do_fragment): each but the last holds a multiple of 8 bytes. A host that puts
    them together for conntrack cuts it again as it was (IPCB's frag_max_size)."""
    if skb.size > mtu:
        skb.cut_from = skb.cut_from or skb.size
        skb.size = _HEADER + (mtu - _HEADER) // 8 * 8


def _out(state: WalkState, host: Host, route: Route, skb: Skb, inside: Inside | None = None) -> Step:
    next_hop = route.via or skb.flow.dst
    # Only now the outgoing device is certain, and with it the address that MASQUERADE takes.
    result = run_hook(state, host, Hook.POSTROUTING, skb, out_device=route.device, next_hop=next_hop, inside=inside)
    if isinstance(result, Died):
        return result
    return transmit(state, host, host.devices[route.device], next_hop, skb, inside)


def _note_router(state: WalkState, host: Host, route: Route, skb: Skb, inside: Inside | None) -> None:
    fabric = state.fabric
    if route.device == "eth0":
        owner = fabric.neighbours.get(route.via or skb.flow.dst)
        to = owner[0] if owner else skb.flow.dst
        if route.origin == "load-balancer":
            checked = fabric.cluster.network.load_balancer_health_checks
            note = hop_words.load_balancer(skb.flow.dst, to, checked and state.resolved.node is None)
        else:
            note = hop_words.router_on(skb.flow.dst, to)
    else:
        note = hop_words.router_on(skb.flow.dst, fabric.external.get(skb.flow.dst, skb.flow.dst))
    shown = inside.skb if inside else skb
    state.hop(host, route.device, Stage.ROUTING, shown, note, outer=inside.outer if inside else None, mark=0)


def _lookup(state: WalkState, host: Host, destination: str, skb: Skb, in_device: str | None = None) -> Route | None:
    """The table that the host's rules lead to; and on the router the way to the node that foreign packets of this walk are sent to."""
    resolved = state.resolved
    if host.name == ROUTER and state.arrival is not None and destination == resolved.dst:
        node = state.fabric.node(state.arrival)
        via = next((a for a in node.internal_ips if number(a)[0] == number(destination)[0]), None)
        # What a host of the nodes' network has, it answers for itself; what none has, the node that was elected or named.
        if via is not None and destination not in state.fabric.neighbours:
            origin = "load-balancer" if destination in state.fabric.service_index.virtual_addresses else "static"
            prefix = f"{destination}/{32 if number(destination)[0] == 4 else 128}"
            return Route(prefix, "eth0", via, origin=origin)
    return host.lookup(destination, skb.flow.src, skb.mark, in_device)


def send(state: WalkState, packet: Outgoing) -> Step:
    """A packet of the host itself: OUTPUT, routing again where its destination changed, POSTROUTING."""
    host, skb, inside = state.host(packet.host), packet.skb, packet.inside
    if inside is not None:
        state.remember_outer(host, skb.flow)
    # A tunnel's outer packet is its inner one's sender's (skb->sk is kept within one network namespace).
    skb.local = inside is None or inside.skb.local
    skb.owner = state.fabric.process_owner(host.name)
    came, before, unmarked = skb.flow, skb.flow.dst, skb.mark
    # Routed once before OUTPUT, so that connect() has a source address, and again after it where DNAT changed the
    # destination: the source address stays the one the first route chose.
    route = _route_out(state, host, before, skb)
    if route is None:
        return state.lost(host, ReasonCode.NO_ROUTE, skb)
    too_long = _too_long(state, host, route, skb, inside)
    if too_long is not None:
        return too_long
    result = run_hook(state, host, Hook.OUTPUT, skb, out_device=route.device, inside=inside)
    if isinstance(result, Died):
        return result
    if result.verdict is NetfilterVerdict.STOLEN:
        return _send_on(state, host, skb, came)
    if skb.flow.dst == before and skb.mark != unmarked and host.policy is not None:
        # ipt_mangle_out calls ip_route_me_harder where a rule has changed the mark.
        route = _route_out(state, host, before, skb) or route
    if skb.flow.dst != before:
        # nf_nat_ipv4_local_fn calls ip_route_me_harder: what it refuses never leaves the hook.
        rerouted = _reroute(state, host, skb)
        refused = rerouted if isinstance(rerouted, Died) else _refuses_loopback(state, host, rerouted, skb)
        if refused is not None:
            return replace(refused, where=replace(refused.where, hook=Hook.OUTPUT, table="nat"))
        assert isinstance(rerouted, Route)
        route = rerouted
    refused = _refuses_loopback(state, host, route, skb)
    if refused is not None:
        return refused
    if skb.size:
        mtu = state.path_mtu(host, route.device, skb.flow.dst)
        if skb.size > mtu and not skb.may_fragment:
            # Another route than the one that the packet was made for (ip_finish_output): the host tells itself.
            return needs_fragments(state, host, host.devices[route.device], skb, mtu)
        _cut(skb, mtu)
    return _out(state, host, route, skb, inside)


def _too_long(state: WalkState, host: Host, route: Route, skb: Skb, inside: Inside | None) -> Died | None:
    """The end of a packet with DF that its own host does not make so long (ip_append_data: EMSGSIZE), or an outer one that
    it does not cut (ip_fragment)."""
    if not skb.size or skb.may_fragment:
        return None
    mtu = state.path_mtu(host, route.device, skb.flow.dst)
    if skb.size <= mtu:
        return None
    code = ReasonCode.MESSAGE_TOO_LONG if inside is None else ReasonCode.OUTER_TOO_LONG
    died = state.lost(host, code, skb, device=route.device, size=str(skb.size), mtu=str(mtu))
    return replace(died, device=route.device, mtu=mtu)


def _send_on(state: WalkState, host: Host, skb: Skb, before: FiveTuple) -> Step:
    """What IPVS sends on to another host (ip_vs_nat_xmit, decrement_ttl, ensure_mtu_is_adequate): routed, OUTPUT, POSTROUTING.
    `before` is what its ends were when IPVS took it, which an ICMP error is about."""
    route = _reroute(state, host, skb)
    if isinstance(route, Died):
        return route
    expired = state.forwarded(host, skb) if route.device != "lo" else None
    if expired is not None:
        return expired
    if skb.size and route.device != "lo":
        mtu = state.path_mtu(host, route.device, skb.flow.dst)
        if skb.size > mtu and not skb.may_fragment:
            skb.flow = before
            return needs_fragments(state, host, host.devices[route.device], skb, mtu)
        _cut(skb, mtu)
    result = run_hook(state, host, Hook.OUTPUT, skb, out_device=route.device)
    if isinstance(result, Died):
        return result
    return _out(state, host, route, skb)


def _reroute(state: WalkState, host: Host, skb: Skb) -> Route | Died:
    route = _route_out(state, host, skb.flow.dst, skb)
    if route is None:
        return state.lost(host, ReasonCode.NO_ROUTE, skb)
    text = "dev lo" if route.device == "lo" else route
    state.hop(host, route.device, Stage.ROUTING, skb, lambda: hop_words.reroute(skb.flow.dst, text))
    return route


def _route_out(state: WalkState, host: Host, destination: str, skb: Skb) -> Route | None:
    """The route of a packet the host sends; its own addresses are reached by lo (the local table)."""
    if host.is_local(destination):
        return Route(f"{destination}/{32 if number(destination)[0] == 4 else 128}", "lo")
    route = _lookup(state, host, destination, skb)
    return None if route is None or route.kind != "unicast" else route


def _refuses_loopback(state: WalkState, host: Host, route: Route, skb: Skb) -> Died | None:
    """__mkroute_output: 127.0.0.0/8 leaves the host only where route_localnet allows it."""
    if route.device == "lo" or number(skb.flow.src)[0] == 6 or not host.is_loopback(skb.flow.src):
        return None
    if host.sysctls.localnet(route.device):
        return None
    return state.lost(host, ReasonCode.LOCALNET_OUTPUT, skb, device=route.device)
