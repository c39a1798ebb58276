"""ip neighbour: what a tunnel's plugin or whoever made a veth pair wrote, and what ARP found or asked for in vain. Source:
iproute2 6.1, ip/ipneigh.c; net/core/neighbour.c (neigh_add, neigh_delete).
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterator, Sequence

from engine.network.devices import Device, DeviceKind, hardware_address
from engine.network.routes import contains, number
from engine.shell.edits import NeighbourSet
from engine.shell.interface import Call, Result, printed
from engine.shell.links import tunnel_mac
from engine.shell.live import LiveCluster
from engine.shell.neighbours import without
from engine.shell.tools.ip.options import BadUsage, Options, address_of, begins, prefix_of
from engine.values import dataclass

_PERMANENT = "PERMANENT"
_STATES = ("permanent", "reachable", "noarp", "none", "stale", "incomplete", "delay", "probe", "failed")


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line: `mac` is "" where nobody answers."""

    address: str
    device: str
    mac: str
    state: str


@dataclass(frozen=True, slots=True)
class _Filter:
    """Which entries are meant: None means any."""

    device: str | None = None
    states: frozenset[str] | None = None
    prefix: str | None = None

    def takes(self, entry: _Entry) -> bool:
        return (
            self.device in (None, entry.device)
            and (self.states is None or entry.state.lower() in self.states)
            and (self.prefix is None or contains(self.prefix, entry.address))
        )


def run(call: Call, options: Options, words: Sequence[str]) -> Result:
    """`ip neighbour [show|flush] [[to] PREFIX] [dev DEVICE] [nud STATE]`, `ip neighbour add|change|replace|del ADDRESS
    [lladdr MAC] dev DEVICE [nud permanent]`."""
    words = list(words)
    if words and begins(words[0], "add", "change", "replace", "delete"):
        return _change(call, words)
    if words and begins(words[0], "flush"):
        return _flush(call, words[1:])
    if words and begins(words[0], "show", "list", "lst"):
        words.pop(0)
    elif words and words[0] == "get":
        raise BadUsage("ip: neighbour get is not modelled here; there are show and flush")
    wanted = _filter(call, words)
    lines = []
    for one in _entries(call):
        if not wanted.takes(one) or options.family not in (None, number(one.address)[0]):
            continue
        name = f"dev {one.device} " if wanted.device is None else ""
        known = f"lladdr {one.mac} " if one.mac else ""
        lines.append(f"{one.address} {name}{known}{one.state} ")
    return printed("\n".join(lines))


def _entries(call: Call) -> Iterator[_Entry]:
    written = [one for device in call.here.devices.values() for one in _written(call.live, call.host, device)]
    yield from written
    known = {(one.device, one.address) for one in written}
    for held in call.live.neighbours(call.host):
        if (held.device, held.address) not in known:
            yield _Entry(held.address, held.device, held.mac, held.state(call.live.clock))


def _written(live: LiveCluster, host: str, device: Device) -> Iterator[_Entry]:
    """The permanent entries of a device."""
    if device.peer is not None and device.up:
        there = live.fabric.host(device.peer[0]).devices.get(device.peer[1])
        for hop in device.fixed_neighbours if there is not None else ():
            assert there is not None
            yield _Entry(hop, device.name, hardware_address(device.peer[0], there), _PERMANENT)
    if device.kind is not DeviceKind.VXLAN or device.tunnel is None:
        return
    for hop, outer in device.tunnel.remotes.items():
        owner = live.fabric.neighbours.get(outer)
        if owner is not None and hop not in device.tunnel.unresolved:
            end = live.fabric.host(owner[0]).devices.get(device.name, device)
            made = hardware_address(owner[0], dataclasses.replace(end, mac=""))
            yield _Entry(hop, device.name, device.tunnel.macs.get(hop, made), _PERMANENT)


def _filter(call: Call, words: Sequence[str]) -> _Filter:
    words = list(words)
    found = _Filter()
    while words:
        word = words.pop(0)
        if word in ("dev", "nud", "to") and not words:
            raise BadUsage('Command line is not complete. Try option "help"')
        if word == "dev":
            found = dataclasses.replace(found, device=_device(call, words.pop(0)).name)
        elif word == "nud":
            state = words.pop(0)
            if state not in (*_STATES, "all"):
                raise BadUsage(f'Error: argument "{state}" is wrong: nud state is bad')
            named = frozenset(_STATES) if state == "all" else frozenset((state,))
            found = dataclasses.replace(found, states=named | (found.states or frozenset()))
        elif word in ("master", "vrf", "nomaster", "unused", "proxy"):
            raise BadUsage(f"ip: neighbour show {word} is not modelled here; there are to, dev and nud")
        else:
            found = dataclasses.replace(found, prefix=prefix_of(words.pop(0) if word == "to" else word))
    return found


def _flush(call: Call, words: Sequence[str]) -> Result:
    """What was learned goes; the kernel is never asked for permanent entries here."""
    if not words:
        raise BadUsage("Flush requires arguments.")
    wanted = _filter(call, words)
    if wanted.states is not None and "permanent" in wanted.states:
        raise BadUsage("ip: neighbour flush of permanent entries is not modelled here; there is del")
    clock = call.live.clock
    left = tuple(
        one
        for one in call.live.neighbours(call.host)
        if not wanted.takes(_Entry(one.address, one.device, one.mac, one.state(clock)))
    )
    return Result(live=call.live.with_neighbours({call.host: left}))


def _device(call: Call, name: str) -> Device:
    found = call.here.devices.get(name)
    if found is None:
        raise BadUsage(f'Cannot find device "{name}"', 1)
    return found


def _change(call: Call, words: list[str]) -> Result:
    """An entry of a tunnel's next hop; any other is found anew by ARP."""
    verb, rest = words[0], words[1:]
    values = dict(itertools.pairwise(rest))
    if "dev" not in values:
        raise BadUsage("Device and destination are required arguments.")
    device = _device(call, values["dev"])
    hop = address_of(rest[0])
    written = any(one.address == hop for one in _written(call.live, call.host, device))
    held = any((one.device, one.address) == (device.name, hop) for one in call.live.neighbours(call.host))
    after = call.live.with_neighbours({call.host: without(call.live.neighbours(call.host), device.name, hop)})
    tunnel = device.tunnel if device.kind is DeviceKind.VXLAN else None
    if begins(verb, "delete"):
        if not written and not held:
            raise BadUsage("RTNETLINK answers: No such file or directory", 2)
        if written and tunnel is None:
            raise BadUsage("ip: permanent neighbours of a tunnel (vxlan) alone are changed here")
        return Result(live=after.edited(call.host, NeighbourSet(device.name, hop, known=False)) if written else after)
    if tunnel is None:
        raise BadUsage("ip: neighbours of a tunnel (vxlan) alone are written here; the others are found by ARP")
    if "lladdr" not in values:
        raise BadUsage("RTNETLINK answers: Invalid argument", 2)
    if begins(verb, "add") and (written or held):
        raise BadUsage("RTNETLINK answers: File exists", 2)
    if begins(verb, "change") and not written and not held:
        raise BadUsage("RTNETLINK answers: No such file or directory", 2)
    mac = values["lladdr"].lower()
    if not re.fullmatch(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}", mac):
        raise BadUsage(f'"{values["lladdr"]}" is invalid lladdr.', 1)
    own = mac == tunnel_mac(call.live, device, hop, "")
    return Result(live=after.edited(call.host, NeighbourSet(device.name, hop, known=True, mac="" if own else mac)))
