"""A frame on a Linux bridge: handed up to the IP stack or switched to another port, with br_netfilter or without.

Sources: net/bridge/br_input.c br_handle_frame_finish(), br_forward.c should_deliver(), br_netfilter_hooks.c
br_nf_pre_routing_finish(), ip_sabotage_in().
"""

from __future__ import annotations

from engine.hooks import Hook
from engine.netfilter.stack import Skb
from engine.network import checks
from engine.network.devices import Device
from engine.network.host import Host
from engine.network.routes import number
from engine.packet import L4
from engine.trace import ReasonCode, Stage, Text
from engine.walk.hooks import run_hook
from engine.walk.ip import receive
from engine.walk.link import out_of_port, port_of, resolve
from engine.walk.lookups import neighbour_lookup
from engine.walk.state import Died, Frame, Step, TapWay, WalkState
from engine.words import hops as hop_words


def enter(state: WalkState, host: Host, port: Device, frame: Frame) -> Step:
    """A frame that comes in by a bridge port."""
    assert port.master is not None
    bridge = host.devices[port.master]
    filtered = host.sysctls.bridge_nf_call_iptables
    target = frame.target
    skb = frame.skb
    # bridge-nf-call-iptables=1: the frame meets the IP hooks as if the bridge were the device it came in by, so that
    # KUBE-SERVICES sees connections between pods of one node too (br_nf_pre_routing).
    if filtered:
        skb.physdev_in = port.name
        before = skb.flow.dst
        result = run_hook(state, host, Hook.PREROUTING, skb, in_device=bridge.name)
        if isinstance(result, Died):
            return result
        if skb.flow.dst != before:
            # The Ethernet header still names the old next hop: br_nf_pre_routing_finish looks the new one up.
            moved = _after_nat(state, host, bridge, skb)
            if isinstance(moved, Died):
                return moved
            target = moved
            # The next hop is not behind this bridge, so the frame has to be routed, and PREROUTING is not run again
            # (ip_sabotage_in).
            if target[0] == host.name:
                state.tap(host, bridge.name, skb, TapWay.IN)
                to = skb.flow.dst
                state.hop(host, bridge.name, Stage.BRIDGE, skb, lambda: hop_words.bridge_up_after_nat(bridge.name, to))
                return receive(state, host, bridge.name, skb, prerouted=True)
            return _switch(state, host, bridge, port, target, skb, filtered=True, moved=True)
    if target[0] == host.name:
        state.tap(host, bridge.name, skb, TapWay.IN)
        state.hop(host, bridge.name, Stage.BRIDGE, skb, lambda: hop_words.bridge_up(bridge.name))
        return receive(state, host, bridge.name, skb, prerouted=filtered)
    return _switch(state, host, bridge, port, target, skb, filtered=filtered, moved=False)


def _after_nat(state: WalkState, host: Host, bridge: Device, skb: Skb) -> tuple[str, str] | Died:
    """Where a frame goes whose destination NAT has changed: on by the bridge if its next hop is there, else up."""
    # The route for the rewritten destination is an input route, with all its checks of source and destination.
    refused = checks.refuses(host, bridge.name, skb.flow.src, skb.flow.dst)
    if refused is not None:
        return state.lost(host, refused, skb, device=bridge.name)
    up = (host.name, bridge.name)
    if host.is_local(skb.flow.dst):
        return up
    if not host.sysctls.ip_forward and number(skb.flow.dst)[0] == 4:
        # IPv4's route is then an unreachable one by lo, so the IP stack gets the frame and refuses to forward it.
        return up
    route = host.lookup(skb.flow.dst, skb.flow.src, skb.mark, bridge.name)
    if route is None or route.kind != "unicast":
        return state.lost(host, ReasonCode.NO_ROUTE, skb)
    if route.device != bridge.name:
        return up
    next_hop = route.via or skb.flow.dst
    target = resolve(state, host, bridge, next_hop)
    if state.taps is not None and number(next_hop)[0] == 4:
        # br_nf_pre_routing_finish_bridge() sends it by the neighbour entry of the host's own.
        state.lookups.append(neighbour_lookup(state, host, bridge, next_hop, skb, target))
    if target is None:
        asked = "again" if skb.flow.protocol is L4.TCP and skb.state == "NEW" else "sender"
        return state.lost(host, ReasonCode.NO_NEIGHBOUR, skb, device=bridge.name, next_hop=next_hop, asked=asked)
    return target


def _switch(
    state: WalkState,
    host: Host,
    bridge: Device,
    port: Device,
    target: tuple[str, str],
    skb: Skb,
    *,
    filtered: bool,
    moved: bool,
) -> Step:
    """br_forward: to the port behind which the target is, but not back out of the one it came in by, unless that is
    in hairpin mode. With br_netfilter FORWARD and POSTROUTING see the frame with the bridge as their device."""
    out = port_of(state, target[0])
    state.tap(host, bridge.name, skb, TapWay.SWITCHED)
    # should_deliver(): flooding a frame back to its sender would be a loop, so without hairpin_mode the port is left
    # out. This is why a pod cannot reach itself through its Service where the CNI does not set it.
    if out == port.name and not port.hairpin:
        return state.lost(host, ReasonCode.BRIDGE_REFUSES_SAME_PORT, skb, bridge=bridge.name, port=port.name)

    def note() -> Text:
        if out == port.name:
            return hop_words.bridge_hairpin(bridge.name, out, skb.flow.dst)
        if moved:
            return hop_words.bridge_switch_after_dnat(bridge.name, out, skb.flow.dst)
        return hop_words.bridge_switch(bridge.name, out, target[0])

    state.hop(host, bridge.name, Stage.BRIDGE, skb, note)
    if not filtered and state.fabric.has_policies:
        from engine.walk.policy import note_bridged

        note_bridged(state, host, skb)
    if filtered:
        skb.physdev_out = out
        # br_nf_forward_ip and br_nf_post_routing: a switched packet is forwarded traffic to netfilter too.
        for hook in (Hook.FORWARD, Hook.POSTROUTING):
            result = run_hook(
                state,
                host,
                hook,
                skb,
                in_device=bridge.name if hook is Hook.FORWARD else None,
                out_device=bridge.name,
                next_hop=skb.flow.dst,
            )
            if isinstance(result, Died):
                return result
    return out_of_port(state, host, out, target, skb)
