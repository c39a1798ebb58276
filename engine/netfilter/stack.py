"""One host's netfilter for the length of a walk: its tables, its conntrack, its NAT.

Sources: net/netfilter/{core,nf_conntrack_core,nf_nat_core}.c, net/ipv4/netfilter/ip_tables.c.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.errors import RuleError
from engine.hooks import PRIORITY_CONNTRACK, PRIORITY_NAT_DST, PRIORITY_NAT_SRC, Hook
from engine.netfilter import ipvs, nat
from engine.netfilter.choose import Choose
from engine.netfilter.conntrack import ConntrackTable, state_name
from engine.netfilter.context import Context, Routing
from engine.netfilter.evaluate import run_base_chain
from engine.netfilter.icmp_errors import error_kind
from engine.netfilter.index import HookedChain, HookPlan, plan_of
from engine.netfilter.ipvs import IpvsRuleset
from engine.netfilter.memory import ClientMemory
from engine.netfilter.rules import Chain, Ruleset, Table
from engine.netfilter.skb import (
    UNTRACKED,
    ConntrackEntry,
    ConntrackEvent,
    Event,
    IpvsEvent,
    Manip,
    MarkEvent,
    NatEvent,
    NetfilterVerdict,
    Passage,
    PickPort,
    RuleEvent,
    Segment,
    Skb,
    TargetAction,
)
from engine.packet import L4, FiveTuple, family_of
from engine.trace import ConntrackView, ReasonCode, Remembered

__all__ = [
    "ConntrackEntry",
    "ConntrackEvent",
    "Event",
    "HostNetfilter",
    "IpvsEvent",
    "Manip",
    "MarkEvent",
    "NatEvent",
    "NetfilterVerdict",
    "Passage",
    "PickPort",
    "RuleEvent",
    "Segment",
    "Skb",
    "TargetAction",
]

_TRACK, _NAT, _CONFIRM, _IPVS, _IPVS_REPLY = "track", "nat", "confirm", "ipvs", "ipvs reply"


# Where a passage stands before its first base chain, which puts its own in their place.
_NO_TABLE, _NO_CHAIN = Table(""), Chain("")


def _no_address() -> str | None:
    return None


class HostNetfilter:
    """Netfilter of one network namespace. `ruleset` None: no rules and no conntrack, everything is accepted.

    `is_local(address)` says whether an address is one of the host's own (fib type LOCAL: loopback and all
    interface addresses), `choose` takes the random decisions of `-m statistic`, `pick_port` the source ports
    that NAT invents (default: a hash of host and tuple), `now` is the time in seconds that `memory` is told in: what its
    rules and IPVS remember of clients.
    `indexed` False tries every rule of every chain, as the kernel does: same result, slower. `routing` answers what
    rules ask of the host's routes (rpfilter, addrtype); without it such a rule is refused where it decides.
    """

    def __init__(
        self,
        host: str,
        ruleset: Ruleset | None,
        is_local: Callable[[str], bool],
        choose: Choose,
        pick_port: PickPort | None = None,
        now: float = 0.0,
        indexed: bool = True,
        routing: Routing | None = None,
        memory: Iterable[Remembered] = (),
    ) -> None:
        self.host = host
        self.ruleset = ruleset
        self.now = now
        self.conntrack = ConntrackTable()
        self.memory = ClientMemory(memory)
        self._ipvs_own: ipvs.OwnTable = {}
        self._is_local = is_local
        self._choose = choose
        self._pick_port = pick_port or nat.hashed_port(host)
        self._indexed = indexed
        self._routing = routing

    def traverse(
        self,
        hook: Hook,
        skb: Skb,
        *,
        in_device: str | None = None,
        out_device: str | None = None,
        masquerade_address: Callable[[], str | None] = _no_address,
    ) -> Passage:
        """Take `skb` (changed in place: flow, mark, connection, state) through one hook.

        Conntrack looks the packet up (or starts an entry) at PREROUTING and OUTPUT after the raw table and confirms it
        at the end of INPUT and POSTROUTING. `masquerade_address` gives the primary address of `out_device` towards the
        next hop; it is asked only by a MASQUERADE at POSTROUTING. Raises UnsupportedFeature for what is not modelled.
        The caller routes again when `skb.flow.dst` changed at OUTPUT, and does not call PREROUTING twice for a frame
        that br_netfilter already took through it.
        """
        if self.ruleset is None:
            return Passage(NetfilterVerdict.ACCEPT)
        plan = plan_of(self.ruleset)

        def set_up_nat(manip: Manip, address: str | None, ports: tuple[int, int] | None, random_fully: bool) -> None:
            self._set_up_nat(skb, hook, manip, address, ports, random_fully)

        context = Context(
            hook,
            skb,
            in_device,
            out_device,
            self._is_local,
            self._choose,
            self.now,
            self.memory,
            masquerade_address,
            set_up_nat,
            _NO_TABLE,
            _NO_CHAIN,
            self._ipvs_own,
            routing=self._routing,
        )
        verdict = NetfilterVerdict.ACCEPT
        stages = plan.stages.get(hook)
        if stages is None:
            stages = plan.stages[hook] = _stages(plan, hook, isinstance(self.ruleset, IpvsRuleset))
        for stage in stages:
            if isinstance(stage, HookedChain):
                verdict = run_base_chain(context, stage.table, stage.chain, self._indexed)
            else:
                verdict = self._run_own(stage, context, plan)
            if verdict is not NetfilterVerdict.ACCEPT:
                break
        return Passage(
            verdict,
            tuple(context.events),
            context.where,
            context.reason,
            context.reject_with,
            context.rules_evaluated,
            context.hash_lookups,
            tuple(context.assumed),
            context.nat_cause,
        )

    def _run_own(self, stage: str, context: Context, plan: HookPlan) -> NetfilterVerdict:
        """What is no base chain: conntrack's, NAT's and IPVS's own hooks."""
        if stage == _TRACK:
            return self._track(context)
        if stage == _NAT:
            return self._nat(context, plan)
        if stage == _CONFIRM:
            return self._confirm(context)
        assert isinstance(self.ruleset, IpvsRuleset)
        hook = ipvs.take if stage == _IPVS else ipvs.answer
        return hook(self.ruleset, context, self._ipvs_own)

    def _track(self, context: Context) -> NetfilterVerdict:
        if context.skb.connection is None and context.skb.state != UNTRACKED:
            created = self.conntrack.track(context.skb)
            if created and self.conntrack.full:
                context.skb.connection = None
                context.reason = ReasonCode.TABLE_FULL
                return NetfilterVerdict.DROP
            context.events.append(ConntrackEvent(context.hook, context.skb.state or "INVALID", created=created))
        return NetfilterVerdict.ACCEPT

    def _nat(self, context: Context, plan: HookPlan) -> NetfilterVerdict:
        """nf_nat_inet_fn: the nat chains for a connection not yet decided, then the rewriting for every packet."""
        skb, hook = context.skb, context.hook
        connection, manip = skb.connection, nat.MANIP_AT[hook]
        if connection is None:
            return NetfilterVerdict.ACCEPT
        # An ESTABLISHED packet never sees the nat table: KUBE-SERVICES costs a connection's first packet alone.
        if skb.error_about is None and skb.state in ("NEW", "RELATED") and manip not in connection.nat_done:
            for base in plan.at.get(hook, ()):
                if base.nat and manip not in connection.nat_done:
                    verdict = run_base_chain(context, base.table, base.chain, self._indexed)
                    if verdict is not NetfilterVerdict.ACCEPT:
                        return verdict
            # A null binding: no rule asked for NAT, but the source port must still be free towards the new destination.
            if manip not in connection.nat_done:
                self._set_up_nat(skb, hook, manip, None, None, False)
        changed = nat.translate(skb, hook)
        if changed is not None:
            made, before = changed
            context.events.append(NatEvent(hook, made, before, skb.flow, context.nat_cause, undo=skb.reply))
        return NetfilterVerdict.ACCEPT

    def _set_up_nat(
        self,
        skb: Skb,
        hook: Hook,
        manip: Manip,
        address: str | None,
        ports: tuple[int, int] | None,
        random_fully: bool,
    ) -> None:
        if skb.connection is None or manip is not nat.MANIP_AT.get(hook):
            raise RuleError(
                f"{manip.value} NAT at {hook.value}: the kernel allows it only in a nat chain that can do it",
                zh=f"{hook.value} 处的 {manip.value} NAT：内核只允许在能做它的 nat 链中使用",
            )
        nat.setup(self.conntrack, skb.connection, manip, address, ports, random_fully, self._pick_port)

    def _confirm(self, context: Context) -> NetfilterVerdict:
        confirmed = self.conntrack.confirm(context.skb)
        if confirmed:
            context.events.append(ConntrackEvent(context.hook, context.skb.state or "INVALID", confirmed=True))
        # nf_conntrack_confirm: the entry came too late, and a packet without its entry is not sent.
        if confirmed is False:
            context.reason = ReasonCode.CLASH
            return NetfilterVerdict.DROP
        return NetfilterVerdict.ACCEPT

    def refused_late(self, skb: Skb, passage: Passage) -> None:
        """What `passage` let through is refused by rules of the same hook that are not in this ruleset: conntrack would
        have confirmed its entry after those."""
        confirmed = any(isinstance(event, ConntrackEvent) and event.confirmed for event in passage.events)
        if confirmed and skb.connection is not None:
            self.conntrack.withdraw(skb.connection)

    def reject_error(self, skb: Skb, source: str, passage: Passage) -> Skb | None:
        """The packet that a REJECT answers with, to be sent through OUTPUT and POSTROUTING of this host.

        `source` is the address the host sends an ICMP error from. The answer belongs to the rejected packet's
        connection (RELATED; NAT is undone for it), or is a TCP RST in the destination's name. The client's connect()
        fails with ECONNREFUSED as soon as it arrives. None where `passage` is no REJECT, or where the packet is itself
        an error, to which none is sent (RFC 1122 3.2.2).
        """
        if passage.reject_with is None or skb.error_about is not None:
            return None
        reset = passage.reject_with in ("tcp-reset", "tcp reset")
        if reset and (skb.flow.protocol is not L4.TCP or skb.segment is Segment.RESET):
            return None
        answer = (
            Skb(skb.flow.reply(), segment=Segment.RESET)
            if reset
            else Skb(
                FiveTuple(L4.ICMP, source, 0, skb.flow.src, 0),
                error_about=skb.flow,
                error_kind=error_kind(passage.reject_with, family_of(source)),
            )
        )
        # nf_ct_attach: the error travels as part of the connection, so that its NAT is undone for the client.
        if skb.connection is not None:
            answer.connection, answer.reply, answer.state = skb.connection, not skb.reply, "RELATED"
        return answer

    def connections(self) -> tuple[ConntrackView, ...]:
        """The confirmed conntrack entries, oldest first, as `conntrack -L` would show them."""
        return tuple(self._view(connection) for connection in self.conntrack.connections())

    def entry_of(self, skb: Skb) -> ConntrackView | None:
        """The entry of a packet on its way, confirmed or not; None where it has none."""
        return None if skb.connection is None else self._view(skb.connection)

    def _view(self, connection: ConntrackEntry) -> ConntrackView:
        return ConntrackView(
            self.host,
            connection.original,
            connection.reply,
            state_name(connection),
            connection.replied,
            connection.mark,
        )


def _stages(plan: HookPlan, hook: Hook, with_ipvs: bool) -> tuple[HookedChain | str, ...]:
    """What runs at `hook`, in order: base chains, and conntrack's, NAT's and IPVS's own hooks between them."""
    stages: list[tuple[float, int, HookedChain | str]] = []
    if with_ipvs:
        stages += [(priority, 0, _IPVS_REPLY) for at, priority in ipvs.ANSWER_AT.items() if at is hook]
        stages += [(priority, 0, _IPVS) for at, priority in ipvs.TAKE_AT.items() if at is hook]
    # Before mangle and nat, after raw: only raw can still say NOTRACK.
    if hook in (Hook.PREROUTING, Hook.OUTPUT):
        stages.append((PRIORITY_CONNTRACK, 0, _TRACK))
    if plan.has_nat and hook in nat.MANIP_AT:
        manip = nat.MANIP_AT[hook]
        stages.append((PRIORITY_NAT_DST if manip is Manip.DST else PRIORITY_NAT_SRC, 0, _NAT))
    # Last of all, when nothing can drop the packet any more (NF_IP_PRI_CONNTRACK_CONFIRM is INT_MAX).
    if hook in (Hook.INPUT, Hook.POSTROUTING):
        stages.append((float("inf"), 0, _CONFIRM))
    for order, base in enumerate(plan.at.get(hook, ())):
        if not base.nat:
            stages.append((base.priority, order + 1, base))
    return tuple(stage for _, _, stage in sorted(stages, key=lambda entry: entry[:2]))
