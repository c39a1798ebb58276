"""ip link: show, set, add, del. Source: iproute2 6.1, ip/ipaddress.c (print_linkinfo), ip/iplink.c."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.network.devices import Device, DeviceKind
from engine.network.host import HostKind
from engine.network.tunnel import overhead
from engine.shell.edits import DeviceAdded, DeviceDeleted, Edit, LinkSet, MasterSet
from engine.shell.interface import Call, Result, printed
from engine.shell.links import Link, links
from engine.shell.tools.ip.options import BadUsage, Options, begins
from engine.values import is_decimal

_BROADCAST = {"loopback": "00:00:00:00:00:00", "ether": "ff:ff:ff:ff:ff:ff", "ipip": "0.0.0.0"}  # noqa: S104


def run(call: Call, options: Options, words: Sequence[str]) -> Result:
    """`ip link [show [DEVICE] | set DEVICE ... | add DEVICE type bridge|dummy | del DEVICE]`."""
    verb = words[0] if words else "show"
    changes = begins(verb, "add", "delete") or (verb != "s" and begins(verb, "set"))
    if changes and call.here.kind is HostKind.POD:
        raise BadUsage("RTNETLINK answers: Operation not permitted", 2)
    if begins(verb, "add"):
        return _add(call, words[1:])
    if changes and begins(verb, "set"):
        return _set(call, words[1:])
    if begins(verb, "delete"):
        return _delete(call, words[1:])
    if begins(verb, "show", "list", "lst"):
        words = words[1:]
    return _show(call, options, words)


def _show(call: Call, options: Options, words: Sequence[str]) -> Result:
    found = links(call.live, call.here)
    words = list(words)
    while words:
        word = words.pop(0)
        if word == "up":
            found = tuple(link for link in found if link.device.up)
        elif word == "master" and words:
            master = words.pop(0)
            found = tuple(link for link in found if link.device.master == master)
        elif word == "type" and words:
            kind = words.pop(0)
            found = tuple(link for link in found if link.device.kind == kind)
        else:
            name = words.pop(0) if word == "dev" and words else word
            found = tuple(link for link in found if link.device.name == name)
            if not found:
                raise BadUsage(f'Device "{name}" does not exist.', 1)
    if options.brief:
        rows = (f"{one.shown_name:<16} {one.state:<14} {one.hardware} <{','.join(one.flags)}> " for one in found)
        return printed("\n".join(rows))
    lines = [
        "\\".join(link_lines(one, options)) if options.oneline else "\n".join(link_lines(one, options)) for one in found
    ]
    return printed("\n".join(lines))


def link_lines(link: Link, options: Options, *, mode: bool = True) -> list[str]:
    """The two lines of a link, `mode` as `ip link` has it and `ip address` has not; with details a third one."""
    device = link.device
    master = "" if device.master is None else f" master {device.master}"
    shown = " mode DEFAULT" if mode else ""
    first = (
        f"{link.index}: {link.shown_name}: <{','.join(link.flags)}> mtu {device.mtu} qdisc {link.qdisc}{master} "
        f"state {link.state}{shown} group default qlen 1000"
    )
    second = f"    link/{link.hardware_type} {link.hardware} brd {_BROADCAST[link.hardware_type]}"
    if link.peer_namespace is not None:
        second += f" link-netnsid {link.peer_namespace}"
    found = [first, second]
    if options.details:
        found += _details(device)
    return found


def _details(device: Device) -> list[str]:
    """What `-d` says of the kind; the long tail of queues and offloads, which says nothing of the network, is left out."""
    tunnel = device.tunnel
    if device.kind is DeviceKind.VXLAN and tunnel is not None:
        return [
            f"    vxlan id {tunnel.vni} local {tunnel.local} dev eth0 srcport 0 0 dstport {tunnel.port} nolearning ttl auto ageing 300"
        ]
    if device.kind is DeviceKind.IPIP and tunnel is not None:
        return [f"    ipip any remote any local {tunnel.local} ttl inherit nopmtudisc"]
    if device.kind is DeviceKind.BRIDGE:
        return [
            "    bridge forward_delay 1500 hello_time 200 max_age 2000 ageing_time 30000 stp_state 0 priority 32768"
        ]
    if device.kind is DeviceKind.VETH:
        port = (
            f" \n    bridge_slave state forwarding hairpin {'on' if device.hairpin else 'off'}" if device.master else ""
        )
        return [f"    veth{port}"]
    return [f"    {device.kind.value}"] if device.kind is DeviceKind.DUMMY else []


def _device(call: Call, name: str) -> Device:
    found = call.here.devices.get(name)
    if found is None:
        raise BadUsage(f'Cannot find device "{name}"', 1)
    return found


def _set(call: Call, words: Sequence[str]) -> Result:
    words = list(words)
    name = ""
    edits: list[Edit] = []
    while words:
        word = words.pop(0)
        if word in ("up", "down"):
            edits.append(LinkSet(name, up=word == "up"))
        elif word in ("mtu", "address") and words:
            value = words.pop(0)
            edits.append(LinkSet(name, mtu=_mtu(call, name, value)) if word == "mtu" else LinkSet(name, mac=_mac(call, name, value)))  # fmt: skip
        elif word == "nomaster":
            edits.append(MasterSet(name, None))
        elif word == "master" and words:
            edits.append(MasterSet(name, _device(call, words.pop(0)).name))
        elif word == "type" and words[:1] == ["bridge_slave"]:
            words.pop(0)
        elif word == "hairpin" and words:
            edits.append(LinkSet(name, hairpin=_on_off(words.pop(0))))
        elif word == "dev" and words:
            name = _device(call, words.pop(0)).name
        elif not name:
            name = _device(call, word).name
        else:
            raise BadUsage(f'Error: either "dev" is duplicate, or "{word}" is a garbage.')
    if not name:
        raise BadUsage('Not enough of information: "dev" argument is required.')
    live = call.live
    if any(isinstance(edit, LinkSet) and edit.up is False for edit in edits):
        live = live.without_neighbours(call.host, name)
    return Result(live=live.edited(call.host, *edits))


def _mtu(call: Call, name: str, word: str) -> int:
    if not is_decimal(word) or len(word) > 9:
        raise BadUsage(f'Error: argument "{word}" is wrong: Invalid "mtu" value')
    if not 68 <= int(word) <= 65535:
        raise BadUsage(
            "Error: mtu less than device minimum." if int(word) < 68 else "Error: mtu greater than device maximum.", 2
        )
    device, under = call.here.devices.get(name), call.here.devices.get("eth0")
    tunnel = None if device is None or device.kind is not DeviceKind.VXLAN else device.tunnel
    if tunnel is not None and under is not None and int(word) > under.mtu - overhead(DeviceKind.VXLAN, tunnel.local):
        # vxlan_change_mtu(): no more than the device below it leaves.
        raise BadUsage("RTNETLINK answers: Invalid argument", 2)
    return int(word)


def _mac(call: Call, name: str, word: str) -> str:
    device = _device(call, name)
    if device.kind is not DeviceKind.VXLAN:
        raise BadUsage("ip: the MAC address of a tunnel (vxlan) alone is changed here")
    mac = word.lower()
    if not re.fullmatch(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}", mac):
        raise BadUsage(f'"{word}" is invalid lladdr.', 1)
    if int(mac[1], 16) & 1:
        raise BadUsage("RTNETLINK answers: Cannot assign requested address", 2)
    return mac


def _on_off(word: str) -> bool:
    if word not in ("on", "off"):
        raise BadUsage(f'Error: argument of "hairpin" must be "on" or "off", not "{word}"')
    return word == "on"


def _add(call: Call, words: Sequence[str]) -> Result:
    words = [word for word in words if word not in ("dev", "name")]
    if "type" not in words or words.index("type") + 1 >= len(words):
        raise BadUsage('Not enough information: "type" argument is required')
    kind = words[words.index("type") + 1]
    if kind not in ("bridge", "dummy"):
        raise BadUsage(f"ip: link add type {kind} is not modelled here; there are bridge and dummy")
    name = words[0]
    if not name or len(name) > 15 or "/" in name or name == "type":
        raise BadUsage(f'Error: argument "{name}" is wrong: "name" not a valid ifname')
    if name in call.here.devices:
        raise BadUsage("RTNETLINK answers: File exists", 2)
    return Result(live=call.live.edited(call.host, DeviceAdded(Device(name, DeviceKind(kind), up=False))))


def _delete(call: Call, words: Sequence[str]) -> Result:
    names = [word for word in words if word != "dev"]
    if not names:
        raise BadUsage('Not enough information: "dev" argument is required.')
    device = _device(call, names[0])
    if device.kind in (DeviceKind.LOOPBACK, DeviceKind.ETHERNET):
        raise BadUsage("RTNETLINK answers: Operation not supported", 2)
    after = call.live.without_neighbours(call.host, device.name).edited(call.host, DeviceDeleted(device.name))
    if device.peer is not None:
        # The two ends of a veth pair go together.
        after = after.edited(device.peer[0], DeviceDeleted(device.peer[1]))
    return Result(live=after)
