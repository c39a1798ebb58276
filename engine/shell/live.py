"""A cluster while somebody works on it: what the API server holds, what each kernel holds, whose kube-proxy runs.

Immutable: whatever changes something returns the cluster after it. What is not said here is as the manifests have it, so
that an untouched LiveCluster is walked exactly as its Cluster is.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Never

from engine.cluster import Cluster, Mode, Pod
from engine.errors import NoSuchObject
from engine.netfilter.ruleset import Ruleset
from engine.network.host import HostKind
from engine.packet import Family
from engine.shell.client_memory import assured, remembered_until, still_named
from engine.shell.conntrack_table import HeldConnection, alive, left_behind
from engine.shell.edits import Edit
from engine.shell.fabric import LiveFabric
from engine.shell.kube_proxy import resync
from engine.shell.learned_ports import sending_ports
from engine.shell.neighbours import HeldNeighbour, learned, table_of, without
from engine.shell.packets import SeenPacket, packets_of
from engine.shell.portmap import with_host_ports
from engine.shell.standing import MAX, USUAL, StandingConnections, no_room
from engine.shell.syntax import Compound
from engine.trace import ConntrackView, Outcome, Remembered, Request
from engine.values import dataclass

# The machine that kubectl is run on: no host of the network that is walked.
ADMINISTRATOR = ""


def _nothing() -> Mapping[str, Never]:
    return MappingProxyType({})


def _no_rules() -> Mapping[Family, Ruleset]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class HostState:
    """What was changed on one host: `edits` of devices, routes and sysctls, the rules of each family as somebody left them
    (a family without an entry has what kube-proxy and the CNI wrote), connections that conntrack holds, what rules and IPVS
    have `remembered` of clients, neighbours that ARP found or asked for in vain, when each port of a bridge heard somebody
    last, `sysctls` by their full name that decide no outcome here, `files` that were written, `variables` ("?" is the last
    status), `functions` and `aliases` of its shell. Times are those of the cluster's clock."""

    edits: tuple[Edit, ...] = ()
    rules: Mapping[Family, Ruleset] = dataclasses.field(default_factory=_no_rules)
    connections: tuple[HeldConnection, ...] = ()
    remembered: tuple[Remembered, ...] = ()
    neighbours: tuple[HeldNeighbour, ...] = ()
    learned_ports: Mapping[str, float] = dataclasses.field(default_factory=_nothing)
    sysctls: Mapping[str, str] = dataclasses.field(default_factory=_nothing)
    files: Mapping[str, str] = dataclasses.field(default_factory=_nothing)
    variables: Mapping[str, str] = dataclasses.field(default_factory=_nothing)
    functions: Mapping[str, Compound] = dataclasses.field(default_factory=_nothing)
    aliases: Mapping[str, str] = dataclasses.field(default_factory=_nothing)


@dataclass(frozen=True, slots=True)
class Capture:
    """A tcpdump that runs in the background on `host`: its device, "any" for all, the words of its filter, how many packets
    it shows at most (None: all) and has shown."""

    host: str
    device: str
    words: tuple[str, ...] = ()
    most: int | None = None
    shown: int = 0


@dataclass(frozen=True, slots=True)
class ProxyState:
    """A node's kube-proxy: whether it runs, and the API objects of its last sync where those are not the API server's
    (None). `started` and `stopped` are times of the cluster's clock."""

    running: bool = True
    seen: Cluster | None = None
    started: float = 0.0
    stopped: float = 0.0


_UNTOUCHED = HostState()
_RUNNING = ProxyState()


@dataclass(frozen=True, slots=True)
class ScaledTo:
    """How many pods a Deployment was told to have, and one of those it had: they are made after it."""

    replicas: int
    like: Pod


@dataclasses.dataclass(frozen=True)
class LiveCluster:
    """`cluster` is what the API server holds. `clock` counts seconds since the start, `draws` the random decisions that were
    made, each by `seed` and its number. `scaled` are the Deployments (`NAMESPACE/NAME`) that somebody scaled, `probes` the
    readinessProbe of each whose pods are asked (engine.shell.readiness; an empty one: none any more), `notes` the labels
    and annotations of objects (kind, namespace, name) that no answer hangs on, `given` the last
    address that each node gave a pod, `standing` the connections that pods of a node hold open, `overflowed` the nodes whose
    kernel has said that its conntrack table is full, with the clock's time, `traffic` the connections that go on by themselves
    all the time, `captures` the packet sockets that are open, `packets` what the last commands sent while there were any,
    `cordoned` the nodes that take no further pods, `namespace` that of kubectl's context."""

    cluster: Cluster
    mode: Mode = Mode.IPTABLES
    release: str | None = None
    seed: int | str = 0
    hosts: Mapping[str, HostState] = dataclasses.field(default_factory=dict)
    proxies: Mapping[str, ProxyState] = dataclasses.field(default_factory=dict)
    traffic: tuple[Request, ...] = ()
    scaled: Mapping[str, ScaledTo] = dataclasses.field(default_factory=dict)
    given: Mapping[str, str] = dataclasses.field(default_factory=dict)
    standing: Mapping[str, StandingConnections] = dataclasses.field(default_factory=dict)
    overflowed: Mapping[str, float] = dataclasses.field(default_factory=dict)
    probes: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    notes: Mapping[tuple[str, str, str], Mapping[str, Mapping[str, str]]] = dataclasses.field(default_factory=dict)
    captures: tuple[Capture, ...] = ()
    packets: tuple[SeenPacket, ...] = ()
    cordoned: frozenset[str] = frozenset()
    namespace: str = "default"
    clock: float = 0.0
    draws: int = 0

    @functools.cached_property
    def fabric(self) -> LiveFabric:
        """The hosts as they are now; what a walk takes as its fabric."""
        return LiveFabric.over(
            self.cluster,
            self.mode,
            self.release,
            edits={name: state.edits for name, state in self.hosts.items() if state.edits},
            rules={
                (name, family): rules for name, state in self.hosts.items() for family, rules in state.rules.items()
            },
            seen={name: proxy.seen for name, proxy in self.proxies.items() if proxy.seen is not None},
            held={name: tuple(held.view for held, _ in self.connections(name)) for name in self.hosts},
            remembered={
                name: tuple(one.moved(-self.clock) for one in self.remembered(name))
                for name, state in self.hosts.items()
                if state.remembered
            },
            full=self.full_tables,
        )

    @functools.cached_property
    def full_tables(self) -> frozenset[str]:
        """The nodes whose conntrack table has no room for a new connection."""
        limited = {name for name, state in self.hosts.items() if MAX in state.sysctls}
        return frozenset(
            node.name
            for node in self.cluster.nodes
            if node.name in limited or node.name in self.standing
            if no_room(
                self.conntrack_count(node.name),
                self.conntrack_max(node.name),
                (held.view for held, _ in self.connections(node.name)),
            )
        )

    def conntrack_max(self, node: str) -> int:
        """nf_conntrack_max of the node; 0: no limit."""
        return int(self.state(node).sysctls.get(MAX, USUAL))

    def conntrack_count(self, node: str) -> int:
        """nf_conntrack_count of the node."""
        standing = self.standing.get(node)
        gone = standing is None or standing.source(self.cluster.pods, node) is None
        return len(self.connections(node)) + (0 if standing is None or gone else standing.entered)

    @functools.cached_property
    def endings(self) -> dict[Request, tuple[Outcome, ...]]:
        """What became of requests that were asked about, without hops (engine.faults.flows)."""
        return {}

    def host_named(self, name: str) -> str:
        """The host that a user calls so: a node, `pod/NAME`, `pod/NAMESPACE/NAME` or as a trace names it, `client`, "" for
        the administrator's machine. Raises NoSuchObject with what there is."""
        if name == ADMINISTRATOR:
            return name
        rest = name.removeprefix("node/")
        if rest in self.fabric.nodes:
            return rest
        key = name.removeprefix("pod/")
        owner = self.fabric.address_index.by_key.get(key if "/" in key else f"default/{key}")
        pods = [one.host for one in self.fabric.address_index.by_key.values() if one.node in self.fabric.nodes]
        if owner is not None and owner.host in pods:
            return owner.host
        if key in pods or name in self.fabric.external.values():
            return key if key in pods else name
        known = ", ".join(
            (*self.fabric.nodes, *(f"pod/{pod}" for pod in pods), *dict.fromkeys(self.fabric.external.values()))
        )
        raise NoSuchObject(f"there is no host {name!r}; there are {known}", zh=f"没有主机 {name!r}；现有：{known}")

    def has(self, host: str, kinds: frozenset[HostKind]) -> bool:
        """Whether `host` is one of those kinds; the administrator's machine is of none."""
        return host != ADMINISTRATOR and self.fabric.host(host).kind in kinds

    def state(self, host: str) -> HostState:
        """What was changed on the host."""
        return self.hosts.get(host, _UNTOUCHED)

    def connections(self, host: str) -> tuple[tuple[HeldConnection, int], ...]:
        """The entries of the host's conntrack table that have not run out, each with the seconds that are left."""
        state = self.state(host)
        return tuple(alive(state.connections, state.sysctls, self.cluster.proxy, self.clock))

    def remembered(self, host: str) -> tuple[Remembered, ...]:
        """What the host's rules and IPVS remember of clients: what has not run out."""
        state = self.state(host)
        return tuple(one for one in state.remembered if self.clock < remembered_until(one, state.connections))

    def proxy(self, node: str) -> ProxyState:
        """The kube-proxy of the node."""
        return self.proxies.get(node, _RUNNING)

    def rules(self, node: str, family: Family) -> Ruleset:
        """The rules that the node's kernel holds now for a family."""
        return self.fabric.ruleset(node, family.version)

    def with_state(self, host: str, state: HostState) -> LiveCluster:
        return dataclasses.replace(self, hosts={**self.hosts, host: state})

    def edited(self, host: str, *edits: Edit) -> LiveCluster:
        """After changes of a host's devices, routes or sysctls."""
        state = self.state(host)
        return self.with_state(host, dataclasses.replace(state, edits=(*state.edits, *edits)))

    def with_rules(self, host: str, family: Family, rules: Ruleset) -> LiveCluster:
        """After somebody changed the rules of a family by hand."""
        state = self.state(host)
        after = self.with_state(host, dataclasses.replace(state, rules={**state.rules, family: rules}))
        return after.with_memory_of_rules()

    def with_cluster(self, cluster: Cluster) -> LiveCluster:
        """After the API server took a change: every kube-proxy that runs syncs, one that does not stays as it is."""
        proxies = {
            node.name: dataclasses.replace(proxy, seen=proxy.seen or self.cluster)
            for node in self.cluster.nodes
            if not (proxy := self.proxy(node.name)).running
        }
        changed = dataclasses.replace(self, cluster=cluster, proxies={**self.proxies, **proxies})
        for name, state in self.hosts.items():
            if state.rules and any(port.host_port for pod in (*self.cluster.pods, *cluster.pods) for port in pod.ports):
                before, after = (one.with_state(name, dataclasses.replace(state, rules={})) for one in (self, changed))
                rules = {f: with_host_ports(own, before.rules(name, f), after.rules(name, f)) for f, own in state.rules.items()}  # fmt: skip
                changed = changed.with_state(name, dataclasses.replace(state, rules=rules))
        return changed.synced(node.name for node in cluster.nodes)

    def synced(self, nodes: Iterable[str]) -> LiveCluster:
        """After a full sync of the kube-proxies that run on `nodes`: its own chains are as it writes them again, what
        others wrote stays."""
        after = self
        for node in nodes:
            proxy = after.proxy(node)
            if not proxy.running:
                continue
            if proxy.seen is not None:
                proxies = {**after.proxies, node: dataclasses.replace(proxy, seen=None)}
                after = dataclasses.replace(after, proxies=proxies)
            state = after.state(node)
            if state.rules:
                written = dataclasses.replace(after, hosts={**after.hosts, node: dataclasses.replace(state, rules={})})
                rules = {family: resync(own, written.rules(node, family)) for family, own in state.rules.items()}
                after = after.with_state(node, dataclasses.replace(state, rules=rules))
        return after.with_memory_of_rules()

    def with_memory_of_rules(self) -> LiveCluster:
        """After a change of rules: a list, a set, a virtual server that no longer is takes along what it remembered."""
        after = self
        for name, state in self.hosts.items():
            if state.remembered:
                there = name in self.fabric.nodes
                rules = [self.rules(name, family) for family in Family] if there else []
                kept = still_named(state.remembered, rules)
                if len(kept) < len(state.remembered):
                    after = after.with_state(name, dataclasses.replace(state, remembered=kept))
        return after

    def with_proxy(self, node: str, running: bool) -> LiveCluster:
        """After the node's kube-proxy was started, which syncs at once, or stopped, which leaves its rules as they are."""
        proxy = self.proxy(node)
        if running:
            started = dataclasses.replace(proxy, running=True, started=self.clock)
            return dataclasses.replace(self, proxies={**self.proxies, node: started}).synced((node,))
        stopped = dataclasses.replace(proxy, running=False, seen=proxy.seen or self.cluster, stopped=self.clock)
        return dataclasses.replace(self, proxies={**self.proxies, node: stopped})

    def later(self, seconds: float) -> LiveCluster:
        """After that many seconds in which nobody did anything."""
        return dataclasses.replace(self, clock=self.clock + seconds)

    def draw(self) -> tuple[str, LiveCluster]:
        """A seed that no other decision has, and the cluster that counts it."""
        return f"{self.seed}:{self.draws}", dataclasses.replace(self, draws=self.draws + 1)

    def walk(self, request: Request, *, closed: bool = False) -> tuple[Outcome, LiveCluster]:
        """One connection of `request`, drawn: what becomes of it, and the cluster whose conntrack tables remember it; `closed`:
        as they do once both ends have closed it. Raises as engine.outcomes."""
        from engine.walk.outcomes import tapped

        seed, after = self.draw()
        outcome, taps, lookups = tapped(self.fabric, request, seed)
        if self.captures:
            sent = packets_of(outcome, taps, request.l4, self.clock, request.size)
            after = dataclasses.replace(after, packets=(*self.packets, *sent))
        after = after.with_neighbours(learned(after.tables, lookups, after.clock)).with_ports(
            sending_ports(self.fabric, lookups)
        )
        return outcome, after.with_memory(outcome).remembering(left_behind(outcome, closed))

    def without_memory(self) -> LiveCluster:
        """After no host remembers any client."""
        hosts = {name: dataclasses.replace(state, remembered=()) for name, state in self.hosts.items()}
        return dataclasses.replace(self, hosts=hosts)

    def with_memory(self, outcome: Outcome) -> LiveCluster:
        """With what a connection that has come to this outcome left in its hosts' memory of clients."""
        after = self
        for one in outcome.remembered:
            entries = (assured(entry, outcome).moved(self.clock) for entry in one.entries)
            after = after.with_state(one.host, dataclasses.replace(after.state(one.host), remembered=tuple(entries)))
        return after

    @property
    def tables(self) -> Mapping[str, tuple[HeldNeighbour, ...]]:
        """What every host has learned of its neighbours."""
        return {name: state.neighbours for name, state in self.hosts.items()}

    def neighbours(self, host: str) -> tuple[HeldNeighbour, ...]:
        """The entries of the host's neighbour table that nobody wrote by hand."""
        return table_of(host, self.tables, self.clock)

    def with_neighbours(self, tables: Mapping[str, tuple[HeldNeighbour, ...]]) -> LiveCluster:
        """With other tables of those hosts."""
        changed = {name: dataclasses.replace(self.state(name), neighbours=table) for name, table in tables.items()}
        return dataclasses.replace(self, hosts={**self.hosts, **changed})

    def with_ports(self, ports: Iterable[tuple[str, str]]) -> LiveCluster:
        """After frames came in by those ports of the nodes' bridges."""
        hosts = dict(self.hosts)
        for node, port in ports:
            state = hosts.get(node, _UNTOUCHED)
            hosts[node] = dataclasses.replace(state, learned_ports={**state.learned_ports, port: self.clock})
        return dataclasses.replace(self, hosts=hosts)

    def without_neighbours(self, host: str, device: str) -> LiveCluster:
        """After the device was set down or deleted: its entries go with it (neigh_ifdown), and those of a veth's other end,
        which loses its carrier (neigh_carrier_down)."""
        found = self.fabric.host(host).devices.get(device)
        places = ((host, device),) if found is None or found.peer is None else ((host, device), found.peer)
        return self.with_neighbours({name: without(self.neighbours(name), of) for name, of in places})

    def remembering(self, entries: Iterable[ConntrackView]) -> LiveCluster:
        """With those entries in the conntrack tables of their hosts; an entry of the same original tuple is renewed."""
        hosts = dict(self.hosts)
        for entry in entries:
            state = hosts.get(entry.host, _UNTOUCHED)
            others = tuple(one for one in state.connections if one.view.original != entry.original)
            held = (*others, HeldConnection(entry, self.clock))
            hosts[entry.host] = dataclasses.replace(state, connections=held)
        return dataclasses.replace(self, hosts=hosts)
