"""ip neighbour: what a tunnel's plugin wrote, which is all that stands there before anybody spoke. Source: iproute2 6.1,
ip/ipneigh.c."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from engine.network.devices import DeviceKind
from engine.network.routes import number
from engine.shell.edits import NeighbourSet
from engine.shell.interface import Call, Result, printed
from engine.shell.links import hardware_address, tunnel_mac
from engine.shell.tools.ip.options import BadUsage, Options, address_of, begins


def run(call: Call, options: Options, words: Sequence[str]) -> Result:
    """`ip neighbour [show [dev DEVICE]]`, `ip neighbour add|replace|del ADDRESS [lladdr MAC] dev DEVICE [nud permanent]`."""
    words = list(words)
    if words and begins(words[0], "add", "change", "replace", "delete"):
        return _change(call, words)
    if words and begins(words[0], "show", "list", "lst"):
        words.pop(0)
    elif words and words[0] != "dev":
        raise BadUsage(f"ip: neighbour {words[0]} is not modelled here; there is show")
    device = words[1] if len(words) > 1 and words[0] == "dev" else ""
    if device and device not in call.here.devices:
        raise BadUsage(f'Cannot find device "{device}"', 1)
    lines = []
    for one in call.here.devices.values():
        if one.kind is not DeviceKind.VXLAN or one.tunnel is None or device not in ("", one.name):
            continue
        for hop, outer in one.tunnel.remotes.items():
            owner = call.live.fabric.neighbours.get(outer)
            if owner is None or hop in one.tunnel.unresolved or options.family not in (None, number(hop)[0]):
                continue
            there = call.live.fabric.host(owner[0]).devices.get(one.name, one)
            name = "" if device else f"dev {one.name} "
            lines.append(f"{hop} {name}lladdr {hardware_address(owner[0], there)} PERMANENT ")
    return printed("\n".join(lines))


def _change(call: Call, words: list[str]) -> Result:
    """An entry of a tunnel's next hop; any other is found anew by ARP."""
    verb, rest = words[0], words[1:]
    values = dict(itertools.pairwise(rest))
    device = call.here.devices.get(values.get("dev", ""))
    if "dev" not in values:
        raise BadUsage("Device and destination are required arguments.")
    if device is None:
        raise BadUsage(f'Cannot find device "{values["dev"]}"', 1)
    hop = address_of(rest[0])
    if device.kind is not DeviceKind.VXLAN or device.tunnel is None:
        raise BadUsage("ip: neighbours of a tunnel (vxlan) alone are written here; the others are found by ARP")
    if begins(verb, "delete"):
        if hop in device.tunnel.unresolved or hop not in device.tunnel.remotes:
            raise BadUsage("RTNETLINK answers: No such file or directory", 2)
        return Result(live=call.live.edited(call.host, NeighbourSet(device.name, hop, known=False)))
    if "lladdr" not in values:
        raise BadUsage("RTNETLINK answers: Invalid argument", 2)
    if begins(verb, "add") and hop in device.tunnel.remotes and hop not in device.tunnel.unresolved:
        raise BadUsage("RTNETLINK answers: File exists", 2)
    known = values["lladdr"] == tunnel_mac(call.live, device, hop, "")
    return Result(live=call.live.edited(call.host, NeighbourSet(device.name, hop, known=known)))
