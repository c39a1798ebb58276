"""What a walk leaves behind: hops, a verdict, an outcome. The answers of the quiz are read off these."""

from __future__ import annotations

import dataclasses
import enum
import math
from fractions import Fraction

from engine.errors import EngineError
from engine.hooks import Hook
from engine.packet import L4, Encapsulation, FiveTuple
from engine.values import dataclass


class Stage(enum.StrEnum):
    """The words hop-order questions use, in the order a NodePort request may meet them."""

    DNS = "dns"
    CONNECT = "connect"
    NIC = "nic"
    PREROUTING = "prerouting"
    DNAT = "dnat"
    ROUTING = "routing"
    INPUT = "input"
    POLICY = "policy"
    IPVS = "ipvs"
    FORWARD = "forward"
    OUTPUT = "output"
    POSTROUTING = "postrouting"
    SNAT = "snat"
    ENCAPSULATE = "encapsulate"
    WIRE = "wire"
    DECAPSULATE = "decapsulate"
    BRIDGE = "bridge"
    VETH = "veth"
    SOCKET = "socket"


class Verdict(enum.StrEnum):
    DELIVERED = "DELIVERED"  # and the reply came back from the address spoken to
    REJECT = "REJECT"  # a rule rejects: the client hears of it at once
    DROP = "DROP"  # a rule drops: the client times out
    REFUSED = "REFUSED"  # it arrives where nobody listens: RST
    LOST = "LOST"  # nobody answers: no route, wrong reply, martian, the bridge refuses


class Direction(enum.StrEnum):
    """The way a packet goes: to the destination, or back."""

    REQUEST = "request"
    REPLY = "reply"


class ReasonCode(enum.StrEnum):
    """Why a packet died. The codes stay; their sentences stand beside what refuses (engine.fabric.chains) or in
    engine.words.endings."""

    NO_LOCAL_ENDPOINTS = "no-local-endpoints"
    NO_ENDPOINTS = "no-endpoints"
    SOURCE_RANGES = "source-ranges"
    LOCALHOST_FIREWALL = "localhost-firewall"
    UNKNOWN_CLUSTER_IP_PORT = "unknown-cluster-ip-port"
    UNASSIGNED_CLUSTER_IP = "unassigned-cluster-ip"
    INVALID_STATE = "invalid-state"
    RULE_DROP = "rule-drop"
    RULE_REJECT = "rule-reject"
    OUTER_DROP = "outer-drop"
    OUTER_REJECT = "outer-reject"
    POLICY_DROP = "policy-drop"
    NO_MASQUERADE_ADDRESS = "no-masquerade-address"
    NO_FREE_PORT = "no-free-port"
    CLASH = "clash"
    TABLE_FULL = "table-full"
    IPVS_NO_SERVER = "ipvs-no-server"
    MARTIAN_SOURCE = "martian-source"
    MARTIAN_DESTINATION = "martian-destination"
    LOCALNET_OUTPUT = "localnet-output"
    RP_FILTER = "rp-filter"
    NO_ROUTE = "no-route"
    BLACKHOLE = "blackhole"
    NO_NEIGHBOUR = "no-neighbour"
    NO_SUCH_HOST = "no-such-host"
    NO_TUNNEL_PEER = "no-tunnel-peer"
    OTHER_MAC = "other-mac"
    IP_FORWARD_OFF = "ip-forward-off"
    ROUTING_LOOP = "routing-loop"
    NO_REDIRECT_ADDRESS = "no-redirect-address"
    TTL_EXPIRED = "ttl-expired"
    UNDERLAY_DROP = "underlay-drop"
    TUNNEL_TO_ITSELF = "tunnel-to-itself"
    MESSAGE_TOO_LONG = "message-too-long"
    FRAGMENTATION_NEEDED = "fragmentation-needed"
    FRAGMENTS_DROPPED = "fragments-dropped"
    UNDERLAY_MTU = "underlay-mtu"
    OUTER_TOO_LONG = "outer-too-long"
    TUNNEL_LOOP = "tunnel-loop"
    BRIDGE_REFUSES_SAME_PORT = "bridge-refuses-same-port"
    NETWORK_POLICY = "network-policy"
    NOBODY_LISTENS = "nobody-listens"
    WRONG_REPLY_SOURCE = "wrong-reply-source"
    REPLY_ELSEWHERE = "reply-elsewhere"
    NO_HEALTHY_NODE = "no-healthy-node"
    NOT_BALANCED = "not-balanced"


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence in both languages."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class HeaderChange:
    """One header field rewritten at a hop: `field` is src, dst or mark."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of the walk. `src` and `dst` are ip:port as they stand AFTER the step; `changes` says what it rewrote."""

    n: int
    host: str
    device: str
    stage: Stage
    src: str
    dst: str
    note: Text
    hook: Hook | None = None
    table: str | None = None
    chain: str | None = None
    rule: str | None = None
    mark: int = 0
    encapsulation: Encapsulation | None = None
    changes: tuple[HeaderChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Where:
    """Where a packet that was not delivered died. `code` is a stable word for it (`no-local-endpoints`,
    `martian-source`, `bridge-refuses-same-port`, `wrong-reply-source`, `no-route`, `rp-filter`, ...)."""

    host: str
    code: ReasonCode
    reason: Text
    hook: Hook | None = None
    table: str | None = None
    chain: str | None = None
    rule: str | None = None
    direction: Direction = Direction.REQUEST


@dataclass(frozen=True, slots=True)
class ConntrackView:
    """One conntrack entry as `conntrack -L` would show it on `host` once the walk is over."""

    host: str
    original: FiveTuple
    reply: FiveTuple
    state: str  # SYN_SENT, ESTABLISHED; UNREPLIED is `replied` False
    replied: bool
    mark: int = 0


class MemoryKind(enum.StrEnum):
    """Who remembers: a list of `-m recent`, a dynamic set of nft, IPVS by a persistence template."""

    RECENT = "recent"
    SET = "set"
    TEMPLATE = "template"


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a kernel knows of a client from earlier packets, beside conntrack: session affinity's memory. `name` is the list's,
    `FAMILY TABLE SET`, or `PROTOCOL ADDRESS:PORT` of a virtual server; `key` the client's address as its rule takes it.
    `stamps` are when, in seconds of the walk's clock (which stands at 0), as struct recent_entry holds them: `index` is the
    place after the last one written. `timeout`: seconds after which it is gone by itself. `ttl` is the packet's, `server` a
    template's, which is `assured` once a connection stood."""

    kind: MemoryKind
    name: str
    key: str
    stamps: tuple[float, ...]
    index: int = 1
    timeout: int | None = None
    ttl: int = 0
    server: tuple[str, int] | None = None
    assured: bool = False

    @property
    def last(self) -> float:
        """When it was last written."""
        return self.stamps[self.index - 1]

    @property
    def ends(self) -> float:
        """When it is gone by itself, if nothing writes it again; infinite for a list's."""
        return math.inf if self.timeout is None else self.last + self.timeout

    def moved(self, seconds: float) -> Remembered:
        """The same on a clock that shows so much more."""
        return dataclasses.replace(self, stamps=tuple(stamp + seconds for stamp in self.stamps))


@dataclass(frozen=True, slots=True)
class HostMemory:
    """All that one host remembers of clients once the walk is over."""

    host: str
    entries: tuple[Remembered, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """What the connection's first packet paid in netfilter on all hosts: rules evaluated one by one, hash look-ups."""

    rules_evaluated: int = 0
    hash_lookups: int = 0


@dataclass(frozen=True, slots=True)
class LearnedMTU:
    """How many bytes a sender learns that its way carries, and the address that tells it so by ICMP ("": its own kernel)."""

    mtu: int
    told_by: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One distinct way a packet can go, with its exact probability.

    `destination` is ip:port after kube-proxy's DNAT (unchanged where there is none), `source_seen` the
    peer address the server's socket reports (None if the request never got there), `masqueraded` whether
    kube-proxy's rules SNAT the packet on its first node. `cost` is what the first packet paid, `underlay_cost` what
    its tunnel packets paid beside that, `later_cost` what a later packet of the connection pays (None unless delivered).
    `stalls` is where the client's next packet dies though the answer came back, or the server's (its `direction` says
    which), as it may where a node sees one way of a connection only: connect() succeeds, and nothing more comes through.
    `assumed` is what rules took for granted on the way (a rate that is not used up). `sent` is the length of the packets
    that the client ends up sending of those of Request.size (0: none was asked for), `learned` what it hears of its way
    before. `remembered` is what hosts that remember clients do so of then; it tells no ways apart.
    """

    probability: Fraction
    verdict: Verdict
    destination: str
    source_seen: str | None
    masqueraded: bool
    hops: tuple[Hop, ...]
    reply: tuple[Hop, ...] = ()
    where: Where | None = None
    conntrack: tuple[ConntrackView, ...] = ()
    cost: Cost = Cost()
    underlay_cost: Cost = Cost()
    later_cost: Cost | None = None
    stalls: Where | None = None
    assumed: tuple[Text, ...] = ()
    sent: int = 0
    learned: tuple[LearnedMTU, ...] = ()
    remembered: tuple[HostMemory, ...] = dataclasses.field(default=(), compare=False, repr=False)

    def __hash__(self) -> int:
        # What tells ways apart: all of their hops' words would take longer than a walk's rules do.
        return hash((self.verdict, self.destination, self.source_seen, tuple(hop.host for hop in self.hops)))


@dataclass(frozen=True, slots=True)
class Resolution:
    """What kube-proxy's rules on one node do to a packet, the network left aside."""

    probability: Fraction
    verdict: str  # "ACCEPT" | "REJECT" | "DROP"
    destination: str
    masqueraded: bool


@dataclass(frozen=True, slots=True)
class Request:
    """The first packet of a connection. `source` is a WHO, `destination` a WHERE of the command line
    (pod/NAME, node/NAME, client, IP[:port]; svc/NAME[:PORT], node/NAME:NODEPORT, pod/NAME:PORT, IP:port).
    `node` names the node a foreign packet arrives at, where the destination does not. `size`: the length in bytes of an IP
    packet that the client sends once the connection stands; None: a small one. `may_fragment`: it has no DF (not of TCP,
    whose packets always have it)."""

    source: str
    destination: str
    protocol: str = "TCP"
    node: str | None = None
    sport: int | None = None
    size: int | None = None
    may_fragment: bool = False

    @property
    def l4(self) -> L4:
        """The protocol. Raises EngineError for one that cannot be walked."""
        known = (L4.TCP, L4.UDP, L4.SCTP, L4.ICMP)
        found = next((protocol for protocol in known if protocol == self.protocol.upper()), None)
        if found is None:
            raise EngineError(
                f"{self.protocol!r} is no protocol that can be walked; one of tcp, udp, sctp, icmp (an echo request)",
                zh=f"{self.protocol!r} 不是可以追踪的协议；可用 tcp、udp、sctp、icmp（echo 请求）",
            )
        return found
