"""bridge(8): ports and forwarding entries of a node's devices. Source: iproute2 6.1, bridge/link.c, bridge/fdb.c."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from engine.network.devices import Device, DeviceKind, hardware_address
from engine.packet import canonical, is_ipv6
from engine.shell.edits import LinkSet, TunnelEndSet, TunnelPeerSet
from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed, printed
from engine.shell.learned_ports import AGEING_TIME
from engine.shell.links import Link, links, tunnel_hops, tunnel_mac

# Groups that every Ethernet device of a host has joined: all nodes, IPv6's and IPv4's; a bridge that snoops all snoopers too.
_ALL = ("33:33:00:00:00:01", "01:00:5e:00:00:01")
_SNOOPERS = ("33:33:00:00:00:01", "01:00:5e:00:00:6a", "33:33:00:00:00:6a", "01:00:5e:00:00:01")
_GROUPS = {DeviceKind.ETHERNET: _ALL, DeviceKind.VETH: _ALL, DeviceKind.BRIDGE: _SNOOPERS}


def run(call: Call) -> Result:
    """`bridge [-d] link [show [dev DEVICE]]`, `bridge link set dev DEVICE hairpin on|off`,
    `bridge fdb [show [dev|br DEVICE]]`, `bridge fdb append|del MAC dev DEVICE dst ADDRESS`."""
    words = [word for word in call.args if word not in ("-d", "-details")]
    details = len(words) < len(call.args)
    if not words:
        return failed("Usage: bridge [ OPTIONS ] OBJECT { COMMAND | help }", 255)
    rest = words[1:]
    if "link".startswith(words[0]):
        return _set(call, rest[1:]) if rest[:1] == ["set"] else _links(call, rest, details)
    if "fdb".startswith(words[0]):
        if rest[:1] in (["append"], ["add"], ["replace"], ["del"], ["delete"]):
            return _change(call, rest)
        return _fdb(call, rest)
    if words[0] in ("vlan", "mdb", "vni", "monitor"):
        return failed(f"bridge: {words[0]} is not modelled here; there are link and fdb")
    return failed(f'Object "{words[0]}" is unknown, try "bridge help".', 255)


def _value(words: list[str], *names: str) -> str:
    return next((words[at + 1] for at, word in enumerate(words[:-1]) if word in names), "")


def _links(call: Call, words: list[str], details: bool) -> Result:
    asked = _value(words, "dev")
    if asked and asked not in call.here.devices:
        return failed(f'Cannot find device "{asked}"', 255)
    lines = []
    for link in links(call.live, call.here):
        device = link.device
        if device.master is None or asked not in ("", device.name):
            continue
        state = "forwarding" if link.state == "UP" else "disabled"
        lines.append(
            f"{link.index}: {_name(call, link)}: <{','.join(link.flags)}> mtu {device.mtu} master {device.master} "
            f"state {state} priority 32 cost 2 "
        )
        if details:
            hairpin = "on" if device.hairpin else "off"
            lines.append(
                f"    hairpin {hairpin} guard off root_block off fastleave off learning on flood on mcast_flood on "
                "bcast_flood on mcast_router 1 mcast_to_unicast off neigh_suppress off vlan_tunnel off isolated off locked off "
            )
    return printed("\n".join(lines))


def _name(call: Call, link: Link) -> str:
    """bridge(8) looks the other end's index up among its own namespace's devices (print_linkinfo, ll_index_to_name)."""
    here = {one.index: one.device.name for one in links(call.live, call.here)}
    index = link.peer_index
    return link.device.name if index is None else f"{link.device.name}@{here.get(index, f'if{index}')}"


def _set(call: Call, words: list[str]) -> Result:
    device, hairpin = _value(words, "dev"), _value(words, "hairpin")
    found = call.here.devices.get(device)
    if found is None:
        return failed(f'Cannot find device "{device}"')
    if found.master is None:
        return failed("RTNETLINK answers: Operation not supported")
    if hairpin not in ("on", "off"):
        return failed('Error: argument of "hairpin" must be "on" or "off"')
    return Result(live=call.live.edited(call.host, LinkSet(device, hairpin=hairpin == "on")))


def _fdb(call: Call, words: list[str]) -> Result:
    asked, bridge = _value(words, "dev"), _value(words, "br")
    for name in (asked, bridge):
        if name and name not in call.here.devices:
            return failed(f'Cannot find device "{name}"', 255)
    lines = []
    for device in call.here.devices.values():
        if asked in ("", device.name) and bridge in ("", device.name, device.master):
            name = "" if asked else f"dev {device.name} "
            lines += [f"{mac} {name}{tail}" for mac, tail in _entries(call, device)]
    return printed("\n".join(lines))


def _entries(call: Call, device: Device) -> Iterator[tuple[str, str]]:
    if device.kind is DeviceKind.VXLAN and device.tunnel is not None:
        for hop, outer in device.tunnel.remotes.items():
            yield tunnel_mac(call.live, device, hop, outer), f"dst {outer} self permanent"
        yield from ((mac, f"dst {outer} self permanent") for mac, outer in device.tunnel.ends.items())
        return
    if device.kind is DeviceKind.DUMMY:
        # IPv6 joins all nodes' group when a device is made, which that one stays as long as it is never up (ipv6_add_dev).
        yield "33:33:00:00:00:01", "self permanent"
        return
    groups = () if not device.up or device.kind not in _GROUPS else _GROUPS[device.kind]
    own = device.name if device.kind is DeviceKind.BRIDGE else device.master
    address = hardware_address(call.host, device)
    # A bridge that can filter VLANs, as distributions' kernels have it, holds each address in its default one too.
    held = [(address, f"vlan 1 master {own} permanent"), (address, f"master {own} permanent")] if own else []
    joined = [(group, "self permanent") for group in groups]
    if device.master is not None and device.peer is not None and device.up:
        at = call.live.state(call.host).learned_ports.get(device.name)
        if at is not None and call.live.clock - at < AGEING_TIME:
            behind = call.live.fabric.host(device.peer[0]).devices[device.peer[1]]
            yield hardware_address(device.peer[0], behind), f"master {own} "
    yield from (*joined, *held) if device.kind is DeviceKind.BRIDGE else (*held, *joined)


def _change(call: Call, words: list[str]) -> Result:
    name, outer = _value(words, "dev"), _value(words, "dst")
    device = call.here.devices.get(name)
    if device is None:
        return failed(f'Cannot find device "{name}"')
    if device.kind is not DeviceKind.VXLAN or device.tunnel is None:
        return failed("bridge: entries of a tunnel (vxlan) alone are modelled here")
    gone = words[0].startswith("del")
    refusal = None if gone and not outer else _no_peer(device, outer)
    if refusal is not None:
        return refusal
    mac = words[1] if len(words) > 1 else ""
    hops = [hop for hop, own in device.tunnel.remotes.items() if tunnel_mac(call.live, device, hop, own) == mac]
    hops = hops or [
        hop for hop in tunnel_hops(call.live, call.host, device) if tunnel_mac(call.live, device, hop, "") == mac
    ]
    if not hops:
        return _beside(call, device, words[0], mac, outer)
    edits = (TunnelPeerSet(name, hop, None if gone else canonical(outer)) for hop in hops)
    return Result(live=call.live.edited(call.host, *edits))


def _beside(call: Call, device: Device, verb: str, mac: str, outer: str) -> Result:
    """An entry of a MAC address that no device of the tunnel was made with."""
    assert device.tunnel is not None
    if not re.fullmatch(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}", mac):
        return failed(f"Invalid mac address {mac}", 255)
    gone = verb.startswith("del")
    if gone and mac not in device.tunnel.ends:
        return failed("RTNETLINK answers: No such file or directory", 2)
    if verb == "add" and mac in device.tunnel.ends:
        return failed("RTNETLINK answers: File exists", 2)
    return Result(live=call.live.edited(call.host, TunnelEndSet(device.name, mac, None if gone else canonical(outer))))


def _no_peer(device: Device, outer: str) -> Result | None:
    """What is said of an address that no entry of the tunnel can have (iproute2 get_addr, vxlan_fdb_add); None of one that can."""
    if not outer:
        return failed("bridge: an entry without dst is not modelled here")
    try:
        version = ipaddress.ip_address(outer).version
    except ValueError:
        return failed(f'Error: any valid address is expected rather than "{outer}".')
    known = device.tunnel.remotes.values() if device.tunnel is not None else ()
    if any(peer and is_ipv6(peer) != (version == 6) for peer in known):
        return failed("RTNETLINK answers: Address family not supported by protocol", 2)
    return None


TOOL = Tool(("bridge",), run, ANYWHERE)
