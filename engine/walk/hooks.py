"""One netfilter hook of one host on the way: run it, write down what happened, end the walk where it ends it."""

from __future__ import annotations

from engine.fabric import chains
from engine.hooks import Hook
from engine.netfilter.rules import Backend, Ruleset
from engine.netfilter.skb import UNTRACKED, Manip, NetfilterVerdict, TargetAction
from engine.netfilter.stack import HostNetfilter, IpvsEvent, MarkEvent, NatEvent, Passage, RuleEvent, Skb
from engine.netfilter.text import dump_rule
from engine.network.addresses import icmp_source, masquerade_address
from engine.network.host import Host, HostKind
from engine.packet import FiveTuple
from engine.trace import Direction, HeaderChange, ReasonCode, Stage, Text, Verdict, Where
from engine.values import replace
from engine.walk.state import Died, Inside, Outgoing, WalkState
from engine.words import endings
from engine.words import hops as hop_words
from engine.words import rules as rule_words

_STAGE = {
    Hook.PREROUTING: Stage.PREROUTING,
    Hook.INPUT: Stage.INPUT,
    Hook.FORWARD: Stage.FORWARD,
    Hook.OUTPUT: Stage.OUTPUT,
    Hook.POSTROUTING: Stage.POSTROUTING,
}
_SOURCE_NAT = frozenset({TargetAction.MASQUERADE, TargetAction.SNAT})
_UNTOUCHED = Passage(NetfilterVerdict.ACCEPT)
_NAT_STAGE = {
    TargetAction.DNAT: Stage.DNAT,
    TargetAction.REDIRECT: Stage.DNAT,
    TargetAction.SNAT: Stage.SNAT,
    TargetAction.MASQUERADE: Stage.SNAT,
}


def run_hook(
    state: WalkState,
    host: Host,
    hook: Hook,
    skb: Skb,
    *,
    in_device: str | None = None,
    out_device: str | None = None,
    next_hop: str | None = None,
    inside: Inside | None = None,
) -> Died | Passage:
    """Take `skb` through one hook of `host`: the Passage where it goes on (ACCEPT, STOLEN), else its end.

    `next_hop` is where it goes after POSTROUTING; MASQUERADE chooses by it. For a tunnel's outer packet (`inside`)
    the rules are run and paid for, but no hops are written.
    """
    netfilter = state.netfilter(host)
    # The router and external hosts have no rules here, and pods only what was given: kube-proxy writes into the nodes'
    # network namespace alone.
    if netfilter.ruleset is None:
        return _UNTOUCHED
    if state.first_node is None and host.kind is HostKind.NODE:
        state.first_node = host.name
    asks = inside is None and host.kind is HostKind.NODE and _asks_policies(state, host, skb)
    late = asks
    if asks:
        from engine.walk import policy

        late = not policy.before_rules(hook, netfilter.ruleset)
        if not late and (refused := policy.judge(state, host, hook, skb, in_device, out_device)) is not None:
            return refused
    before, mark = skb.flow, skb.mark

    def own_address() -> str | None:
        device = host.devices[out_device or "lo"]
        return masquerade_address(host, device, next_hop or skb.flow.dst)

    # The rules see and change the packet itself; what is written down is told from the events they leave.
    passage = netfilter.traverse(hook, skb, in_device=in_device, out_device=out_device, masquerade_address=own_address)
    state.pay(passage, inside is not None)
    _note_nat(state, host, skb, passage, inside is not None)
    if state.from_before:
        state.say_from_before(host, skb)
    state.stray = state.stray or (inside is None and skb.state == "INVALID")
    device = (out_device if hook in (Hook.FORWARD, Hook.OUTPUT, Hook.POSTROUTING) else in_device) or "lo"
    if inside is None and state.told:
        _Recorder(state, host, hook, device, skb, netfilter.ruleset, before, mark).record(passage)
    if passage.verdict is NetfilterVerdict.ACCEPT and late:
        refused = policy.judge(state, host, hook, skb, in_device, out_device)
        if refused is not None:
            netfilter.refused_late(skb, passage)
            return refused
    if passage.verdict in (NetfilterVerdict.ACCEPT, NetfilterVerdict.STOLEN):
        return passage
    ending = _ending(state, host, hook, device, skb, netfilter, passage)
    return ending if inside is None else _of_outer(ending)


def _asks_policies(state: WalkState, host: Host, skb: Skb) -> bool:
    """Without policies a pod's door asks for nothing but a connection."""
    return state.has_policies or (skb.state == "INVALID" and state.fabric.drops_invalid(host.name))


def _note_nat(state: WalkState, host: Host, skb: Skb, passage: Passage, outer: bool) -> None:
    """Keep what a NAT rule means for the whole walk: who listens where it is redirected, whether it is masqueraded."""
    event = passage.nat_cause
    if event is None:
        return
    if event.action is TargetAction.REDIRECT:
        _note_proxy(state, host, skb.flow.dport)
    elif event.action in _SOURCE_NAT and not outer:
        _note_masquerade(state, host, event)


def _note_proxy(state: WalkState, host: Host, port: int) -> None:
    """Who redirects to a port has somebody listen there, whatever the manifests declare: a mesh's proxy."""
    state.proxies.add((host.name, port))
    state.assume(
        Text(
            f"A rule on {host.name} redirects the connection to port {port}: a proxy is taken to listen there. What it "
            "does then is a connection of its own, which is not part of this walk.",
            f"{host.name} 上有规则把连接重定向到端口 {port}：假定有代理在该端口监听。代理之后的动作是它自己的另一个连接，不在本次路径之内。",
        )
    )


def _note_masquerade(state: WalkState, host: Host, event: RuleEvent) -> None:
    # `masqueraded` is the contract's word for what kube-proxy does to the request on the node that it meets first.
    first = state.direction is Direction.REQUEST and host.name == state.first_node
    if first and chains.of_kube_proxy(event.table, event.path):
        state.masqueraded = event.verdict is NetfilterVerdict.ACCEPT


class _Recorder:
    """Turns the events of one passage into hops. The packet is followed from what it was before the hook."""

    def __init__(
        self,
        state: WalkState,
        host: Host,
        hook: Hook,
        device: str,
        skb: Skb,
        ruleset: Ruleset,
        flow: FiveTuple,
        mark: int,
    ) -> None:
        self.state, self.host, self.hook, self.device = state, host, hook, device
        self.skb, self.ruleset, self.flow, self.mark = skb, ruleset, flow, mark

    def record(self, passage: Passage) -> None:
        telling = _telling(passage)
        written = len(self.state.hops)
        effects = {id(e.cause): e for e in passage.events if isinstance(e, (NatEvent, MarkEvent))}
        for event in passage.events:
            if isinstance(event, RuleEvent):
                if id(event) in telling:
                    self._rule(event, telling[id(event)], effects.get(id(event)))
            elif isinstance(event, NatEvent) and event.cause is None:
                self._hidden_nat(event)
            elif isinstance(event, IpvsEvent):
                self._ipvs(event)
        if len(self.state.hops) == written:
            nat = self.hook in (Hook.PREROUTING, Hook.OUTPUT, Hook.POSTROUTING)
            state = self.skb.state
            note = hop_words.nothing_matched(
                self.hook.value, nat and state == "ESTABLISHED", nat and state == UNTRACKED
            )
            self._hop(_STAGE[self.hook], note, None)

    def _rule(self, event: RuleEvent, target: str | None, effect: NatEvent | MarkEvent | None) -> None:
        after = effect.after if isinstance(effect, NatEvent) else self.flow
        note = rule_words.rule_note(event, target, self.flow, after)
        changes: tuple[HeaderChange, ...] = ()
        if isinstance(effect, MarkEvent):
            changes = (HeaderChange("mark", f"{effect.before:#x}", f"{effect.after:#x}"),)
            self.mark = effect.after
        elif effect is not None:
            changes = _changes(effect.before, after)
            self.flow = after
        self._hop(_NAT_STAGE.get(event.action, _STAGE[self.hook]), note, event, changes)

    def _hidden_nat(self, event: NatEvent) -> None:
        make = hop_words.hidden_undone if event.undo else hop_words.nat_repeated
        stage = _STAGE[self.hook] if event.undo else (Stage.DNAT if event.manip is Manip.DST else Stage.SNAT)
        self.flow = event.after
        self._hop(stage, make(self.hook.value, event.before, event.after), None, _changes(event.before, event.after))

    def _ipvs(self, event: IpvsEvent) -> None:
        self.flow = event.after
        note = hop_words.ipvs(event.service, event.before, event.after, event.undo)
        self._hop(Stage.IPVS, note, None, _changes(event.before, event.after))

    def _hop(self, stage: Stage, note: Text, event: RuleEvent | None, changes: tuple[HeaderChange, ...] = ()) -> None:
        self.state.hop(
            self.host,
            self.device,
            stage,
            self.skb,
            note,
            hook=self.hook,
            table=event.table if event else None,
            chain=event.chain if event else None,
            rule=rule_text(self.ruleset, event) if event else None,
            changes=changes,
            flow=self.flow,
            mark=self.mark,
        )


def _changes(before: FiveTuple, after: FiveTuple) -> tuple[HeaderChange, ...]:
    pairs = (("src", before.source, after.source), ("dst", before.destination, after.destination))
    return tuple(HeaderChange(field, old, new) for field, old, new in pairs if old != new)


def _telling(passage: Passage) -> dict[int, str | None]:
    """The rules worth telling: those that did something, and the jumps that led to them. By the identity of the rule's event
    the chain that it leads to."""
    kept: dict[int, str | None] = {}
    following: RuleEvent | None = None
    for event in reversed(passage.events):
        if not isinstance(event, RuleEvent) or event.action is TargetAction.NONE:
            continue
        target = None
        if event.action in (TargetAction.JUMP, TargetAction.GOTO):
            depth = len(event.path)
            if following is None or len(following.path) <= depth or following.path[:depth] != event.path:
                continue
            # A verdict map's too is known by where the next rule stands.
            target = following.path[depth]
        kept[id(event)] = target
        following = event
    return kept


def rule_text(ruleset: Ruleset, event: RuleEvent) -> str | None:
    """The rule as the kernel's tool prints it; `-P CHAIN DROP` for a policy."""
    backend, rule = event.backend or ruleset.backend, event.rule
    if rule is None:
        return f"-P {event.chain} DROP" if backend is Backend.IPTABLES else "policy drop"
    key = event.chain, id(rule)
    found = ruleset.texts.get(key)
    # A rule that is gone may have left its number to another.
    if found is None or found[0] is not rule:
        found = ruleset.texts[key] = rule, dump_rule(event.chain, rule, backend, ruleset.family)
    return found[1]


def _ending(
    state: WalkState,
    host: Host,
    hook: Hook,
    device: str,
    skb: Skb,
    netfilter: HostNetfilter,
    passage: Passage,
) -> Died:
    verdict = Verdict.REJECT if passage.verdict is NetfilterVerdict.REJECT else Verdict.DROP
    code = _code(passage, verdict)
    event = passage.where
    assert netfilter.ruleset is not None
    where = Where(
        host.name,
        code,
        endings.reason(code, skb.flow, host=host.name, device=device),
        hook,
        event.table if event else None,
        event.chain if event else None,
        rule_text(netfilter.ruleset, event) if event else None,
        state.direction,
    )
    answer = None
    if verdict is Verdict.REJECT:
        error = netfilter.reject_error(skb, icmp_source(host, skb.flow), passage)
        answer = Outgoing(host.name, error) if error is not None else None
    return Died(verdict, where, skb.flow, answer)


_OUTER = {
    ReasonCode.RULE_DROP: ReasonCode.OUTER_DROP,
    ReasonCode.POLICY_DROP: ReasonCode.OUTER_DROP,
    ReasonCode.RULE_REJECT: ReasonCode.OUTER_REJECT,
}


def _of_outer(ending: Died) -> Died:
    """The end of a tunnel's outer packet. What a REJECT answers it with ends at the kernel that encapsulated (vxlan_err_lookup,
    ipip_err): nobody tells the client, to whom it is as if it were dropped."""
    code, where = _OUTER.get(ending.where.code), ending.where
    if code is not None:
        where = replace(where, code=code, reason=endings.reason(code, ending.flow, host=where.host))
    return replace(ending, verdict=Verdict.DROP, where=where, answer=None)


def _code(passage: Passage, verdict: Verdict) -> ReasonCode:
    if passage.reason is not None:
        return passage.reason
    event = passage.where
    if event is None or event.rule is None:
        return ReasonCode.POLICY_DROP
    code = chains.code_of(event.table, event.chain, rule_words.comment_of(event.rule))
    if code is not None:
        return code
    return ReasonCode.RULE_REJECT if verdict is Verdict.REJECT else ReasonCode.RULE_DROP
