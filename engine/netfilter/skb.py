"""What travels through netfilter and what it leaves behind: Skb, Connection, events, Passage. Data only.

Sources: struct sk_buff, struct nf_conn, enum ip_conntrack_status (include/uapi/linux/netfilter/nf_conntrack_common.h).
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable
from typing import TypeAlias

from engine.hooks import Hook
from engine.limits import INITIAL_TTL
from engine.netfilter.ruleset import Backend, Rule
from engine.packet import FiveTuple
from engine.trace import ReasonCode, Text
from engine.values import dataclass

# A source port for a tuple out of [low, high]; deterministic. The tuple is what the port is looked for.
PickPort: TypeAlias = Callable[[FiveTuple, int, int], int]

# The state of a packet that was taken out of conntrack (IP_CT_UNTRACKED).
UNTRACKED = "UNTRACKED"


class Segment(enum.StrEnum):
    """What the packet is to its connection; decides whether conntrack may start an entry from it."""

    OPEN = "open"  # TCP SYN, SCTP INIT, a datagram
    ANSWER = "answer"  # TCP SYN/ACK, SCTP INIT ACK, the answering datagram
    DATA = "data"  # anything later
    RESET = "reset"  # TCP RST, SCTP ABORT


class NetfilterVerdict(enum.StrEnum):
    """What becomes of the packet at a hook (NF_ACCEPT, NF_DROP, NF_STOLEN; REJECT drops and answers)."""

    ACCEPT = "ACCEPT"
    DROP = "DROP"
    REJECT = "REJECT"
    STOLEN = "STOLEN"


class TargetAction(enum.StrEnum):
    """What a rule did that matched, as far as a walk tells one from another: its target's iptables name, JUMP or GOTO;
    POLICY for a chain's; "" with no target; OTHER for any other target, whose name RuleEvent.name is."""

    NONE = ""
    JUMP = "JUMP"
    GOTO = "GOTO"
    RETURN = "RETURN"
    ACCEPT = "ACCEPT"
    DROP = "DROP"
    REJECT = "REJECT"
    MARK = "MARK"
    DNAT = "DNAT"
    SNAT = "SNAT"
    MASQUERADE = "MASQUERADE"
    REDIRECT = "REDIRECT"
    CONNMARK = "CONNMARK"
    NOTRACK = "NOTRACK"
    CT = "CT"
    UPDATE = "UPDATE"
    POLICY = "POLICY"
    OTHER = "OTHER"


class Manip(enum.StrEnum):
    """Which half of a tuple NAT changes (enum nf_nat_manip_type)."""

    SRC = "SRC"
    DST = "DST"


@dataclass(slots=True, eq=False)
class ConntrackEntry:
    """One conntrack entry (struct nf_conn). Identity matters, so two entries are never equal.

    `original` never changes; `reply` is what an answer looks like on arrival and is altered by NAT.
    `nat_done` are the manipulations already decided (a null binding counts), `translated` those that
    change something (IPS_SRC_NAT, IPS_DST_NAT). `ipvs_server` is the (address, port) that IPVS sends it to (struct
    ip_vs_conn, which the kernel keeps in a table of its own). `mark` is the connection's own (CONFIG_NF_CONNTRACK_MARK),
    `zone` the one it was entered in. `renewed`: a packet has belonged to it since it was put in the table, so that its
    timer started anew (nf_ct_refresh_acct).
    """

    original: FiveTuple
    reply: FiveTuple
    replied: bool = False
    confirmed: bool = False
    closed: bool = False
    assured: bool = False
    nat_done: set[Manip] = dataclasses.field(default_factory=set)
    translated: set[Manip] = dataclasses.field(default_factory=set)
    ipvs_server: tuple[str, int] | None = None
    mark: int = 0
    zone: int = 0
    renewed: bool = False

    @classmethod
    def held(cls, original: FiveTuple, reply: FiveTuple, *, replied: bool, assured: bool) -> ConntrackEntry:
        """An entry that the table holds since before a walk. NAT was decided when it was made: a tuple that is no mirror of
        the other tells what."""
        entry = cls(original, reply, replied=replied, confirmed=True, assured=assured, nat_done=set(Manip))
        if (reply.src, reply.sport) != (original.dst, original.dport):
            entry.translated.add(Manip.DST)
        if (reply.dst, reply.dport) != (original.src, original.sport):
            entry.translated.add(Manip.SRC)
        return entry


@dataclass(slots=True)
class Skb:
    """A packet on one host. Make a new one when it crosses a wire or a network namespace: mark and connection stay behind.

    `state` is what `--ctstate` sees: NEW, ESTABLISHED, RELATED, INVALID, UNTRACKED (None before conntrack looked).
    `reply` says that it travels in its connection's reply direction. `error_about` is the packet an ICMP error
    quotes; such an Skb has protocol ICMP in `flow`, with ports 0, and `error_kind` is its type and code (None: not told).
    `ipvs_property`: IPVS has had it and leaves it alone.
    `physdev_in` is the bridge port that br_netfilter took it from (struct nf_bridge_info; None: no bridge, or it is off),
    `physdev_out` the port that the bridge sends it to. `zone` is the conntrack zone that a rule put it in. `local`: a
    process of this host sent it (skb->sk), `owner` is that process' user and group where it is a pod's (each None: not told).
    `size` is the IP packet's length in bytes; 0: small enough for every link. `may_fragment`: it has no DF; `cut_from` is how
    long it was before a host cut it, and `size` then its largest fragment's length (0: it is whole).
    `segment_size` is the MSS that a SYN or SYN/ACK of TCP announces; 0: nobody asks.
    `ttl` is the TTL or hop limit, which each host that forwards it takes one off (net.ipv4.ip_default_ttl: 64).
    """

    flow: FiveTuple
    mark: int = 0
    segment: Segment = Segment.OPEN
    connection: ConntrackEntry | None = None
    state: str | None = None
    reply: bool = False
    error_about: FiveTuple | None = None
    error_kind: tuple[int, int] | None = None
    ipvs_property: bool = False
    physdev_in: str | None = None
    ttl: int = INITIAL_TTL
    physdev_out: str | None = None
    zone: int = 0
    local: bool = False
    size: int = 0
    owner: tuple[int | None, int | None] | None = None
    segment_size: int = 0
    may_fragment: bool = False
    cut_from: int = 0


@dataclass(frozen=True, slots=True)
class RuleEvent:
    """A rule that matched: it jumped, set a mark, translated or gave a verdict; or (`rule` None) a chain's policy.

    `path` are the chains gone through to get there, the base chain first, `chain` last. `position` counts from 0
    in the chain; for a policy it is the number of rules. `action` is the target's iptables name (`DNAT`, `MARK`,
    `ACCEPT`, ...), `JUMP`, `GOTO`, `RETURN`, `POLICY` or "" for a rule without a target. `backend` is the table's own, where
    it is not the ruleset's.
    """

    hook: Hook
    table: str
    chain: str
    rule: Rule | None
    position: int
    path: tuple[str, ...]
    action: TargetAction
    verdict: NetfilterVerdict | None = None  # where this rule or policy decided
    name: str = ""
    backend: Backend | None = None


@dataclass(frozen=True, slots=True)
class MarkEvent:
    """skb->mark rewritten by `cause`."""

    cause: RuleEvent
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class NatEvent:
    """The packet's addresses rewritten. `cause` is the rule that set the NAT up, None where conntrack
    repeats (a later packet) or undoes (`undo`, a packet of the reply direction) what was set up before."""

    hook: Hook
    manip: Manip
    before: FiveTuple
    after: FiveTuple
    cause: RuleEvent | None = None
    undo: bool = False


@dataclass(frozen=True, slots=True)
class ConntrackEvent:
    """Conntrack classified the packet (`state`), and `created` an entry or `confirmed` one (insertion at the end)."""

    hook: Hook
    state: str
    created: bool = False
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class IpvsEvent:
    """IPVS sent the packet to a real server of the virtual server `service` (ip:port), or (`undo`) gave an answer the
    virtual server's address back."""

    hook: Hook
    service: str
    before: FiveTuple
    after: FiveTuple
    undo: bool = False


Event: TypeAlias = RuleEvent | MarkEvent | NatEvent | ConntrackEvent | IpvsEvent


@dataclass(frozen=True, slots=True)
class Passage:
    """What one hook did to a packet. The Skb itself holds the new addresses and mark.

    `verdict` is "ACCEPT", "DROP", "REJECT", or "STOLEN": IPVS took the packet at INPUT or OUTPUT and gave it a new
    destination elsewhere; the caller routes it and sends it through OUTPUT (again) and POSTROUTING. `where` is the
    rule or policy that decided a DROP or REJECT (None for a drop without one, then `reason` says why:
    `no-masquerade-address`, `no-redirect-address`, `clash`, and for a REJECT by IPVS, whose virtual server has no real server,
    `ipvs-no-server`).
    `reject_with` is the REJECT's type (`icmp-port-unreachable`, `tcp-reset`, ...): HostNetfilter.reject_error
    makes the answer. `rules_evaluated` is what the kernel would have evaluated one by one (rules only, not the
    chain ends), `hash_lookups` the set and map look-ups (nftables), `assumed` what its decisions took for granted.
    `nat_cause` is the rule that set NAT up, or dropped the packet for want of an address.
    """

    verdict: NetfilterVerdict
    events: tuple[Event, ...] = ()
    where: RuleEvent | None = None
    reason: ReasonCode | None = None
    reject_with: str | None = None
    rules_evaluated: int = 0
    hash_lookups: int = 0
    assumed: tuple[Text, ...] = ()
    nat_cause: RuleEvent | None = None
