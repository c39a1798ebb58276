"""What a walk carries along: each host's netfilter, the hops so far, what was paid; and the steps it consists of."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import TypeAlias

from engine.fabric.fabric import Fabric
from engine.hooks import Hook
from engine.netfilter.choose import Choose
from engine.netfilter.stack import HostNetfilter, Passage, Skb
from engine.network.host import Host, HostKind
from engine.network.host_routing import HostRouting
from engine.network.routes import number
from engine.packet import L4, Encapsulation, FiveTuple
from engine.trace import (
    ConntrackView,
    Cost,
    Direction,
    HeaderChange,
    Hop,
    HostMemory,
    ReasonCode,
    Stage,
    Text,
    Verdict,
    Where,
)
from engine.values import dataclass
from engine.walk.circle import Forward, find_circle
from engine.walk.locate import ResolvedRequest
from engine.words import endings

__all__ = ["Arrived", "Died", "Frame", "Inside", "Outgoing", "Step", "WalkState"]


@dataclass(frozen=True, slots=True)
class Inside:
    """What an outer packet carries, to which MAC address where that is not the one that the end's device was made with ("")."""

    skb: Skb
    outer: Encapsulation
    mac: str = ""


class TapWay(enum.StrEnum):
    """How a packet meets a packet socket (packet(7), sll_pkttype): it comes in, leaves, is for another's MAC address, as on a
    bridge's port; SWITCHED: a bridge hands it up only because the socket has set it promiscuous (br_pass_frame_up)."""

    IN = "In"
    OUT = "Out"
    OTHER_HOST = "P"
    SWITCHED = "switched"


@dataclass(frozen=True, slots=True)
class Tap:
    """A packet as a packet socket on a device sees it (AF_PACKET: before PREROUTING, after POSTROUTING). `inner` is what a
    tunnel's packet carries, of which `error_about` and `segment_size`, the MSS announced, are then told; `leg` counts the
    packets of the walk: the request, its answer, what follows."""

    host: str
    device: str
    flow: FiveTuple
    way: TapWay
    direction: Direction
    outer: Encapsulation | None = None
    inner: FiveTuple | None = None
    error_about: FiveTuple | None = None
    leg: int = 0
    segment_size: int = 0


@dataclass(frozen=True, slots=True)
class NeighbourLookup:
    """A packet left `host` by `device` for a next hop of which the host asks its neighbour table, and ARP where that does not
    know: from its address `source`, and `owner` (host, device) answers, None: nobody. `macs` are the MAC addresses of the
    device and of the owner's. `confirms`: a TCP socket of the host's own sends it, which tells the table that the neighbour is
    reachable (dst_confirm)."""

    host: str
    device: str
    next_hop: str
    source: str
    owner: tuple[str, str] | None
    macs: tuple[str, str]
    confirms: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """A packet about to come in by `device` of `host`. `target` is the (host, device) whose MAC address it carries."""

    host: str
    device: str
    skb: Skb
    target: tuple[str, str]
    inside: Inside | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A packet that `host` itself sends."""

    host: str
    skb: Skb
    inside: Inside | None = None


@dataclass(frozen=True, slots=True)
class Arrived:
    """A packet that reached the sockets of `host`; it came in by `device`."""

    host: str
    device: str
    skb: Skb


@dataclass(frozen=True, slots=True)
class Died:
    """The end of a packet. `answer` is what the host sends back where a rule rejected it; `mtu` what an ICMP error about its
    length tells its sender."""

    verdict: Verdict
    where: Where
    flow: FiveTuple
    answer: Outgoing | None = None
    device: str = "lo"
    mtu: int = 0


Step: TypeAlias = Frame | Outgoing | Arrived | Died


class WalkState:
    """One walk's state. `arrival` is the node that the router sends the foreign packet to. Of a walk that is not `told` no
    hops are written."""

    def __init__(
        self, fabric: Fabric, choose: Choose, resolved: ResolvedRequest, arrival: str | None, *, told: bool = True
    ) -> None:
        self.fabric = fabric
        self.choose = choose
        self.resolved = resolved
        self.arrival = arrival
        self.has_policies = fabric.has_policies
        self.version = number(resolved.dst)[0]
        self.direction = Direction.REQUEST
        self.hops: list[Hop] = []
        self.told = self._told = told
        # Rules and look-ups that the leg's packet has paid for, and a tunnel's outer packets beside it.
        self._paid, self._paid_outer = [0, 0], [0, 0]
        self.masqueraded = False
        self.proxies: set[tuple[str, int]] = set()
        self.assumed: dict[Text, None] = {}
        self.stray = False
        self.first_node: str | None = None
        self._netfilters: dict[str, HostNetfilter] = {}
        self.steps = 0
        # None: nobody listens, and a walk over all ways does not pay for it.
        self.taps: list[Tap] | None = None
        self.lookups: list[NeighbourLookup] = []
        self._leg = 0
        self._forwards: list[Forward] = []
        self.from_before: set[int] = set()
        self._outer_flows: set[tuple[str, FiveTuple]] = set()
        self._path_mtus: dict[tuple[str, str], int] = {}
        # The last flow written and its two ends: most hops leave it as it is.
        self._shown: tuple[FiveTuple | None, str, str] = (None, "", "")

    def start_leg(self, direction: Direction, *, told: bool = True) -> None:
        """Begin another packet: its hops and what it pays are counted from nothing. `stray` tells whether some host's
        conntrack found it to belong to nothing (INVALID). Of one that is not `told` no hops are written."""
        self.direction = direction
        self.told = told and self._told
        self._leg += 1
        self.hops = []
        self._paid, self._paid_outer = [0, 0], [0, 0]
        self._forwards = []
        self.stray = False

    @property
    def cost(self) -> Cost:
        """What the leg's packet has paid so far."""
        return Cost(*self._paid)

    @property
    def underlay_cost(self) -> Cost:
        """What a tunnel's packets have paid beside it."""
        return Cost(*self._paid_outer)

    def host(self, name: str) -> Host:
        return self.fabric.host(name)

    def netfilter(self, host: Host) -> HostNetfilter:
        """The host's netfilter; only nodes have rules, and pods whose own were given."""
        found = self._netfilters.get(host.name)
        if found is None:
            node = host.kind is HostKind.NODE
            ruleset = self.fabric.ruleset(host.name, self.version) if node else self.fabric.pod_ruleset(host.name)
            memory = self.fabric.remembered(host.name)
            found = HostNetfilter(
                host.name, ruleset, host.is_local, self.choose, routing=HostRouting(host), memory=memory
            )
            found.conntrack.full = host.name in self.fabric.full_tables
            for entry in self.fabric.held_connections(host.name):
                found.conntrack.enter(entry)
                self.from_before.add(id(entry))
            self._netfilters[host.name] = found
        return found

    def say_from_before(self, host: Host, skb: Skb) -> None:
        """Say how long an entry of UDP lives that was there before the walk, where the packet is its."""
        entry = skb.connection
        if entry is not None and skb.flow.protocol is L4.UDP and id(entry) in self.from_before:
            seconds = self.fabric.cluster.proxy.udp_timeouts
            flow, to = entry.original, entry.reply.source
            self.assume(endings.entry_from_before(host.name, flow, to, seconds, entry.assured))

    def assume(self, text: Text) -> None:
        """Say of the whole walk that something was taken for granted."""
        self.assumed[Text(text.en, text.zh)] = None

    def pay(self, passage: Passage, outer: bool) -> None:
        """Add what a hook cost, and what it took for granted."""
        if passage.assumed:
            self.assumed.update(dict.fromkeys(passage.assumed))
        paid = self._paid_outer if outer else self._paid
        paid[0] += passage.rules_evaluated
        paid[1] += passage.hash_lookups

    def tap(
        self, host: Host, device: str, skb: Skb, way: TapWay, *, inside: Inside | None = None, at: int | None = None
    ) -> None:
        """Note what a packet socket on the device sees; `at` is its place among what has been seen, None the last."""
        if self.taps is None:
            return
        outer, inner = (None, None) if inside is None else (inside.outer, inside.skb.flow)
        told = skb if inside is None else inside.skb
        seen = Tap(
            host.name,
            device,
            skb.flow,
            way,
            self.direction,
            outer,
            inner,
            told.error_about,
            self._leg,
            told.segment_size,
        )
        self.taps.insert(len(self.taps) if at is None else at, seen)

    def note_path_mtu(self, host: Host, destination: str, mtu: int) -> None:
        """The host's route cache has an exception for the destination from now on (ip_rt_update_pmtu, which makes none
        larger)."""
        key = host.name, destination
        self._path_mtus[key] = min(mtu, self._path_mtus.get(key, mtu))

    def noted_path_mtus(self) -> dict[tuple[str, str], int]:
        """What all hosts have noted so far, by host and destination."""
        return dict(self._path_mtus)

    def path_mtu_of(self, host: Host, destination: str) -> int:
        """As path_mtu(), by the host's route to the destination."""
        route = host.lookup(destination)
        device = "lo" if route is None or host.is_local(destination) else route.device
        return self.path_mtu(host, device, destination)

    def path_mtu(self, host: Host, device: str, destination: str) -> int:
        """What the host takes its way to the destination to carry: its device's MTU, or less where it has noted so."""
        mtu = host.devices[device].mtu
        return min(mtu, self._path_mtus.get((host.name, destination), mtu))

    def forwarded(self, host: Host, skb: Skb) -> Died | None:
        """Take one off the TTL of a packet that `host` forwards (ip_forward, ip6_forward); its end where none is left.

        Of a circle the hops of its first round are kept, up to where the second begins.
        """
        self._forwards.append(Forward(host.name, skb.flow, len(self.hops)))
        if skb.ttl > 1:
            skb.ttl -= 1
            return None
        circle = find_circle(self._forwards)
        if circle is None:
            return self.lost(host, ReasonCode.TTL_EXPIRED, skb)
        del self.hops[circle.hops :]
        text = endings.circle(skb.flow, host.name, circle.hosts, circle.anew)
        return Died(Verdict.LOST, Where(host.name, ReasonCode.ROUTING_LOOP, text, direction=self.direction), skb.flow)

    def hop(
        self,
        host: Host,
        device: str,
        stage: Stage,
        skb: Skb,
        note: Text | Callable[[], Text],
        *,
        hook: Hook | None = None,
        table: str | None = None,
        chain: str | None = None,
        rule: str | None = None,
        outer: Encapsulation | None = None,
        changes: tuple[HeaderChange, ...] = (),
        flow: FiveTuple | None = None,
        mark: int | None = None,
    ) -> None:
        """Write down one step, with the packet as it is now (or as `flow` and `mark` say). `note` is its sentence, or what makes
        it where the walk is told."""
        if not self.told:
            return
        now = flow or skb.flow
        if self._shown[0] is not now:
            self._shown = now, now.source, now.destination
        _, source, destination = self._shown
        self.hops.append(
            Hop(
                len(self.hops) + 1,
                host.name,
                device,
                stage,
                source,
                destination,
                note if isinstance(note, Text) else note(),
                hook,
                table,
                chain,
                rule,
                skb.mark if mark is None else mark,
                outer,
                changes,
            )
        )

    def lost(self, host: Host, code: ReasonCode, skb: Skb, **facts: str) -> Died:
        """The packet's end where nobody answers."""
        return self.died(Verdict.LOST, host, code, skb.flow, **facts)

    def died(self, verdict: Verdict, host: Host, code: ReasonCode, flow: FiveTuple, **facts: str) -> Died:
        """The packet's end outside of any rule."""
        text = endings.reason(code, flow, host=host.name, **facts)
        return Died(verdict, Where(host.name, code, text, direction=self.direction), flow)

    def conntrack(self) -> tuple[ConntrackView, ...]:
        """The entries of all hosts, in the order the hosts were met; the tunnels' own outer flows are left out."""
        return tuple(
            entry
            for host, netfilter in self._netfilters.items()
            for entry in netfilter.connections()
            if (host, entry.original) not in self._outer_flows
        )

    def renewed(self) -> frozenset[tuple[str, FiveTuple]]:
        """The host and original tuple of each entry that a packet of the walk belonged to."""
        return frozenset(
            (host, entry.original)
            for host, netfilter in self._netfilters.items()
            for entry in netfilter.conntrack.connections()
            if entry.renewed
        )

    def remembered(self) -> tuple[HostMemory, ...]:
        """What each host remembers of clients that does, or did before."""
        return tuple(
            HostMemory(host, netfilter.memory.entries())
            for host, netfilter in self._netfilters.items()
            if netfilter.memory.used
        )

    def remember_outer(self, host: Host, flow: FiveTuple) -> None:
        """Note that `flow` is a tunnel's outer flow on `host`."""
        self._outer_flows.add((host.name, flow))
