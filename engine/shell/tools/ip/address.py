"""ip address: show, add, del. Source: iproute2 6.1, ip/ipaddress.c."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from engine.network.devices import DeviceKind, InterfaceAddress, Scope
from engine.network.host import HostKind
from engine.network.routes import number
from engine.shell.edits import AddressAdded, AddressDeleted
from engine.shell.interface import Call, Result, printed
from engine.shell.links import Link, links
from engine.shell.tools.ip.link import link_lines
from engine.shell.tools.ip.options import BadUsage, Options, begins

_SCOPES = {Scope.UNIVERSE: "global", Scope.LINK: "link", Scope.HOST: "host"}


def run(call: Call, options: Options, words: Sequence[str]) -> Result:
    """`ip address [show [dev DEVICE] [up] | add ADDRESS dev DEVICE | del ADDRESS dev DEVICE]`."""
    verb = words[0] if words else "show"
    if begins(verb, "add", "change", "replace"):
        return _change(call, words[1:], added=True)
    if begins(verb, "delete"):
        return _change(call, words[1:], added=False)
    if begins(verb, "show", "list", "lst"):
        words = words[1:]
    elif begins(verb, "flush", "save", "restore", "help"):
        raise BadUsage(f"ip: address {verb} is not modelled here; there are show, add and del")
    return _show(call, options, words)


def _show(call: Call, options: Options, words: Sequence[str]) -> Result:
    found = _asked(call, words)
    lines: list[str] = []
    for link in found:
        own = [a for a in link.device.addresses if options.family in (None, number(a.address)[0])]
        if options.family is not None and not own:
            continue
        if options.brief:
            text = "".join(f"{a.address}/{a.length} " for a in own)
            lines.append(f"{link.shown_name:<16} {link.state:<14} {text}")
            continue
        if options.oneline:
            # A line an address, each under the device's name (print_addrinfo with -oneline).
            lines += [_one_line(link, _address_lines(call, link, a)) for a in own]
            continue
        first = link_lines(link, options, mode=False)
        # With a family alone the link's second line is left out, but for the number of its namespace.
        lines += first if options.family is None else [first[0] + _namespace(link)]
        lines += [line for a in own for line in _address_lines(call, link, a)]
    return printed("\n".join(lines))


def _namespace(link: Link) -> str:
    return "" if link.peer_namespace is None else f" link-netnsid {link.peer_namespace}"


def _asked(call: Call, words: Sequence[str]) -> tuple[Link, ...]:
    found = links(call.live, call.here)
    words = list(words)
    while words:
        word = words.pop(0)
        if word == "up":
            found = tuple(link for link in found if link.device.up)
        elif word in ("master", "type", "scope", "to", "label"):
            raise BadUsage(f"ip: address show {word} is not modelled here; name a device, or use grep")
        else:
            name = words.pop(0) if word == "dev" and words else word
            found = tuple(link for link in found if link.device.name == name)
            if not found:
                raise BadUsage(f'Device "{name}" does not exist.', 1)
    return found


def _address_lines(call: Call, link: Link, own: InterfaceAddress) -> list[str]:
    six = number(own.address)[0] == 6
    text = f"    {'inet6' if six else 'inet'} {own.address}/{own.length}"
    if not six and own.length < 31 and link.device.kind is not DeviceKind.LOOPBACK:
        text += f" brd {ipaddress.IPv4Network(own.network).broadcast_address}"
    text += f" scope {_SCOPES[own.scope]} "
    # iproute2 prints the label behind IPv4's scope; IPv6's addresses have none.
    if not six:
        text += link.device.name
    return [text, "       valid_lft forever preferred_lft forever"]


def _one_line(link: Link, lines: Sequence[str]) -> str:
    return f"{link.index}: {link.device.name}{lines[0]}\\{lines[1]}"


def _read_change(words: Sequence[str]) -> tuple[str, str]:
    """(the address with its length, the device) of `ip address add|del`."""
    words, text, device = list(words), "", ""
    while words:
        word = words.pop(0)
        if word == "dev" and words:
            device = words.pop(0)
        elif word in ("brd", "broadcast", "scope", "label") and words:
            words.pop(0)
        elif word not in ("nodad", "noprefixroute", "local"):
            text = word
    return text, device


def _change(call: Call, words: Sequence[str], *, added: bool) -> Result:
    text, device = _read_change(words)
    if call.here.kind is HostKind.POD:
        raise BadUsage("RTNETLINK answers: Operation not permitted", 2)
    try:
        parsed = ipaddress.ip_interface(text)
    except ValueError:
        raise BadUsage(f'Error: any valid prefix is expected rather than "{text}".', 1) from None
    if not device:
        raise BadUsage('Not enough information: "dev" argument is required.')
    own = call.here.devices.get(device)
    if own is None:
        raise BadUsage(f'Cannot find device "{device}"', 1)
    made = InterfaceAddress(str(parsed.ip), parsed.network.prefixlen, _scope(parsed.ip))
    there = made in own.addresses
    if added == there:
        raise BadUsage(f"RTNETLINK answers: {'File exists' if added else 'Cannot assign requested address'}", 2)
    edit = AddressAdded(device, made) if added else AddressDeleted(device, made)
    return Result(live=call.live.edited(call.host, edit))


def _scope(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> Scope:
    if address.is_loopback:
        return Scope.HOST
    return Scope.LINK if address.version == 6 and address.is_link_local else Scope.UNIVERSE
