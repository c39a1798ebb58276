"""From a fabric to the commands that build it: ip(8) batches, sysctls, who listens where. Pure; nothing is run here.

Besides the fabric's hosts there is one more namespace, WIRES: the Ethernet of the nodes and the network beyond the
router, a bridge each.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator

from engine.cluster import Mode
from engine.cluster.facts import facts_of
from engine.cni.interface import protocol_of
from engine.fabric.fabric import Fabric
from engine.fabric.hosts import LAN, OUTSIDE, ROUTER
from engine.network.devices import Device, DeviceKind, InterfaceAddress, mac
from engine.network.host import Host, HostKind
from engine.network.routes import Route, RouteKind, contains, number
from engine.network.tunnel import overhead
from engine.packet import L4

WIRES = "wires"
PathOf = Callable[[str], str]


@dataclasses.dataclass(frozen=True, slots=True)
class HostPlan:
    """One namespace: what is done in it, in this order. `links` make devices (PathOf gives other namespaces' paths)."""

    name: str
    early_sysctls: tuple[tuple[str, int], ...] = ()
    links: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    sysctls: tuple[tuple[str, int], ...] = ()
    listeners: tuple[tuple[L4, int], ...] = ()
    filtered: bool = False


def host_names(fabric: Fabric) -> tuple[str, ...]:
    """All hosts: nodes, pods on them, the router, external hosts."""
    pods = [r.host for name in fabric.nodes for r in fabric.address_index.by_node.get(name, ())]
    return (*fabric.nodes, *pods, ROUTER, *dict.fromkeys(fabric.external.values()))


def plan(fabric: Fabric, version: int, path_of: PathOf) -> tuple[HostPlan, ...]:
    """What to do for IP version 4 or 6 of `fabric`, WIRES first; hosts are in the order they must be wired."""
    hosts = [fabric.host(name) for name in host_names(fabric)]
    found = [HostPlan(WIRES, _EARLY[4], tuple(_wires(hosts, path_of)), sysctls=_UNBRIDGED)]
    for host in hosts:
        found.append(_host_plan(fabric, host, version, path_of))
    return tuple(found)


_EARLY = {
    4: (("ipv6/conf/all/disable_ipv6", 1), ("ipv6/conf/default/disable_ipv6", 1)),
    6: (
        ("ipv6/conf/default/accept_dad", 0),
        ("ipv6/conf/all/accept_dad", 0),
        ("ipv6/conf/default/accept_ra", 0),
        ("ipv6/conf/all/accept_ra", 0),
    ),
}
# What hosts beyond the router use as their gateway: nobody's address, known by its MAC address alone.
_GATEWAY = {4: "169.254.0.1", 6: "fe80::1"}
_WIRE_MTU = 65535
_UNBRIDGED = (("bridge/bridge-nf-call-iptables", 0), ("bridge/bridge-nf-call-ip6tables", 0))


def _wires(hosts: list[Host], path_of: PathOf) -> Iterator[str]:
    for segment in (LAN, OUTSIDE):
        yield f"link add {segment} type bridge mcast_snooping 0"
        yield f"link set {segment} up"
    for (host, device), wire in wires_of(hosts).items():
        # What is longer than the cards carry is lost on its way to another one, and not to be heard of at the sender.
        yield f"link add {wire} mtu {_WIRE_MTU} type veth peer name {device.name} mtu {device.mtu} netns {path_of(host)}"
        yield f"link set {wire} master {device.segment} up"


def wires_of(hosts: Iterable[Host]) -> dict[tuple[str, Device], str]:
    """The devices of hosts that are plugged into WIRES, and the other end of each there."""
    cards = (
        (host.name, device)
        for host in hosts
        for device in host.devices.values()
        if device.kind is DeviceKind.ETHERNET and device.segment is not None
    )
    return {card: f"w{number}" for number, card in enumerate(cards, 1)}


def _host_plan(fabric: Fabric, host: Host, version: int, path_of: PathOf) -> HostPlan:
    df = " df set" if fabric.cluster.network.tunnel_df else ""
    links = tuple(line for device in host.devices.values() for line in _link(host, device, version, path_of, df))
    setup = ["link set lo up", *_up(host)]
    setup += [line for device in host.devices.values() for line in _addresses(host, device, version)]
    setup += [line for device in host.devices.values() for line in _neighbours(fabric, host, device, version)]
    if host.kind is HostKind.ROUTER:
        setup.append(f"link set eth1 address {mac(ROUTER, 'eth1')}")
    if host.kind is HostKind.EXTERNAL:
        setup.append(f"neigh replace {_GATEWAY[version]} lladdr {mac(ROUTER, 'eth1')} dev eth0 nud permanent")
    # A gateway is only believed where the route to it is there already.
    routes = sorted(host.table.routes, key=lambda route: route.via is not None)
    setup += [
        line
        for metric, route in _ranked(routes)
        for line in _route(host, route, version, metric, protocol_of(fabric.plugin, route.origin))
    ]
    return HostPlan(
        host.name,
        (*_EARLY[version], *_ipv4_defaults(host)),
        links,
        tuple(setup),
        tuple(_sysctls(fabric, host, version)),
        _listeners(fabric, host),
        host.kind is HostKind.NODE,
    )


def _link(host: Host, device: Device, version: int, path_of: PathOf, df: str = "") -> Iterator[str]:
    if device.kind is DeviceKind.BRIDGE:
        yield f"link add {device.name} address {mac(host.name, device.name)} mtu {device.mtu} type bridge"
    elif device.kind is DeviceKind.VETH and host.kind is HostKind.NODE:
        assert device.peer is not None
        peer_host, peer_device = device.peer
        peer = f"peer name {peer_device} mtu {device.mtu} netns {path_of(peer_host)}"
        own = "" if device.master is not None else f" address {device.mac or mac(host.name, device.name)}"
        yield f"link add {device.name}{own} mtu {device.mtu} type veth {peer}"
        if device.master is not None:
            yield f"link set {device.name} master {device.master}"
            yield f"link set {device.name} type bridge_slave hairpin {'on' if device.hairpin else 'off'}"
    elif device.kind is DeviceKind.VXLAN:
        assert device.tunnel is not None
        tunnel = device.tunnel
        if number(tunnel.local)[0] == version:
            # With `dev` the kernel lets it have no greater MTU than is left of that device's (vxlan_config_apply).
            fits = device.mtu + overhead(device.kind, tunnel.local) <= host.devices["eth0"].mtu
            yield (
                f"link add {device.name} address {mac(host.name, device.name)} mtu {device.mtu} type vxlan "
                f"id {tunnel.vni} local {tunnel.local}{' dev eth0' if fits else ''} dstport {tunnel.port} nolearning{df}"
            )
    elif device.kind is DeviceKind.IPIP:
        assert device.tunnel is not None
        # The tunl0 that the kernel makes in each namespace (ipip_init_net) stands before eth0, and a device without an
        # address borrows the first's (inet_select_addr). On a node eth0 is older: this one is made after it.
        yield f"link set {device.name} name fallback0"
        yield f"link add {device.name} mtu {device.mtu} type ipip local {device.tunnel.local} remote any"
    elif device.kind is DeviceKind.DUMMY:
        yield f"link add {device.name} type dummy"


def _here(device: Device, version: int) -> bool:
    return device.tunnel is None or number(device.tunnel.local)[0] == version


def _up(host: Host) -> Iterator[str]:
    for device in host.devices.values():
        # kube-proxy leaves kube-ipvs0 down.
        if (
            device.kind not in (DeviceKind.LOOPBACK, DeviceKind.DUMMY)
            and device.up
            and (device.tunnel is None or host.kind is HostKind.NODE)
        ):
            yield f"link set {device.name} up"


def _addresses(host: Host, device: Device, version: int) -> Iterator[str]:
    if device.kind is DeviceKind.LOOPBACK:
        return
    for address in device.addresses:
        if number(address.address)[0] == version:
            # The fabric says itself which networks are on-link.
            plain = (
                " nodad noprefixroute"
                if version == 6
                else ""
                if _connected(host, device, address)
                else " noprefixroute"
            )
            broadcast = " brd +" if version == 4 and address.length < 31 else ""
            yield f"address add {address.address}/{address.length}{broadcast} dev {device.name}{plain}"


def _neighbours(fabric: Fabric, host: Host, device: Device, version: int) -> Iterator[str]:
    """What the programs that make a device write down: who its other ends are."""
    for hop in device.fixed_neighbours:
        if number(hop)[0] == version and device.peer is not None:
            there = fabric.host(device.peer[0]).devices[device.peer[1]]
            yield f"neigh replace {hop} lladdr {there.mac or mac(*device.peer)} dev {device.name} nud permanent"
    if device.kind is not DeviceKind.VXLAN or device.tunnel is None or not _here(device, version):
        return
    known = {hop: outer for hop, outer in device.tunnel.remotes.items() if hop not in device.tunnel.unresolved}
    for inner, outer in known.items():
        owner = fabric.neighbours.get(outer)
        if owner is not None:
            yield f"neigh replace {inner} lladdr {mac(owner[0], device.name)} dev {device.name} nud permanent"


def forwarding(fabric: Fabric, host: Host, version: int) -> tuple[str, ...]:
    """bridge(8) lines: a VXLAN device's forwarding entries."""
    found = []
    for device in host.devices.values():
        if device.kind is DeviceKind.VXLAN and device.tunnel is not None and _here(device, version):
            for outer in dict.fromkeys(device.tunnel.remotes.values()):
                owner = fabric.neighbours.get(outer)
                if owner is not None:
                    found.append(
                        f"fdb append {mac(owner[0], device.name)} dev {device.name} dst {outer} self permanent"
                    )
    return tuple(found)


def _ranked(routes: list[Route]) -> Iterator[tuple[int, Route]]:
    """Of two routes to one prefix the first wins: the others get a metric. (With equal ones the kernel would turn to
    another default route as soon as a gateway is slow to answer: fib_select_default.)"""
    seen: dict[str, int] = {}
    for route in routes:
        metric = seen.get(route.prefix, 0)
        seen[route.prefix] = metric + 1
        yield metric, route


def _route(host: Host, route: Route, version: int, metric: int, protocol: str) -> Iterator[str]:
    if number(route.prefix.partition("/")[0])[0] != version:
        return
    made = host.devices[route.device].addresses if route.device in host.devices else ()
    if not metric and any(
        one.network == route.prefix and _connected(host, host.devices[route.device], one) for one in made
    ):
        return
    text = f"route append {route.prefix}"
    if route.kind is RouteKind.BLACKHOLE:
        text = f"route append blackhole {route.prefix}"
    elif route.via is not None:
        text += f" via {route.via} dev {route.device}{'' if _direct(host, route) else ' onlink'}"
    elif host.kind is HostKind.EXTERNAL:
        text += f" via {_GATEWAY[version]} dev {route.device} onlink"
    else:
        text += f" dev {route.device} scope link" if version == 4 else f" dev {route.device}"
    if route.src is not None:
        text += f" src {route.src}"
    if protocol:
        text += f" proto {protocol}"
    # IPv6's routes have metric 1024 unless told otherwise, IPv4's none.
    yield text + (f" metric {metric if version == 4 else 1024 + metric}" if metric else "")


def _connected(host: Host, device: Device, address: InterfaceAddress) -> bool:
    """Whether the kernel is to make the route of the address's network by itself (fib_add_ifaddr): the fabric has that one, and
    the device is up when it gets the address."""
    first = next((route for route in host.table.routes if route.prefix == address.network), None)
    if first is None or not device.up or number(address.address)[0] != 4 or address.length == 32:
        return False
    return (first.device, first.via, first.src, first.origin) == (device.name, None, address.address, "kernel")


def _direct(host: Host, route: Route) -> bool:
    """Whether another route leads to the gateway without one, by the same device: fib_check_nh asks for that."""
    direct = (
        r for r in host.table.routes if r.via is None and r.kind is RouteKind.UNICAST and r.device == route.device
    )
    return route.via is not None and any(contains(r.prefix, route.via) for r in direct)


def _ipv4_defaults(host: Host) -> tuple[tuple[str, int], ...]:
    return (("ipv4/conf/default/rp_filter", 0), ("ipv4/conf/all/rp_filter", host.sysctls.rp_filter))


def _sysctls(fabric: Fabric, host: Host, version: int) -> Iterator[tuple[str, int]]:
    own = host.sysctls
    # A server that got the request and cannot answer must not disturb later requests by trying again.
    yield "ipv4/tcp_synack_retries", 0
    if fabric.cluster.network.tcp_mtu_probing:
        yield "ipv4/tcp_mtu_probing", fabric.cluster.network.tcp_mtu_probing
    yield from _of_facts(fabric, host, version)
    for name in sorted(own.localnet_devices):
        yield f"ipv4/conf/{name}/route_localnet", 1
    if host.kind is HostKind.ROUTER:
        # A cloud's routers tell nobody of a shorter way (RFC 1812, 5.2.7.2).
        yield from ((f"ipv4/conf/{name}/send_redirects", 0) for name in ("all", *host.devices) if name != "lo")
    if host.kind is HostKind.EXTERNAL:
        # The router's routes change with each request: what it tells a late packet of an earlier one is out of date.
        for family, conf in (("ipv4", "all"), (f"ipv{version}", "eth0")):
            yield f"{family}/conf/{conf}/accept_redirects", 0
    if host.kind is HostKind.NODE and fabric.mode is Mode.IPVS:
        # What kube-proxy sets: pkg/proxy/ipvs/proxier.go, NewProxier.
        yield "ipv4/vs/conntrack", int("vs-conntrack" not in fabric.cluster.network.without)
        # The kernel's default, and the model's: kube-proxy sets 0 on kernels before 5.9 alone.
        yield "ipv4/vs/conn_reuse_mode", 1
        yield "ipv4/vs/expire_nodest_conn", 1
        yield "ipv4/vs/expire_quiescent_template", 1
    if host.kind is HostKind.NODE:
        yield from _of_cards(fabric, host)
        yield "netfilter/nf_conntrack_tcp_be_liberal", int(fabric.cluster.proxy.tcp_be_liberal)
        for device in host.devices.values():
            if device.proxy_arp:
                yield f"ipv4/conf/{device.name}/proxy_arp", 1
                yield f"ipv4/neigh/{device.name}/proxy_delay", 0


def _of_cards(fabric: Fabric, host: Host) -> Iterator[tuple[str, int]]:
    """The lab's cards are all on one Ethernet network: one must not answer ARP for another's address. In ipvs mode the first
    answers for those of kube-ipvs0."""
    cards = [device.name for device in host.devices.values() if device.kind is DeviceKind.ETHERNET]
    if len(cards) > 1:
        yield from ((f"ipv4/conf/{name}/arp_ignore", 1) for name in (cards[1:] if fabric.mode is Mode.IPVS else cards))


def _of_facts(fabric: Fabric, host: Host, version: int) -> Iterator[tuple[str, int]]:
    """The sysctls that are network facts, in the order of their rows (net.ipv4.ip_forward first: it sets others back to what
    routers have). A host has them as its own sysctls say, where these hold the fact; those of bridges, and facts that are
    not among them, are a node's alone."""
    on_node = fabric.on_node(host.name).network if host.kind is HostKind.NODE else None
    for field, row in facts_of(type(fabric.cluster.network)).items():
        value = getattr(host.sysctls, field, getattr(on_node, field, None))
        for name in row.sysctls:
            not_here = (name.startswith("net.ipv6.") and version == 4) or (
                name.startswith("net.bridge.") and on_node is None
            )
            if value is not None and not not_here:
                yield name.removeprefix("net.").replace(".", "/"), int(value)


def _listeners(fabric: Fabric, host: Host) -> tuple[tuple[L4, int], ...]:
    """(protocol, port) of all that listens on the host."""
    addresses = {a.address for device in host.devices.values() for a in device.addresses}
    if host.kind is HostKind.NODE:
        addresses |= set(fabric.node(host.name).internal_ips)
    listening = fabric.address_index.listening
    return tuple(sorted({pair for address in addresses for pair in listening.get(address, ())}))
