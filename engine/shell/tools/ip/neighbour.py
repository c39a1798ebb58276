"""ip neighbour: what a tunnel's plugin wrote, which is all that stands there before anybody spoke. Source: iproute2 6.1,
ip/ipneigh.c."""

from __future__ import annotations

from collections.abc import Sequence

from engine.network.devices import DeviceKind
from engine.network.routes import number
from engine.shell.interface import Call, Result, printed
from engine.shell.links import hardware_address
from engine.shell.tools.ip.options import BadUsage, Options, begins


def run(call: Call, options: Options, words: Sequence[str]) -> Result:
    """`ip neighbour [show [dev DEVICE]]`."""
    words = list(words)
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
            if owner is None or options.family not in (None, number(hop)[0]):
                continue
            there = call.live.fabric.host(owner[0]).devices.get(one.name, one)
            name = "" if device else f"dev {one.name} "
            lines.append(f"{hop} {name}lladdr {hardware_address(owner[0], there)} PERMANENT ")
    return printed("\n".join(lines))
