"""ip route: show, get, add, replace, del. Source: iproute2 6.1, ip/iproute.c; net/ipv4/fib_semantics.c, fib_trie.c."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence

from engine.cni import Plugin
from engine.cni.interface import protocol_of
from engine.network.addresses import source_address
from engine.network.checks import refuses
from engine.network.devices import DeviceKind, Scope
from engine.network.host import Host, HostKind
from engine.network.routes import Route, RouteKind, contains, number
from engine.shell.edits import RouteAdded, RouteDeleted
from engine.shell.interface import Call, Result, printed
from engine.shell.links import has_carrier
from engine.shell.tools.ip.options import BadUsage, Options, address_of, begins, prefix_of, shown_prefix
from engine.trace import ReasonCode
from engine.values import dataclass


def run(call: Call, options: Options, words: Sequence[str]) -> Result:
    """`ip route [show [table NAME] [PREFIX] | get ADDRESS | add|append|replace|del ROUTE]`."""
    verb = words[0] if words else "show"
    if begins(verb, "get"):
        return _get(call, words[1:])
    if begins(verb, "add", "append", "replace", "change", "prepend", "delete") and call.here.kind is HostKind.POD:
        raise BadUsage("RTNETLINK answers: Operation not permitted", 2)
    if begins(verb, "add", "append", "prepend"):
        return _add(call, words[1:], replace=False, first=begins(verb, "prepend") and verb != "p")
    if begins(verb, "replace", "change"):
        return _add(call, words[1:], replace=True)
    if begins(verb, "delete"):
        return _delete(call, words[1:])
    if begins(verb, "show", "list", "lst"):
        return _show(call, options, words[1:])
    if begins(verb, "flush", "save", "restore"):
        raise BadUsage(f"ip: route {verb} is not modelled here; there are show, get, add, append, replace and del")
    return _show(call, options, words)


def _show(call: Call, options: Options, words: Sequence[str]) -> Result:
    words, table, device, exact, root = list(words), "main", "", "", ""
    while words:
        word = words.pop(0)
        if word == "table" and words:
            table = words.pop(0)
        elif word == "dev" and words:
            device = words.pop(0)
        elif word in ("exact", "match", "to") and words:
            exact = prefix_of(words.pop(0), options.family)
        elif word == "root" and words:
            root = prefix_of(words.pop(0), options.family)
        else:
            exact = prefix_of(word, options.family)
    version = options.family or (number((exact or root).partition("/")[0])[0] if exact or root else 4)
    if table not in ("main", "local", "all", "254", "255", "default", "253"):
        raise BadUsage("Error: ipv4: FIB table does not exist.\nDump terminated", 2)
    found: list[str] = []
    if table in ("main", "all", "254"):
        shown = sorted((r for r in call.here.table.routes if _version(r.prefix) == version), key=_order)
        seen: dict[str, int] = {}
        for route in shown:
            metric = seen.get(route.prefix, 0)
            seen[route.prefix] = metric + 1
            under = not root or _within(root, route.prefix)
            if (not device or route.device == device) and (not exact or route.prefix == exact) and under:
                found.append(
                    route_text(route, call.here, call.live.fabric.plugin, metric) + _linkdown(call, route.device)
                )
    if table in ("local", "all", "255"):
        local = _local(call) if version == 4 else ()
        found += [
            line + (" table local" if table == "all" else "") + " "
            for line in local
            if not device or f"dev {device} " in line + " "
        ]
    return printed("\n".join(found))


def _within(root: str, prefix: str) -> bool:
    return int(prefix.rpartition("/")[2]) >= int(root.rpartition("/")[2]) and contains(root, prefix.partition("/")[0])


def _version(prefix: str) -> int:
    return number(prefix.partition("/")[0])[0]


def _order(route: Route) -> tuple[int, int]:
    """By address, then by length: the order in which fib_trie lists IPv4's leaves (a longer prefix first)."""
    address, _, length = route.prefix.partition("/")
    return number(address)[1], -int(length)


def route_text(route: Route, host: Host, plugin: Plugin, metric: int = 0) -> str:
    """One line of `ip route`."""
    protocol = protocol_of(plugin, route.origin)
    said = f"proto {protocol} " if protocol else ""
    if route.kind is not RouteKind.UNICAST:
        return f"{route.kind} {shown_prefix(route.prefix)} {said}"
    text = shown_prefix(route.prefix)
    if route.via is not None:
        text += f" via {route.via}"
    text += f" dev {route.device} {said}"
    if route.via is None and number(route.prefix.partition("/")[0])[0] == 4:
        text += "scope link "
    if route.src is not None:
        text += f"src {route.src} "
    if metric:
        text += f"metric {metric} "
    # flannel sets it for its tunnel: the gateway is no neighbour that any network of the device holds.
    if route.via is not None and _onlink(route, host):
        text += "onlink "
    return text


def _onlink(route: Route, host: Host) -> bool:
    device = host.devices.get(route.device)
    return device is not None and device.kind in (DeviceKind.VXLAN, DeviceKind.IPIP)


def _linkdown(call: Call, name: str) -> str:
    """What is said of a route by a device that is up and has nobody at its other end (RTNH_F_LINKDOWN)."""
    device = call.here.devices.get(name)
    return "linkdown " if device is not None and device.up and not has_carrier(call.live, call.here, device) else ""


def _local(call: Call) -> Iterator[str]:
    host = call.here
    rows: list[tuple[int, str]] = []
    for device in host.devices.values():
        for own in device.addresses:
            if number(own.address)[0] != 4:
                continue
            network = ipaddress.IPv4Network(own.network)
            if device.kind is DeviceKind.LOOPBACK:
                rows.append(
                    (int(network.network_address), f"local {network} dev lo proto kernel scope host src {own.address}")
                )
            rows.append(
                (
                    number(own.address)[1],
                    f"local {own.address} dev {device.name} proto kernel scope host src {own.address}",
                )
            )
            if own.length < 31 and device.up:
                rows.append((int(network.broadcast_address), f"broadcast {network.broadcast_address} dev {device.name} proto kernel scope link src {own.address} {_linkdown(call, device.name)}".rstrip()))  # fmt: skip
    return (text for _, text in sorted(rows, key=lambda row: row[0]))


def _asked_way(call: Call, words: Sequence[str]) -> tuple[str, str, str]:
    """(destination, source, device) of `ip route get`, "" for what is not said."""
    words, target, source, device = list(words), "", "", ""
    while words:
        word = words.pop(0)
        if word == "from" and words:
            source = address_of(words.pop(0))
        elif word in ("iif", "oif") and words:
            device = words.pop(0)
            if device not in call.here.devices:
                raise BadUsage(f'Cannot find device "{device}"', 1)
        elif word in ("mark", "uid", "tos") and words:
            words.pop(0)
        else:
            target = address_of(words.pop(0) if word == "to" and words else word.partition("/")[0]) if word else ""
    if not target:
        raise BadUsage("need at least a destination address", 1)
    return target, source, device


def _get(call: Call, words: Sequence[str]) -> Result:
    target, source, device = _asked_way(call, words)
    host = call.here
    if source and device and not host.sysctls.ip_forward and not host.is_local(target):
        raise BadUsage("RTNETLINK answers: No route to host", 2)
    if source and device:
        _check_way_in(host, device, source, target)
    tail = f"iif {device} " if source and device else ""
    if host.is_local(target):
        told = f"from {source} dev lo" if tail else f"dev lo src {source or target} uid 0"
        return printed(f"local {target} {told} \n    cache <local> {tail}".rstrip() + " ")
    route = host.table.lookup(target)
    if route is None:
        raise BadUsage("RTNETLINK answers: Network is unreachable", 2)
    if route.kind is not RouteKind.UNICAST:
        raise BadUsage("RTNETLINK answers: Invalid argument", 2)
    via = f" via {route.via}" if route.via is not None else ""
    if source and device:
        return printed(f"{target} from {source}{via} dev {route.device} \n    cache {tail}")
    chosen = source or source_address(host, target, route) or ""
    shown = f" from {source}" if source else ""
    last = "" if source else f"src {chosen} "
    return printed(f"{target}{shown}{via} dev {route.device} {last}uid 0 \n    cache ")


def _check_way_in(host: Host, device: str, source: str, target: str) -> None:
    """Raise BadUsage for a packet that the host would not take in by that device (fib_validate_source)."""
    refused = refuses(host, device, source, target)
    if refused is not None:
        # As Linux 6.1 says it (EXDEV); 6.18 calls both invalid.
        why = "Invalid cross-device link" if refused is ReasonCode.RP_FILTER else "Invalid argument"
        raise BadUsage(f"RTNETLINK answers: {why}", 2)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A route as it is typed."""

    prefix: str
    via: str | None
    device: str | None
    src: str | None
    kind: RouteKind
    onlink: bool


def _read(words: Sequence[str]) -> _Asked:
    words, prefix, via, device, src, kind, onlink = list(words), "", None, None, None, RouteKind.UNICAST, False
    while words:
        word = words.pop(0)
        if word == "via" and words:
            via = address_of(words.pop(0))
        elif word == "dev" and words:
            device = words.pop(0)
        elif word == "src" and words:
            src = address_of(words.pop(0))
        elif word in ("proto", "scope", "metric") and words:
            words.pop(0)
        elif word == "onlink":
            onlink = True
        elif word in tuple(RouteKind):
            kind = RouteKind(word)
        elif word in ("unreachable", "prohibit", "throw", "nexthop", "encap", "table", "mtu"):
            raise BadUsage(f"ip: a route with {word} is not modelled here")
        elif not prefix:
            prefix = "default" if word == "default" else prefix_of(word)
        else:
            raise BadUsage(f'Error: either "to" is duplicate, or "{word}" is a garbage.')
    if not prefix:
        raise BadUsage("Error: a destination is required.", 2)
    if prefix == "default":
        prefix = prefix_of(prefix, number(via)[0] if via else 4)
    return _Asked(prefix, via, device, src, kind, onlink)


def _add(call: Call, words: Sequence[str], *, replace: bool, first: bool = False) -> Result:
    asked, host = _read(words), call.here
    made = _checked(asked, host)
    others = [route for route in host.table.routes if route.prefix == made.prefix]
    live = call.live
    if replace:
        live = live.edited(call.host, *(RouteDeleted(route) for route in others))
    elif others and begins(call.args[call.args.index("route") + 1] if "route" in call.args else "add", "add"):
        raise BadUsage("RTNETLINK answers: File exists", 2)
    return Result(live=live.edited(call.host, RouteAdded(made, first or replace)))


def _checked(asked: _Asked, host: Host) -> Route:
    """The route that the kernel makes of it (fib_check_nh). Raises BadUsage with what it answers."""
    if asked.kind is not RouteKind.UNICAST:
        return Route(asked.prefix, "lo", kind=asked.kind, origin="boot")
    device = asked.device
    if device is not None and device not in host.devices:
        raise BadUsage(f'Cannot find device "{device}"', 1)
    if asked.via is not None:
        direct = [
            r
            for r in host.table.routes
            if r.via is None and r.kind is RouteKind.UNICAST and contains(r.prefix, asked.via)
        ]
        direct = [r for r in direct if device in (None, r.device)]
        if host.is_local(asked.via) or (not direct and not (asked.onlink and device)):
            raise BadUsage("Error: Nexthop has invalid gateway.", 2)
        device = device or max(direct, key=lambda r: int(r.prefix.rpartition("/")[2])).device
    if device is None:
        raise BadUsage("RTNETLINK answers: No such device", 2)
    if not host.devices[device].up:
        raise BadUsage("Error: Device for nexthop is not up.", 2)
    if asked.src is not None and not host.is_local(asked.src):
        raise BadUsage("Error: Invalid prefsrc address.", 2)
    return Route(asked.prefix, device, asked.via, asked.src, Scope.UNIVERSE, origin="boot")


def _delete(call: Call, words: Sequence[str]) -> Result:
    asked = _read(words)
    for route in call.here.table.routes:
        fits = route.prefix == asked.prefix and asked.via in (None, route.via) and asked.device in (None, route.device)
        if fits and asked.kind is route.kind:
            return Result(live=call.live.edited(call.host, RouteDeleted(route)))
    raise BadUsage("RTNETLINK answers: No such process", 2)
