"""A cluster built in network namespaces, and requests sent through it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from types import TracebackType

from engine.cluster import Mode
from engine.fabric.fabric import Fabric
from engine.fabric.hosts import ROUTER
from engine.hooks import Hook
from engine.lab import observe
from engine.lab.client import Call, Reply
from engine.lab.errors import NotInThisLab
from engine.lab.namespaces import Namespace
from engine.lab.ping import Ping
from engine.lab.plan import WIRES, HostPlan, forwarding, host_names, plan
from engine.lab.policy_rules import policy_rules
from engine.lab.processes import Processes
from engine.lab.requirements import DEVICE_PROBES, features, restore_tool
from engine.lab.servers import Servers
from engine.lab.sets import without_sets
from engine.lab.underlay import underlay_rules
from engine.netfilter.ruleset import Ruleset
from engine.netfilter.text import listings
from engine.network.host import HostKind
from engine.network.routes import number
from engine.packet import L4, FiveTuple
from engine.walk.locate import ResolvedRequest

ALL_HOOKS = (Hook.PREROUTING, Hook.INPUT, Hook.FORWARD, Hook.OUTPUT, Hook.POSTROUTING)
_COUNTED = re.compile(r" -m nfacct --nfacct-name  \S+")
_NFT = ("nft", "-f", "-")
# Each host is a network namespace, and a bridge has 1023 ports.
MOST_HOSTS = 150
END_HOOKS = (Hook.PREROUTING, Hook.INPUT, Hook.OUTPUT)


@dataclasses.dataclass(frozen=True, slots=True)
class Observation:
    """What the kernel did with one request. `flow` is what the client's socket sent. `sightings` None: nothing watched the
    hooks."""

    flow: FiveTuple
    reply: Reply
    sightings: frozenset[observe.Sighting] | None
    conntrack: tuple[observe.ConntrackEntryText, ...]


class Lab:
    """A fabric in namespaces, for one IP version. A context manager; leaving it ends all namespaces. `servers` answer on its
    hosts."""

    # Whether a bridge may stand for a dummy device where the kernel makes none.
    stands_in = True

    def __init__(self, fabric: Fabric, version: int = 4, servers: Servers | Processes | None = None) -> None:
        self.fabric, self.version = fabric, version
        self.namespaces: dict[str, Namespace] = {}
        self._has_nft = features().nf_tables
        self._watched = self._has_nft
        self.servers = Servers() if servers is None else servers
        self._routed: str | None = None

    def __enter__(self) -> Lab:
        try:
            self.build()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self.servers.close()
        for namespace in self.namespaces.values():
            namespace.close()
        self.namespaces = {}

    def make_namespace(self, name: str) -> Namespace:
        return Namespace.create()

    def build(self) -> None:
        """Make everything: namespaces, devices, addresses, routes, sysctls, rules, servers."""
        self._check()
        for name in (WIRES, *host_names(self.fabric)):
            self.namespaces[name] = self.make_namespace(name)
        plans = plan(self.fabric, self.version, lambda name: self.namespaces[name].path)
        for one in plans:
            for path, value in one.early_sysctls:
                self.namespaces[one.name].sysctl(path, value)
        for one in plans:
            if one.links:
                made = "\n".join(one.links) + "\n"
                if "dummy" not in features().devices:
                    # A bridge without ports holds addresses just as well.
                    made = made.replace(" type dummy\n", " type bridge\n")
                self.namespaces[one.name].run("ip", "-batch", "-", text=made)
        drops = underlay_rules(self.fabric, self.version)
        if drops:
            self.namespaces[WIRES].run(*_NFT, text=drops)
        for one in plans:
            self._configure(one)
        self.servers.start()

    def _check(self) -> None:
        """Raise NotInThisLab where the kernel lacks what this cluster needs."""
        if self.fabric.mode is Mode.IPVS and not features().ipvs:
            raise NotInThisLab(
                "ipvs mode needs a kernel with IPVS and dummy devices (modprobe ip_vs dummy), ipset and ipvsadm",
                zh="ipvs 模式需要内核支持 IPVS 和 dummy 设备（modprobe ip_vs dummy），以及 ipset 和 ipvsadm",
            )
        if self.fabric.mode is Mode.NFTABLES and not self._has_nft:
            raise no_nf_tables()
        if underlay_rules(self.fabric, self.version) and not features().nf_bridge:
            raise NotInThisLab(
                "this kernel has no nf_tables for bridges, with which the network between the nodes drops "
                "(underlayDrops, underlayDropsFragments, underlayMTU)",
                zh="本机内核没有用于网桥的 nf_tables，节点之间的网络无法丢包（underlayDrops、underlayDropsFragments、underlayMTU）",
            )
        hosts = len(host_names(self.fabric))
        if hosts > MOST_HOSTS:
            raise NotInThisLab(
                f"a cluster of {hosts} hosts is too large for the lab (at most {MOST_HOSTS})",
                zh=f"集群有 {hosts} 台主机，实验环境放不下（最多 {MOST_HOSTS} 台）",
            )
        there = features()
        for node in self.fabric.nodes:
            host = self.fabric.host(node)
            for device in host.devices.values():
                kind = device.kind.value
                if kind == "dummy" and self.stands_in:
                    kind = "bridge"
                if kind in DEVICE_PROBES and kind not in there.devices:
                    raise NotInThisLab(
                        f"this kernel makes no {kind} devices ({device.name} on {node})",
                        zh=f"本机内核无法创建 {kind} 设备（{node} 上的 {device.name}）",
                    )
            bridged = any(device.master is not None for device in host.devices.values())
            if bridged and host.sysctls.bridge_nf_call_iptables and not there.br_netfilter:
                raise NotInThisLab(
                    "this kernel has no br_netfilter (modprobe br_netfilter)",
                    zh="本机内核没有 br_netfilter（modprobe br_netfilter）",
                )

    def _configure(self, one: HostPlan) -> None:
        inside = self.namespaces[one.name]
        for path, value in one.sysctls:
            inside.sysctl(path, value)
        if one.setup:
            family = "-4" if self.version == 4 else "-6"
            inside.run("ip", family, "-batch", "-", text="\n".join(one.setup) + "\n")
        if one.name == WIRES:
            return
        entries = forwarding(self.fabric, self.fabric.host(one.name), self.version)
        if entries:
            inside.run("bridge", "-batch", "-", text="\n".join(entries) + "\n")
        hooks = ALL_HOOKS if one.filtered else END_HOOKS
        if self._watched:
            inside.run("nft", "-f", "-", text=observe.observer(self.version, hooks, self.fabric.mode))
        if one.filtered:
            self._load_rules(one.name, inside)
        self.servers.listen(one.name, inside, self.version, self.listeners(one))

    def listeners(self, one: HostPlan) -> tuple[tuple[L4, int], ...]:
        """The ports of a host at which the lab's own servers answer."""
        return one.listeners

    def _load_rules(self, node: str, inside: Namespace) -> None:
        ruleset = self.fabric.ruleset(node, self.version)
        if not features().ipset:
            ruleset = without_sets(ruleset)
        parts = list(rule_parts(ruleset, self.version))
        policies = policy_rules(self.fabric, node, self.version)
        if policies is not None:
            parts.append((_NFT, policies))
        if not self._has_nft and any(program == _NFT for program, _ in parts):
            raise no_nf_tables()
        for program, part in parts:
            inside.run(*program, text=part)

    def send(self, resolved: ResolvedRequest, arrival: str | None = None, timeout: float = 0.4) -> Observation:
        """Send the request that `resolved` describes. `arrival` is the node that the router sends it to, where its
        destination is no host's own address. Two requests of one lab should differ in their source ports."""
        self._forget()
        self.route_by(resolved, arrival)
        inside = self.namespaces[resolved.host]
        source = resolved.src if self.fabric.host(resolved.host).kind is not HostKind.NODE else None
        call = _call(inside, resolved, source)
        try:
            reply = call.send(timeout)
            flow = call.flow
            seen: set[observe.Sighting] = set()
            entries: list[observe.ConntrackEntryText] = []
            for name, namespace in self.namespaces.items():
                if name == WIRES:
                    continue
                if self._watched:
                    seen |= observe.sightings(name, namespace, self.version, resolved.protocol)
                if name in self.fabric.nodes:
                    entries += observe.connections(name, namespace, self.version)
        finally:
            call.close()
        return Observation(flow, reply, frozenset(seen) if self._watched else None, tuple(entries))

    def _forget(self) -> None:
        for name, namespace in self.namespaces.items():
            if name == WIRES:
                continue
            hooks = ALL_HOOKS if name in self.fabric.nodes else END_HOOKS
            if self._watched:
                namespace.run("nft", "-f", "-", text=observe.forget(self.version, hooks))
            if name in self.fabric.nodes:
                namespace.run("conntrack", "-F")

    def route_by(self, resolved: ResolvedRequest, arrival: str | None) -> None:
        """On the router: the way to the node that a foreign packet arrives at."""
        router = self.namespaces[ROUTER]
        family = "-4" if self.version == 4 else "-6"
        if self._routed is not None:
            # The network may know the way to a pod by itself: that route was replaced, and comes back.
            known = self.fabric.host(ROUTER).table.routes
            own = next((route.via for route in known if route.prefix == self._routed and route.via), None)
            undo = ("del", self._routed) if own is None else ("replace", self._routed, "via", own, "dev", "eth0")
            router.run("ip", family, "route", *undo)
            self._routed = None
        if arrival is None or self.fabric.on_lan(resolved.dst):
            return
        node = self.fabric.node(arrival)
        via = next(a for a in node.internal_ips if number(a)[0] == self.version)
        self._routed = f"{resolved.dst}/{32 if self.version == 4 else 128}"
        router.run("ip", family, "route", "replace", self._routed, "via", via, "dev", "eth0")


def _call(inside: Namespace, resolved: ResolvedRequest, source: str | None) -> Call | Ping:
    if resolved.protocol is L4.ICMP:
        return Ping(inside, resolved.dst, resolved.sport, source)
    return Call(inside, resolved.protocol, resolved.dst, resolved.dport, resolved.sport, source)


def no_nf_tables() -> NotInThisLab:
    """The error where something is nftables' and the kernel has none."""
    return NotInThisLab("this kernel has no nf_tables for IP", zh="本机内核没有用于 IP 的 nf_tables")


def rule_parts(ruleset: Ruleset, version: int) -> Iterator[tuple[tuple[str, ...], str]]:
    """The programs that load a ruleset, each with its part, in the order in which they must run."""
    commands = {
        "ipvsadm": ("ipvsadm", "-R"),
        "ipset": ("ipset", "restore"),
        "nft": _NFT,
        "iptables": (restore_tool(version), "-w"),
    }
    for listing in listings(ruleset):
        # nfacct only counts, and the kernel refuses the rule until somebody has made the counter.
        text = _COUNTED.sub("", listing.text) if listing.program == "iptables" else listing.text
        yield commands[listing.program], text
